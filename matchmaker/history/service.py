"""Write and read the history of a record."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
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


def rows_of(
    actor_id: int,
    record_type: str,
    noted: Iterable[tuple[int, str, Mapping[str, Sequence[Any]]]],
    *,
    now: datetime,
) -> list[dict[str, Any]]:
    """Many acts as rows of the table, no object each.

    ``noted`` are the record's number, the action and its changes, of one table.
    """
    return [
        {
            "at": now,
            "actor_id": actor_id,
            "action": action,
            "record_type": record_type,
            "record_id": id_,
            "changes": {name: list(map(_plain, two)) for name, two in changes.items()},
        }
        for id_, action, changes in noted
    ]


def record_export(
    session: Session,
    actor: User,
    what: str,
    filters: Iterable[tuple[str, object]],
    *,
    now: datetime,
) -> None:
    """Note inside the running transaction that a copy of a list left the platform.

    ``what`` is the kind of its records; a filter may come more than once.
    """
    told: dict[str, list[str]] = defaultdict(list)
    for name, value in filters:
        told[name].append(str(value))
    changes = {name: [None, "；".join(values)] for name, values in told.items()}
    record(session, actor, f"{what}.list_exported", actor, now=now, changes=changes)


def difference(item: Any, values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """What writing ``values`` to the columns of ``item`` changes: [before, after]."""
    pairs = {name: [getattr(item, name), value] for name, value in values.items()}
    return {
        name: [_plain(before), _plain(after)]
        for name, (before, after) in pairs.items()
        if before != after
    }


def _plain(value: Any) -> Any:
    """As JSON holds it; enum members are their stored strings already."""
    return value.isoformat() if isinstance(value, date) else value


def made_before(
    session: Session, actor: User, action: str, form_key: str, *, now: datetime
) -> int | None:
    """The id of the record this very form made already, if it was sent twice.

    The creating service notes the key of its form as ``{"form": key}``; it must
    hold the actor's row locked, or two requests at once would both find nothing.
    """
    query = select(History).where(
        History.actor_id == actor.id,
        History.action == action,
        History.at > now - timedelta(days=1),
    )
    for row in session.scalars(query):
        if row.changes.get("form") == form_key:
            return row.record_id
    return None


def of_record(session: Session, item: Any) -> list[History]:
    """Everything noted about the record, newest first."""
    query = (
        select(History)
        .where(History.record_type == item.__tablename__, History.record_id == item.id)
        .options(joinedload(History.actor))
        .order_by(History.id.desc())
    )
    return list(session.scalars(query))
