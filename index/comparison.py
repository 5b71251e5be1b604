"""Whether two quantities of the same thing compare, and how they come out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from index.quantities import Quantity

Verdict = Literal["met", "partial", "unmet", "unknown"]

# A claim that misses by no more than this part of what is asked is 部分, not 不满足.
NEAR = 0.10
# «约» is taken to be off by this much at most.
ABOUT = 0.05


def conditions(one: Quantity, others: Sequence[Quantity]) -> list[Quantity]:
    """Under what the quantity holds: what its clause, or the words before, state."""
    found = []
    for other in others:
        if other is one or (one.change == "to" and other.dimension == one.dimension):
            continue  # the value the change starts from
        before = other.end <= one.start
        if other.condition and other.clause == one.clause:
            if before or not details(other, one):
                found.append(other)
        elif before and (_leads(other, one) or one.subject.startswith("此时")):
            found.append(other)
    return found


def details(other: Quantity, one: Quantity) -> bool:
    """Whether a bracket says more of the result: (末端≥8%), (铁锂3.1%、三元2.2%)."""
    same = other.clause == one.clause and other.dimension == one.dimension
    return same and other.comparator not in ("range", "plus_minus")


def _leads(other: Quantity, one: Quantity) -> bool:
    """Whether a bare amount in an earlier clause sets the scene for a bound."""
    if other.comparator not in ("eq", "range"):
        return False
    bound = one.comparator in ("ge", "gt", "le", "lt", "plus_minus")
    return (bound and other.change is None) or not other.subject


def trouble(
    needed: Sequence[tuple[Quantity, str]], claimed: str, given: list[Quantity]
) -> str:
    """What about the conditions forbids a judgement; nothing if they agree.

    ``needed`` has each condition asked with its quote, ``given`` those of ``claimed``.
    """
    for condition, quote in needed:
        same = [one for one in given if one.dimension == condition.dimension]
        if not same:
            if condition.dimension in _SOFT:
                continue
            return f"成果未说明条件 {quote}"
        if not _holds(condition, same):
            other = claimed[same[0].start : same[0].end]
            return f"条件不同：要求 {quote}，成果 {other}"
    return ""


# How many kinds or cases were tried: worth telling apart, not worth insisting on.
_SOFT = frozenset("种类个件例台组批项站套步人列包页单卡颗只轮齿层")


def _holds(condition: Quantity, given: Sequence[Quantity]) -> bool:
    """Whether the claim was had under the condition asked, or over more than it."""
    return any(
        _same_value(condition, one) or _wider(one, condition) for one in given
    ) or _spanned(condition, given)


def _wider(given: Quantity, asked: Quantity) -> bool:
    """Whether a range covers the one asked; a band of frequencies never does.

    What is said of 60~200 Hz may be reached at some line within it.
    """
    if asked.dimension == "frequency":
        return False
    ends = (given.low, asked.low, asked.high, given.high)
    if given.comparator != "range" or asked.comparator != "range" or None in ends:
        return False
    return list(ends) == sorted(end for end in ends if end is not None)


def _same_value(left: Quantity, right: Quantity) -> bool:
    pairs = ((left.low, right.low), (left.high, right.high))
    return all(
        a == b if a is None or b is None else math.isclose(a, b, rel_tol=1e-6)
        for a, b in pairs
    )


def _spanned(range_: Quantity, ends: Sequence[Quantity]) -> bool:
    """Whether two amounts are the ends of the range: -20℃升到10℃ for -20~10℃."""
    values = {one.low for one in ends if one.low == one.high}
    return len(values) > 1 and {range_.low, range_.high} == values


def compare(asked: Quantity, claimed: Quantity) -> Verdict:
    direction, bound = _demand(asked)
    if direction is None or bound is None:
        return _inside(asked, claimed)
    lowest, highest = _extent(claimed)
    if asked.comparator == "plus_minus" or claimed.comparator == "plus_minus":
        if direction == "ge" or claimed.low is None:
            low_known = claimed.comparator == "le" and direction == "le"
            if not low_known:
                return "unknown"
        lowest, highest = _magnitude(claimed)
    elif _sign_differs(asked, lowest, bound) and direction == "le":
        return "unknown"
    if direction == "ge":
        return _at_least(bound, lowest, highest, claimed)
    flipped = None if highest is None else -highest
    return _at_least(-bound, flipped, None if lowest is None else -lowest, claimed)


def _sign_differs(asked: Quantity, lowest: float | None, bound: float) -> bool:
    """A change of −0.2 against ≤0.5 asked: whether the sign counts is not told."""
    below = lowest is not None and lowest < 0 <= bound
    return below and asked.dimension != "temperature"


def _demand(asked: Quantity) -> tuple[Literal["ge", "le"] | None, float | None]:
    """Which way the requirement points, and from what value on."""
    if asked.comparator in ("ge", "gt"):
        return "ge", asked.low
    if asked.comparator in ("le", "lt"):
        return "le", asked.high
    if asked.comparator == "plus_minus" and asked.low == -(asked.high or 0.0):
        return "le", asked.high
    if asked.comparator == "eq" and asked.high == 0:
        return "le", 0.0
    if asked.comparator == "eq" and asked.high == 1 and asked.dimension == "ratio":
        return "ge", 1.0
    return None, None


def _extent(claimed: Quantity) -> tuple[float | None, float | None]:
    """Between what the true value lies, as far as the claim says."""
    low, high = claimed.low, claimed.high
    if claimed.comparator == "about" and low is not None and high is not None:
        return low - abs(low) * ABOUT, high + abs(high) * ABOUT
    return low, high


def _magnitude(claimed: Quantity) -> tuple[float | None, float | None]:
    """A ±, or a value meant either way, as an error without its sign."""
    ends = [abs(end) for end in (claimed.low, claimed.high) if end is not None]
    return max(ends), max(ends)


def _at_least(
    bound: float, lowest: float | None, highest: float | None, claimed: Quantity
) -> Verdict:
    """Judge a value that lies between the two by a lower bound."""
    if lowest is not None and _reaches(lowest, bound):
        return "met"
    if lowest is None or highest is None:
        return "unknown"
    if claimed.comparator == "about" and _reaches(highest, bound):
        return "unknown"
    near = bound - abs(bound) * NEAR
    if _reaches(lowest, near):
        return "partial"
    return "unknown" if _reaches(highest, near) else "unmet"


def _reaches(value: float, bound: float) -> bool:
    return value >= bound or math.isclose(value, bound, rel_tol=1e-9)


def _inside(asked: Quantity, claimed: Quantity) -> Verdict:
    """A range asked is kept by a value within it; anything else is left open."""
    if asked.comparator != "range" or asked.low is None or asked.high is None:
        return "unknown"
    low, high = claimed.low, claimed.high
    if low is None or high is None or claimed.comparator == "about":
        return "unknown"
    if any(word in asked.subject for word in _COVERS):
        covers = _reaches(asked.low, low) and _reaches(high, asked.high)
        return "met" if covers and claimed.comparator == "range" else "unknown"
    within = _reaches(low, asked.low) and _reaches(asked.high, high)
    return "met" if within and claimed.comparator == "eq" else "unknown"


_COVERS = ("适用", "适应", "范围", "量程", "装载量", "线径", "可用", "工作温度", "规格")
