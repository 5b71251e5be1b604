"""Objections to an announced result: made by anybody, answered by the staff."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from models import Call, CallResult, Objection, User, transaction
from models.session import lock
from models.states import ObjectionState, ResultState

from .. import policies
from ..errors import Conflict, Invalid
from ..history import service as history
from . import finding, results, tell
from .results import Clock
from .schema import AnswerInput, ObjectionDecision, ObjectionInput, VisitorObjection

# So many from one address in a day: enough to add to what one wrote.
MOST_A_DAY = 5


def find(session: Session, user: User | None, objection_id: int) -> Objection:
    """An objection the person may know of; raises `NotFound`."""
    visible = policies.visible_objections(user)
    found: Objection = finding.visible_one(session, Objection, objection_id, visible)
    return found


def of_call(session: Session, call: Call) -> Sequence[Objection]:
    """All objections to any result of the call, those that wait first."""
    query = (
        select(Objection)
        .join(Objection.result)
        .where(CallResult.call_id == call.id)
        .options(joinedload(Objection.answered_by))
        .order_by(Objection.state != ObjectionState.OPEN, Objection.id)
    )
    return session.scalars(query).all()


def make(
    session: Session,
    actor: User | None,
    call_id: int,
    data: ObjectionInput | VisitorObjection,
    *,
    clock: Clock,
) -> Objection:
    """Object to the announced result, in its notice period.

    The clock is read once the call is held. Raises `Conflict` outside the period.
    """
    with transaction(session):
        call = finding.call(session, actor, call_id)
        lock(session, call)
        now = clock()
        result = results.public(session, call)
        if result is None or not result.is_noticed_at(now):
            raise Conflict("result.not_noticed")
        name, email = _who(actor, data)
        if _recent(session, email, now) >= MOST_A_DAY:
            raise Invalid(
                {"objection": f"一天最多提 {MOST_A_DAY} 条异议，请合并后再提"}
            )
        objection = Objection(
            result=result,
            user_id=actor.id if actor else None,
            name=name,
            email=email,
            words=data.objection,
            at=now,
        )
        session.add(objection)
        session.flush()
        history.record(session, actor, "objection.made", objection, now=now)
        tell.objected(session, objection, now=now)
    return objection


def _who(
    actor: User | None, data: ObjectionInput | VisitorObjection
) -> tuple[str, str]:
    if actor is not None:
        return actor.name, actor.email
    if not isinstance(data, VisitorObjection):
        raise Invalid({"email": "请填写邮箱，答复会寄到这里"})
    return data.name, data.email


def _recent(session: Session, email: str, now: datetime) -> int:
    query = select(func.count(Objection.id)).where(
        Objection.email == email, Objection.at > now - timedelta(days=1)
    )
    return session.scalar(query) or 0


def answer(
    session: Session,
    actor: User,
    objection_id: int,
    data: AnswerInput,
    *,
    now: datetime,
) -> Objection:
    """Answer an objection; one that is upheld takes the result back.

    What was objected to a result that is withdrawn already is answered, no more.
    """
    if missing := data.missing():
        raise Invalid(missing)
    with transaction(session):
        objection = find(session, actor, objection_id)
        policies.require(actor, "objection.answer", objection)
        result = objection.result
        lock(session, result.call)
        finding.require_impartial(session, result.call, actor)
        lock(session, result)
        lock(session, objection)
        if objection.state is not ObjectionState.OPEN:
            raise Conflict("already_handled")
        upheld = data.decision is not ObjectionDecision.DISMISS
        objection.answer, objection.answered_at = data.answer, now
        objection.answered_by_id = actor.id
        objection.move_to(ObjectionState.UPHELD if upheld else ObjectionState.DISMISSED)
        changes = {
            "objection_state": [ObjectionState.OPEN.value, objection.state.value]
        }
        history.record(
            session, actor, "objection.answered", objection, now=now, changes=changes
        )
        tell.answered(session, objection, now=now)
        if upheld and result.state is ResultState.ANNOUNCED:
            fails = data.decision is ObjectionDecision.FAIL
            words = data.end_words if fails else ""
            results.withdraw(session, actor, result, fail_words=words, now=now)
    return objection
