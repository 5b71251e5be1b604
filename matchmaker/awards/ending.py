"""How awards end without acceptance, and what their ends mean for the call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Award, Call, DictionaryEntry, Milestone, User, transaction
from models.states import (
    UNJUDGED,
    AwardState,
    CallMode,
    CallStatus,
    Liability,
    MilestoneState,
)

from ..errors import Conflict, Invalid
from ..history import service as history
from ..jobs import outbox
from ..labels import label, today
from . import tell
from .amendments.lapsing import lapse
from .finding import all_of, held, rivals
from .milestones.service import name
from .schema import Elimination, Stopping

DICTIONARY = "award_stop"
# Who answers, where the cause alone says it: honest failure is excused, fraud is not.
LIABILITIES: Mapping[str, Liability] = {
    "fraud": Liability.LIABLE,
    "breach": Liability.LIABLE,
    "infeasible": Liability.EXCUSED,
    "changed": Liability.NOT_CONCERNED,
    "no_money": Liability.NOT_CONCERNED,
    "race_over": Liability.NOT_CONCERNED,
}
# `Call.end_code` of a call none of whose awards was accepted.
UNACCEPTED = "unaccepted"
# Why what was proposed to change of its task book lapses.
ENDED = "项目已经结束"


def causes(session: Session, *, all_: bool = False) -> Sequence[DictionaryEntry]:
    """Why an award may be stopped, those in use, or all there ever were."""
    query = select(DictionaryEntry).where(DictionaryEntry.dictionary == DICTIONARY)
    if not all_:
        query = query.where(DictionaryEntry.active)
    order = DictionaryEntry.position, DictionaryEntry.id
    return session.scalars(query.order_by(*order)).all()


def cause(session: Session, award: Award) -> DictionaryEntry | None:
    """The cause it was stopped for."""
    known = {one.code: one for one in causes(session, all_=True)}
    return known.get(award.stop_code or "")


def comparable(milestone: Milestone, now: datetime) -> bool:
    """Whether a runner may be eliminated at it: it was judged, or is overdue."""
    overdue = milestone.late_days(today(now)) > 0
    return milestone.judged_at is not None or overdue


def eliminate(
    session: Session, actor: User, award_id: int, data: Elimination, *, now: datetime
) -> Award:
    """A runner leaves the race at a milestone, and learns why.

    Raises `Conflict` where it is no race, and for the last runner: that one can only
    be stopped, for a cause.
    """
    with transaction(session):
        award = held(session, actor, award_id, "award.govern")
        if award.call.mode is not CallMode.RACE:
            raise Conflict("award.no_race")
        if award.state is not AwardState.RUNNING:
            raise Conflict("award.not_running")
        if not rivals(session, award):
            raise Conflict("award.last_runner")
        chosen = next((m for m in award.milestones if m.id == data.milestone), None)
        if chosen is None or not comparable(chosen, now):
            words = "请选择已经判断过或逾期没有交付的里程碑"
            raise Invalid({"milestone": words})
        words = f"{name(chosen)}：{data.words}"
        lapse(session, actor, award, ENDED, now=now)
        _end(session, award, AwardState.ELIMINATED, words, now)
        _note(session, actor, award, "eliminated", words, now)
        tell.sides(session, award, "award_eliminated", now=now, actor=actor)
        settle(session, actor, award.call, now=now)
    return award


def stop(
    session: Session, actor: User, award_id: int, data: Stopping, *, now: datetime
) -> Award:
    """End an award without acceptance, for a cause of the dictionary."""
    with transaction(session):
        award = held(session, actor, award_id, "award.govern")
        if not award.is_live:
            raise Conflict("award.ended")
        entry = _entry(session, data.code)
        lapse(session, actor, award, ENDED, now=now)
        award.stop_code, award.liability = entry.code, _liability(data)
        _end(session, award, AwardState.STOPPED, data.words, now)
        words = f"{entry.label}（{label(award.liability)}）。{data.words}"
        _note(session, actor, award, "stopped", words, now)
        tell.sides(session, award, "award_stopped", now=now, actor=actor)
        settle(session, actor, award.call, now=now)
    return award


def _entry(session: Session, code: str) -> DictionaryEntry:
    found = next((one for one in causes(session) if one.code == code), None)
    if found is None:
        raise Invalid({"code": "请选择终止原因"})
    return found


def _liability(data: Stopping) -> Liability:
    fixed = LIABILITIES.get(data.code)
    if fixed is not None and data.liability not in (None, fixed):
        words = f"这个原因的责任认定只能是「{label(fixed)}」"
        raise Invalid({"liability": words})
    chosen = fixed or data.liability
    if chosen is None:
        raise Invalid({"liability": "请选择责任认定"})
    return chosen


def _end(
    session: Session, award: Award, state: AwardState, words: str, now: datetime
) -> None:
    for milestone in award.milestones:
        if milestone.state in UNJUDGED:
            milestone.move_to(MilestoneState.DROPPED, now=now)
    award.end_words, award.ended_at = words, now
    award.move_to(state, now=now)
    session.flush()


def _note(
    session: Session, actor: User, award: Award, what: str, words: str, now: datetime
) -> None:
    changes = {"words": [None, words]}
    history.record(session, actor, f"award.{what}", award, now=now, changes=changes)


# -- the call --------------------------------------------------------------------


def settle(session: Session, actor: User, call: Call, *, now: datetime) -> None:
    """Move the call as far as its awards have come; in the running transaction.

    It runs once every award that is left is confirmed. It is accepted when all have
    ended and one was accepted, and stopped when all have ended and none was.
    """
    awards = all_of(session, call.id)
    live = [one for one in awards if one.is_live]
    if call.status is CallStatus.AWARDED and live:
        if all(one.state is AwardState.CONFIRMED for one in live):
            _run(session, actor, call, live, now)
        return
    if live or call.status not in (CallStatus.AWARDED, CallStatus.RUNNING):
        return
    if any(one.state is AwardState.ACCEPTED for one in awards):
        _move(session, actor, call, CallStatus.ACCEPTED, "call.accepted", now)
        tell.call_ended(session, call, "call_accepted", now=now, actor=actor)
        return
    call.end_code, call.end_reason = UNACCEPTED, _reason(session, awards)
    _move(session, actor, call, CallStatus.STOPPED, "call.ended", now)
    tell.call_ended(session, call, "call_ended", now=now, actor=actor)


def _run(
    session: Session, actor: User, call: Call, live: Sequence[Award], now: datetime
) -> None:
    for award in live:
        award.move_to(AwardState.RUNNING, now=now)
    _move(session, actor, call, CallStatus.RUNNING, "call.running", now)
    for award in live:
        tell.sides(session, award, "award_running", now=now, actor=None)


def _reason(session: Session, awards: Sequence[Award]) -> str:
    """Why nothing was accepted, for everybody: causes, no word of the parties."""
    known = {one.code: one.label for one in causes(session, all_=True)}
    told = [
        f"{known.get(one.stop_code or '', one.stop_code)}（{label(one.liability)}）"
        for one in awards
        if one.state is AwardState.STOPPED
    ]
    return "；".join(dict.fromkeys(told))


def _move(
    session: Session,
    actor: User,
    call: Call,
    status: CallStatus,
    action: str,
    now: datetime,
) -> None:
    before = call.status
    call.move_to(status)
    call.updated_at = now
    session.flush()
    outbox.note(session, call, now=now)
    changes: dict[str, list[str | None]] = {"status": [before.value, status.value]}
    if status is CallStatus.STOPPED:
        changes["reason"] = [None, call.end_reason]
    history.record(session, actor, action, call, now=now, changes=changes)
