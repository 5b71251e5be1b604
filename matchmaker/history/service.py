"""Write and read the history of a record."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from models import History, User


def record(
    session: Session,
    actor: User | None,
    action: str,
    item: Any,
    *,
    now: datetime,
    changes: Mapping[str, Any] | None = None,
) -> None:
    """Note inside the running transaction that ``actor`` did this to ``item``.

    ``changes`` maps a field to [before, after]; texts of restricted needs stay
    out of it, the row itself is read by staff and the owner only.
    """
    session.add(
        History(
            at=now,
            actor_id=actor.id if actor else None,
            action=action,
            record_type=item.__tablename__,
            record_id=item.id,
            changes=dict(changes or {}),
        )
    )


def of_record(session: Session, item: Any) -> list[History]:
    """Everything noted about the record, newest first."""
    query = (
        select(History)
        .where(History.record_type == item.__tablename__, History.record_id == item.id)
        .options(joinedload(History.actor))
        .order_by(History.id.desc())
    )
    return list(session.scalars(query))
