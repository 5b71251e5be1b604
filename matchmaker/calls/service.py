"""Find open calls and say whether they still take bids."""

from datetime import date

from sqlalchemy.orm import Session

from models import Call, User
from models.outbox import RecordType
from models.states import CallStatus

from ..search.service import find


def find_call(session: Session, user: User | None, call_id: int) -> Call:
    """The call, if this person may know of it; raises `NotFound` if not."""
    call: Call = find(session, user, RecordType.CALL, call_id)
    return call


def window(call: Call, today: date) -> str:
    """Whether bids are taken on this day, in a sentence."""
    if not call.takes_bids_on(today):
        closed = call.status is CallStatus.OPEN and call.deadline
        return f"已于 {call.deadline} 截止" if closed else "现在不接受揭榜"
    if call.deadline is None:
        return "正在揭榜，未设截止日期"
    left = (call.deadline - today).days
    return f"正在揭榜，还有 {left} 天" if left else "正在揭榜，今天截止"
