"""Steps of posting that needs and achievements share; each at most flushes."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import TABLES, Achievement, Need, User, kind_of
from models.outbox import RecordType
from models.session import lock

from .. import policies
from ..errors import Conflict
from ..history import service as history
from ..jobs import outbox
from ..notices import service as notices
from ..search.service import find

# Members of `NeedStatus` and `AchievementStatus` by value: the words are the same.
EDITABLE = frozenset({"draft", "pending", "published", "returned", "expired"})

Item = Need | Achievement
Posted = TypeVar("Posted", Need, Achievement)


def kind_of_table(model: type[Item]) -> RecordType:
    """Which kind of record the table holds."""
    return next(kind for kind, table in TABLES.items() if table is model)


def is_editable(item: Item) -> bool:
    """Whether a record in this state may still be changed by its owner."""
    return item.status.value in EDITABLE


def require_editable(item: Item) -> None:
    """Raise `Conflict` if a record in this state is not changed any more."""
    if not is_editable(item):
        raise Conflict(f"{kind_of(item).value}.not_editable")


def locked(
    session: Session, actor: User, model: type[Posted], record_id: int, action: str
) -> Posted:
    """The record with its row locked, so that two people change it in turn.

    Raises `NotFound` for one the person may not know of, `Forbidden` for one with
    which they may not do this («edit», «withdraw» and so on).
    """
    kind = kind_of_table(model)
    item: Posted = find(session, actor, kind, record_id)
    policies.require(actor, f"{kind.value}.{action}", item)
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


def create(
    session: Session,
    actor: User,
    model: type[Posted],
    values: Mapping[str, Any],
    *,
    form_key: str,
    complete: bool,
    now: datetime,
) -> Posted:
    """A record of the actor's organisation, a draft or, if complete, for review.

    The same ``form_key`` never makes two: a form sent twice gets the record it made
    first, or `Conflict` «form_used» when the text differs by then. Nor do the very
    same words of the same person, as after «back».
    """
    kind = kind_of_table(model)
    action = f"{kind.value}.created"
    policies.require(actor, f"{kind.value}.create")
    lock(session, actor)
    made = history.made_before(session, actor, action, form_key, now=now)
    if made is None:
        made = same_again(session, actor, model, values, now=now)
    if made is not None:
        return _sent_again(session, actor, model, made, values, complete, now=now)
    item = model(
        organisation_id=actor.organisation_id,
        author_id=actor.id,
        created_at=now,
        updated_at=now,
        **values,
    )
    session.add(item)
    session.flush()
    history.record(session, actor, action, item, now=now, changes={"form": form_key})
    if complete:
        submit(session, actor, item, now=now)
    return item


def _sent_again(
    session: Session,
    actor: User,
    model: type[Posted],
    made: int,
    values: Mapping[str, Any],
    complete: bool,
    *,
    now: datetime,
) -> Posted:
    """What a form made already; raises `Conflict` if it now says otherwise."""
    item: Posted = find(session, actor, kind_of_table(model), made)
    if history.difference(item, values):
        raise Conflict("form_used", id=item.id)
    if complete and item.status.value == "draft":
        submit(session, actor, item, now=now)
    return item


def change(
    session: Session,
    actor: User,
    model: type[Posted],
    record_id: int,
    values: Mapping[str, Any],
    *,
    version: int,
    complete: bool,
    now: datetime,
) -> Posted:
    """Replace the text of a record; what was published goes to review again.

    Raises `Conflict` «stale» when somebody saved after ``version`` was read,
    «<kind>.not_editable» when the state allows no change, or none but a complete one.
    """
    item = locked(session, actor, model, record_id, "edit")
    require_editable(item)
    if item.version != version:
        raise Conflict("stale")
    kind, was_draft = kind_of(item).value, item.status.value == "draft"
    if not was_draft and not complete:
        raise Conflict(f"{kind}.not_editable")
    changes = history.difference(item, values)
    for name, value in values.items():
        setattr(item, name, value)
    item.updated_at = now
    if changes:
        # What a draft said before it was submitted is its author's alone.
        noted = {} if was_draft else changes
        history.record(session, actor, f"{kind}.edited", item, now=now, changes=noted)
    if complete:
        submit(session, actor, item, now=now)
    return item


def withdraw(
    session: Session,
    actor: User,
    model: type[Posted],
    record_id: int,
    *,
    now: datetime,
) -> Posted:
    """Take the record back for good; it leaves every list and search."""
    item = locked(session, actor, model, record_id, "withdraw")
    was_draft = item.status.value == "draft"
    states: Any = type(item.status)
    item.move_to(states.WITHDRAWN)
    item.updated_at = now
    action = f"{kind_of(item).value}.withdrawn"
    history.record(session, actor, action, item, now=now)
    note = outbox.note if was_draft else outbox.touch
    note(session, item, now=now)
    return item


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
