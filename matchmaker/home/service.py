"""What the first page shows everybody: counts and the newest."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from models import TABLES, Call, Need, User
from models.conditions import Every
from models.outbox import RecordType

from .. import policies

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
