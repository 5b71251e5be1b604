"""Steps of posting a record that needs and achievements share; each only flushes."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Achievement, Need, User, kind_of
from models.session import lock

from .. import policies
from ..history import service as history
from ..jobs import outbox
from ..notices import service as notices
from ..search.service import find

# Members of `NeedStatus` and `AchievementStatus` by value: the words are the same.
EDITABLE = frozenset({"draft", "pending", "published", "returned", "expired"})

Item = Need | Achievement


def is_editable(item: Item) -> bool:
    """Whether a record in this state may still be changed by its owner."""
    return item.status.value in EDITABLE


def locked(
    session: Session, actor: User, kind: Any, record_id: int, action: str
) -> Item:
    """The record with its row locked, so that two people change it in turn.

    Raises `NotFound` for one the person may not know of, `Forbidden` for one they
    may not do this with.
    """
    item: Item = find(session, actor, kind, record_id)
    policies.require(actor, action, item)
    lock(session, item)
    return item


def same_again(
    session: Session,
    actor: User,
    model: type[Need] | type[Achievement],
    values: Mapping[str, Any],
    *,
    now: datetime,
) -> int | None:
    """The id of what this person entered with these very words within a day.

    «Back» after a submission brings a fresh form, with a key of its own, but with
    all that was typed: sent off again it must not make a second record. What left
    the desk since (published, returned, withdrawn) may be entered anew.
    """
    query: Any = select(model).where(
        model.author_id == actor.id,
        model.organisation_id == actor.organisation_id,
        model.status.in_(("draft", "pending")),
        model.title == values["title"],
        model.created_at > now - timedelta(days=1),
    )
    for item in session.scalars(query.order_by(model.id)):
        if not history.difference(item, values):
            return int(item.id)
    return None


def submit(session: Session, actor: User, item: Item, *, now: datetime) -> None:
    """Hand the record to the staff; one that waits already keeps its place."""
    kind = kind_of(item).value
    states: Any = type(item.status)
    if item.status is not states.PENDING:
        item.move_to(states.PENDING)
        item.return_reason = None
        history.record(session, actor, f"{kind}.submitted", item, now=now)
        notices.queue(
            session,
            notices.staff(session),
            f"{kind}_submitted",
            now=now,
            title=item.title,
            **{f"{kind}_id": item.id},
        )
    outbox.touch(session, item, now=now)
