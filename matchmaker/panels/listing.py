"""The calls whose bids are judged or whose result is open to objections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
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
    policies.require(actor, "panel.read")
    total = session.scalar(select(func.count(Call.id)).where(_WHERE)) or 0
    here = turn(page, total, PER_PAGE)
    calls = session.scalars(here.rows(_listed())).all()
    return Page(_with_progress(session, calls), total, here.page, here.pages)


def every(session: Session, actor: User) -> list[tuple[Call, Progress]]:
    """The calls of all pages, in their order."""
    policies.require(actor, "panel.read")
    return _with_progress(session, session.scalars(_listed()).all())


def _listed() -> Select[Any]:
    return (
        select(Call)
        .where(_WHERE)
        .options(joinedload(Call.issuer))
        .order_by(Call.updated_at, Call.id)
    )


def _with_progress(
    session: Session, calls: Sequence[Call]
) -> list[tuple[Call, Progress]]:
    found = _progress(session, [call.id for call in calls])
    return [(call, found[call.id]) for call in calls]


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
