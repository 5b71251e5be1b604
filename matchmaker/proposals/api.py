"""Pairs proposed by hand, for programs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from models import Proposal, Suggestion, utcnow
from models.outbox import RecordType
from models.states import RejectReason, SuggestionStatus

from ..accounts.current import signed_in
from ..api.answers import Output, Place, Slice
from ..api.operations import Operations
from ..db import db
from ..search import rows
from ..search.api import Found, found
from ..search.listing import Row
from ..search.live import live_index
from . import service
from .schema import LABELS, OwnQuery, ProposalInput, SearchQuery

operations = Operations("proposals", "人工提出的配对")


class ProposalBody(ProposalInput):
    """The number of the other side, and what speaks for the pair."""

    labels: ClassVar[Mapping[str, str]] = LABELS


class ProposalSide(Output):
    """A side of the pair in the words this person reads."""

    id: int
    title: str
    organisation: str


class ProposalOut(Output):
    """What one proposed, and what became of it.

    ``organisation`` is that one spoke for; null for the platform. ``reason`` is why the
    pair was rejected.
    """

    id: int
    suggestion_id: int
    status: SuggestionStatus
    need: ProposalSide
    achievement: ProposalSide
    organisation: str | None
    why: str
    changed: str
    reason: RejectReason | None
    decided_at: datetime | None
    proposed_at: datetime


class Offered(Found):
    """A record that may be the other side; ``pair`` is how such a pair stands."""

    pair: SuggestionStatus | None


def _told(proposal: Proposal) -> ProposalOut:
    pair = proposal.suggestion
    rejected = pair.status is SuggestionStatus.REJECTED
    reasons = [one.reason for one in pair.reviews if one.reason]
    return ProposalOut(
        id=proposal.id,
        suggestion_id=pair.id,
        status=pair.status,
        need=_side(pair.need),
        achievement=_side(pair.achievement),
        organisation=proposal.organisation.name if proposal.organisation else None,
        why=proposal.why,
        changed=proposal.changed,
        reason=reasons[-1] if rejected and reasons else None,
        decided_at=pair.decided_at,
        proposed_at=proposal.at,
    )


def _side(item: service.Item | None) -> ProposalSide:
    if item is None:
        raise ValueError("only a need and an achievement are proposed by hand")
    card = rows.card(signed_in(), item, utcnow())
    return ProposalSide(
        id=item.id, title=card["title"], organisation=card["organisation_label"]
    )


@operations.get(
    "/proposals", ("proposals.mine", "proposals.export_mine"), "我提出的配对"
)
def mine(query: OwnQuery, place: Place) -> Slice[ProposalOut]:
    asked = service.own(signed_in(), query).options(*service.shown_with())
    return place.newest(db.session, asked, Proposal.id, _told)


@operations.get("/needs/<int:need_id>/partners", "proposals.of_need", "可配对的成果")
def for_need(need_id: int, query: SearchQuery) -> Slice[Offered]:
    """最接近检索词的若干项；没有检索词时，按需求的名称找。"""
    return _offered(RecordType.NEED, need_id, query)


@operations.get(
    "/achievements/<int:achievement_id>/partners",
    "proposals.of_achievement",
    "可配对的需求",
)
def for_achievement(achievement_id: int, query: SearchQuery) -> Slice[Offered]:
    """最接近检索词的若干条；没有检索词时，按成果的名称找。"""
    return _offered(RecordType.ACHIEVEMENT, achievement_id, query)


def _offered(kind: RecordType, record_id: int, query: SearchQuery) -> Slice[Offered]:
    user, session, now = signed_in(), db.session, utcnow()
    begun = service.start(session, user, kind, record_id, now=now)
    listed: list[Row] = []
    if not begun.hopeless:
        words = query.q or str(rows.card(user, begun.item, now)["title"])
        index = live_index()
        listed = service.offered(session, index, user, begun, words, now=now).rows
    known = service.known(session, begun.item, [row.item.id for row in listed])
    items = [_offer(row, known.get(row.item.id)) for row in listed]
    return Slice[Offered](items=items, total=len(items), next=None)


def _offer(row: Row, pair: Suggestion | None) -> Offered:
    status = pair.status if pair else None
    return Offered(**found(row).model_dump(), pair=status)


@operations.post(
    "/needs/<int:need_id>/proposals",
    "proposals.of_need",
    "为需求提出配对",
    status=201,
)
def of_need(need_id: int, body: ProposalBody) -> ProposalOut:
    """曾被驳回的一对须写 changed。"""
    return _propose(RecordType.NEED, need_id, body)


@operations.post(
    "/achievements/<int:achievement_id>/proposals",
    "proposals.of_achievement",
    "为成果提出配对",
    status=201,
)
def of_achievement(achievement_id: int, body: ProposalBody) -> ProposalOut:
    """曾被驳回的一对须写 changed。"""
    return _propose(RecordType.ACHIEVEMENT, achievement_id, body)


def _propose(kind: RecordType, record_id: int, body: ProposalInput) -> ProposalOut:
    user, session = signed_in(), db.session
    pair = service.propose(
        session, live_index(), user, kind, record_id, body, now=utcnow()
    )
    last = session.scalars(
        service.own(user).where(Proposal.suggestion_id == pair.id)
    ).one()
    return _told(last)
