"""Keeps an index in step with the tables."""

from sqlalchemy.orm import Session

from models.conditions import Condition
from models.outbox import RecordType

from .hybrid import Hit


class LiveIndex:
    """The searchable copy in one process, caught up before each search."""

    def search_text(
        self,
        session: Session,
        text: str,
        kind: RecordType,
        *,
        inside: bool,
        condition: Condition,
        limit: int,
    ) -> list[Hit]:
        return []
