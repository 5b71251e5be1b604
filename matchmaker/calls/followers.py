"""Who follows a call: the one place that says so.

Everybody who began a bid, asked or was invited learns of every change.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, select, union
from sqlalchemy.orm import Session

from models import Base, CallInvitation, CallQuestion, Finding, User
from models.outbox import RecordType


def organisations(call_id: int) -> Any:
    """The organisations that began a bid, asked or were invited, as a query."""
    asked = select(CallQuestion.organisation_id).where(CallQuestion.call_id == call_id)
    invited = select(CallInvitation.organisation_id).where(
        CallInvitation.call_id == call_id
    )
    return union(asked, invited, *_bidders(call_id))


def _bidders(call_id: int) -> list[Select[Any]]:
    # A draft, sent in or withdrawn: whoever began one follows the call.
    bids = Base.metadata.tables.get("bids")
    if bids is None:
        return []
    return [select(bids.c.organisation_id).where(bids.c.call_id == call_id)]


def people(session: Session, call_id: int) -> list[int]:
    """The active members of these organisations."""
    followed = organisations(call_id).subquery()
    query = select(User.id).where(
        User.organisation_id.in_(select(followed.c[0])), User.active.is_(True)
    )
    return list(session.scalars(query))


def interest(session: Session, call_id: int, *, closed: bool) -> dict[str, int]:
    """How many ask, were invited, were told by a subscription; views are not counted.

    How many bids were begun is said only once the window is over: before, it would
    tell bidders of each other.
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
        begun = (
            select(func.count()).select_from(one.subquery())
            for one in _bidders(call_id)
        )
        found["bids"] = sum(session.scalar(query) or 0 for query in begun)
    return found


def _count(session: Session, table: Any, call_id: int) -> int:
    query = select(func.count()).select_from(table).where(table.call_id == call_id)
    return session.scalar(query) or 0
