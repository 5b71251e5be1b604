"""Conflicts of interest that come to light after a bid was given to an expert."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from models import Bid, BidReview, Call, ExpertTie, User, transaction
from models.session import lock
from models.states import LIVE_REVIEWS, CallStatus, ReviewState

from ..errors import Conflict
from ..history import service as history
from ..labels import label
from . import tell
from .finding import held_review, in_hand
from .schema import ReasonInput


def declare(
    session: Session, actor: User, review_id: int, data: ReasonInput, *, now: datetime
) -> BidReview:
    """The expert has an interest in the bid: it is out of its hands at once.

    Staff who learn of one do the same. A sheet that was sent no longer counts; another
    expert is asked of the staff.
    """
    with transaction(session):
        review = held_review(session, actor, review_id, "review.declare")
        if review.state is ReviewState.RECUSED:
            raise Conflict("already_handled")
        _recuse(session, actor, review, data.words, now)
        tell.replacement_wanted(session, review.bid.call, now=now)
        if actor.id != review.user_id:
            tell.taken_away(session, review, now=now)
    return review


def _recuse(
    session: Session, actor: User, review: BidReview, words: str, now: datetime
) -> None:
    before = review.state
    review.move_to(ReviewState.RECUSED, now=now)
    review.conflict_words = words
    changes = {
        "review_state": [before.value, review.state.value],
        "reason": [None, words],
    }
    history.record(session, actor, "review.recused", review, now=now, changes=changes)


def follow_tie(session: Session, actor: User, tie: ExpertTie, *, now: datetime) -> int:
    """A tie that was just declared takes from the expert what it must not judge.

    Of a call under review to whose issuer or bidders it binds, every bid. Returns how
    many sheets that were; works inside the running transaction.
    """
    gone = 0
    for call in _calls_under_review(session, tie.user_id):
        lock(session, call)
        if call.status is not CallStatus.IN_REVIEW or not _concerns(session, tie, call):
            continue
        words = f"申报与{tie.name}有利害关系：{label(tie.kind)}"
        for review in in_hand(session, call, tie.user_id, LIVE_REVIEWS):
            _recuse(session, actor, review, words, now)
            gone += 1
        tell.replacement_wanted(session, call, now=now)
    return gone


def _calls_under_review(session: Session, user_id: int) -> list[Call]:
    concerned = (
        select(Bid.call_id)
        .join(BidReview, BidReview.bid_id == Bid.id)
        .where(BidReview.user_id == user_id, BidReview.state.in_(LIVE_REVIEWS))
    )
    query = (
        select(Call)
        .where(Call.id.in_(concerned), Call.status == CallStatus.IN_REVIEW)
        .order_by(Call.id)
    )
    return list(session.scalars(query))


def _concerns(session: Session, tie: ExpertTie, call: Call) -> bool:
    bids = session.scalars(
        select(Bid).where(Bid.call_id == call.id).options(joinedload(Bid.organisation))
    )
    parties = [call.issuer, *(bid.organisation for bid in bids)]
    return any(tie.binds_to(party) for party in parties)
