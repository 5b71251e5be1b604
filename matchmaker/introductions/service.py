"""Answer, move, assign and log: what happens to an introduction once it is there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from models import (
    Achievement,
    Call,
    Introduction,
    IntroductionAnswer,
    Need,
    TalkEvent,
    User,
    kind_of,
    transaction,
)
from models.session import lock
from models.states import (
    INTRODUCTION_MOVES,
    Interest,
    IntroductionStatus,
    Side,
)

from .. import policies
from ..errors import Conflict, Forbidden, Invalid, NotFound
from ..history import service as history
from ..labels import label
from ..search.service import load
from . import begin, moves, tell, words
from .schema import (
    DECLINED,
    LARGEST_ID,
    AnswerInput,
    LogInput,
    MoveInput,
)

WAITING, TALKING = IntroductionStatus.WAITING, IntroductionStatus.TALKING
FAILED, SIGNED = IntroductionStatus.FAILED, IntroductionStatus.SIGNED


def find(session: Session, user: User | None, introduction_id: int) -> Introduction:
    """The introduction, if this person may know of it; raises `NotFound` if not."""
    if not 0 < introduction_id <= LARGEST_ID:
        raise NotFound("introduction")
    found = session.scalar(
        select(Introduction)
        .where(Introduction.id == introduction_id, policies.visible_introductions(user))
        .options(
            joinedload(Introduction.need),
            joinedload(Introduction.achievement),
            joinedload(Introduction.call),
            joinedload(Introduction.seeker),
            joinedload(Introduction.provider),
            joinedload(Introduction.manager),
        )
    )
    if found is None:
        raise NotFound("introduction")
    return found


def sees(session: Session, user: User, item: Need | Achievement | Call) -> bool:
    """Whether the person may open the record's own page."""
    return bool(load(session, user, kind_of(item), [item.id]))


def held(
    session: Session,
    actor: User,
    introduction_id: int,
    action: str,
    version: int | None = None,
) -> Introduction:
    """The introduction with its row locked, so that two people change it in turn.

    Raises `NotFound`, `Forbidden`, or `Conflict` «stale» when somebody changed it
    after ``version`` was read.
    """
    introduction = find(session, actor, introduction_id)
    policies.require(actor, action, introduction)
    lock(session, introduction)
    if version is not None and introduction.version != version:
        raise Conflict("stale")
    return introduction


def answer(
    session: Session,
    actor: User,
    introduction_id: int,
    data: AnswerInput,
    *,
    now: datetime,
) -> Introduction:
    """Say for one's own side whether it is interested; once, and with reason if not.

    When both are they talk; when one is not, the introduction ends and the other side
    is told why.
    """
    if missing := data.missing():
        raise Invalid(missing)
    with transaction(session):
        introduction = held(session, actor, introduction_id, "introduction.answer")
        side = introduction.side_of(actor.organisation_id)
        if side is None:
            raise Forbidden("introduction.answer")
        if introduction.answer_of(side) is not None:
            raise Conflict("introduction.answered")
        if introduction.status is not WAITING:
            raise Conflict("introduction.not_waiting")
        if introduction.version != data.version:
            raise Conflict("stale")
        if data.interest is Interest.DECLINED:
            _decline(session, introduction, side, actor, data, now)
        else:
            _accept(session, introduction, side, actor, now)
    return introduction


def is_asked(user: User, introduction: Introduction) -> bool:
    """Whether it is this person's to answer now."""
    side = introduction.side_of(user.organisation_id)
    return (
        introduction.status is WAITING
        and side is not None
        and introduction.answer_of(side) is None
        and policies.may(user, "introduction.answer", introduction)
    )


def _accept(
    session: Session,
    introduction: Introduction,
    side: Side,
    actor: User,
    now: datetime,
) -> None:
    begin.note_interest(session, introduction, side, actor, now=now)
    introduction.updated_at = now
    _note_answer(session, introduction, actor, Interest.INTERESTED, now)
    other = _other(side)
    if introduction.answer_of(other) is None:
        tell.side(session, introduction, other, "introduction_asked", now=now)
        return
    moves.move(session, introduction, actor, TALKING, now=now, told=True)
    tell.sides(session, introduction, "introduction_agreed", now=now, actor=actor)
    tell.manager(session, introduction, "introduction_agreed", now=now)


def _decline(
    session: Session,
    introduction: Introduction,
    side: Side,
    actor: User,
    data: AnswerInput,
    now: datetime,
) -> None:
    reason = words.require(session, words.ANSWERS, data.reason or "", "reason")
    introduction.answers.append(
        IntroductionAnswer(
            side=side,
            interest=Interest.DECLINED,
            reason=data.reason,
            words=data.words,
            user_id=actor.id,
            at=now,
        )
    )
    told = words.sentence(reason, data.words)
    _note_answer(session, introduction, actor, Interest.DECLINED, now)
    failed = (DECLINED, data.words)
    moves.move(session, introduction, actor, FAILED, now=now, failed=failed, told=True)
    facts: dict[str, Any] = {"now": now, "reason": told}
    tell.side(session, introduction, _other(side), "introduction_declined", **facts)
    tell.manager(session, introduction, "introduction_declined", **facts)


def _note_answer(
    session: Session,
    introduction: Introduction,
    actor: User,
    interest: Interest,
    now: datetime,
) -> None:
    history.record(
        session,
        actor,
        "introduction.answered",
        introduction,
        now=now,
        changes={"interest": [None, interest.value]},
    )


def _other(side: Side) -> Side:
    return Side.PROVIDER if side is Side.SEEKER else Side.SEEKER


def choose_stage(
    session: Session,
    actor: User,
    introduction_id: int,
    data: MoveInput,
    *,
    now: datetime,
) -> Introduction:
    """Take the talks to another stage, or end them with a reason.

    They begin by the answers of both and are signed by a contract, so neither can be
    chosen. Raises `Conflict`, or `IllegalMove` for a stage that may not follow.
    """
    if missing := data.missing():
        raise Invalid(missing)
    with transaction(session):
        introduction = held(
            session, actor, introduction_id, "introduction.move", data.version
        )
        _require_choosable(introduction, actor, data.to)
        changes, failed = {}, None
        if data.to is FAILED:
            code = data.failed_code or ""
            reason = words.require(session, words.ENDS, code, "failed_code")
            failed = (code, data.failed_words)
            changes["reason"] = ["", words.sentence(reason, data.failed_words)]
        moves.move(
            session,
            introduction,
            actor,
            data.to,
            now=now,
            changes=changes,
            failed=failed,
        )
    return introduction


def _require_choosable(
    introduction: Introduction, actor: User, to: IntroductionStatus
) -> None:
    if not introduction.is_open:
        raise Conflict("introduction.closed")
    if to is SIGNED:
        raise Conflict("introduction.needs_contract")
    if introduction.status is not WAITING:
        return
    if to is not FAILED:
        raise Conflict("introduction.needs_answers")
    side = introduction.side_of(actor.organisation_id)
    if side is not None and introduction.answer_of(side) is None:
        raise Conflict("introduction.answer_first")


def stages(introduction: Introduction, actor: User) -> list[IntroductionStatus]:
    """The stages this person may choose next, as `choose_stage` would take them."""
    found = []
    for status in IntroductionStatus:
        if status not in INTRODUCTION_MOVES[introduction.status]:
            continue
        try:
            _require_choosable(introduction, actor, status)
        except Conflict:
            continue
        found.append(status)
    return found


def log(
    session: Session,
    actor: User,
    introduction_id: int,
    data: LogInput,
    *,
    form_key: str = "",
    now: datetime,
) -> TalkEvent | None:
    """Add a line to the log; None where this very form did before.

    The sides write once both agreed to talk; internal lines are for the staff and
    the technology manager, to write as to read.
    """
    with transaction(session):
        introduction = held(session, actor, introduction_id, "introduction.log")
        action = "introduction.logged"
        if form_key and history.made_before(session, actor, action, form_key, now=now):
            return None
        require_log(actor, introduction)
        if data.is_internal and not policies.reads_internal_lines(actor, introduction):
            raise Forbidden("introduction.log_internal")
        event = TalkEvent(
            introduction=introduction,
            kind=data.kind,
            happened_on=data.happened_on,
            words=data.log_words,
            is_internal=data.is_internal,
            author_id=actor.id,
            created_at=now,
        )
        session.add(event)
        introduction.updated_at = now
        session.flush()
        changes = {"kind": [None, label(data.kind)], "form": form_key}
        history.record(session, actor, action, introduction, now=now, changes=changes)
        if not data.is_internal:
            _tell_of_line(session, introduction, actor, label(data.kind), now)
    return event


def _tell_of_line(
    session: Session, introduction: Introduction, actor: User, what: str, now: datetime
) -> None:
    kind = "introduction_logged"
    own = introduction.side_of(actor.organisation_id)
    for side in Side:
        if side is not own:
            tell.side(session, introduction, side, kind, now=now, what=what)
    tell.manager(session, introduction, kind, now=now, actor=actor, what=what)


def require_log(actor: User, introduction: Introduction) -> None:
    """Raise `Conflict` where the person may not add to the log at this stage."""
    if introduction.status is FAILED:
        raise Conflict("introduction.closed")
    inside = policies.reads_internal_lines(actor, introduction)
    if introduction.status is WAITING and not inside:
        raise Conflict("introduction.not_talking")


def may_log(actor: User, introduction: Introduction) -> bool:
    """Whether the person may add to the log now."""
    if not policies.may(actor, "introduction.log", introduction):
        return False
    try:
        require_log(actor, introduction)
    except Conflict:
        return False
    return True
