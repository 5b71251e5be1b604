"""Find what a panel works on, as far as the person may know of it; and hold it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from models import Bid, BidReview, Call, User
from models.outbox import RecordType
from models.session import lock
from models.states import BidState, CallStatus, ReviewState

from .. import policies
from ..errors import Conflict, NotFound
from ..search.service import find
from .schema import LARGEST_ID

GIVES_VIEW = "view.give"


def call(session: Session, user: User | None, call_id: int) -> Call:
    """The call, if this person may know of it; raises `NotFound`."""
    found: Call = find(session, user, RecordType.CALL, call_id)
    return found


def held_call(session: Session, actor: User, call_id: int, action: str) -> Call:
    """The call with its row locked: whatever changes a review or a result takes turns.

    Raises `NotFound`, `Forbidden`, or `Conflict` for staff of a party.
    """
    found = call(session, actor, call_id)
    policies.require(actor, action, found)
    lock(session, found)
    if action != GIVES_VIEW:
        require_impartial(session, found, actor)
    return found


def require_impartial(session: Session, call: Call, actor: User) -> None:
    """Raise `Conflict` for staff who belong to the issuer or to a bidder."""
    home = actor.organisation_id
    if home is None:
        return
    bidders = select(Bid.organisation_id).where(
        Bid.call_id == call.id, Bid.state == BidState.RELEASED
    )
    if home == call.issuer_id or home in set(session.scalars(bidders)):
        raise Conflict("panel.partial")


def require_review(call: Call) -> None:
    """Raise `Conflict` unless the bids of the call are being judged."""
    if call.status is not CallStatus.IN_REVIEW:
        raise Conflict("panel.not_in_review")


def review(session: Session, user: User | None, review_id: int) -> BidReview:
    """One expert's review of one bid, if the person may know of it."""
    found: BidReview = _one(
        session,
        BidReview,
        review_id,
        policies.visible_reviews(user),
        joinedload(BidReview.bid).joinedload(Bid.organisation),
        joinedload(BidReview.bid).joinedload(Bid.call),
        joinedload(BidReview.user),
    )
    return found


def in_hand(
    session: Session, call: Call, user_id: int, states: Collection[ReviewState]
) -> Sequence[BidReview]:
    """The expert's reviews of the call that are in one of the states."""
    query = (
        select(BidReview)
        .join(BidReview.bid)
        .where(
            Bid.call_id == call.id,
            BidReview.user_id == user_id,
            BidReview.state.in_(states),
        )
        .order_by(BidReview.id)
    )
    return session.scalars(query).all()


def held_review(
    session: Session, actor: User, review_id: int, action: str
) -> BidReview:
    """The review, its call's row and its own locked, while the call is in review."""
    found = review(session, actor, review_id)
    policies.require(actor, action, found)
    lock(session, found.bid.call)
    lock(session, found)
    require_review(found.bid.call)
    require_impartial(session, found.bid.call, actor)
    # It may have been taken away while we waited.
    return review(session, actor, review_id)


def _one(session: Session, table: Any, number: int, visible: Any, *options: Any) -> Any:
    query = select(table).where(table.id == min(number, LARGEST_ID), visible)
    found = session.scalar(query.options(*options))
    if found is None:
        raise NotFound(table.__tablename__)
    return found


def visible_one(session: Session, table: Any, number: int, visible: Any) -> Any:
    """The record of this number that meets the condition; raises `NotFound`."""
    return _one(session, table, number, visible)
