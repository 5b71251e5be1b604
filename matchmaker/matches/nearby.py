"""What lies near a record, for the person who looks: live, not stored."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from index.sync import LiveIndex
from models import Achievement, Call, Need, User
from models.outbox import RecordType


@dataclass(frozen=True)
class Near:
    """A record close to another, with its reasons (the evidence macro's dict)."""

    item: Any
    score: float
    evidence: dict[str, Any] = field(default_factory=dict)


def nearby(
    session: Session,
    index: LiveIndex,
    user: User | None,
    item: Need | Achievement | Call,
    kind: RecordType,
    *,
    limit: int = 5,
) -> list[Near]:
    """The published records of ``kind`` nearest to ``item`` that ``user`` may see.

    Works at once, also for a record the worker has not encoded yet.
    """
    return []
