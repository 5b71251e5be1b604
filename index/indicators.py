"""Requirement by requirement: what is asked against what is claimed, or 未说明."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from index import measures
from index.quantities import Quantity, quantities

Verdict = Literal["met", "partial", "unmet", "unknown"]


@dataclass(frozen=True)
class Judgement:
    """One asked quantity and what the other side says to it.

    A requirement without a quantity gives one judgement over its whole text. The
    quote of the claim is there wherever a sentence speaks to the requirement, even
    if it could not be judged.
    """

    asked_index: int
    asked: str
    asked_quote: tuple[int, int]
    claimed_index: int | None
    claimed: str | None
    claimed_quote: tuple[int, int] | None
    verdict: Verdict
    note: str


# A claim that misses by no more than this part of what is asked is 部分, not 不满足.
NEAR = 0.10
# «约» is taken to be off by this much at most.
ABOUT = 0.05
# Words alone carry a pairing from SURE on; from LIKELY on they need the encoder to
# hold each sentence for the other's best counterpart.
SURE, LIKELY = 0.6, 0.3
# How far a pairing's cosine may lie under the best of its row. Related sentences of
# one pair of records lie between 0.82 and 0.93; only differences mean anything.
SLACK = 0.06
# Two claims whose agreement lies no further apart may both be meant.
CLOSE = 0.2


@dataclass(frozen=True)
class _Claim:
    index: int
    text: str
    quantity: Quantity
    others: tuple[Quantity, ...]


@dataclass(frozen=True)
class _Pairing:
    claim: _Claim
    agreement: float
    cosine: float

    @property
    def rank(self) -> tuple[float, float, int, int]:
        order = (-self.claim.index, -self.claim.quantity.start)
        return (self.agreement, self.cosine, *order)


def judge(
    asked: Sequence[str], claimed: Sequence[str], similarity: np.ndarray
) -> list[Judgement]:
    """Judge every quantity asked by the quantities claimed.

    ``similarity`` (len(asked), len(claimed)) holds the encoder's cosines. A verdict
    needs the same dimension, the same kind of change, agreeing words, agreeing
    conditions and values that leave no doubt; else it is ``unknown``. ``partial``
    is a miss by at most a tenth of the value asked. A guaranteed bound (≥95 for
    ≥98 asked) that does not reach the value proves nothing and is unknown.
    """
    if similarity.shape != (len(asked), len(claimed)):
        raise ValueError(
            f"similarity has shape {similarity.shape}, "
            f"expected {(len(asked), len(claimed))}"
        )
    claims = list(_claims(claimed))
    wanted = [
        (row, text, one, tuple(found))
        for row, text in enumerate(asked)
        for found in (quantities(text),)
        for one in found
        if not one.condition
    ]
    pairings = [_pairings(one, row, claims, similarity) for row, _, one, _ in wanted]
    taken = _taken(pairings)
    judged = [
        _judged(row, text, one, others, _free(found, place, taken))
        for place, ((row, text, one, others), found) in enumerate(
            zip(wanted, pairings, strict=True)
        )
    ]
    told = {one.asked_index for one in judged}
    judged += [
        _unknown(row, text, (0, len(text)), None, "该要求没有可比较的数值")
        for row, text in enumerate(asked)
        if row not in told
    ]
    return sorted(judged, key=lambda one: (one.asked_index, one.asked_quote))


def sentence_verdict(judgements: Sequence[Judgement]) -> Verdict:
    """The verdict of one requirement from those of its quantities.

    All met is met; nothing known is unknown; a miss with nothing met is unmet; what
    is met only in part, or only as far as is known, is partial.
    """
    verdicts = {one.verdict for one in judgements}
    if len(verdicts) == 1:
        return verdicts.pop()
    if not verdicts:
        return "unknown"
    return "unmet" if verdicts == {"unmet", "unknown"} else "partial"


def _claims(texts: Sequence[str]) -> Iterator[_Claim]:
    for index, text in enumerate(texts):
        found = tuple(quantities(text))
        for one in found:
            if not one.condition:
                yield _Claim(index, text, one, found)


# ---- which claim speaks to which requirement ------------------------------------


def _pairings(
    one: Quantity, row: int, claims: Sequence[_Claim], similarity: np.ndarray
) -> list[_Pairing]:
    """The claims that may speak to the quantity, the likeliest first."""
    if not one.subject or not claims:
        return []
    best = float(similarity[row].max())
    found = []
    for claim in claims:
        cosine = float(similarity[row, claim.index])
        agreement = _agreement(one, claim.quantity)
        if agreement < LIKELY or cosine < best - SLACK:
            continue
        mutual = cosine >= best and cosine >= float(similarity[:, claim.index].max())
        if agreement >= SURE or mutual:
            found.append(_Pairing(claim, agreement, cosine))
    return sorted(found, key=lambda pairing: pairing.rank, reverse=True)


def _agreement(asked: Quantity, claimed: Quantity) -> float:
    left, right = measures.subject(asked.subject), measures.subject(claimed.subject)
    counted = not asked.dimension.startswith(("time", "ratio"))
    if measures.conflict(left, right, counted):
        return 0.0
    return measures.agreement(left, right)


def _taken(pairings: Sequence[list[_Pairing]]) -> dict[tuple[int, int], int]:
    """Which asked quantity each claimed one belongs to: the one it agrees with most."""
    owner: dict[tuple[int, int], tuple[tuple[float, float, int, int], int]] = {}
    for place, found in enumerate(pairings):
        for pairing in found:
            key = (pairing.claim.index, pairing.claim.quantity.start)
            if key not in owner or pairing.rank > owner[key][0]:
                owner[key] = (pairing.rank, place)
    return {key: place for key, (_, place) in owner.items()}


def _free(
    found: list[_Pairing], place: int, taken: dict[tuple[int, int], int]
) -> list[_Pairing]:
    return [
        pairing
        for pairing in found
        if taken[(pairing.claim.index, pairing.claim.quantity.start)] == place
    ]


# ---- one requirement -------------------------------------------------------------


def _judged(
    row: int,
    text: str,
    one: Quantity,
    others: tuple[Quantity, ...],
    found: list[_Pairing],
) -> Judgement:
    span = (one.start, one.end)
    comparable = [
        pairing
        for pairing in found
        if pairing.claim.quantity.dimension == one.dimension
        and _same_change(one, pairing.claim.quantity)
    ]
    if not comparable:
        return _unknown(
            row, text, span, found[0].claim if found else None, _why(one, found)
        )
    first = comparable[0]
    verdict, note = _verdict(text, one, others, first.claim)
    rivals = [
        other.claim
        for other in comparable[1:]
        if other.agreement > first.agreement - CLOSE
    ]
    rivals += _same_again(first.claim)
    if any(_verdict(text, one, others, rival)[0] != verdict for rival in rivals):
        verdict, note = "unknown", "成果给出的相近数值不止一个,无法确定是哪一个"
    if verdict == "unmet" and first.agreement < SURE:
        verdict, note = "unknown", "成果的这一项是否同一指标不能确定"
    if verdict == "unknown":
        return _unknown(row, text, span, first.claim, note)
    quantity = first.claim.quantity
    return Judgement(
        row, text, span, first.claim.index, first.claim.text,
        (quantity.start, quantity.end), verdict, note,
    )  # fmt: skip


def _same_again(claim: _Claim) -> list[_Claim]:
    """Further values of the same thing: 平均误差13 m(开阔)、31 m(峡谷)."""
    one = claim.quantity
    return [
        _Claim(claim.index, claim.text, other, claim.others)
        for other in claim.others
        if other.start > one.end
        and not (other.condition or other.subject)
        and other.dimension == one.dimension
        and other.change == one.change
    ]


def _unknown(
    row: int, text: str, span: tuple[int, int], claim: _Claim | None, note: str
) -> Judgement:
    quote = (claim.quantity.start, claim.quantity.end) if claim else None
    return Judgement(
        row, text, span, claim.index if claim else None,
        claim.text if claim else None, quote, "unknown", note,
    )  # fmt: skip


def _same_change(asked: Quantity, claimed: Quantity) -> bool:
    """A rise compares with a rise; a level reached from elsewhere is a level."""
    return (asked.change or "to") == (claimed.change or "to")


def _why(one: Quantity, found: Sequence[_Pairing]) -> str:
    if not found:
        return "成果未给出该指标"
    if found[0].claim.quantity.dimension != one.dimension:
        return "单位不同,无法比较"
    return "一方说的是变化幅度,另一方说的是数值,无法比较"


def _verdict(
    text: str, one: Quantity, others: tuple[Quantity, ...], claim: _Claim
) -> tuple[Verdict, str]:
    asked_quote = text[one.start : one.end]
    claimed_quote = claim.text[claim.quantity.start : claim.quantity.end]
    needed = _conditions(one, others)
    given = _conditions(claim.quantity, claim.others)
    trouble = _trouble(text, needed, claim.text, given)
    if trouble:
        return "unknown", trouble
    if measures.left_out(one.subject, claim.quantity.subject):
        return "unknown", "成果只说明了所列对象中的一部分"
    verdict = _compare(one, claim.quantity)
    if _is_threshold(text, one):
        verdict = "unknown"
    told = f"要求{asked_quote},成果为 {claimed_quote}"
    if verdict == "unknown":
        return "unknown", told + ",无法判断是否达到"
    if verdict != "met" and len(given) > len(needed):
        return "unknown", told + ",但成果另有条件"
    ending = {"met": "", "partial": ",相差不到一成", "unmet": ",未达到"}[verdict]
    return verdict, told + ending


_NOTICES = ("识别", "检出", "探测", "分辨", "辨识", "检测", "发现", "适应", "抓取")


def _is_threshold(text: str, one: Quantity) -> bool:
    """In 识别宽≥2 mm裂缝 the bound tells which cracks, not how well they are seen."""
    what = text[one.end : one.clause[1]].strip()[:1]
    told = any(word in one.subject for word in _NOTICES)
    return told and "\u4e00" <= what <= "\u9fff" and one.comparator in ("ge", "gt")


# ---- conditions ------------------------------------------------------------------


def _conditions(one: Quantity, others: Sequence[Quantity]) -> list[Quantity]:
    """Under what the quantity holds: what its clause, or the words before, state."""
    found = []
    for other in others:
        if other is one or (one.change == "to" and other.dimension == one.dimension):
            continue  # the value the change starts from
        before = other.end <= one.start
        if other.condition and other.clause == one.clause:
            if before or not _details(other, one):
                found.append(other)
        elif before and (_leads(other, one) or one.subject.startswith("此时")):
            found.append(other)
    return found


def _details(other: Quantity, one: Quantity) -> bool:
    """Whether a bracket says more of the result: (末端≥8%), (铁锂3.1%、三元2.2%)."""
    return other.dimension == one.dimension and other.comparator not in (
        "range",
        "plus_minus",
    )


def _leads(other: Quantity, one: Quantity) -> bool:
    """Whether a bare amount in an earlier clause sets the scene for a bound."""
    if other.comparator not in ("eq", "range"):
        return False
    bound = one.comparator in ("ge", "gt", "le", "lt", "plus_minus")
    return (bound and other.change is None) or not other.subject


def _trouble(
    text: str, needed: list[Quantity], claimed: str, given: list[Quantity]
) -> str:
    """What about the conditions forbids a judgement; nothing if they agree."""
    for condition in needed:
        same = [one for one in given if one.dimension == condition.dimension]
        quote = text[condition.start : condition.end]
        if not same:
            if condition.dimension in _SOFT:
                continue
            return f"成果未说明条件 {quote}"
        if not _holds(condition, same):
            other = claimed[same[0].start : same[0].end]
            return f"条件不同:要求 {quote},成果 {other}"
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


# ---- values ----------------------------------------------------------------------


def _compare(asked: Quantity, claimed: Quantity) -> Verdict:
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
