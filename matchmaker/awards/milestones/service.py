"""Milestones: delivered by the winner, judged by the issuer together with the staff."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from models import Milestone, User, transaction
from models.states import AwardState, Judgement, MilestoneState

from ...errors import Conflict, Invalid
from ...history import service as history
from ...labels import label, today
from .. import tell
from ..amendments.lapsing import lapse_by
from ..finding import held_milestone, is_here
from ..schema import Delivery, IssuerJudgement, StaffJudgement

OUTCOMES = {
    Judgement.PASS: MilestoneState.PASSED,
    Judgement.REWORK: MilestoneState.REWORK,
    Judgement.FAIL: MilestoneState.FAILED,
}


def name(milestone: Milestone) -> str:
    """A milestone as the history and notices call it."""
    return f"里程碑 {milestone.position}「{milestone.title}」"


def takes_delivery(milestone: Milestone) -> bool:
    """Whether something may be delivered for it now."""
    return milestone.is_undelivered and milestone.award.state is AwardState.RUNNING


def is_delivered(milestone: Milestone) -> bool:
    """Whether what was delivered waits to be judged."""
    return milestone.state is MilestoneState.DELIVERED and milestone.award.is_runner


def deliver(
    session: Session, actor: User, milestone_id: int, data: Delivery, *, now: datetime
) -> Milestone:
    """The winner delivers, again after a rework; what was said before is void."""
    with transaction(session):
        milestone = held_milestone(session, actor, milestone_id, "award.deliver")
        if not takes_delivery(milestone):
            raise Conflict("milestone.not_open")
        late = milestone.late_days(today(now))
        lapse_by(session, actor, milestone, name(milestone), now=now)
        milestone.move_to(MilestoneState.DELIVERED, now=now)
        milestone.number += 1
        milestone.delivered_at, milestone.delivered_by_id = now, actor.id
        milestone.delivered_words = data.words
        milestone.issuer_judgement = milestone.issuer_at = None
        milestone.issuer_by_id, milestone.issuer_words = None, ""
        _note(session, actor, milestone, "delivered", data.words, now, late=late)
        award = milestone.award
        for told in (tell.issuer, tell.staff):
            told(
                session,
                award,
                "milestone_delivered",
                now=now,
                milestone=name(milestone),
            )
    return milestone


def view(
    session: Session,
    actor: User,
    milestone_id: int,
    data: IssuerJudgement,
    *,
    now: datetime,
) -> Milestone:
    """What the issuer says of it; the staff enter it for an issuer with no account."""
    with transaction(session):
        milestone = held_milestone(session, actor, milestone_id, "award.view")
        _require_delivered(milestone, data.number)
        if actor.is_staff and is_here(session, milestone.issuer_id):
            raise Conflict("award.issuer_is_here")
        milestone.issuer_judgement, milestone.issuer_at = data.judgement, now
        milestone.issuer_by_id, milestone.issuer_words = actor.id, data.words
        words = f"发榜单位：{label(data.judgement)}。{data.words}"
        _note(session, actor, milestone, "viewed", words, now)
        tell.staff(
            session,
            milestone.award,
            "milestone_viewed",
            now=now,
            actor=actor,
            milestone=name(milestone),
        )
    return milestone


def judge(
    session: Session,
    actor: User,
    milestone_id: int,
    data: StaffJudgement,
    *,
    now: datetime,
) -> Milestone:
    """The judgement in force: it passes only if the issuer says so too.

    Raises `Conflict` «milestone.issuer_first» before the issuer was heard, `Invalid`
    where the issuer does not let it pass or a rework has no later day.
    """
    with transaction(session):
        milestone = held_milestone(session, actor, milestone_id, "award.govern")
        _require_delivered(milestone, data.number)
        if milestone.issuer_judgement is None:
            raise Conflict("milestone.issuer_first")
        _check(milestone, data, now)
        milestone.move_to(OUTCOMES[data.judgement], now=now)
        milestone.judged_at, milestone.judged_by_id = now, actor.id
        milestone.judged_words = data.words
        words = f"{label(data.judgement)}。{data.words}"
        if data.judgement is Judgement.REWORK and data.due_on is not None:
            words = f"{label(data.judgement)}，{data.due_on} 前重新交付。{data.words}"
            milestone.due_on = data.due_on
        _note(session, actor, milestone, "judged", words, now)
        tell.sides(
            session,
            milestone.award,
            "milestone_judged",
            now=now,
            actor=actor,
            milestone=name(milestone),
            verdict=label(data.judgement),
        )
    return milestone


def _check(milestone: Milestone, data: StaffJudgement, now: datetime) -> None:
    if data.judgement is Judgement.PASS:
        if milestone.issuer_judgement is not Judgement.PASS:
            words = "发榜单位没有同意通过，不能判为通过"
            raise Invalid({"judgement": words})
    elif data.judgement is Judgement.REWORK:
        if data.due_on is None:
            raise Invalid({"due_on": "请填写整改后重新交付的期限"})
        if data.due_on <= today(now):
            raise Invalid({"due_on": "新的期限要晚于今天"})
        if data.due_on < milestone.planned_on:
            raise Invalid({"due_on": f"不能早于原定期限 {milestone.planned_on}"})


def _require_delivered(milestone: Milestone, number: int) -> None:
    if not is_delivered(milestone):
        raise Conflict("milestone.not_delivered")
    if milestone.number != number:
        raise Conflict("changed_since_read")


def _note(
    session: Session,
    actor: User,
    milestone: Milestone,
    what: str,
    words: str,
    now: datetime,
    late: int = 0,
) -> None:
    """In the history of the award, whose timeline is read."""
    milestone.award.updated_at = now
    session.flush()
    told = f"{name(milestone)}{f'（逾期 {late} 天）' if late else ''}：{words}"
    history.record(
        session,
        actor,
        f"milestone.{what}",
        milestone.award,
        now=now,
        changes={"words": [None, told]},
    )
