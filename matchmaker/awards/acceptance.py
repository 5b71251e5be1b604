"""Acceptance (验收): asked for by the winner, tested by the issuer, then concluded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from models import Award, User, transaction
from models.states import AwardState, GoalVerdict

from ..errors import Conflict, Invalid
from ..history import service as history
from ..labels import day, label, today
from . import ending, tell
from .amendments.lapsing import lapse
from .finding import held, is_here
from .schema import AcceptanceDecision, Application, Conclusion, IssuerTest

# Best first: the verdict in force is never better than the issuer's own.
RANKS = {verdict: place for place, verdict in enumerate(GoalVerdict)}


def apply(
    session: Session, actor: User, award_id: int, data: Application, *, now: datetime
) -> Award:
    """The winner says goal by goal what it reached; what was said before is void.

    Raises `Conflict` «award.not_ready» while a milestone is not judged.
    """
    with transaction(session):
        award = held(session, actor, award_id, "award.deliver")
        if not award.may_apply:
            raise Conflict("award.not_ready")
        lapse(session, actor, award, "承担单位已申请验收", now=now)
        _require_all(award, data.reached, "reached")
        _require_all(award, data.evidence, "evidence")
        rows = zip(award.goals, data.reached, data.evidence, strict=True)
        for goal, reached, evidence in rows:
            goal.reached, goal.evidence = reached, evidence
            goal.issuer_verdict = goal.verdict = None
        award.issuer_agrees = award.tested_at = award.tested_by_id = None
        award.test_words = ""
        award.applied_number += 1
        award.applied_at, award.applied_words = now, data.words
        award.move_to(AwardState.ACCEPTING, now=now)
        told = [
            f"目标 {goal.position}：{goal.reached}（{goal.evidence}）"
            for goal in award.goals
        ]
        _note(session, actor, award, "applied", "\n".join([data.words, *told]), now)
        tell.issuer(session, award, "acceptance_asked", now=now)
        tell.staff(session, award, "acceptance_asked", now=now)
    return award


def test(
    session: Session, actor: User, award_id: int, data: IssuerTest, *, now: datetime
) -> Award:
    """The issuer's own test; the staff enter it for an issuer with no account."""
    with transaction(session):
        award = held(session, actor, award_id, "award.view")
        _require_asked(award, data.number)
        if actor.is_staff and is_here(session, award.issuer_id):
            raise Conflict("award.issuer_is_here")
        _require_all(award, data.verdicts, "verdicts")
        for goal, verdict in zip(award.goals, data.verdicts, strict=True):
            goal.issuer_verdict = verdict
        award.issuer_agrees, award.test_words = data.agrees, data.words
        award.tested_at, award.tested_by_id = now, actor.id
        agreed = "同意验收" if data.agrees else "不同意验收"
        words = f"{agreed}。{data.words}\n{_told(award, data.verdicts)}"
        _note(session, actor, award, "tested", words, now)
        tell.staff(session, award, "acceptance_tested", now=now, actor=actor)
    return award


def conclude(
    session: Session, actor: User, award_id: int, data: Conclusion, *, now: datetime
) -> Award:
    """Accept it if the issuer says so too, or send it back to be worked on.

    Raises `Conflict` «award.issuer_first» before the issuer tested, `Invalid` for a
    verdict that is better than the issuer's or an acceptance without its consent.
    """
    with transaction(session):
        award = held(session, actor, award_id, "award.govern")
        _require_asked(award, data.number)
        if award.issuer_agrees is None:
            raise Conflict("award.issuer_first")
        if data.decision is AcceptanceDecision.RETURN:
            _return(session, actor, award, data.words, now)
            return award
        _require_all(award, data.verdicts, "verdicts")
        accepted_on = data.accepted_on or today(now)
        _check(award, data, accepted_on)
        for goal, verdict in zip(award.goals, data.verdicts, strict=True):
            goal.verdict = verdict
        award.accepted_on, award.end_words = accepted_on, data.words
        award.ended_at = now
        award.move_to(AwardState.ACCEPTED, now=now)
        words = f"验收日期 {accepted_on}。{data.words}\n{_told(award, data.verdicts)}"
        _note(session, actor, award, "accepted", words, now)
        tell.sides(session, award, "award_accepted", now=now, actor=actor)
        ending.settle(session, actor, award.call, now=now)
    return award


def _return(
    session: Session, actor: User, award: Award, words: str, now: datetime
) -> None:
    award.move_to(AwardState.RUNNING, now=now)
    _note(session, actor, award, "returned", words, now)
    tell.sides(session, award, "acceptance_returned", now=now, actor=actor)


def _check(award: Award, data: Conclusion, accepted_on: object) -> None:
    errors = {}
    if not award.issuer_agrees:
        errors["decision"] = "发榜单位没有同意验收，不能通过；可以退回整改或终止"
    assert award.applied_at is not None
    if data.accepted_on is not None and data.accepted_on < today(award.applied_at):
        errors["accepted_on"] = f"不能早于申请验收的日期 {day(award.applied_at)}"
    better = [
        str(goal.position)
        for goal, verdict in zip(award.goals, data.verdicts, strict=True)
        if goal.issuer_verdict is None or RANKS[verdict] < RANKS[goal.issuer_verdict]
    ]
    if better:
        errors["verdicts"] = (
            f"目标 {'、'.join(better)} 的结论不能高于发榜单位的实测结论"
        )
    if errors:
        raise Invalid(errors)


def _require_asked(award: Award, number: int) -> None:
    if award.state is not AwardState.ACCEPTING:
        raise Conflict("award.not_accepting")
    if award.applied_number != number:
        raise Conflict("changed_since_read")


def _require_all(award: Award, given: Sequence[object], field: str) -> None:
    if len(given) != len(award.goals):
        raise Invalid({field: "每个目标都要填写，请逐条补齐"})


def _told(award: Award, verdicts: Sequence[GoalVerdict]) -> str:
    pairs = zip(award.goals, verdicts, strict=True)
    return "；".join(f"目标 {goal.position}：{label(one)}" for goal, one in pairs)


def _note(
    session: Session, actor: User, award: Award, what: str, words: str, now: datetime
) -> None:
    award.updated_at = now
    session.flush()
    changes = {"words": [None, words]}
    history.record(session, actor, f"award.{what}", award, now=now, changes=changes)
