"""The scoring sheet: saved as one types, submitted once, handed back by the staff."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from models import Bid, BidReview, User, transaction
from models.states import HELD_REVIEWS, CallStatus, ReviewState

from .. import policies
from ..errors import Conflict
from ..history import service as history
from . import due, overview, scoring, tell
from .finding import held_review
from .schema import ReasonInput, SheetDraft, SheetInput

Lines = Sequence[dict[str, Any]]


def own(session: Session, actor: User) -> Sequence[BidReview]:
    """All that was ever given to the expert: what waits first, then the newest."""
    policies.require(actor, "review.write")
    query = (
        select(BidReview)
        .where(BidReview.user_id == actor.id)
        .options(
            joinedload(BidReview.bid).joinedload(Bid.call),
            joinedload(BidReview.bid).joinedload(Bid.organisation),
        )
        .order_by(
            BidReview.state.not_in(HELD_REVIEWS),
            BidReview.state_since.desc(),
            BidReview.id,
        )
    )
    return session.scalars(query).all()


def is_open(review: BidReview) -> bool:
    """Whether the expert still has the bid in hand."""
    in_review = review.bid.call.status is CallStatus.IN_REVIEW
    return in_review and review.state in HELD_REVIEWS


def total(review: BidReview) -> int | None:
    """The points of a sheet that was submitted, in hundredths; nothing before."""
    if review.state in HELD_REVIEWS or not review.submitted_at:
        return None
    criteria = overview.criteria_of(review.bid.call)
    points = scoring.sheet_points(overview.scores_of(review), criteria)
    return scoring.hundredths(points)


def reads_sheet(user: User, review: BidReview) -> bool:
    """Whether the person, who may know of the review, reads what the sheet says.

    What was not submitted the expert alone reads.
    """
    if review.state is ReviewState.SUBMITTED:
        return True
    own = policies.may(user, "review.write", review)
    return own and (is_open(review) or review.submitted_at is not None)


def blank(count: int) -> list[dict[str, Any]]:
    """A sheet of so many criteria on which nothing is written."""
    return [{"score": None, "words": ""} for _ in range(count)]


def save(
    session: Session,
    actor: User,
    review_id: int,
    data: SheetDraft,
    lines: Lines,
    *,
    now: datetime,
) -> BidReview:
    """Keep what is written so far; nobody else reads it."""
    with transaction(session):
        review = _in_hand(session, actor, review_id, data.version)
        review.scores, review.overall = list(lines), data.overall
    return review


def submit(
    session: Session,
    actor: User,
    review_id: int,
    data: SheetInput,
    lines: Lines,
    *,
    needed: int,
    now: datetime,
) -> BidReview:
    """Hand in the sheet; from here on only the staff can have it changed.

    Raises `Conflict` «review.submitted» the second time. ``needed`` experts judge each
    bid; the staff learn when the last sheet is in.
    """
    with transaction(session):
        review = _in_hand(session, actor, review_id, data.version)
        review.scores, review.overall = list(lines), data.overall
        again = review.submitted_at is not None
        review.move_to(ReviewState.SUBMITTED, now=now)
        review.submitted_at = now
        session.flush()
        changes = {"scores": [None, overview.scores_of(review)]} if again else {}
        history.record(
            session, actor, "review.submitted", review, now=now, changes=changes
        )
        call = review.bid.call
        if overview.load(session, call, needed=needed).is_complete:
            tell.complete(session, call, now=now)
    return review


def _in_hand(session: Session, actor: User, review_id: int, version: int) -> BidReview:
    review = held_review(session, actor, review_id, "review.write")
    if review.state not in HELD_REVIEWS:
        raise Conflict("review.submitted")
    if review.version != version:
        raise Conflict("stale")
    return review


def hand_back(
    session: Session, actor: User, review_id: int, data: ReasonInput, *, now: datetime
) -> BidReview:
    """Let the expert change a sheet it handed in; the reason and both are kept."""
    with transaction(session):
        review = held_review(session, actor, review_id, "review.govern")
        if review.state is not ReviewState.SUBMITTED:
            raise Conflict("review.not_submitted")
        due.require_time(review.bid.call, now, "words")
        review.move_to(ReviewState.RETURNED, now=now)
        review.returned_words = data.words
        changes = {
            "reason": [None, data.words],
            "scores": [overview.scores_of(review), None],
        }
        history.record(
            session, actor, "review.returned", review, now=now, changes=changes
        )
        tell.returned(session, review, now=now)
    return review
