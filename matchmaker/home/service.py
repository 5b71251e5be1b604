"""What the first page shows everybody: counts and the newest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from index.columns import Order
from index.sync import LiveIndex
from models import Call, Need, User
from models.conditions import Every
from models.outbox import RecordType

from .. import policies
from ..search.service import load

NEWEST = 5


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


def front(
    session: Session, index: LiveIndex, user: User | None, *, now: datetime
) -> Front:
    """What the first page shows this reader."""
    ids: dict[RecordType, list[int]] = {}
    numbers: dict[RecordType, int] = {}
    with index.catalogue.reading(session) as columns:
        for kind, every in columns.items():
            open_ones = Every(
                (policies.visible(user, kind), policies.listed(kind, now))
            )
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
