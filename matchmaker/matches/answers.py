"""Pairs as a program reads them: both sides, the reasons, what was decided."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from models import Achievement, Call, Need, Record, Review, Suggestion, kind_of
from models.outbox import RecordType
from models.states import Decision, RejectReason, SuggestionKind, SuggestionStatus

from ..api.answers import Output
from .export import verdicts
from .odds import Odds


class Indicator(Output):
    """Whether one target is met (met), in part (partial), not (unmet), or unsaid."""

    asked: str
    claimed: str | None
    verdict: str
    must: bool
    note: str | None


class SentencePair(Output):
    """Two sentences that speak of the same."""

    asked: str
    found: str
    nearness: float


class EvidenceFact(Output):
    """What else fits or not: field, readiness, money, modes, time."""

    name: str
    left: str
    right: str
    verdict: str


class EvidencePart(Output):
    """How much one way of comparing came to; ``share`` of all of them together."""

    name: str
    value: float
    share: float


class Evidence(Output):
    """Why the two were put together."""

    indicators: list[Indicator]
    sentences: list[SentencePair]
    terms: list[str]
    facts: list[EvidenceFact]
    parts: list[EvidencePart]


def indicators(found: Mapping[str, Any]) -> list[Indicator]:
    """Of evidence; what was stored before anybody said must or wish is no must."""
    return [
        Indicator(
            asked=one["asked"],
            claimed=one["claimed"],
            verdict=one["verdict"],
            must=bool(one.get("must")),
            note=one.get("note"),
        )
        for one in found.get("indicators") or []
    ]


def sentences(found: Mapping[str, Any]) -> list[SentencePair]:
    return [
        SentencePair(asked=one["left"], found=one["right"], nearness=one["nearness"])
        for one in found.get("pairs") or []
    ]


def facts(found: Mapping[str, Any]) -> list[EvidenceFact]:
    return [EvidenceFact.model_validate(one) for one in found.get("facts") or []]


def evidence(found: Mapping[str, Any]) -> Evidence:
    """The stored evidence of a pair."""
    return Evidence(
        indicators=indicators(found),
        sentences=sentences(found),
        terms=[one["term"] for one in found.get("terms") or []],
        facts=facts(found),
        parts=[EvidencePart.model_validate(one) for one in found.get("parts") or []],
    )


class PairSide(Output):
    """A record of a pair; ``trl`` is the level of an achievement on its own scale."""

    id: int
    kind: RecordType
    title: str
    organisation: str
    field: str
    status: str
    trl: int | None
    trl_scale: int | None
    demo: bool


def side(item: Record) -> PairSide:
    """In full words: for the staff, and for what is one's own or public."""
    of = item.issuer if isinstance(item, Call) else item.organisation
    found = item if isinstance(item, Achievement) else None
    return PairSide(
        id=item.id,
        kind=kind_of(item),
        title=item.title,
        organisation=of.name,
        field=item.field,
        status=str(item.status),
        trl=found.level if found else None,
        trl_scale=found.trl_scale if found else None,
        demo=item.is_demo,
    )


def _sides(pair: Suggestion) -> tuple[PairSide, PairSide]:
    left: Need | Call | None = pair.left
    right: Achievement | Call | None = pair.right
    if left is None or right is None:
        raise ValueError(f"suggestion {pair.id} has one side")
    return side(left), side(right)


class Verdicts(Output):
    """How many of the indicators asked are met, in part, not, or unsaid."""

    met: int
    partial: int
    unmet: int
    unknown: int


def _counted(pair: Suggestion) -> Verdicts:
    found = verdicts(pair)
    return Verdicts(**{name: found[name] for name in Verdicts.model_fields})


class DeskPair(Output):
    """A pair in the queue of the review desk.

    ``probability`` is that of approval, with what speaks for and against. Who holds the
    pair for the moment is named with until when; null if nobody does.
    """

    id: int
    version: int
    kind: SuggestionKind
    status: SuggestionStatus
    left: PairSide
    right: PairSide
    probability: float
    odds: str
    pros: list[str]
    cons: list[str]
    verdicts: Verdicts
    by_hand: bool
    snoozed_until: date | None
    claimed_by: str | None
    claimed_until: datetime | None
    created_at: datetime
    decided_at: datetime | None


class HandProposal(Output):
    """Who proposed the pair by hand, for whom and why."""

    at: datetime
    proposer: str
    organisation: str | None
    why: str
    changed: str


class PairReview(Output):
    """One decision about the pair."""

    at: datetime
    reviewer: str
    decision: Decision
    reason: RejectReason | None
    words: str | None
    status: SuggestionStatus
    snoozed_until: date | None


class DeskPairOut(DeskPair):
    """A pair with its reasons, its proposals and its decisions, the newest first."""

    evidence: Evidence
    proposals: list[HandProposal]
    reviews: list[PairReview]


def _desk_facts(pair: Suggestion, odds: Odds, now: datetime) -> dict[str, Any]:
    left, right = _sides(pair)
    held = pair.claimed_until is not None and pair.claimed_until > now
    return {
        "id": pair.id,
        "version": pair.version,
        "kind": pair.kind,
        "status": pair.status,
        "left": left,
        "right": right,
        "probability": round(pair.probability, 4),
        "odds": odds.words,
        "pros": odds.pros,
        "cons": odds.cons,
        "verdicts": _counted(pair),
        "by_hand": pair.by_hand,
        "snoozed_until": pair.snoozed_until,
        "claimed_by": pair.claimed_by.name if held and pair.claimed_by else None,
        "claimed_until": pair.claimed_until if held else None,
        "created_at": pair.created_at,
        "decided_at": pair.decided_at,
    }


def desk_line(pair: Suggestion, odds: Odds, now: datetime) -> DeskPair:
    return DeskPair.model_validate(_desk_facts(pair, odds, now))


def desk_pair(pair: Suggestion, odds: Odds, now: datetime) -> DeskPairOut:
    return DeskPairOut.model_validate(
        _desk_facts(pair, odds, now)
        | {
            "evidence": evidence(pair.evidence),
            "proposals": [
                HandProposal(
                    at=one.at,
                    proposer=one.proposer.name,
                    organisation=one.organisation.name if one.organisation else None,
                    why=one.why,
                    changed=one.changed,
                )
                for one in reversed(pair.proposals)
            ],
            "reviews": [_review(one) for one in reversed(pair.reviews)],
        }
    )


def _review(one: Review) -> PairReview:
    return PairReview(
        at=one.at,
        reviewer=one.reviewer.name,
        decision=one.decision,
        reason=one.reason,
        words=one.words,
        status=one.to_status,
        snoozed_until=one.snoozed_until,
    )


class OwnPair(Output):
    """An approved pair of one of the enterprise's own needs."""

    id: int
    kind: SuggestionKind
    need: PairSide
    found: PairSide
    verdicts: Verdicts
    approved_at: datetime | None


class OwnPairOut(OwnPair):
    """The pair with its reasons; ``introduction_id`` of talks that came of it."""

    evidence: Evidence
    introduction_id: int | None


def _own_facts(pair: Suggestion) -> dict[str, Any]:
    need, found = _sides(pair)
    return {
        "id": pair.id,
        "kind": pair.kind,
        "need": need,
        "found": found,
        "verdicts": _counted(pair),
        "approved_at": pair.decided_at,
    }


def own_line(pair: Suggestion) -> OwnPair:
    return OwnPair.model_validate(_own_facts(pair))


def own_pair(pair: Suggestion, introduction_id: int | None) -> OwnPairOut:
    return OwnPairOut.model_validate(
        _own_facts(pair)
        | {
            "evidence": evidence(pair.evidence),
            "introduction_id": introduction_id,
        }
    )
