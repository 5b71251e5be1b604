"""The files of a bid: checked in memory, sealed, and kept in the store as ciphertext.

A file that came in is looked at where only this process can see it; nothing of it
touches a disk of ours before it is sealed.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from sqlalchemy.orm import Session

from models import Bid, BidFile, User, transaction

from .. import policies
from ..attachments import content as contents
from ..attachments import service as attachments
from ..attachments.service import Upload
from ..attachments.store import BLOCK, too_large
from ..errors import Invalid, NotFound
from ..history import service as history
from . import content as texts
from . import sealing, service
from .receipt import FileFacts
from .safe import Safe
from .service import Clock
from .vault import Place, fresh_key, opened_stream, sealed_stream

MOST = 5


@dataclass(frozen=True)
class _Received:
    """A file in memory: where to read it, its size and hash."""

    file: BinaryIO
    path: Path
    size: int
    sha256: str


def add(
    session: Session,
    safe: Safe,
    actor: User,
    call_id: int,
    upload: Upload,
    *,
    clock: Clock,
) -> FileFacts:
    """Seal a file as part of the draft; the same file twice is kept once.

    Raises `Invalid` for a file that cannot be taken or is one too many, `Conflict`
    outside the window.
    """
    service.find_open_call(session, actor, call_id, clock)
    home = actor.organisation_id
    session.rollback()  # an upload takes its time; nothing stays open meanwhile
    assert home is not None
    name = contents.harmless(upload.name)
    with _received(upload.stream, safe.limit) as received:
        kind = contents.kind_of(received.path, name)
        ref, key = secrets.token_hex(16), fresh_key()
        facts = FileFacts(ref, name, kind.code, received.size, received.sha256)
        place = Place(call_id, home, sealing.FILE, ref)
        sealed = sealed_stream(received.file, key, place)
        with (
            safe.store.staged(sealed) as staged,
            safe.store.keeping(staged),
            safe.turn(session),
            transaction(session),
        ):
            service.require_known_key(session, safe)
            call, now = service.locked(session, actor, call_id, clock)
            bid = service.begun(
                session, actor, call, service.own_bid(session, actor, call), now
            )
            if (known := _known(safe, bid, facts)) is not None:
                return known
            row = BidFile(
                bid=bid,
                user_id=actor.id,
                ref=ref,
                stored=staged.sha256,
                in_draft=True,
                in_submission=False,
                created_at=now,
            )
            sealing.put_file(safe.vault, row, key, asdict(facts))
            session.add(row)
            _changed(session, safe, actor, bid, "bid.file_added", now)
    return facts


@contextmanager
def _received(stream: BinaryIO, limit: int) -> Iterator[_Received]:
    """The file in memory of this process's own; raises `Invalid` if it is too large."""
    handle = os.memfd_create("bid")
    with os.fdopen(handle, "w+b") as file:
        digest, size = sha256(), 0
        while block := stream.read(BLOCK):
            size += len(block)
            if size > limit:
                raise Invalid({"file": too_large(limit)})
            digest.update(block)
            file.write(block)
        if not size:
            raise Invalid({"file": "文件是空的，请重新选择"})
        file.flush()
        file.seek(0)
        path = Path(f"/proc/self/fd/{handle}")
        yield _Received(file, path, size, digest.hexdigest())


def _known(safe: Safe, bid: Bid, facts: FileFacts) -> FileFacts | None:
    """The same file, if the draft has it; raises `Invalid` if there is no room."""
    own = [row for row in bid.files if row.in_draft]
    for row in own:
        known = sealing.facts_of(safe.vault, row)
        if known.sha256 == facts.sha256:
            return known
    if len(own) >= MOST:
        raise Invalid({"file": f"最多 {MOST} 个附件，请先删除不需要的"})
    return None


def remove(
    session: Session, safe: Safe, actor: User, file_id: int, *, clock: Clock
) -> FileFacts:
    """Take a file off the draft; of the submission in force it stays a part."""
    gone: set[str] = set()
    with safe.turn(session), transaction(session):
        row = find(session, actor, file_id)
        if row.bid.organisation_id != actor.organisation_id or not row.in_draft:
            raise NotFound("bid_file")
        policies.require(actor, "bid.edit", row.bid)
        _, now = service.locked(session, actor, row.bid.call_id, clock)
        facts, bid = sealing.facts_of(safe.vault, row), row.bid
        if row.in_submission:
            row.in_draft = False
        else:
            gone = sealing.drop_files(bid, [row])
        _changed(session, safe, actor, bid, "bid.file_removed", now)
    attachments.clear(session, safe.store, gone)
    return facts


def _changed(
    session: Session, safe: Safe, actor: User, bid: Bid, action: str, now: datetime
) -> None:
    """What was submitted stays in force; beside it there is now a draft."""
    text = sealing.content_of(safe.vault, bid) or texts.empty(bid.call.goals)
    sealing.put_draft(safe.vault, bid, text)
    bid.updated_at = now
    history.record(session, actor, action, bid, now=now)


def find(session: Session, user: User, file_id: int) -> BidFile:
    """A file of a bid the person may read; raises `NotFound` for any other."""
    row = session.get(BidFile, file_id) if 0 < file_id <= service.LARGEST_ID else None
    if row is None:
        raise NotFound("bid_file")
    service.find_bid(session, user, row.bid_id)
    return row


def opened(safe: Safe, row: BidFile) -> Iterator[bytes]:
    """The file block by block, for whoever may read the bid.

    Raises `NotFound` at once where the store has lost it; `Tampered` on the way where
    it is not what was sealed.
    """
    path = safe.store.path(row.stored)
    if not path.is_file():
        raise NotFound("bid_file")
    key = sealing.data_key(safe.vault, row)
    return _blocks(path, key, sealing.file_place(row))


def _blocks(path: Path, key: bytes, place: Place) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from opened_stream(file, key, place)


def is_whole(safe: Safe, stored: str) -> bool:
    """Whether the store has the ciphertext as it was; asks for no key."""
    digest = sha256()
    try:
        with safe.store.path(stored).open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
    except FileNotFoundError:
        return False
    return digest.hexdigest() == stored
