"""Requirement by requirement: what is asked against what is claimed, or 未说明."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from index import measures
from index.comparison import Verdict, compare, conditions, details, trouble
from index.quantities import Quantity
from index.requirements import Asked, Requirement, asked, named_before, read


@dataclass(frozen=True)
class Judgement:
    """One asked quantity and what the other side says to it.

    A requirement without a quantity gives one judgement over its whole text. The
    quote of the claim is there wherever a sentence speaks to the requirement, even
    if it could not be judged. ``asked`` is what was judged: the sentence of the
    requirement, or the words of the measure that was confirmed in its place.
    """

    requirement: Requirement
    asked_index: int
    asked: str
    asked_quote: tuple[int, int]
    claimed_index: int | None
    claimed: str | None
    claimed_quote: tuple[int, int] | None
    verdict: Verdict
    note: str

    @property
    def misses_must(self) -> bool:
        """Whether what has to be met is not."""
        return self.verdict == "unmet" and self.requirement.must is True


# Words alone carry a pairing from SURE on. From LIKELY on they need the encoder to
# hold each sentence for the other's best counterpart, and company: a pairing of the
# two records that is sure, or a second likely one. NAMED is as good as both sentences'
# best.
SURE, NAMED, LIKELY = 0.6, 0.5, 0.3
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
class _Row:
    """A quantity asked, and of which requirement it is."""

    place: int
    requirement: Requirement
    what: Asked


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
    wanted: Sequence[Requirement | str],
    claimed: Sequence[str],
    similarity: np.ndarray,
) -> list[Judgement]:
    """Judge every quantity asked by the quantities claimed.

    ``similarity`` (len(wanted), len(claimed)) holds the encoder's cosines. A verdict
    needs the same dimension, the same kind of change, agreeing words, agreeing
    conditions and values that leave no doubt; else it is ``unknown``. ``partial``
    is a miss by at most a tenth of the value asked. A guaranteed bound (≥95 for
    ≥98 asked) that does not reach the value proves nothing and is unknown.
    """
    if similarity.shape != (len(wanted), len(claimed)):
        raise ValueError(
            f"similarity has shape {similarity.shape}, "
            f"expected {(len(wanted), len(claimed))}"
        )
    every = [Requirement(one) if isinstance(one, str) else one for one in wanted]
    claims = list(_claims(claimed))
    rows = [
        _Row(row, one, what) for row, one in enumerate(every) for what in asked(one)
    ]
    likely = [_pairings(row, claims, similarity) for row in rows]
    pairings = _anchored([row.what.one for row in rows], likely)
    taken = _taken(pairings)
    judged = [
        _judged(row, _free(found, place, taken), likely[place])
        for place, (row, found) in enumerate(zip(rows, pairings, strict=True))
    ]
    told = {one.asked_index for one in judged}
    judged += [
        _without_figure(row, one) for row, one in enumerate(every) if row not in told
    ]
    return sorted(judged, key=lambda one: (one.asked_index, one.asked_quote))


def _without_figure(row: int, one: Requirement) -> Judgement:
    """Of a requirement that gives no figure, or one that could not be read."""
    told = one.confirmed
    note = "该要求没有可比较的数值"
    if told is not None:
        note = (
            "核对的数值无法自动比较，需人工核对"
            if told.words
            else "没有数字，凭描述验收"
        )
    text = told.words if told is not None and told.words else one.text
    return _unknown(row, one, text, (0, len(text)), None, note)


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
        found = read(text)
        for one in found:
            if not one.condition:
                yield _Claim(index, text, one, found)


# ---- which claim speaks to which requirement ------------------------------------


def _pairings(
    row: _Row, claims: Sequence[_Claim], similarity: np.ndarray
) -> list[_Pairing]:
    """The claims that may speak to the quantity, the likeliest first."""
    if not row.what.one.subject or not claims:
        return []
    best = float(similarity[row.place].max())
    found = []
    for claim in claims:
        cosine = float(similarity[row.place, claim.index])
        agreement = _agreement(row.what, claim)
        if agreement < LIKELY or cosine < best - SLACK:
            continue
        mutual = cosine >= best and cosine >= float(similarity[:, claim.index].max())
        if agreement >= NAMED or mutual:
            found.append(_Pairing(claim, agreement, cosine))
    return sorted(found, key=lambda pairing: pairing.rank, reverse=True)


def _anchored(
    wanted: Sequence[Quantity], pairings: Sequence[list[_Pairing]]
) -> list[list[_Pairing]]:
    """Likely pairings count where one is sure, or two bear each other out.

    So does a measure named alike on both sides (误报率) that neither names again, but
    no price: 每亩成本 is asked and claimed of a hundred things.
    """
    comparable = [
        [pairing for pairing in found if _comparable(one, pairing.claim.quantity)]
        for one, found in zip(wanted, pairings, strict=True)
    ]
    sure = any(pairing.agreement >= SURE for found in comparable for pairing in found)
    claims = {
        (pairing.claim.index, pairing.claim.quantity.start)
        for found in comparable
        for pairing in found
    }
    if sure or (len(claims) > 1 and sum(map(bool, comparable)) > 1):
        return list(pairings)
    # What is sure but does not compare still tells why nothing is known.
    return [
        [
            pairing
            for pairing in found
            if pairing.agreement >= (NAMED if len(claims) == 1 and _told(one) else SURE)
        ]
        for one, found in zip(wanted, pairings, strict=True)
    ]


def _told(one: Quantity) -> bool:
    """Whether the name of what is measured tells something by itself."""
    return not one.dimension.startswith("money")


def _agreement(what: Asked, claim: _Claim) -> float:
    one, claimed = what.one, claim.quantity
    left, right = measures.subject(one.subject), measures.subject(claimed.subject)
    counted = not one.dimension.startswith(("time", "ratio"))
    if measures.conflict(left, right, counted):
        return 0.0
    if measures.bare(left) != measures.bare(right):
        # «…查准率≥93%,查全率≥88%»: the second is of what the first is of.
        of_asked, of_claimed = what.before, named_before(claimed, claim.others)
        bare_of, full = (of_asked, right) if measures.bare(left) else (of_claimed, left)
        around = full.letters | (of_claimed if measures.bare(left) else of_asked)
        if bare_of and not bare_of & around:
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


def _judged(row: _Row, found: list[_Pairing], likely: list[_Pairing]) -> Judgement:
    """The verdict by what was found; ``likely`` is what it may also have been."""
    what, one = row.what, row.what.one
    span = (one.start, one.end)

    def open_(claim: _Claim | None, note: str) -> Judgement:
        return _unknown(row.place, row.requirement, what.text, span, claim, note)

    if not found and likely:
        return open_(likely[0].claim, "成果写了相近的一项，是否同一指标需人工核对")
    comparable = [
        pairing for pairing in found if _comparable(one, pairing.claim.quantity)
    ]
    if not comparable:
        return open_(found[0].claim if found else None, _why(one, found))
    first = comparable[0]
    verdict, note = _verdict(what, first.claim)
    rivals = [
        other.claim
        for other in comparable[1:]
        if other.agreement > first.agreement - CLOSE
    ]
    rivals += _same_again(first.claim)
    if any(_verdict(what, rival)[0] != verdict for rival in rivals):
        verdict, note = "unknown", "成果给出的相近数值不止一个，无法确定是哪一个"
    if verdict == "unmet" and first.agreement < NAMED:
        verdict, note = "unknown", "成果的这一项是否同一指标不能确定"
    if verdict == "unknown":
        return open_(first.claim, note)
    quantity = first.claim.quantity
    return Judgement(
        row.requirement, row.place, what.text, span, first.claim.index,
        first.claim.text, (quantity.start, quantity.end), verdict, note,
    )  # fmt: skip


def _same_again(claim: _Claim) -> list[_Claim]:
    """Further values of the same thing: 误差13 m(开阔)、31 m(峡谷), 2.6%(铁锂3.1%)."""
    one = claim.quantity
    return [
        _Claim(claim.index, claim.text, replace(other, condition=False), claim.others)
        for other in claim.others
        if other.start > one.end
        and other.dimension == one.dimension
        and other.change == one.change
        and (details(other, one) if other.condition else not other.subject)
    ]


def _unknown(
    row: int,
    requirement: Requirement,
    text: str,
    span: tuple[int, int],
    claim: _Claim | None,
    note: str,
) -> Judgement:
    quote = (claim.quantity.start, claim.quantity.end) if claim else None
    return Judgement(
        requirement, row, text, span, claim.index if claim else None,
        claim.text if claim else None, quote, "unknown", note,
    )  # fmt: skip


def _comparable(asked: Quantity, claimed: Quantity) -> bool:
    return asked.dimension == claimed.dimension and _same_change(asked, claimed)


def _same_change(asked: Quantity, claimed: Quantity) -> bool:
    """A rise compares with a rise; a level reached from elsewhere is a level."""
    return (asked.change or "to") == (claimed.change or "to")


def _why(one: Quantity, found: Sequence[_Pairing]) -> str:
    if not found:
        return "成果未给出该指标"
    if found[0].claim.quantity.dimension != one.dimension:
        return "单位不同，无法比较"
    return "一方说的是变化幅度，另一方说的是数值，无法比较"


def _verdict(what: Asked, claim: _Claim) -> tuple[Verdict, str]:
    one = what.one
    asked_quote = what.text[one.start : one.end]
    claimed_quote = claim.text[claim.quantity.start : claim.quantity.end]
    given = conditions(claim.quantity, claim.others)
    obstacle = trouble(what.needed, claim.text, given)
    if obstacle:
        return "unknown", obstacle
    if measures.left_out(one.subject, claim.quantity.subject):
        return "unknown", "成果只说明了所列对象中的一部分"
    verdict = compare(one, claim.quantity)
    if what.threshold:
        verdict = "unknown"
    space = " " if claimed_quote[:1].isascii() else ""
    told = f"要求{asked_quote}，成果为{space}{claimed_quote}"
    if verdict == "unknown":
        return "unknown", told + "，无法判断是否达到"
    more = len(given) > len(what.needed)
    if more and (verdict != "met" or _cold(claim, what, given)):
        return "unknown", told + "，但成果另有条件"
    ending = {"met": "", "partial": "，相差不到一成", "unmet": "，未达到"}[verdict]
    return verdict, told + ending


def _cold(claim: _Claim, what: Asked, given: list[Quantity]) -> bool:
    """Whether the claim holds at a temperature that was not asked about."""
    asked = any(one.dimension == "temperature" for one, _ in what.needed)
    told = any(
        one.dimension == "temperature" and one.end <= claim.quantity.start
        for one in given
    )
    return told and not asked
