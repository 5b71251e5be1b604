"""What the first page shows everybody: counts and the newest."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from index.columns import Order
from index.sync import LiveIndex
from models import Call, Need, User
from models.conditions import Every
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


@dataclass(frozen=True)
class Front:
    """How much is open for business as far as the reader may know, and the newest."""

    counts: Counts
    needs: Sequence[Need]
    calls: Sequence[Call]


def front(session: Session, index: LiveIndex, user: User | None) -> Front:
    """What the first page shows this reader."""
    ids: dict[RecordType, list[int]] = {}
    numbers: dict[RecordType, int] = {}
    with index.catalogue.reading(session) as columns:
        for kind, every in columns.items():
            open_ones = Every((policies.visible(user, kind), policies.listed(kind)))
            shown = every.mask(open_ones)
            numbers[kind] = int(shown.sum())
            ids[kind] = every.page(shown, Order.NEWEST, 0, NEWEST)
    return Front(
        Counts(
            numbers[RecordType.NEED],
            numbers[RecordType.ACHIEVEMENT],
            numbers[RecordType.CALL],
        ),
        load(session, user, RecordType.NEED, ids[RecordType.NEED]),
        load(session, user, RecordType.CALL, ids[RecordType.CALL]),
    )
