"""The board everybody may read: sums only, and none that would betray a contract.

A cell of fewer than `FEWEST` contracts is withheld. Where a table is published with
its total, what is withheld could be had by subtraction: so never one cell alone is
withheld, and those withheld together hold at least `FEWEST` contracts. What is derived
from parts of the year (a share, a growth) is told only if no part, nor what is left of
the year without it, is of so few. Amounts are told in 亿元 with two decimals, the
projection in three digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from models.states import TargetIndicator

from .. import policies
from ..contracts import cuts
from ..contracts.groupings import ORDERED, TITLES, Cell, Grouping, Sum
from ..labels import FEN_PER_WAN, FEN_PER_YI, money
from ..targets import service as targets
from . import queries, year
from .projection import Projection
from .year import Period, Progress

FEWEST = 3
TILES = (Grouping.TYPE, Grouping.MONTH, Grouping.FIELD, Grouping.DISTRICT)


@dataclass(frozen=True)
class PublicCell:
    """A part of a table; ``sum`` is None where it is withheld."""

    key: str
    label: str
    sum: Sum | None


@dataclass(frozen=True)
class PublicTile:
    grouping: Grouping
    title: str
    cells: Sequence[PublicCell]

    @property
    def withholds(self) -> bool:
        return bool(self.hidden)

    @property
    def hidden(self) -> list[str]:
        """What the withheld parts are called."""
        return [cell.label for cell in self.cells if cell.sum is None]

    @property
    def shown(self) -> list[Cell]:
        """The parts that are told."""
        return [
            Cell(cell.key, cell.label, cell.sum)
            for cell in self.cells
            if cell.sum is not None
        ]


@dataclass(frozen=True)
class PublicBoard:
    """What everybody may know of a year.

    ``counted`` is None where the whole year is of too few contracts to be told.
    ``withheld`` are the indicators that would betray some.
    """

    period: Period
    years: Sequence[int]
    targets_of: int | None
    counted: Sum | None
    demo: int
    projection: Projection | None
    progress: Sequence[Progress]
    withheld: frozenset[TargetIndicator]
    tiles: Sequence[PublicTile]

    @property
    def turnover(self) -> Progress | None:
        return next(
            (p for p in self.progress if p.indicator is TargetIndicator.TURNOVER), None
        )


@dataclass(frozen=True)
class Headline:
    """The year in one line, for the first page."""

    year: int
    reached_fen: int | None
    target_fen: int | None
    targets_of: int | None

    @property
    def share(self) -> float | None:
        if self.reached_fen is None or not self.target_fen:
            return None
        return self.reached_fen / self.target_fen


def is_few(count: int) -> bool:
    """Whether a sum of so many contracts would betray one; of none it cannot."""
    return 0 < count < FEWEST


def guarded(cells: Sequence[Cell]) -> list[PublicCell]:
    """The cells of a table that is published with its total, some withheld."""
    hidden = {cell.key for cell in cells if is_few(cell.sum.count)}
    spare = sorted(
        (cell for cell in cells if cell.sum.count >= FEWEST),
        key=lambda cell: (cell.sum.count, cell.sum.total_fen, cell.key),
    )
    while hidden and spare and not _safe(cells, hidden):
        hidden.add(spare.pop(0).key)
    return [
        PublicCell(cell.key, cell.label, None if cell.key in hidden else cell.sum)
        for cell in cells
    ]


def _tile(grouping: Grouping, cells: Sequence[Cell]) -> PublicTile:
    """The table as everybody reads it.

    Where the largest stands first, the place of a cell would tell about its sum: what
    is withheld stands at the end, by its key.
    """
    found = guarded(cells)
    if grouping not in ORDERED:
        found.sort(key=lambda cell: (cell.sum is None, "" if cell.sum else cell.key))
    return PublicTile(grouping, TITLES[grouping], found)


def _safe(cells: Sequence[Cell], hidden: set[str]) -> bool:
    number = sum(cell.sum.count for cell in cells if cell.key in hidden)
    return len(hidden) > 1 and number >= FEWEST


def board(session: Session, query_year: int | None, *, now: datetime) -> PublicBoard:
    """The public board of a year."""
    when = year.period(query_year, now)
    seen = policies.summed_contracts(None)
    whole = cuts.counted(*cuts.of_year(when.year))
    columns = queries.read(session, [whole, seen])
    plan = targets.plan(session, when.year, year.last_day(when, now))
    progress = year.progress_of(
        plan, year.figures_of(session, None, when, columns, plan)
    )
    told = columns.sum.count >= FEWEST
    terms = cuts.terms(session)
    tiles = [_tile(each, columns.cut(each, terms)) for each in TILES]
    return PublicBoard(
        when,
        year.offered(session, now),
        plan.targets_of,
        columns.sum if told or not columns.count else None,
        columns.demo,
        _projection(session, when, columns) if told else None,
        progress,
        frozenset(
            each.indicator for each in progress if _betrays(each, columns.sum, tiles)
        ),
        tiles if told else [],
    )


def _betrays(progress: Progress, counted: Sum, tiles: Sequence[PublicTile]) -> bool:
    """Whether an indicator tells of so few contracts that one could be had from it."""
    parts = progress.reached.parts
    numbers = [counted.count, *(part.sum.count for part in parts if part.of_year)]
    apart = [part.sum.count for part in parts if not part.of_year]
    left = [abs(one - other) for one in numbers for other in numbers]
    if parts and any(map(is_few, [*numbers, *apart, *left])):
        return True
    # 三技 is the sum of three cells of the table of types: with it, one that is
    # withheld there could be worked out.
    by_type = progress.indicator is TargetIndicator.THREE_KINDS_GROWTH
    return by_type and any(
        tile.withholds for tile in tiles if tile.grouping is Grouping.TYPE
    )


def _projection(
    session: Session, when: Period, columns: queries.Columns
) -> Projection | None:
    past = year.past_days(session, when.year)
    return year.pace_of(when, columns.days(), past).projection


def headline(session: Session, *, now: datetime) -> Headline:
    """The turnover of this year and its target, from one short read."""
    when = year.period(None, now)
    found = queries.total(
        session,
        [
            cuts.counted(*cuts.of_year(when.year)),
            policies.summed_contracts(None),
        ],
    )
    target = targets.of_indicator(session, TargetIndicator.TURNOVER, when.year)
    return Headline(
        when.year,
        None if is_few(found.count) else found.total_fen,
        target.value if target else None,
        target.year if target else None,
    )


def told(fen: int) -> int:
    """A sum as the page tells it: no digit more than stands there, in fen."""
    number, unit = money(fen)
    size = FEN_PER_YI if unit == "亿元" else FEN_PER_WAN
    return int(Decimal(number.replace(",", "")) * size)


def rounded(fen: int) -> int:
    """A projected sum as it is told to everybody: three digits, no more."""
    size = int(10 ** max(0, len(str(abs(fen))) - 3))
    return round(fen / size) * size
