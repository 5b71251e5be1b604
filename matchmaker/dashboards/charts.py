"""Where the lines and bars of a chart stand; `templates/macros/charts.html` draws them.

Drawings are stretched to the width there is, words stand beside them as text: so a
chart reads alike on paper, on a phone, large and dark, without script or style of its
own. Coordinates are of a box `WIDTH` × `HEIGHT`, y downwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil, floor, log10

from ..labels import FEN_PER_WAN, FEN_PER_YI
from . import projection
from .groupings import MONTHS, Cell, Sum
from .year import Pace, Period, YearBoard

WIDTH, HEIGHT = 1000, 400
# Steps of an axis a reader counts by.
STEPS = (1, 2, 2.5, 5, 10)
MOST_TICKS = 5


@dataclass(frozen=True)
class Tick:
    """A line across the drawing at ``place`` (0 bottom, 1 top), and what it says."""

    place: float
    label: str

    @property
    def y(self) -> float:
        return round(HEIGHT * (1 - self.place), 1)


@dataclass(frozen=True)
class MonthRow:
    """A line of the table behind the pace: sums in fen, None where not known."""

    month: int
    sum: int | None
    so_far: int | None
    usual: int | None
    low: int | None
    point: int | None
    high: int | None


@dataclass(frozen=True)
class PaceChart:
    """The year as a rising line: each field a list of points, empty where not drawn."""

    ticks: Sequence[Tick]
    unit: str
    actual: str
    usual: str
    expected: str
    band: str
    target: Tick | None
    here: float | None
    rows: Sequence[MonthRow]


def axis(top: int) -> tuple[list[Tick], int, str]:
    """Round ticks from nothing to ``top`` fen or more: ticks, the last, the unit."""
    per_unit, unit = (
        (FEN_PER_YI, "亿元") if top >= FEN_PER_YI else (FEN_PER_WAN, "万元")
    )
    most = max(top / per_unit, 1.0)
    rough = most / MOST_TICKS
    size = 10 ** floor(log10(rough))
    step = next(s * size for s in STEPS if s * size >= rough * (1 - 1e-9))
    number = max(1, ceil(most * (1 - 1e-9) / step))
    last = step * number
    ticks = [Tick(i / number, f"{step * i:,.10g}") for i in range(number + 1)]
    return ticks, round(last * per_unit), unit


def of_board(board: YearBoard) -> PaceChart | None:
    """The line of a board's year; None where it is cut."""
    if board.pace is None:
        return None
    return pace_chart(board.period, board.pace, board.target_fen)


def pace_chart(when: Period, pace: Pace, target_fen: int | None) -> PaceChart:
    """The line of the year with its target and where it will end."""
    stops = projection.month_ends(when.year)
    months = projection.cumulative(pace.days, stops)
    so_far = months[-1]
    found = pace.projection
    ends = [so_far, target_fen or 0]
    ends += [end for end in (found.high, found.point) if end] if found else []
    ticks, top, unit = axis(max(ends))
    shares = projection.usual_shares(when.year, pace.past)
    usual = [round(share * target_fen) for share in shares] if target_fen else []

    def points(pairs: Iterable[tuple[date, int]]) -> list[str]:
        return [f"{_x(day)},{_y(fen, top)}" for day, fen in pairs]

    start = (date(when.year, 1, 1), 0)
    actual = [start, *_until(when.as_of, stops, months, pace.days)]
    low, point, high = _fans(when.as_of, so_far, shares, found)
    return PaceChart(
        ticks,
        unit,
        " ".join(points(actual)) if when.as_of else "",
        " ".join(points([start, *zip(stops, usual, strict=True)])) if usual else "",
        " ".join(points(point)),
        " ".join([*points(low), *reversed(points(high))]),
        Tick(target_fen / top, "") if target_fen else None,
        _x(when.as_of) if when.as_of else None,
        _rows(when.as_of, stops, months, usual, (low, point, high)),
    )


def _x(day: date) -> float:
    """A day of its year: the first at the left edge, the last at the right one."""
    length = date(day.year, 12, 31).timetuple().tm_yday - 1
    return round(WIDTH * (day.timetuple().tm_yday - 1) / length, 1)


def _y(fen: int, top: int) -> float:
    return round(HEIGHT * (1 - fen / top), 1)


def _until(
    as_of: date | None,
    stops: Sequence[date],
    months: Sequence[int],
    days: projection.Days,
) -> list[tuple[date, int]]:
    """The line so far: the ends of the months, and today."""
    if as_of is None:
        return []
    pairs = [(s, fen) for s, fen in zip(stops, months, strict=True) if s < as_of]
    return [*pairs, (as_of, projection.cumulative(days, [as_of])[0])]


Line = list[tuple[date, int]]


def _fans(
    as_of: date | None,
    so_far: int,
    shares: Sequence[float],
    found: projection.Projection | None,
) -> tuple[Line, Line, Line]:
    """The lines to the low, the likely and the high end; empty where there is none."""
    if as_of is None or found is None or found.basis is projection.Basis.OVER:
        return [], [], []

    def to(end: int | None) -> Line:
        if end is None:
            return []
        return list(projection.fan(as_of, so_far, end, shares, found.share))

    return to(found.low), to(found.point), to(found.high)


def _rows(
    as_of: date | None,
    stops: Sequence[date],
    months: Sequence[int],
    usual: Sequence[int],
    fans: tuple[Line, Line, Line],
) -> list[MonthRow]:
    low, point, high = (dict(line) for line in fans)
    rows = []
    for place, stop in enumerate(stops):
        begun = as_of is not None and (stop.month <= as_of.month)
        before = months[place - 1] if place else 0
        rows.append(
            MonthRow(
                stop.month,
                months[place] - before if begun else None,
                months[place] if begun else None,
                usual[place] if usual else None,
                low.get(stop),
                point.get(stop),
                high.get(stop),
            )
        )
    return rows


# -- Bars and columns ------------------------------------------------------------

MOST_BARS = 8
MONTH_KEYS = tuple(MONTHS.items())


@dataclass(frozen=True)
class Bar:
    """A bar: ``length`` beside the longest one, ``share`` of the whole, both 0 to 1.

    ``key`` is None for the rest that has no bar of its own.
    """

    key: str | None
    label: str
    sum: Sum
    length: float
    share: float


def bars(
    cells: Sequence[Cell], *, most: int = MOST_BARS, whole_fen: int | None = None
) -> list[Bar]:
    """A bar for each cell; beyond ``most`` the others together.

    Shares are of ``whole_fen``, where the cells are not all of it.
    """
    shown, rest = list(cells), []
    if len(shown) > most + 1:
        shown, rest = shown[:most], shown[most:]
    parts: list[tuple[str | None, str, Sum]] = [
        (cell.key, cell.label, cell.sum) for cell in shown
    ]
    if rest:
        together = sum((cell.sum for cell in rest), Sum())
        parts.append((None, f"其余 {len(rest)} 项", together))
    longest = max((total.total_fen for _, _, total in parts), default=0) or 1
    whole = whole_fen or sum(cell.sum.total_fen for cell in cells) or 1
    return [
        Bar(key, words, total, total.total_fen / longest, total.total_fen / whole)
        for key, words, total in parts
    ]


def years(sums: Sequence[tuple[int, int]]) -> list[Bar]:
    """A column for each (year, 成交额); their contracts are not counted."""
    cells = [Cell(str(year), str(year), Sum(0, fen)) for year, fen in sums]
    return bars(cells, most=len(cells))


def columns(cells: Sequence[Cell], keys: Sequence[tuple[str, str]]) -> list[Bar]:
    """A column for each (key, label), empty ones too, in their order."""
    sums = {cell.key: cell.sum for cell in cells}
    return bars(
        [Cell(key, words, sums.get(key, Sum())) for key, words in keys], most=len(keys)
    )
