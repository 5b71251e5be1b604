"""Add, list, read and remove the files of a record.

A file is as secret as the full text of its record: the owner's organisation and
the staff read it. One marked public is read by whoever reads the record, unless the
record is masked or restricted; a public file is checked like the text, so marking
one sends a published record to review again. Files of talks and contracts are read
by whoever takes part in them.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from models import Attachment, BidFile, ImportRun, User, transaction
from models.attachments import FileOwner
from models.session import lock

from .. import policies
from ..errors import Conflict, Invalid, NotFound
from ..history import service as history
from . import content
from .owners import OWNERS, kind_of
from .store import Store

MOST = 10


@dataclass(frozen=True)
class Upload:
    """A file as it was sent: what its sender called it, its bytes, the wish."""

    name: str
    stream: BinaryIO
    is_public: bool = False


def of_record(session: Session, user: User | None, item: Any) -> Sequence[Attachment]:
    """The files of a record this person sees, in the order they were added."""
    query = (
        select(Attachment)
        .where(Attachment.record_type == kind_of(item), Attachment.record_id == item.id)
        .order_by(Attachment.id)
    )
    rows = session.scalars(query)
    return [row for row in rows if policies.reads_attachment(user, item, row)]


def find(
    session: Session, user: User | None, attachment_id: int
) -> tuple[Attachment, Any]:
    """The file's row and its record; raises `NotFound` unless the person reads it."""
    row = session.get(Attachment, attachment_id) if 0 < attachment_id < 2**31 else None
    if row is None:
        raise NotFound("attachment")
    if row.record_type not in OWNERS:
        raise NotFound("attachment")
    item = OWNERS[row.record_type].find(session, user, row.record_id)
    if not policies.reads_attachment(user, item, row):
        raise NotFound("attachment")
    return row, item


def owned_record(session: Session, actor: User, kind: FileOwner, record_id: int) -> Any:
    """The record, if the actor may change its files in its present state."""
    owner = OWNERS[kind]
    item = owner.find(session, actor, record_id)
    policies.require(actor, owner.action, item)
    _require_editable(item)
    return item


def add(
    session: Session,
    store: Store,
    actor: User,
    kind: FileOwner,
    record_id: int,
    upload: Upload,
    *,
    now: datetime,
    then: Callable[[Attachment], None] | None = None,
) -> Attachment:
    """Keep a file for the record; the same file twice is kept once.

    ``then`` is done in the same transaction: what the file was sent for. Raises
    `Invalid` for a file that cannot be taken or is one too many, `Conflict` where the
    record takes none any more.
    """
    owned_record(session, actor, kind, record_id)
    session.rollback()  # an upload takes its time; nothing stays open meanwhile
    name = content.harmless(upload.name)
    with store.staged(upload.stream) as staged:
        file_kind = content.kind_of(staged.path, name)
        with store.keeping(staged), transaction(session):
            item = _locked(session, actor, kind, record_id)
            _may_be_public(item, upload.is_public)
            same = select(Attachment).where(
                *_mine(kind, record_id), Attachment.sha256 == staged.sha256
            )
            row = session.scalars(same).first()
            if row is None:
                _require_room(session, kind, record_id)
                row = Attachment(
                    record_type=kind,
                    record_id=record_id,
                    name=name,
                    kind=file_kind.code,
                    size=staged.size,
                    sha256=staged.sha256,
                    is_public=upload.is_public,
                    uploader_id=actor.id,
                    created_at=now,
                )
                session.add(row)
                _note(session, actor, item, "added", [None, name], now)
                if upload.is_public:
                    OWNERS[kind].opened(session, actor, item, now)
            if then is not None:
                session.flush()
                then(row)
    return row


def set_public(
    session: Session, actor: User, attachment_id: int, is_public: bool, *, now: datetime
) -> Attachment:
    """Open a file to everybody who sees the record, or close it again."""
    with transaction(session):
        row, item = _own(session, actor, attachment_id)
        _may_be_public(item, is_public)
        if row.is_public is not is_public:
            row.is_public = is_public
            action = "opened" if is_public else "closed"
            _note(session, actor, item, action, [None, row.name], now)
            if is_public:
                OWNERS[row.record_type].opened(session, actor, item, now)
    return row


def remove(
    session: Session, store: Store, actor: User, attachment_id: int, *, now: datetime
) -> Any:
    """Take the file off its record; its bytes go when no other row names them."""
    with transaction(session):
        row, item = _own(session, actor, attachment_id)
        if OWNERS[row.record_type].is_used(session, row):
            raise Conflict("attachment.used")
        digest = row.sha256
        session.delete(row)
        _note(session, actor, item, "removed", [row.name, None], now)
    clear(session, store, {digest})
    return item


def sweep(session: Session, store: Store) -> int:
    """Delete files no row names: of removed records, and of killed uploads."""
    store.sweep_incoming(time.time())
    return clear(session, store, store.held())


def clear(session: Session, store: Store, digests: set[str]) -> int:
    """Delete those of the files that no row names any more; says how many went."""
    if not digests:
        return 0
    session.rollback()
    with store.clearing():
        named = set(session.scalars(select(Attachment.sha256).distinct()))
        for column in (ImportRun.sha256, ImportRun.errors_sha256):
            named |= set(session.scalars(select(column).where(column.is_not(None))))
        named |= set(session.scalars(select(BidFile.stored)))
        session.rollback()
        return store.remove(sorted(digests - named))


def _locked(session: Session, actor: User, kind: FileOwner, record_id: int) -> Any:
    """The record with its row locked, so that two people change its files in turn."""
    owner = OWNERS[kind]
    item = owner.find(session, actor, record_id)
    policies.require(actor, owner.action, item)
    lock(session, item)
    _require_editable(item)
    return item


def _own(session: Session, actor: User, attachment_id: int) -> tuple[Attachment, Any]:
    """A file of a record the actor may change, and that record, locked."""
    row, _ = find(session, actor, attachment_id)
    item = _locked(session, actor, row.record_type, row.record_id)
    if session.get(Attachment, attachment_id, populate_existing=True) is None:
        raise NotFound("attachment")  # removed while we waited for the lock
    return row, item


def _require_editable(item: Any) -> None:
    owner = OWNERS[kind_of(item)]
    if not owner.editable(item):
        raise Conflict(owner.closed)


def _may_be_public(item: Any, is_public: bool) -> None:
    if is_public and not policies.may_show_attachments(item):
        raise Invalid(
            {"is_public": "这条信息的附件不能公开：里面可能有单位和当事人的信息"}
        )


def _require_room(session: Session, kind: FileOwner, record_id: int) -> None:
    count = select(func.count()).select_from(Attachment).where(*_mine(kind, record_id))
    if (session.scalar(count) or 0) >= MOST:
        raise Invalid({"file": f"最多 {MOST} 个附件，请先删除不需要的"})


def _mine(kind: FileOwner, record_id: int) -> tuple[ColumnElement[bool], ...]:
    return Attachment.record_type == kind, Attachment.record_id == record_id


def _note(
    session: Session,
    actor: User,
    item: Any,
    what: str,
    names: list[str | None],
    now: datetime,
) -> None:
    owner = OWNERS[kind_of(item)]
    changes = {} if owner.is_private(item) else {"attachment": names}
    action = f"attachment.{what}"
    history.record(session, actor, action, item, now=now, changes=changes)
    owner.noted(item, now)
