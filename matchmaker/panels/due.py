"""The day by which the scoring sheets of a call are due (评审截止).

It passes without closing anything: a sheet that is late is taken and said to be late.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Bid, BidReview, Call, User, transaction
from models.states import HELD_REVIEWS, CallStatus

from ..calendar.days import Calendar
from ..errors import Invalid
from ..history import service as history
from ..labels import today
from . import tell
from .finding import held_call, require_review
from .schema import DueInput

# Nobody is asked to judge bids within more than this.
LONGEST = timedelta(days=366)


def proposed(days: Calendar, now: datetime, working_days: int) -> date:
    """The day that is so many working days from now."""
    return days.after(today(now), working_days)


def require_day(day: date, now: datetime, field: str = "due_on") -> None:
    """Raise `Invalid` for a day that is over, or too far away."""
    if day < today(now):
        raise Invalid({field: "评审截止不能早于今天"})
    if day > today(now) + LONGEST:
        raise Invalid({field: "评审截止太远，请核对"})


def require_time(call: Call, now: datetime, field: str) -> None:
    """Raise `Invalid` where an expert would get something that is late already."""
    due_on = call.sheets_due_on
    if due_on is not None and due_on < today(now):
        words = f"评审截止 {due_on} 已过，请先顺延，再交给专家"
        raise Invalid({field: words})


def ended_on(review: BidReview, now: datetime) -> date:
    """The day on which the sheet came in; today, while it is awaited."""
    if review.state in HELD_REVIEWS or review.submitted_at is None:
        return today(now)
    return today(review.submitted_at)


def late_words(days: Calendar, review: BidReview, now: datetime) -> str:
    """How late a sheet is or was, in working days; nothing where it is in time.

    Nobody waits for a sheet once the bids are judged, or that does not count.
    """
    call = review.bid.call
    awaited = review.state in HELD_REVIEWS
    if call.sheets_due_on is None or not review.is_live:
        return ""
    if awaited and call.status is not CallStatus.IN_REVIEW:
        return ""
    end = ended_on(review, now)
    if end <= call.sheets_due_on:
        return ""
    number = days.between(call.sheets_due_on, end)
    # Over a weekend a day has passed, and no working day.
    how = f"逾期 {number} 个工作日" if number else "已过评审截止"
    return how if awaited else f"{how}提交"


def move(
    session: Session, actor: User, call_id: int, data: DueInput, *, now: datetime
) -> Call:
    """Set another day, and tell the experts who still write."""
    with transaction(session):
        call = held_call(session, actor, call_id, "panel.form")
        require_review(call)
        before = call.sheets_due_on
        if data.due_on == before:
            raise Invalid({"due_on": "和现在的评审截止相同"})
        require_day(data.due_on, now)
        call.sheets_due_on = data.due_on
        call.updated_at = now
        session.flush()
        changes = {
            "sheets_due_on": [
                before.isoformat() if before else None,
                data.due_on.isoformat(),
            ],
            "reason": [None, data.words],
        }
        history.record(
            session, actor, "panel.due_moved", call, now=now, changes=changes
        )
        tell.due_moved(session, call, _writing(session, call), data.words, now=now)
    return call


def _writing(session: Session, call: Call) -> list[int]:
    """The experts who have a sheet of the call in hand."""
    query = (
        select(BidReview.user_id)
        .join(BidReview.bid)
        .where(Bid.call_id == call.id, BidReview.state.in_(HELD_REVIEWS))
        .distinct()
    )
    return sorted(session.scalars(query))
