"""Who follows a call: the one place that says so.

Everybody who began a bid, asked or was invited learns of every change.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select, union
from sqlalchemy.orm import Session

from models import Bid, CallInvitation, CallQuestion, Finding, User
from models.outbox import RecordType
from models.states import COUNTED_BIDS


def organisations(call_id: int) -> Any:
    """The organisations that began a bid, asked or were invited, as a query."""
    asked = select(CallQuestion.organisation_id).where(CallQuestion.call_id == call_id)
    invited = select(CallInvitation.organisation_id).where(
        CallInvitation.call_id == call_id
    )
    # A draft, sent in or withdrawn: whoever began one follows the call.
    begun = select(Bid.organisation_id).where(Bid.call_id == call_id)
    return union(asked, invited, begun)


def people(session: Session, call_id: int) -> list[int]:
    """The active members of these organisations."""
    followed = organisations(call_id).subquery()
    query = select(User.id).where(
        User.organisation_id.in_(select(followed.c[0])), User.active.is_(True)
    )
    return list(session.scalars(query))


def interest(session: Session, call_id: int, *, closed: bool) -> dict[str, int]:
    """How many ask, were invited, were told by a subscription; views are not counted.

    How many bids came in is said only once the window is over: before, it would tell
    bidders of each other.
    """
    found = {
        "questions": _count(session, CallQuestion, call_id),
        "invitations": _count(session, CallInvitation, call_id),
        "subscribers": session.scalar(
            select(func.count(Finding.user_id.distinct())).where(
                Finding.record_type == RecordType.CALL, Finding.record_id == call_id
            )
        )
        or 0,
    }
    if closed:
        submitted = select(func.count(Bid.id)).where(
            Bid.call_id == call_id, Bid.state.in_(COUNTED_BIDS)
        )
        found["bids"] = session.scalar(submitted) or 0
    return found


def _count(session: Session, table: Any, call_id: int) -> int:
    query = select(func.count()).select_from(table).where(table.call_id == call_id)
    return session.scalar(query) or 0
