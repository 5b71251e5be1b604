"""Find open calls, say whether they still take bids, and stop them."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Call, CallNeed, Need, User, transaction
from models.conditions import Condition, OneOf
from models.outbox import RecordType
from models.session import lock
from models.states import CALL_MOVES, CallPhase, CallStatus

from .. import labels, policies
from ..bids import sealing
from ..errors import Conflict
from ..history import service as history
from ..jobs import outbox
from ..search.service import find, load
from ..verification import reasons
from ..verification.schema import Return
from . import tell

# What is stopped here; an award that is under way is stopped with its task book.
STOPPED_HERE = frozenset({CallStatus.OPEN, CallStatus.IN_REVIEW, CallStatus.ANNOUNCED})


def find_call(session: Session, user: User | None, call_id: int) -> Call:
    """The call, if this person may know of it; raises `NotFound` if not."""
    call: Call = find(session, user, RecordType.CALL, call_id)
    return call


def locked(session: Session, actor: User, call_id: int, action: str) -> Call:
    """The call with its row locked, so that two people change it in turn.

    Raises `NotFound` for one the person may not know of, `Forbidden` for one they may
    not do this with.
    """
    call = find_call(session, actor, call_id)
    policies.require(actor, action, call)
    lock(session, call)
    return call


def written(user: User) -> Condition:
    """The calls a person wrote: of its organisation; for staff the platform's own."""
    policies.require(user, "call.create")
    by_staff: Condition = OneOf("by_staff", (True,))
    return by_staff if user.is_staff else policies.owned(user, RecordType.CALL)


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


def needs_behind(session: Session, user: User | None, call: Call) -> list[Need]:
    """The needs the call grew from that this reader may be told of."""
    query = (
        select(Need.id)
        .join(CallNeed, CallNeed.need_id == Need.id)
        .where(CallNeed.call_id == call.id, policies.shown_sources(user))
        .order_by(CallNeed.position)
    )
    return load(session, user, RecordType.NEED, session.scalars(query).all())


def calls_from(session: Session, user: User | None, need: Need) -> list[Call]:
    """The calls that grew from the need, for a reader who may be told of that."""
    told = select(Need.id).where(Need.id == need.id, policies.shown_sources(user))
    query = (
        select(CallNeed.call_id)
        .where(CallNeed.need_id == need.id, CallNeed.need_id.in_(told))
        .order_by(CallNeed.call_id)
    )
    return load(session, user, RecordType.CALL, session.scalars(query).all())


def may_be_stopped(call: Call) -> bool:
    """Whether staff may stop the call here."""
    return call.status in STOPPED_HERE


def stop(
    session: Session, actor: User, call_id: int, data: Return, *, now: datetime
) -> Call:
    """End a call before anything was awarded; everybody who follows it is told why."""
    with transaction(session):
        call = locked(session, actor, call_id, "call.stop")
        if not may_be_stopped(call):
            raise Conflict("call.cannot_stop")
        if call.version != data.version:
            raise Conflict("changed_since_read")
        assert CallStatus.STOPPED in CALL_MOVES[call.status]
        entries = reasons.require_of(session, "call_end", data.coded)
        call.move_to(CallStatus.STOPPED)
        words = reasons.in_words(entries, data.reason)
        call.end_code, call.end_reason = data.coded[0], words
        call.updated_at = now
        sealing.destroy_all(session, call, now=now)
        history.record(
            session,
            actor,
            "call.stopped",
            call,
            now=now,
            changes={"words": [None, words]},
        )
        outbox.touch(session, call, now=now)
        tell.followers(session, call, "call_stopped", now=now, reason=words)
        tell.authors(session, call, "call_stopped", now=now, actor=actor, reason=words)
    return call
