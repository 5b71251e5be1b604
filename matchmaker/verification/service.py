"""Staff check what was submitted: publish it, or return it with a reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any, TypeVar

from sqlalchemy import func, literal, select, union_all
from sqlalchemy.orm import Session

from models import TABLES, Achievement, History, Need, User, transaction
from models.outbox import RecordType
from models.states import AchievementStatus, NeedStatus

from .. import policies
from ..errors import Conflict, NotFound
from ..history import service as history
from ..jobs import outbox
from ..notices import service as notices
from ..search.service import load
from .schema import Publication, Return

PER_PAGE = 20
KINDS = (RecordType.NEED, RecordType.ACHIEVEMENT)
Item = TypeVar("Item", Need, Achievement)


@dataclass(frozen=True)
class Waiting:
    """A submission in the queue, and since when it waits."""

    kind: RecordType
    item: Any
    since: datetime


@dataclass(frozen=True)
class Queue:
    """One page of the queue; ``page`` is the one shown, not the one asked."""

    rows: Sequence[Waiting]
    total: int
    page: int
    pages: int


def queue(session: Session, user: User, page: int) -> Queue:
    """What waits for a decision, the longest wait first."""
    policies.require(user, "need.verify")
    waiting = union_all(*(_pending(user, kind) for kind in KINDS)).subquery()
    total = session.scalar(select(func.count()).select_from(waiting)) or 0
    pages = max(1, ceil(total / PER_PAGE))
    page = min(page, pages)
    query = (
        select(waiting)
        .order_by(waiting.c.since, waiting.c.kind, waiting.c.id)
        .offset((page - 1) * PER_PAGE)
        .limit(PER_PAGE)
    )
    rows = session.execute(query).all()
    items = {
        (kind, item.id): item
        for kind in KINDS
        for item in load(session, user, kind, [row.id for row in rows])
    }
    found = [
        Waiting(RecordType(row.kind), items[row.kind, row.id], row.since)
        for row in rows
        if (row.kind, row.id) in items
    ]
    return Queue(found, total, page, pages)


def count_pending(session: Session, user: User) -> int:
    """How many submissions wait for staff."""
    waiting = union_all(*(_pending(user, kind) for kind in KINDS)).subquery()
    return session.scalar(select(func.count()).select_from(waiting)) or 0


def _pending(user: User, kind: RecordType) -> Any:
    model: Any = TABLES[kind]
    submitted = (
        select(func.max(History.at))
        .where(
            History.record_type == model.__tablename__,
            History.record_id == model.id,
            History.action == f"{kind.value}.submitted",
        )
        .scalar_subquery()
    )
    return select(
        literal(kind.value).label("kind"),
        model.id.label("id"),
        # A record that came in by import has no submission in its history.
        func.coalesce(submitted, model.updated_at).label("since"),
    ).where(
        model.status == "pending",
        policies.where(policies.visible(user, kind), kind),
    )


def publish_need(
    session: Session, actor: User, need_id: int, data: Publication, *, now: datetime
) -> Need:
    """Make a submitted need public; the worker then looks for its matches."""
    with transaction(session):
        need = _locked(session, actor, Need, need_id, data.version)
        need.move_to(NeedStatus.PUBLISHED)
        _published(session, actor, need, "need", now)
    return need


def return_need(
    session: Session, actor: User, need_id: int, data: Return, *, now: datetime
) -> Need:
    """Give a submitted need back to its author with what to change."""
    with transaction(session):
        need = _locked(session, actor, Need, need_id, data.version)
        need.move_to(NeedStatus.RETURNED)
        _returned(session, actor, need, "need", data.reason, now)
    return need


def publish_achievement(
    session: Session,
    actor: User,
    achievement_id: int,
    data: Publication,
    *,
    now: datetime,
) -> Achievement:
    """Make a submitted achievement public; it is then matched with the needs."""
    with transaction(session):
        item = _locked(session, actor, Achievement, achievement_id, data.version)
        item.move_to(AchievementStatus.PUBLISHED)
        _published(session, actor, item, "achievement", now)
    return item


def return_achievement(
    session: Session, actor: User, achievement_id: int, data: Return, *, now: datetime
) -> Achievement:
    """Give a submitted achievement back with what to change."""
    with transaction(session):
        item = _locked(session, actor, Achievement, achievement_id, data.version)
        item.move_to(AchievementStatus.RETURNED)
        _returned(session, actor, item, "achievement", data.reason, now)
    return item


def find(session: Session, actor: User, kind: RecordType, item_id: int) -> Any:
    """A record the actor may decide about; for showing the form again."""
    rows = load(session, actor, kind, [item_id]) if item_id < 2**31 else []
    if not rows:
        raise NotFound(kind.value)
    policies.require(actor, f"{kind.value}.verify", rows[0])
    return rows[0]


def _locked(
    session: Session, actor: User, model: type[Item], item_id: int, version: int
) -> Item:
    """The pending record, held until the decision is written.

    The version is that of the page the decision was made on: a text nobody has
    read must not go out.
    """
    kind = next(kind for kind, table in TABLES.items() if table is model)
    item = find(session, actor, kind, item_id)
    session.refresh(item, with_for_update={"of": model})
    if item.status.value != "pending":
        raise Conflict("already_handled")
    if item.version != version:
        raise Conflict("changed_since_read")
    checked: Item = item
    return checked


def _published(
    session: Session, actor: User, item: Need | Achievement, kind: str, now: datetime
) -> None:
    item.published_at = item.updated_at = now
    item.return_reason = None
    _announce(session, actor, item, f"{kind}.published", now)


def _returned(
    session: Session,
    actor: User,
    item: Need | Achievement,
    kind: str,
    reason: str,
    now: datetime,
) -> None:
    item.return_reason = reason
    item.updated_at = now
    _announce(session, actor, item, f"{kind}.returned", now, reason=reason)


def _announce(
    session: Session,
    actor: User,
    item: Need | Achievement,
    action: str,
    now: datetime,
    **facts: str,
) -> None:
    """History, the members' notice and the worker's task of one decision."""
    kind = action.partition(".")[0]
    after = action.partition(".")[2]
    changes = {"status": ["pending", after]} | {
        name: [None, words] for name, words in facts.items()
    }
    history.record(session, actor, action, item, now=now, changes=changes)
    notices.queue(
        session,
        notices.members_of(session, item.organisation_id),
        action.replace(".", "_"),
        now=now,
        title=item.title,
        **{f"{kind}_id": item.id},
        **facts,
    )
    outbox.touch(session, item, now=now)
