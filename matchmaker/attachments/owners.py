"""What a file may belong to: how each kind of record is found, and who changes it.

A new kind of owner is one line of `OWNERS`; nothing else asks what a file hangs on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from models import (
    Achievement,
    Award,
    Contract,
    Introduction,
    Milestone,
    Need,
    Payment,
    User,
)
from models.attachments import Attachment, FileOwner
from models.outbox import RecordType
from models.states import UNJUDGED, AwardState, ContractState

from .. import policies
from ..errors import NotFound
from ..introductions import sight
from ..posting import service as posting
from ..search.service import find as find_record

LARGEST_ID = 2**31 - 1
Rule = Callable[[Any], bool]


def _never(_item: Any) -> bool:
    return False


def _nothing(*_given: Any) -> None:
    """Nobody has to look at it again."""


def _used_nowhere(_session: Session, _row: Attachment) -> bool:
    return False


@dataclass(frozen=True)
class Owner:
    """A kind of record that files belong to.

    find        the record for a person; raises `NotFound`
    action      who may add and remove files, of `policies`
    editable    whether the record's state allows it
    closed      the code of the `Conflict` if not
    title       what the record is called, to this person
    is_private  whether the history must not name the file
    noted       what a change of the files means for the record itself
    opened      what follows when a file was made public
    is_used     whether something rests on the file, so that it cannot go
    """

    model: type
    find: Callable[[Session, User | None, int], Any]
    action: str
    editable: Rule
    closed: str
    title: Callable[[User, Any], str]
    is_private: Rule = _never
    noted: Callable[[Any, datetime], None] = _nothing
    opened: Callable[[Session, User, Any, datetime], None] = _nothing
    is_used: Callable[[Session, Attachment], bool] = _used_nowhere


def _find_posted(
    kind: RecordType, session: Session, user: User | None, record_id: int
) -> Any:
    return find_record(session, user, kind, record_id)


def _find_seen(
    model: Any, sight_of: Any, session: Session, user: User | None, record_id: int
) -> Any:
    """One record of talks, if the person may know of it."""
    found = None
    if 0 < record_id <= LARGEST_ID:
        query = select(model).where(model.id == record_id, sight_of(user))
        found = session.scalar(query)
    if found is None:
        raise NotFound(model.__tablename__)
    return found


def _staff_read_anew(item: Any, now: datetime) -> None:
    """Staff decide about what they have read, files included."""
    if item.status.value == "pending":
        item.updated_at = now
        flag_modified(item, "updated_at")


def _check_again(session: Session, actor: User, item: Any, now: datetime) -> None:
    """What everybody will read is checked before, a file like a text."""
    if item.status.value in ("published", "expired"):
        posting.submit(session, actor, item, now=now)


def _proves_something(session: Session, row: Attachment) -> bool:
    query = select(Payment.id).where(Payment.proof_id == row.id)
    return session.scalar(query.limit(1)) is not None


def _awaits_files(milestone: Milestone) -> bool:
    """Until it is judged: what was judged stays as it was."""
    running = milestone.award.state is AwardState.RUNNING
    return running and milestone.state in UNJUDGED


def _posted(kind: RecordType, model: type) -> Owner:
    return Owner(
        model,
        partial(_find_posted, kind),
        "attachment.change",
        posting.is_editable,
        f"{kind.value}.not_editable",
        lambda _, item: str(item.title),
        # What a draft held before it was submitted is its author's alone.
        is_private=lambda item: item.status.value == "draft",
        noted=_staff_read_anew,
        opened=_check_again,
    )


OWNERS: Mapping[FileOwner, Owner] = {
    FileOwner.NEED: _posted(RecordType.NEED, Need),
    FileOwner.ACHIEVEMENT: _posted(RecordType.ACHIEVEMENT, Achievement),
    FileOwner.INTRODUCTION: Owner(
        Introduction,
        partial(_find_seen, Introduction, policies.visible_introductions),
        "introduction.log",
        lambda item: bool(item.is_open),
        "introduction.closed",
        lambda user, item: sight.shown(user, item).title,
    ),
    FileOwner.CONTRACT: Owner(
        Contract,
        partial(_find_seen, Contract, policies.visible_contracts),
        "contract.edit",
        lambda item: item.state is not ContractState.VOID,
        "contract.void",
        lambda _, item: str(item.name),
        is_used=_proves_something,
    ),
    FileOwner.AWARD: Owner(
        Award,
        partial(_find_seen, Award, policies.visible_awards),
        "award.deliver",
        lambda item: item.is_runner,
        "award.files_closed",
        lambda _, item: str(item.call.title),
    ),
    FileOwner.MILESTONE: Owner(
        Milestone,
        partial(_find_seen, Milestone, policies.visible_milestones),
        "award.deliver",
        _awaits_files,
        "award.files_closed",
        lambda _, item: f"里程碑 {item.position} {item.title}",
    ),
}
# Talks and contracts: read by whoever takes part, and never public.
DEALS = frozenset({FileOwner.INTRODUCTION, FileOwner.CONTRACT})
# What a winner hands in: read by the issuer and the staff, changed by it alone.
AWARDS = frozenset({FileOwner.AWARD, FileOwner.MILESTONE})
_KINDS: Mapping[type, FileOwner] = {owner.model: kind for kind, owner in OWNERS.items()}


def kind_of(item: Any) -> FileOwner:
    """What kind of owner the record is."""
    return _KINDS[type(item)]
