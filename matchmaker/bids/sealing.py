"""The columns of a bid that hold something sealed: written, read, destroyed here.

Helpers of the services; each works inside their transaction and asks nobody whether
it may.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Bid, BidFile, Call
from models.states import BidState

from ..errors import Unavailable
from ..history import service as history
from . import receipt
from .content import Content
from .receipt import FileFacts, Statement
from .vault import Place, Tampered, Vault, canonical, open_with, seal_with

FILE = "file"


def draft_place(bid: Bid) -> Place:
    return Place(bid.call_id, bid.organisation_id, "draft")


def submission_place(bid: Bid) -> Place:
    return Place(bid.call_id, bid.organisation_id, "submission", str(bid.number))


def file_place(row: BidFile) -> Place:
    """Of the bytes of a file."""
    return Place(row.bid.call_id, row.bid.organisation_id, FILE, row.ref)


def facts_place(row: BidFile) -> Place:
    """Of its name and what else is known of it."""
    return Place(row.bid.call_id, row.bid.organisation_id, "facts", row.ref)


def put_draft(vault: Vault, bid: Bid, content: Content) -> None:
    """Seal the text for the bidder alone."""
    made = vault.seal(draft_place(bid), canonical(content), for_release=False)
    bid.draft, bid.draft_key = made.text, made.bidder_key
    bid.key_id = vault.master().fingerprint


def drop_draft(bid: Bid) -> None:
    """Forget what was saved since the last submission."""
    bid.draft = bid.draft_key = None
    if bid.sealed is None:
        bid.key_id = None


def put_submission(vault: Vault, bid: Bid, content: Content, at: datetime) -> None:
    """Seal the text and the files of the draft for the bidder and the release.

    The keys of the files are inside: what opens the text opens them.
    """
    bid.number += 1
    rows = [row for row in bid.files if row.in_draft]
    facts = [facts_of(vault, row) for row in rows]
    stated = receipt.statement(bid, at, content, facts, receipt.fresh_salt())
    inside = {"statement": stated, "keys": {row.ref: _key(vault, row) for row in rows}}
    made = vault.seal(submission_place(bid), canonical(inside), for_release=True)
    bid.sealed, bid.sealed_key = made.text, made.bidder_key
    bid.release_key, bid.key_id = made.release_key, vault.master().fingerprint
    bid.digest, bid.submitted_at = receipt.digest(stated), at
    bid.draft = bid.draft_key = None
    for row in rows:
        row.in_submission = True


def _key(vault: Vault, row: BidFile) -> dict[str, str]:
    """What opens a file, and the hash of what is to be opened."""
    return {"key": data_key(vault, row).hex(), "stored": row.stored}


def put_file(vault: Vault, row: BidFile, key: bytes, facts: Any) -> None:
    """Seal the name and facts of a file under its own data key."""
    row.facts = seal_with(key, facts_place(row), canonical(facts))
    row.bidder_key = vault.wrap(file_place(row), key)


def data_key(vault: Vault, row: BidFile) -> bytes:
    """The key of a file, for its bidder or once it is released."""
    if row.data_key is not None:
        return row.data_key
    return _as_known(vault, row.bid, file_place(row), row.bidder_key)


def _as_known(vault: Vault, bid: Bid, place: Place, wrapped: bytes | None) -> bytes:
    require_key(vault, bid)
    try:
        return vault.unwrap(place, wrapped or b"")
    except Tampered as error:
        raise Unavailable("bids.damaged") from error


def require_key(vault: Vault, bid: Bid) -> None:
    """Raise `Unavailable` if the bid was sealed under another master key."""
    if bid.key_id is not None and bid.key_id != vault.master().fingerprint:
        raise Unavailable("bids.key_wrong")


def facts_of(vault: Vault, row: BidFile) -> FileFacts:
    """Name, kind, size and hash of a file, for its bidder or once it is released."""
    if row.data_key is not None:
        return FileFacts(
            row.ref, row.name or "", row.kind or "", row.size or 0, row.sha256 or ""
        )
    key, place = data_key(vault, row), facts_place(row)
    try:
        return FileFacts(**json.loads(open_with(key, place, row.facts or b"")))
    except Tampered as error:
        raise Unavailable("bids.damaged") from error


def draft_of(vault: Vault, bid: Bid) -> Content | None:
    """The text saved since the last submission, for its bidder."""
    if bid.draft is None:
        return None
    found: Content = _opened(vault, bid, draft_place(bid), bid.draft, bid.draft_key)
    return found


def statement_of(vault: Vault, bid: Bid) -> Statement | None:
    """The submission in force, for its bidder or once it is released."""
    if bid.state is BidState.RELEASED:
        return released_statement(vault, bid)
    if bid.sealed is None:
        return None
    inside = _opened(vault, bid, submission_place(bid), bid.sealed, bid.sealed_key)
    found: Statement = inside["statement"]
    return found


def released_statement(vault: Vault, bid: Bid) -> Statement:
    """The statement of a released bid, put together from its columns."""
    assert bid.submitted_at is not None
    assert bid.content is not None
    files = [facts_of(vault, row) for row in bid.files]
    return receipt.statement(bid, bid.submitted_at, bid.content, files, bid.salt or "")


def enter_released(bid: Bid, inside: Any) -> set[str]:
    """What the release found inside, in the open; what was sealed is destroyed.

    A file whose key was not inside stays closed and is taken off; says by which names
    the store has such.
    """
    stated, keys = inside["statement"], inside["keys"]
    facts = {one["ref"]: FileFacts(**one) for one in stated["files"]}
    gone = drop_files(bid, [row for row in bid.files if row.ref not in keys])
    for row in bid.files:
        known = facts[row.ref]
        row.in_draft = row.in_submission = True
        row.data_key = bytes.fromhex(keys[row.ref]["key"])
        row.name, row.kind = known.name, known.kind
        row.size, row.sha256 = known.size, known.sha256
        row.facts = row.bidder_key = None
    bid.content, bid.salt = stated["content"], stated["salt"]
    bid.draft = bid.draft_key = None
    bid.sealed = bid.sealed_key = bid.release_key = bid.key_id = None
    return gone


def moment(bid: Bid) -> str:
    """When it was submitted, as its statement has it."""
    assert bid.submitted_at is not None
    return receipt.moment(bid.submitted_at)


def _opened(
    vault: Vault, bid: Bid, place: Place, sealed: bytes, wrapped: bytes | None
) -> Any:
    key = _as_known(vault, bid, place, wrapped)
    try:
        return json.loads(open_with(key, place, sealed))
    except Tampered as error:
        raise Unavailable("bids.damaged") from error


def content_of(vault: Vault, bid: Bid) -> Content | None:
    """What the bidder wrote last: the draft, else the submission; none if withdrawn."""
    draft = draft_of(vault, bid)
    if draft is not None:
        return draft
    stated = statement_of(vault, bid)
    return None if stated is None else stated["content"]


def destroy(bid: Bid) -> set[str]:
    """Destroy text, files and keys; says which files of the store went with them."""
    bid.draft = bid.draft_key = None
    bid.sealed = bid.sealed_key = bid.release_key = bid.key_id = None
    bid.digest = bid.submitted_at = None
    return drop_files(bid, bid.files)


def drop_files(bid: Bid, rows: Iterable[BidFile]) -> set[str]:
    """Take these files off the bid; says by which names the store has them."""
    gone = list(rows)
    for row in gone:
        bid.files.remove(row)
    return {row.stored for row in gone}


def destroy_all(session: Session, call: Call, *, now: datetime) -> None:
    """Destroy what is sealed for a call that ends without a release.

    Inside the transaction that stops it, with the call locked. The ciphertext of the
    files, which no key opens any more, is cleared away by the worker.
    """
    query = select(Bid).where(Bid.call_id == call.id, Bid.key_id.is_not(None))
    for bid in session.scalars(query):
        bid.move_to(BidState.WITHDRAWN)
        destroy(bid)
        bid.updated_at = now
        history.record(session, None, "bid.destroyed", bid, now=now)
