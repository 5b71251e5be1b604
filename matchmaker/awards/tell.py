"""Who is told what of an award; everything is written inside the transaction.

What one winner does is told to itself, the issuer and the staff, never to another
winner. Letters lie on servers of others: they say that there is something, and where.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from models import Award, Call, User

from ..mail import service as mail
from ..notices import service as notices

# What is worth a letter: somebody has to act, or the matter is settled.
LETTERS: dict[str, str] = {
    "award_to_confirm": "任务书请您核对和确认",
    "award_reopened": "任务书有修改，请重新确认",
    "amendment_to_confirm": "任务书变更请您核对和确认",
    "amendment_in_force": "任务书变更已生效",
    "amendment_ended": "提出的任务书变更没有生效，请登录查看原因",
    "award_running": "任务书已由各方确认，进入实施",
    "milestone_delivered": "有里程碑已交付，请您判断",
    "milestone_judged": "里程碑有了结论",
    "award_paid": "登记了一笔拨款",
    "award_eliminated": "赛马有了结果，请登录查看",
    "award_stopped": "项目已终止，请登录查看原因",
    "acceptance_asked": "承担单位申请验收，请您测试和判断",
    "acceptance_returned": "验收没有通过，请按意见整改",
    "award_accepted": "项目已通过验收",
}


def begun(session: Session, call: Call, *, now: datetime, actor: User | None) -> None:
    """The staff are to write the task books."""
    people = set(notices.staff(session)) - {actor.id if actor else 0}
    facts = {"title": call.title, "call_id": call.id}
    notices.queue(session, people, "award_begun", now=now, **facts)


def confirmed(
    session: Session, award: Award, side: str, *, now: datetime, actor: User
) -> None:
    """One side has agreed: the other is to, and the staff know."""
    facts = {"side": side}
    sides(session, award, "award_confirmed", now=now, actor=actor, **facts)
    staff(session, award, "award_confirmed", now=now, actor=actor, **facts)


def sides(
    session: Session,
    award: Award,
    kind: str,
    *,
    now: datetime,
    actor: User | None,
    **facts: Any,
) -> None:
    """Tell issuer and winner, but nobody what they did themselves."""
    for home in (award.issuer_id, award.bidder_id):
        _tell(session, award, home, kind, now, actor, facts)


def issuer(
    session: Session, award: Award, kind: str, *, now: datetime, **facts: Any
) -> None:
    _tell(session, award, award.issuer_id, kind, now, None, facts)


def bidder(
    session: Session, award: Award, kind: str, *, now: datetime, **facts: Any
) -> None:
    _tell(session, award, award.bidder_id, kind, now, None, facts)


def staff(
    session: Session,
    award: Award,
    kind: str,
    *,
    now: datetime,
    actor: User | None = None,
    **facts: Any,
) -> None:
    """Tell the platform's staff, who act next."""
    people = set(notices.staff(session)) - {actor.id if actor else 0}
    _queue(session, award, people, kind, now, facts)


def call_ended(
    session: Session, call: Call, kind: str, *, now: datetime, actor: User | None
) -> None:
    """Issuer and staff learn what became of the whole call."""
    people = set(notices.members_of(session, call.issuer_id))
    people |= set(notices.staff(session))
    people.discard(actor.id if actor else 0)
    facts = {"title": call.title, "call_id": call.id}
    notices.queue(session, people, kind, now=now, **facts)


def _tell(
    session: Session,
    award: Award,
    home: int,
    kind: str,
    now: datetime,
    actor: User | None,
    facts: dict[str, Any],
) -> None:
    people = set(notices.members_of(session, home))
    people.discard(actor.id if actor else 0)
    _queue(session, award, people, kind, now, facts)
    if kind not in LETTERS:
        return
    mail.write_to(
        session,
        people,
        title=LETTERS[kind],
        words=f"榜单「{award.call.title}」，请登录平台查看。",
        path=f"/awards/{award.id}",
        now=now,
    )


def _queue(
    session: Session,
    award: Award,
    people: Iterable[int],
    kind: str,
    now: datetime,
    facts: dict[str, Any],
) -> None:
    notices.queue(
        session,
        people,
        kind,
        now=now,
        title=award.call.title,
        winner=award.bidder.name,
        award_id=award.id,
        **facts,
    )
