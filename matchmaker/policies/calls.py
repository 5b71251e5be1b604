"""What one may know of calls beyond their text: questions, bids, panels, awards."""

from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select, true

from models import (
    Award,
    Bid,
    BidOutcome,
    BidReview,
    Call,
    CallQuestion,
    CallResult,
    Expert,
    ExpertTie,
    Milestone,
    Need,
    Objection,
    User,
)
from models.outbox import RecordType
from models.states import (
    LIVE_REVIEWS,
    BidState,
    CallStatus,
    ResultState,
    Role,
    Secrecy,
)

from .acts import may
from .records import owned, visible, where


def visible_questions(user: User | None) -> ColumnElement[bool]:
    """Answered questions are everybody's; the others the asker's and the staff's."""
    if user is not None and user.is_staff:
        return true()
    answered = CallQuestion.answered_at.is_not(None)
    if user is None or user.organisation_id is None:
        return answered
    return or_(answered, CallQuestion.organisation_id == user.organisation_id)


def shown_sources(user: User | None) -> ColumnElement[bool]:
    """The needs behind a call that this reader is told of, among those one may know of.

    Outsiders only public ones: that a masked need grew into a firm's own call would
    say whose it is.
    """
    known = where(visible(user, RecordType.NEED), RecordType.NEED)
    if user is not None and user.is_staff:
        return known
    own = where(owned(user, RecordType.NEED), RecordType.NEED) if user else false()
    return and_(known, or_(Need.secrecy == Secrecy.PUBLIC, own))


def visible_bids(user: User | None) -> ColumnElement[bool]:
    """Bids of one's own organisation; once released also those of one's own calls.

    Staff see released ones only: before, they do not learn who bids. An expert sees
    those that it judges.
    """
    if user is None or not may(user, "bid.read"):
        return false()
    released = Bid.state == BidState.RELEASED
    if user.is_staff:
        return released
    if user.role is Role.EXPERT:
        own = select(BidReview.bid_id).where(visible_reviews(user))
        return and_(released, Bid.id.in_(own))
    home = user.organisation_id
    issued = select(Call.id).where(Call.issuer_id == home)
    return or_(Bid.organisation_id == home, and_(released, Bid.call_id.in_(issued)))


def visible_experts(user: User | None) -> ColumnElement[bool]:
    """Staff see every expert, an expert itself."""
    return _own_or_staff(user, Expert.user_id)


def visible_ties(user: User | None) -> ColumnElement[bool]:
    """What binds experts to organisations is for the staff and the expert itself."""
    return _own_or_staff(user, ExpertTie.user_id)


def visible_reviews(user: User | None) -> ColumnElement[bool]:
    """Staff see every review of a bid; an expert its own, while bids are judged.

    What it stood aside from, or what was taken from it, is out of its hands.
    """
    if user is None:
        return false()
    if user.is_staff:
        return true()
    return and_(
        BidReview.user_id == user.id,
        BidReview.state.in_(LIVE_REVIEWS),
        BidReview.bid_id.in_(_bids_in(CallStatus.IN_REVIEW, CallStatus.ANNOUNCED)),
    )


def _bids_in(*states: CallStatus) -> Any:
    return select(Bid.id).join(Bid.call).where(Call.status.in_(states))


def visible_outcomes(user: User | None) -> ColumnElement[bool]:
    """What became of a bid is for its bidder and the staff, once it is announced."""
    if user is None:
        return false()
    told = (ResultState.ANNOUNCED, ResultState.FINAL)
    public = BidOutcome.result_id.in_(
        select(CallResult.id).where(CallResult.state.in_(told))
    )
    if user.is_staff:
        return public
    if user.organisation_id is None:
        return false()
    own = select(Bid.id).where(Bid.organisation_id == user.organisation_id)
    return and_(public, BidOutcome.bid_id.in_(own))


def visible_objections(user: User | None) -> ColumnElement[bool]:
    """An objection is for who made it, and for the staff."""
    return _own_or_staff(user, Objection.user_id)


def _own_or_staff(user: User | None, person: Any) -> ColumnElement[bool]:
    if user is None:
        return false()
    mine: ColumnElement[bool] = person == user.id
    return true() if user.is_staff else mine


def visible_awards(user: User | None) -> ColumnElement[bool]:
    """What one won oneself, and the awards of one's own calls; staff see all.

    A runner never learns of what another does, nor do other bidders.
    """
    if user is None or not may(user, "award.read"):
        return false()
    if user.is_staff:
        return true()
    home = user.organisation_id
    won = select(Bid.id).where(Bid.organisation_id == home)
    issued = select(Call.id).where(Call.issuer_id == home)
    return or_(Award.bid_id.in_(won), Award.call_id.in_(issued))


def visible_milestones(user: User | None) -> ColumnElement[bool]:
    """The milestones of the awards one may know of."""
    return Milestone.award_id.in_(select(Award.id).where(visible_awards(user)))
