"""How far a year will come at its present pace, and how sure that is.

Pure arithmetic over the sums of days; ``docs/boards.md`` writes the formulas out.

Seasonal, once past years are known: the share of a year's sum that had come by this
day of the year. With the shares s of n past years let r = ln((1 − s) / s), the ratio
of what was to come to what had come. This year ends at

    sum so far × (1 + e^r̄)

and the interval of 80 per cent takes r̄ ± t · sd(r) · √(1 + 1/n), where t is that of
n − 1 degrees of freedom: the spread of the past years is what is not known about this
one. Of one past year there is no spread; then that of this year's weeks stands in.

Run-rate, without past years: as much a day as until now, the interval from the spread
of the weeks: m weeks to come after n weeks of mean w and deviation sd end between
m·w ± t · sd · √(m + m²/n).
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from math import exp, log, sqrt
from statistics import fmean, stdev

# Days of a year after which its mean says something; weeks for an interval.
FEWEST_DAYS = 14
FEWEST_WEEKS = 4
# A past year's share by this day below which one contract more would turn everything.
LEAST_SHARE = 0.02
CONFIDENCE = 80
# Student's t with 10 % above it, by degrees of freedom; beyond the last the normal's.
T = (
    3.078, 1.886, 1.638, 1.533, 1.476, 1.440, 1.415, 1.397, 1.383, 1.372,
    1.363, 1.356, 1.350, 1.345, 1.341, 1.337, 1.333, 1.330, 1.328, 1.325,
)  # fmt: skip
T_NORMAL = 1.282
WEEK = timedelta(days=7)

Days = Mapping[date, int]


class Basis(StrEnum):
    """What a projection rests on."""

    SEASON = "season"
    RUN_RATE = "run_rate"
    OVER = "over"


@dataclass(frozen=True)
class Projection:
    """The sum of the whole year in fen; ``low`` and ``high`` where there is a spread.

    ``years`` are the past years it rests on. ``share`` is that of a year which has
    come by this day.
    """

    point: int
    low: int | None
    high: int | None
    basis: Basis
    share: float
    years: tuple[int, ...] = ()


def project(as_of: date, days: Days, past: Mapping[int, Days]) -> Projection | None:
    """Where the year of ``as_of`` will end; None while too little has come to tell.

    ``days`` are the sums of the days of this year up to ``as_of``, ``past`` those of
    whole years before it. Days after ``as_of`` do not count.
    """
    so_far = sum(fen for day, fen in days.items() if day <= as_of)
    last = date(as_of.year, 12, 31)
    if as_of == last:
        return Projection(so_far, so_far, so_far, Basis.OVER, 1.0)
    if so_far <= 0:
        return None
    shares = {
        year: share
        for year, sums in sorted(past.items())
        if (share := share_by(as_of, sums)) is not None and LEAST_SHARE <= share < 1
    }
    if shares:
        return _seasonal(as_of, so_far, days, shares)
    elapsed, rest = as_of.timetuple().tm_yday, (last - as_of).days
    if elapsed < FEWEST_DAYS:
        return None
    to_come = so_far * rest / elapsed
    margin = _week_margin(as_of, days, to_come)
    share = elapsed / (elapsed + rest)
    return _around(so_far, to_come, margin, Basis.RUN_RATE, share)


def share_by(as_of: date, sums: Days) -> float | None:
    """The share of a past year's sum that had come by this day of the year.

    None if there was nothing. On 29 February the other years stand at the 28th.
    """
    whole = sum(sums.values())
    if whole <= 0:
        return None
    place = as_of.month, as_of.day
    return sum(f for day, f in sums.items() if (day.month, day.day) <= place) / whole


def _seasonal(
    as_of: date, so_far: int, days: Days, shares: Mapping[int, float]
) -> Projection:
    ratios = [log((1 - share) / share) for share in shares.values()]
    middle, years = fmean(ratios), tuple(shares)
    to_come = so_far * exp(middle)
    share = 1 / (1 + exp(middle))
    if len(ratios) == 1:
        margin = _week_margin(as_of, days, to_come)
        return _around(so_far, to_come, margin, Basis.SEASON, share, years)
    reach = _t(len(ratios) - 1) * stdev(ratios) * sqrt(1 + 1 / len(ratios))
    low, high = (so_far * (1 + exp(middle + sign * reach)) for sign in (-1, 1))
    return Projection(
        so_far + round(to_come), round(low), round(high), Basis.SEASON, share, years
    )


def _around(
    so_far: int,
    to_come: float,
    margin: float | None,
    basis: Basis,
    share: float,
    years: tuple[int, ...] = (),
) -> Projection:
    point = so_far + round(to_come)
    if margin is None:
        return Projection(point, None, None, basis, share, years)
    # Less than nothing cannot come.
    low = so_far + round(max(0.0, to_come - margin))
    return Projection(point, low, point + round(margin), basis, share, years)


def _week_margin(as_of: date, days: Days, to_come: float) -> float | None:
    """Half the interval of what is to come, from the spread of the weeks so far.

    The spread is scaled to the level of the weeks to come. None for too few weeks.
    """
    weeks = _weeks(as_of, days)
    if len(weeks) < FEWEST_WEEKS or not any(weeks):
        return None
    left = (date(as_of.year, 12, 31) - as_of).days / 7
    spread = stdev(weeks) / fmean(weeks)
    level = to_come / left
    return _t(len(weeks) - 1) * spread * level * sqrt(left + left**2 / len(weeks))


def _weeks(as_of: date, days: Days) -> list[int]:
    """The sums of the whole weeks of the year that end with ``as_of``, oldest first."""
    first = date(as_of.year, 1, 1)
    number = ((as_of - first).days + 1) // 7
    sums = [0] * number
    for day, fen in days.items():
        back = (as_of - day) // WEEK
        if day <= as_of and back < number:
            sums[number - 1 - back] += fen
    return sums


def _t(freedom: int) -> float:
    return T[freedom - 1] if freedom <= len(T) else T_NORMAL


# -- The line of the year --------------------------------------------------------


def month_ends(year: int) -> list[date]:
    """The last day of each month."""
    return [date(year, month, monthrange(year, month)[1]) for month in range(1, 13)]


def cumulative(days: Days, stops: Sequence[date]) -> list[int]:
    """The sum up to and with each of the days, which rise."""
    ordered = sorted(days.items())
    sums, place, so_far = [], 0, 0
    for stop in stops:
        while place < len(ordered) and ordered[place][0] <= stop:
            so_far += ordered[place][1]
            place += 1
        sums.append(so_far)
    return sums


def usual_shares(year: int, past: Mapping[int, Days]) -> list[float]:
    """The share of a year that has come by the end of each month.

    The mean of the past years; by the calendar where there is none.
    """
    stops = month_ends(year)
    found = [
        [share_by(stop, sums) or 0.0 for stop in stops]
        for sums in past.values()
        if sum(sums.values()) > 0
    ]
    if not found:
        length = stops[-1].timetuple().tm_yday
        return [stop.timetuple().tm_yday / length for stop in stops]
    return [fmean(column) for column in zip(*found, strict=True)]


def fan(
    as_of: date, so_far: int, end: int, shares: Sequence[float], share: float
) -> Iterator[tuple[date, int]]:
    """From today to the end of the year as the season has it: (day, sum)."""
    yield as_of, so_far
    for stop, usual in zip(month_ends(as_of.year), shares, strict=True):
        if stop > as_of:
            part = 1.0 if share >= 1 else max(0.0, (usual - share) / (1 - share))
            yield stop, so_far + round((end - so_far) * min(1.0, part))
