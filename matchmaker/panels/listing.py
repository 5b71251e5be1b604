"""The calls whose bids are judged or whose result is open to objections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from models import Bid, BidReview, Call, CallResult, User
from models.states import BidState, CallStatus, ResultState, ReviewState

from .. import policies
from ..paging import Page, turn

PER_PAGE = 20
STATES = (CallStatus.IN_REVIEW, CallStatus.ANNOUNCED)
_WHERE = Call.status.in_(STATES)


@dataclass(frozen=True)
class Progress:
    """How far the review of a call is: bids, and sheets by state."""

    bids: int
    sheets: Mapping[ReviewState, int]
    result: CallResult | None


def under_review(
    session: Session, actor: User, page: int
) -> Page[tuple[Call, Progress]]:
    """Calls under review and under notice, the longest unchanged first."""
    ids = numbers(session, actor)
    here = turn(page, len(ids), PER_PAGE)
    rows = of_numbers(session, ids[here.start : here.start + PER_PAGE])
    return Page(rows, len(ids), here.page, here.pages)


def numbers(session: Session, actor: User) -> Sequence[int]:
    """The numbers of all of them, in the same order."""
    policies.require(actor, "panel.read")
    query = select(Call.id).where(_WHERE)
    return session.scalars(query.order_by(Call.updated_at, Call.id)).all()


def every(session: Session, actor: User) -> list[tuple[Call, Progress]]:
    """The calls of all pages, in their order."""
    return of_numbers(session, numbers(session, actor))


def of_numbers(session: Session, ids: Sequence[int]) -> list[tuple[Call, Progress]]:
    """These calls, in the order of the numbers."""
    query = select(Call).where(Call.id.in_(ids)).options(joinedload(Call.issuer))
    calls = {call.id: call for call in session.scalars(query)}
    found = _progress(session, ids)
    return [(calls[id_], found[id_]) for id_ in ids]


def _progress(session: Session, ids: Sequence[int]) -> dict[int, Progress]:
    released = (Bid.call_id.in_(ids), Bid.state == BidState.RELEASED)
    bids = session.execute(
        select(Bid.call_id, func.count(Bid.id)).where(*released).group_by(Bid.call_id)
    )
    numbers = {row[0]: row[1] for row in bids}
    sheets: dict[int, dict[ReviewState, int]] = {id_: {} for id_ in ids}
    counted = session.execute(
        select(Bid.call_id, BidReview.state, func.count(BidReview.id))
        .join(BidReview, BidReview.bid_id == Bid.id)
        .where(*released)
        .group_by(Bid.call_id, BidReview.state)
    )
    for call_id, state, number in counted:
        sheets[call_id][state] = number
    announced = session.scalars(
        select(CallResult).where(
            CallResult.call_id.in_(ids),
            CallResult.state.in_((ResultState.DRAFT, ResultState.ANNOUNCED)),
        )
    )
    results = {one.call_id: one for one in announced}
    return {
        id_: Progress(numbers.get(id_, 0), sheets[id_], results.get(id_)) for id_ in ids
    }
