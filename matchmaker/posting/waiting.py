"""What of needs and achievements alike waits for their owners, as rows of the list."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, func, select

from models import TABLES, History
from models.base import UtcDateTime
from models.outbox import RecordType

from ..work.source import AnySelect, Days, columns
from .expiry import ending, last_days


def in_state(model: Any, state: Any, action: str, _days: Days) -> AnySelect:
    """Records that stay in a state since something happened (none: were changed)."""
    since = _last(model, action) if action else model.updated_at
    return select(*columns(model.id, model.title, since, is_demo=model.is_demo)).where(
        model.status == state
    )


def _last(model: Any, action: str) -> ColumnElement[Any]:
    """When this last happened to the record; the last change if nobody noted it."""
    noted = (
        select(func.max(History.at))
        .where(
            History.record_type == model.__tablename__,
            History.record_id == model.id,
            History.action == action,
        )
        .scalar_subquery()
    )
    return func.coalesce(noted, model.updated_at, type_=UtcDateTime())


def ends_soon(kind: RecordType, days: Days) -> AnySelect:
    """What is published and about to end, with its last day."""
    model: Any = TABLES[kind]
    when = days.ending[kind]
    since = func.coalesce(
        model.renewed_at, model.published_at, model.updated_at, type_=UtcDateTime()
    )
    due = last_days(model, when.days)
    return select(
        *columns(model.id, model.title, since, is_demo=model.is_demo, due=due)
    ).where(ending(model, when))
