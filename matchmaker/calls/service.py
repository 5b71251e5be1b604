"""Find open calls and say whether they still take bids."""

from datetime import datetime

from sqlalchemy.orm import Session

from models import Call, User
from models.outbox import RecordType
from models.states import CallPhase

from .. import labels
from ..search.service import find


def find_call(session: Session, user: User | None, call_id: int) -> Call:
    """The call, if this person may know of it; raises `NotFound` if not."""
    call: Call = find(session, user, RecordType.CALL, call_id)
    return call


def window(call: Call, now: datetime) -> str:
    """Whether bids are taken at this moment, in a sentence."""
    phase = call.phase(now)
    if call.opens_at is None or call.closes_at is None:
        return "还没有发布"
    if phase is CallPhase.UPCOMING:
        return f"{labels.since(call.opens_at)} 开始揭榜"
    if phase is CallPhase.CLOSED:
        return f"已于 {labels.until(call.closes_at)}截止"
    if phase is not CallPhase.OPEN:
        return "现在不接受揭榜"
    return f"正在揭榜，还有 {labels.left(call.closes_at, now)}"
