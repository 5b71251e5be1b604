"""What the first page shows everybody: counts and the newest."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from index.catalogue import Order
from index.sync import LiveIndex
from models import User
from models.conditions import Condition, Every
from models.outbox import RecordType

from .. import policies
from ..search.service import load

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


def counts(session: Session, index: LiveIndex, user: User | None) -> Counts:
    """How much is open for business, as far as this reader may know."""
    with index.catalogue.reading(session) as columns:
        numbers = {
            kind: int(every.mask(_open(user, kind)).sum())
            for kind, every in columns.items()
        }
    return Counts(
        numbers[RecordType.NEED],
        numbers[RecordType.ACHIEVEMENT],
        numbers[RecordType.CALL],
    )


def newest(
    session: Session, index: LiveIndex, user: User | None, kind: RecordType
) -> Sequence[Any]:
    """The latest records that are open for business and the reader may see."""
    with index.catalogue.reading(session) as columns:
        every = columns[kind]
        ids = every.page(every.mask(_open(user, kind)), Order.NEWEST, 0, NEWEST)
    return load(session, user, kind, ids)


def _open(user: User | None, kind: RecordType) -> Condition:
    return Every((policies.visible(user, kind), policies.listed(kind)))
