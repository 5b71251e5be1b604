"""The points of a bid: the one formula, and what can be read from the numbers.

    sheet   = sum(weight * score) / sum(weight)              one expert, 0 to 100
    experts = mean of the sheets                             every expert counts alike
    total   = ((100 - w) * experts + w * issuer) / 100       w: the issuer's weight

Scores are whole points from 0 to 100. All is counted exactly and rounded once, half up,
to hundredths of a point; bids are compared by what is shown. Nothing is left out of the
mean: an outlier is marked for people to look at, and counts until they act.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from statistics import median

# A sheet this many points or more from the median of its bid is marked as an outlier.
# A fixed distance, because three to seven sheets are too few for a deviation.
OUTLIER_POINTS = 15
OUTLIER_RULE = f"与这份揭榜书各专家总分的中位数相差 {OUTLIER_POINTS} 分及以上"
HUNDRED = 100


@dataclass(frozen=True)
class Criterion:
    """One line of the call's criteria; weights are whole and sum to 100."""

    name: str
    weight: int


@dataclass(frozen=True)
class Scored:
    """The numbers of one bid.

    ``sheets`` has a row for each submitted sheet, a column for each criterion.
    ``issuer`` is the issuer's score, None where it does not count.
    """

    bid_id: int
    sheets: Sequence[Sequence[int]]
    issuer: int | None = None


@dataclass(frozen=True)
class Standing:
    """A bid in the ranking; points are hundredths.

    ``means`` are of each criterion over the sheets. ``tie`` says in words how bids with
    the same total were told apart, or that they could not be.
    """

    bid_id: int
    rank: int
    total: int
    experts: int
    means: Sequence[int]
    tie: str = ""


def hundredths(points: Fraction) -> int:
    """Rounded half up, as people round."""
    return floor(points * HUNDRED + Fraction(1, 2))


def shown(points: int) -> str:
    """Hundredths as people read them: 85.30."""
    return f"{points // HUNDRED}.{points % HUNDRED:02}"


def sheet_points(scores: Sequence[int], criteria: Sequence[Criterion]) -> Fraction:
    """What one expert gives a bid."""
    weights = sum(one.weight for one in criteria)
    pairs = zip(scores, criteria, strict=True)
    return Fraction(sum(score * one.weight for score, one in pairs), weights)


def expert_points(
    sheets: Sequence[Sequence[int]], criteria: Sequence[Criterion]
) -> Fraction:
    """What the panel gives a bid; there is at least one sheet."""
    return _mean([sheet_points(scores, criteria) for scores in sheets])


def total_points(
    bid: Scored, criteria: Sequence[Criterion], issuer_weight: int
) -> Fraction:
    """What a bid has in the end; without the issuer's view the panel alone counts."""
    experts = expert_points(bid.sheets, criteria)
    if bid.issuer is None:
        return experts
    ours = (HUNDRED - issuer_weight) * experts
    return (ours + issuer_weight * bid.issuer) / HUNDRED


def _mean(values: Sequence[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


def spread(points: Sequence[Fraction]) -> Fraction:
    """How far the highest sheet of a bid is from the lowest."""
    return max(points) - min(points) if points else Fraction(0)


def outliers(points: Sequence[Fraction]) -> set[int]:
    """The places of the sheets that are far from the median (`OUTLIER_RULE`)."""
    if not points:
        return set()
    middle = median(points)
    return {
        place
        for place, value in enumerate(points)
        if abs(value - middle) >= OUTLIER_POINTS
    }


def ranking(
    bids: Sequence[Scored], criteria: Sequence[Criterion], issuer_weight: int
) -> list[Standing]:
    """The bids that have a sheet, best first; the order given does not matter.

    The same total is told apart by the experts' mean, then by the mean of the criterion
    with the greatest weight. Bids that are alike in all of them share a rank.
    """
    heaviest = max(range(len(criteria)), key=lambda place: criteria[place].weight)
    scored = [_standing(bid, criteria, issuer_weight) for bid in bids if bid.sheets]
    scored.sort(key=lambda one: (*_key(one, heaviest), one.bid_id))
    found: list[Standing] = []
    for place, one in enumerate(scored, 1):
        before = found[-1] if found else None
        same = before is not None and _key(before, heaviest) == _key(one, heaviest)
        rank = before.rank if before is not None and same else place
        words = _tie(one, scored, heaviest, criteria[heaviest].name)
        found.append(
            Standing(one.bid_id, rank, one.total, one.experts, one.means, words)
        )
    return found


def _standing(
    bid: Scored, criteria: Sequence[Criterion], issuer_weight: int
) -> Standing:
    columns = zip(*bid.sheets, strict=True)
    return Standing(
        bid.bid_id,
        0,
        hundredths(total_points(bid, criteria, issuer_weight)),
        hundredths(expert_points(bid.sheets, criteria)),
        [hundredths(_mean([Fraction(score) for score in one])) for one in columns],
    )


def _key(one: Standing, heaviest: int) -> tuple[int, int, int]:
    return -one.total, -one.experts, -one.means[heaviest]


def _tie(one: Standing, scored: Sequence[Standing], heaviest: int, name: str) -> str:
    others = [o for o in scored if o.total == one.total and o.bid_id != one.bid_id]
    if not others:
        return ""
    if any(_key(other, heaviest) == _key(one, heaviest) for other in others):
        return f"并列：综合得分、专家平均分和「{name}」的平均分都相同"
    if any(other.experts == one.experts for other in others):
        return f"综合得分和专家平均分相同，按「{name}」的平均分排先后"
    return "综合得分相同，按专家平均分排先后"
