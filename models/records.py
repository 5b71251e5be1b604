"""The three kinds of record that are listed, searched and matched."""

from typing import Any

from .achievements import Achievement
from .calls import Call
from .needs import Need
from .outbox import RecordType

Record = Need | Achievement | Call

TABLES: dict[RecordType, Any] = {
    RecordType.NEED: Need,
    RecordType.ACHIEVEMENT: Achievement,
    RecordType.CALL: Call,
}


def kind_of(record: Record) -> RecordType:
    """Which kind a record is of."""
    return next(kind for kind, table in TABLES.items() if isinstance(record, table))
