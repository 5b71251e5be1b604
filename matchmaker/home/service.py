"""What the first page shows: counts, the newest, and what waits for the reader."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from models import TABLES, Achievement, Call, Need, Suggestion, User
from models.conditions import Every
from models.outbox import RecordType
from models.states import AchievementStatus, NeedStatus, Role, SuggestionStatus

from .. import policies
from ..matches import queue
from ..verification import queue as verification

NEWEST = 5

# The plan names the target; the record holds no contracts yet, so nothing is
# said about progress towards it.
YEAR_TARGET = "2024 年度目标：技术合同成交额 1400 亿元"
YEAR_TARGET_SOURCE = (
    "目标值出自长沙市建设全球研发中心城市的 2024 年计划（《长沙晚报》2024 年 2 月）。"
    "本平台尚未接入合同登记数据，因此不显示完成进度。"
)


@dataclass(frozen=True)
class Counts:
    needs: int
    achievements: int
    calls: int


@dataclass(frozen=True)
class Task:
    """Something that waits for the reader: how many, of what, and where."""

    number: int
    words: str
    endpoint: str


def counts(session: Session, user: User | None) -> Counts:
    """How much is open for business, as far as this reader may know."""
    numbers = {}
    for kind in RecordType:
        model: Any = TABLES[kind]
        query = select(func.count(model.id)).where(_open(user, kind))
        numbers[kind] = session.scalar(query) or 0
    return Counts(
        numbers[RecordType.NEED],
        numbers[RecordType.ACHIEVEMENT],
        numbers[RecordType.CALL],
    )


def newest_needs(session: Session, user: User | None) -> Sequence[Need]:
    """The latest published needs the reader may see."""
    query = (
        select(Need)
        .where(_open(user, RecordType.NEED))
        .options(joinedload(Need.organisation))
        .order_by(Need.published_at.desc().nulls_last(), Need.id.desc())
        .limit(NEWEST)
    )
    return session.scalars(query).all()


def newest_calls(session: Session, user: User | None) -> Sequence[Call]:
    """The latest open calls."""
    query = (
        select(Call)
        .where(_open(user, RecordType.CALL))
        .options(joinedload(Call.issuer))
        .order_by(Call.published_at.desc().nulls_last(), Call.id.desc())
        .limit(NEWEST)
    )
    return session.scalars(query).all()


def _open(user: User | None, kind: RecordType) -> Any:
    condition = Every((policies.visible(user, kind), policies.listed(kind)))
    return policies.where(condition, kind)


def tasks(session: Session, user: User, *, now: datetime) -> list[Task]:
    """What waits for this person, with a place to do it; also when it is nothing."""
    if user.is_staff:
        return [
            Task(
                verification.count_pending(session, user),
                "条需求和成果待审",
                "verification.queue",
            ),
            Task(
                queue.waiting(session, user, now),
                "条匹配建议待审核",
                "matches.desk",
            ),
        ]
    if user.role is Role.ENTERPRISE:
        states = _own_states(session, user, Need, RecordType.NEED)
        approved = _approved(session, user)
        return [
            Task(states[NeedStatus.RETURNED], "条需求被退回，待修改", "needs.mine"),
            Task(states[NeedStatus.PENDING], "条需求正在审核", "needs.mine"),
            Task(approved, "条匹配结果可以查看", "matches.mine"),
        ]
    states = _own_states(session, user, Achievement, RecordType.ACHIEVEMENT)
    mine = "achievements.mine"
    return [
        Task(states[AchievementStatus.RETURNED], "项成果被退回，待修改", mine),
        Task(states[AchievementStatus.PENDING], "项成果正在审核", mine),
    ]


def _approved(session: Session, user: User) -> int:
    query = select(func.count(Suggestion.id)).where(
        policies.visible_suggestions(user),
        Suggestion.status == SuggestionStatus.APPROVED,
    )
    return session.scalar(query) or 0


def _own_states(
    session: Session, user: User, model: Any, kind: RecordType
) -> dict[StrEnum, int]:
    condition = Every((policies.visible(user, kind), policies.owned(user, kind)))
    query = (
        select(model.status, func.count(model.id))
        .where(policies.where(condition, kind))
        .group_by(model.status)
    )
    found: dict[StrEnum, int] = dict(session.execute(query).all())
    states: type[StrEnum] = NeedStatus if kind is RecordType.NEED else AchievementStatus
    return {state: found.get(state, 0) for state in states}
