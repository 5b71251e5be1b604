"""Staff check what was submitted: publish it, or return it with a reason."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from models import TABLES, Achievement, Need, User, transaction
from models.outbox import RecordType
from models.states import AchievementStatus, NeedStatus

from .. import policies
from ..errors import Conflict, NotFound
from ..history import service as history
from ..jobs import outbox
from ..needs.service import require_approved
from ..notices import service as notices
from ..search.service import load
from . import reasons
from .schema import Publication, Return

Item = TypeVar("Item", Need, Achievement)


def publish_need(
    session: Session, actor: User, need_id: int, data: Publication, *, now: datetime
) -> Need:
    """Make a submitted need public; the worker then looks for its matches.

    Raises `Conflict` «need.not_approved» for a masked one whose public text its
    organisation has not approved.
    """
    with transaction(session):
        need = _locked(session, actor, Need, need_id, data.version)
        require_approved(need)
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
        _returned(session, actor, need, "need", data, now)
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
        _returned(session, actor, item, "achievement", data, now)
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
    session.refresh(item, with_for_update={"of": model, "key_share": True})
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
    item.renewed_at = None  # of the text before
    item.return_reason = item.return_codes = None
    _announce(session, actor, item, f"{kind}.published", now)


def _returned(
    session: Session,
    actor: User,
    item: Need | Achievement,
    kind: str,
    data: Return,
    now: datetime,
) -> None:
    entries = reasons.require(session, kind, data.coded)
    item.return_codes = data.coded
    item.return_reason = data.reason or None
    item.updated_at = now
    words = reasons.in_words(entries, data.reason)
    noted = {"codes": [None, data.coded], "words": [None, data.reason]}
    _announce(session, actor, item, f"{kind}.returned", now, noted, reason=words)


def _announce(
    session: Session,
    actor: User,
    item: Need | Achievement,
    action: str,
    now: datetime,
    noted: Mapping[str, Any] = MappingProxyType({}),
    **facts: str,
) -> None:
    """History, the members' notice and the worker's task of one decision."""
    kind, _, after = action.partition(".")
    told = {name: [None, words] for name, words in facts.items()}
    changes = {"status": ["pending", after]} | told | dict(noted)
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
