"""Propose a change of a task book, agree to it, and what then holds."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from models import Award, AwardAmendment, Milestone, User, transaction
from models.states import AmendmentState, AwardState, MilestoneState

from ...errors import Conflict, Invalid
from ...history import service as history
from ...labels import today
from ...money import in_yuan
from .. import tell
from ..book import OTHER, SIDE_NAMES, confirmed, in_line, over_funding, side_of
from ..finding import held, is_here
from ..schema import (
    MOST_MILESTONES,
    AmendedLine,
    AmendmentEnd,
    AmendmentInput,
    Confirmation,
    ConfirmationFor,
    Side,
)
from . import plan
from .lapsing import end


def is_amendable(award: Award) -> bool:
    """Whether a change of the task book may be proposed."""
    return award.state is AwardState.RUNNING and award.open_amendment is None


def require_amendable(award: Award) -> None:
    """Raise `Conflict` unless a change may be proposed."""
    if award.state is not AwardState.RUNNING:
        raise Conflict("award.not_amendable")
    if award.open_amendment is not None:
        raise Conflict("amendment.open")


def propose(
    session: Session, actor: User, award_id: int, data: AmendmentInput, *, now: datetime
) -> AwardAmendment:
    """The staff write down what is to change; both sides are asked.

    What was delivered or judged stays as it is, and so do goals and pledge. Raises
    `Conflict` «stale» where the plan is another one than ``data.seen``,
    «amendment.open» beside another proposal; `Invalid` where the payments do not add
    up, the awards exceed the money of the call, a new day is over, or nothing changes.
    """
    with transaction(session):
        award = held(session, actor, award_id, "award.govern")
        require_amendable(award)
        before = plan.of_award(award)
        if plan.mark(before) != data.seen:
            raise Conflict("stale")
        _check(session, award, data, now)
        after = plan.typed(award, data)
        if before == after:
            raise Invalid({"form": "没有任何内容变化，不需要变更"})
        amendment = AwardAmendment(
            number=len(award.amendments) + 1,
            amended_on=data.amended_on,
            reason=data.reason,
            before=before,
            after=after,
            author_id=actor.id,
            created_at=now,
        )
        award.amendments.append(amendment)
        award.updated_at = now
        session.flush()
        changes = {"reason": [None, _told(amendment, data.reason)]}
        _note(session, actor, award, "amendment_proposed", changes, now)
        tell.sides(session, award, "amendment_to_confirm", now=now, actor=actor)
    return amendment


def _check(session: Session, award: Award, data: AmendmentInput, now: datetime) -> None:
    errors: dict[str, str] = {}
    assert data.amount is not None
    fixed = plan.settled(award)
    paid = sum(one.payment_fen for one in fixed)
    paid += sum(one.payment or 0 for one in data.milestones)
    if paid != data.amount:
        errors["milestones"] = (
            f"各里程碑付款合计 {in_yuan(paid)}（含已交付的），"
            f"与立项金额 {in_yuan(data.amount)} 不相等"
        )
    if words := over_funding(session, award, data.amount):
        errors["amount"] = words
    if words := _wrong_line(award, data.milestones, today(now)):
        errors["milestones"] = words
    if len(fixed) + len(data.milestones) > MOST_MILESTONES:
        errors["milestones"] = f"里程碑最多 {MOST_MILESTONES} 个"
    if not fixed and not data.milestones:
        errors["milestones"] = "至少要留一个里程碑；不再执行的请终止项目"
    if errors:
        raise Invalid(errors)


def _wrong_line(award: Award, lines: list[AmendedLine], now: date) -> str:
    """What is wrong with the first line that cannot be, or nothing."""
    known = {one.id: one for one in award.milestones if one.is_undelivered}
    given = [one.id for one in lines if one.id]
    if not set(given) <= known.keys() or len(given) != len(set(given)):
        return "有里程碑已经交付或不属于这个项目，请刷新后重填"
    order = [one.id for one in award.milestones if one.id in given]
    if given != order or any(one.id is None for one in lines[: len(given)]):
        return "里程碑的先后不能改变，新增的排在最后"
    for row, one in enumerate(lines, 1):
        old = known.get(one.id) if one.id else None
        if one.due_on < now and (old is None or old.due_on != one.due_on):
            return f"第 {row} 行：新的期限不能早于今天"
    return ""


def _told(amendment: AwardAmendment, words: str) -> str:
    return f"第 {amendment.number} 次变更：{words}"


def confirm(
    session: Session, actor: User, award_id: int, data: Confirmation, *, now: datetime
) -> AwardAmendment:
    """The actor's side agrees to the change that was read; the second puts it in force.

    Raises `Conflict` «amendment.none», «changed_since_read» for another proposal, and
    «amendment.over_funding» where the call's money went to others meanwhile.
    """
    with transaction(session):
        award = held(session, actor, award_id, "award.confirm")
        side = side_of(actor, award)
        assert side is not None
        amendment = _open(award, data.seen)
        _confirm(session, actor, amendment, side, "", now)
    return amendment


def confirm_for(
    session: Session,
    actor: User,
    award_id: int,
    data: ConfirmationFor,
    *,
    now: datetime,
) -> AwardAmendment:
    """The staff confirm for a side that has no account, and say on what word."""
    with transaction(session):
        award = held(session, actor, award_id, "award.govern")
        if is_here(session, getattr(award, f"{data.side}_id")):
            raise Conflict("award.party_is_here")
        amendment = _open(award, data.seen)
        _confirm(session, actor, amendment, data.side, data.words, now)
    return amendment


def _open(award: Award, seen: str) -> AwardAmendment:
    amendment = award.open_amendment
    if amendment is None:
        raise Conflict("amendment.none")
    if plan.mark_of(amendment) != seen:
        raise Conflict("changed_since_read")
    return amendment


def _confirm(
    session: Session,
    actor: User,
    amendment: AwardAmendment,
    side: Side,
    words: str,
    now: datetime,
) -> None:
    award = amendment.award
    if confirmed(amendment, side):
        return
    setattr(amendment, f"{side}_confirmed_by_id", actor.id)
    setattr(amendment, f"{side}_confirmed_at", now)
    setattr(amendment, f"{side}_confirmed_words", words)
    award.updated_at = now
    said = f"{SIDE_NAMES[side]}确认" + (f"（平台代为确认）：{words}" if words else "")
    changes = {"words": [None, _told(amendment, said)]}
    _note(session, actor, award, "amendment_confirmed", changes, now)
    if confirmed(amendment, OTHER[side]):
        _put_in_force(session, actor, amendment, now)
        return
    facts = {"side": SIDE_NAMES[side]}
    tell.sides(session, award, "amendment_confirmed", now=now, actor=actor, **facts)
    tell.staff(session, award, "amendment_confirmed", now=now, actor=actor, **facts)


def _put_in_force(
    session: Session, actor: User, amendment: AwardAmendment, now: datetime
) -> None:
    award, before, after = amendment.award, amendment.before, amendment.after
    if over_funding(session, award, after["amount_fen"]):
        raise Conflict("amendment.over_funding")
    known = {one.id: one for one in award.milestones}
    # What was delivered meanwhile is not among what changes: the change had lapsed.
    for old, new in plan.changed(before, after):
        if old is None:
            award.milestones.append(_new(new, now))
        elif new is None:
            known[old["id"]].payment_fen = 0
            known[old["id"]].move_to(MilestoneState.DROPPED, now=now)
        else:
            _rewrite(known[old["id"]], new)
    award.amount_fen = after["amount_fen"]
    amendment.amended_on = amendment.amended_on or today(now)
    amendment.move_to(AmendmentState.IN_FORCE, now=now)
    session.flush()
    changes = {
        name: [one, other]
        for name, (one, other) in {
            "amount_fen": (before["amount_fen"], after["amount_fen"]),
            "milestones": (_lines(before), _lines(after)),
        }.items()
        if one != other
    }
    changes["reason"] = [None, _told(amendment, amendment.reason)]
    changes["amended_on"] = [None, str(amendment.amended_on)]
    _note(session, actor, award, "amended", changes, now)
    tell.sides(session, award, "amendment_in_force", now=now, actor=actor)
    tell.staff(session, award, "amendment_in_force", now=now, actor=actor)


def _new(line: plan.Plan, now: datetime) -> Milestone:
    due_on = date.fromisoformat(line["due_on"])
    return Milestone(
        position=line["position"],
        title=line["title"],
        deliverable=line["deliverable"],
        planned_on=due_on,
        due_on=due_on,
        payment_fen=line["payment_fen"],
        state_since=now,
    )


def _rewrite(milestone: Milestone, line: plan.Plan) -> None:
    milestone.title, milestone.deliverable = line["title"], line["deliverable"]
    milestone.payment_fen = line["payment_fen"]
    due_on = date.fromisoformat(line["due_on"])
    if due_on != milestone.due_on:
        milestone.planned_on = milestone.due_on = due_on


def _lines(text: plan.Plan) -> list[str]:
    return [
        in_line(one["title"], one["deliverable"], one["due_on"], one["payment_fen"])
        for one in text["milestones"]
    ]


def decline(
    session: Session, actor: User, award_id: int, data: AmendmentEnd, *, now: datetime
) -> AwardAmendment:
    """The actor's side does not agree, and says why: the task book stays as it is."""
    with transaction(session):
        award = held(session, actor, award_id, "award.confirm")
        side = side_of(actor, award)
        assert side is not None
        amendment = _open(award, data.seen)
        words = f"{SIDE_NAMES[side]}不同意：{data.words}"
        end(session, actor, amendment, AmendmentState.DECLINED, words, now=now)
    return amendment


def withdraw(
    session: Session, actor: User, award_id: int, data: AmendmentEnd, *, now: datetime
) -> AwardAmendment:
    """The staff take a proposal back, and say why."""
    with transaction(session):
        award = held(session, actor, award_id, "award.govern")
        amendment = _open(award, data.seen)
        end(session, actor, amendment, AmendmentState.WITHDRAWN, data.words, now=now)
    return amendment


def _note(
    session: Session,
    actor: User,
    award: Award,
    what: str,
    changes: dict[str, Any],
    now: datetime,
) -> None:
    history.record(session, actor, f"award.{what}", award, now=now, changes=changes)
