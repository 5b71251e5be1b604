"""The release: two of the staff, after the call has closed, open all its bids at once.

Where nobody bid there is nothing to open, and one press ends the call (流榜).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Bid, BidRelease, Call, User, transaction
from models.session import lock
from models.states import BidState, CallStatus

from ... import policies
from ...attachments import service as attachments
from ...calls.service import find_call
from ...errors import Conflict, Unavailable
from ...history import service as history
from ...jobs import outbox
from .. import files, receipt, sealing, tell
from ..safe import Safe
from ..service import Clock, count
from ..vault import Tampered
from .key import Opener

# What may be found at a release, in words.
FAULTS: Mapping[str, str] = {
    "unopened": "密文无法解开，可能已损坏；这份揭榜书没有启封",
    "digest": "内容与回执不一致",
    "file_missing": "附件的密文缺失或已损坏",
    "file_changed": "附件的记录与提交时不一致",
}
# Of the dictionary «call_end».
NO_BID, NO_BID_WORDS = "no_bid", "截止时没有单位揭榜"


@dataclass(frozen=True)
class Standing:
    """How far the release of a call is, for the page of the staff.

    bids      how many are sealed, or were opened
    hindrance the code of the `Conflict` the actor would meet; empty if it may press
    """

    call: Call
    release: BidRelease | None
    bids: int
    hindrance: str

    @property
    def is_done(self) -> bool:
        return self.release is not None and self.release.released_at is not None


def standing(session: Session, actor: User, call_id: int, now: datetime) -> Standing:
    """How far it is, without changing anything."""
    call = _find(session, actor, call_id)
    release, bids = _release_of(session, call), count(session, call)
    try:
        _require_closed(call, now)
        _require_impartial(session, call, actor)
        _require_another(release, actor)
    except Conflict as conflict:
        return Standing(call, release, bids, conflict.code)
    return Standing(call, release, bids, "")


def approve(
    session: Session, safe: Safe, actor: User, call_id: int, *, clock: Clock
) -> BidRelease:
    """One of two presses; at the second the bids are opened.

    Raises `Conflict` before the call has closed, for the same person twice, and for a
    member of the issuer or of a bidder.
    """
    _require_closed(_find(session, actor, call_id), clock())
    damaged = _damaged_files(session, safe, call_id)
    gone: set[str] = set()
    with transaction(session):
        call = _find(session, actor, call_id)
        lock(session, call)
        now = clock()
        _require_closed(call, now)
        _require_impartial(session, call, actor)
        release = _release_of(session, call)
        _require_another(release, actor)
        sealed = list(_sealed(session, call))
        if release is None:
            release = BidRelease(
                call_id=call.id, first_by_id=actor.id, first_at=now, faults=[], bids=0
            )
            session.add(release)
        elif sealed:
            release.second_by_id, release.second_at = actor.id, now
        if not sealed:
            gone = _end_without_bids(session, actor, call, release, now)
        elif release.second_by_id is None:
            history.record(session, actor, "call.release_approved", call, now=now)
            tell.approved(session, call, actor, now=now)
        else:
            gone = _open_all(session, safe, actor, release, sealed, damaged, now)
    attachments.clear(session, safe.store, gone)
    return release


def retry(
    session: Session, safe: Safe, actor: User, call_id: int, *, clock: Clock
) -> BidRelease:
    """Try again what did not open, after what was damaged has been restored.

    Raises `Conflict` before a release and where nothing is left to open.
    """
    _find(session, actor, call_id)
    damaged = _damaged_files(session, safe, call_id)
    with transaction(session):
        call = _find(session, actor, call_id)
        lock(session, call)
        now = clock()
        release = _release_of(session, call)
        sealed = list(_sealed(session, call))
        if release is None or release.released_at is None or not sealed:
            raise Conflict("release.nothing_left")
        opened = _opened(safe, Opener(safe.vault, call, release, now), sealed, damaged)
        gone = _enter(session, actor, release, sealed, opened, now)
        history.record(session, actor, "call.release_retried", call, now=now)
    attachments.clear(session, safe.store, gone)
    return release


def _find(session: Session, actor: User, call_id: int) -> Call:
    """The call, for one of the staff; raises `Forbidden` for others."""
    call = find_call(session, actor, call_id)
    policies.require(actor, "bid.release")
    return call


def _require_closed(call: Call, now: datetime) -> None:
    if call.status is not CallStatus.OPEN:
        raise Conflict("release.not_waiting")
    if not call.is_closed_at(now):
        raise Conflict("release.too_early")


def _require_impartial(session: Session, call: Call, actor: User) -> None:
    """Nobody of the issuer or of a bidder opens the bids."""
    home = actor.organisation_id
    if home is None:
        return
    bidders = select(Bid.organisation_id).where(
        Bid.call_id == call.id, Bid.state == BidState.SUBMITTED
    )
    if home == call.issuer_id or home in set(session.scalars(bidders)):
        raise Conflict("release.partial")


def _require_another(release: BidRelease | None, actor: User) -> None:
    if release is not None and release.first_by_id == actor.id:
        raise Conflict("release.same_person")


def _release_of(session: Session, call: Call) -> BidRelease | None:
    query = select(BidRelease).where(BidRelease.call_id == call.id)
    return session.scalar(query)


def _sealed(session: Session, call: Call) -> Iterator[Bid]:
    query = select(Bid).where(Bid.call_id == call.id, Bid.state == BidState.SUBMITTED)
    yield from session.scalars(query.order_by(Bid.id))


def _damaged_files(session: Session, safe: Safe, call_id: int) -> set[str]:
    """Files whose ciphertext is not whole; looked at before anything is locked.

    Nobody changes them meanwhile, since the call has closed.
    """
    query = select(Bid).where(Bid.call_id == call_id, Bid.state == BidState.SUBMITTED)
    stored = {row.stored for bid in session.scalars(query) for row in bid.files}
    session.rollback()
    return {name for name in stored if not files.is_whole(safe, name)}


def _end_without_bids(
    session: Session, actor: User, call: Call, release: BidRelease, now: datetime
) -> set[str]:
    release.released_at = now
    call.move_to(CallStatus.FAILED)
    call.end_code, call.end_reason = NO_BID, NO_BID_WORDS
    call.updated_at = now
    outbox.touch(session, call, now=now)
    history.record(
        session,
        actor,
        "call.without_bids",
        call,
        now=now,
        changes={"status": [CallStatus.OPEN, CallStatus.FAILED]},
    )
    tell.failed(session, call, now=now)
    return _destroy_drafts(session, call)


def _open_all(
    session: Session,
    safe: Safe,
    actor: User,
    release: BidRelease,
    sealed: list[Bid],
    damaged: set[str],
    now: datetime,
) -> set[str]:
    call = sealed[0].call
    opened = _opened(safe, Opener(safe.vault, call, release, now), sealed, damaged)
    if not opened.texts:
        # Not one of them: then it is the key, and nothing has been released.
        raise Unavailable("bids.key_wrong")
    release.released_at = now
    gone = _enter(session, actor, release, sealed, opened, now)
    call.move_to(CallStatus.IN_REVIEW)
    call.updated_at = now
    outbox.touch(session, call, now=now)
    history.record(
        session,
        actor,
        "call.released",
        call,
        now=now,
        changes={
            "status": [CallStatus.OPEN, CallStatus.IN_REVIEW],
            "bids": [None, release.bids],
        },
    )
    return gone | _destroy_drafts(session, call)


@dataclass(frozen=True)
class _Opened:
    """What was inside, by bid; and what was found amiss."""

    texts: dict[int, Any]
    faults: list[dict[str, Any]]


def _opened(
    safe: Safe, opener: Opener, sealed: list[Bid], damaged: set[str]
) -> _Opened:
    """Open each bid; what is amiss with one does not keep the others closed."""
    found = _Opened({}, [])
    for bid in sealed:
        try:
            text = opener.open(
                sealing.submission_place(bid), bid.sealed or b"", bid.release_key or b""
            )
        except Tampered:
            wrong = {"unopened"}
        else:
            inside = json.loads(text)
            found.texts[bid.id] = inside
            wrong = _disagrees(bid, inside, damaged)
        found.faults.extend(
            {"bid_id": bid.id, "organisation": bid.organisation.name, "what": what}
            for what in sorted(wrong)
        )
    return found


def _disagrees(bid: Bid, inside: Any, damaged: set[str]) -> set[str]:
    """How what was inside differs from the receipt and from the files there are."""
    stated, keys, wrong = inside["statement"], inside["keys"], set()
    digest = receipt.digest(stated)
    if digest != bid.digest or digest != bid.submissions[-1].sha256:
        wrong.add("digest")
    if stated["at"] != sealing.moment(bid):
        wrong.add("digest")
    rows = {row.ref: row for row in bid.files if row.in_submission}
    if {ref: row.stored for ref, row in rows.items()} != {
        ref: one["stored"] for ref, one in keys.items()
    }:
        wrong.add("file_changed")
    if any(row.stored in damaged for row in rows.values()):
        wrong.add("file_missing")
    return wrong


def _enter(
    session: Session,
    actor: User,
    release: BidRelease,
    sealed: list[Bid],
    opened: _Opened,
    now: datetime,
) -> set[str]:
    """Put what was opened into the columns; tell who has been opened, and what not.

    Returns the names of files that were not part of what was submitted.
    """
    gone: set[str] = set()
    done = [bid for bid in sealed if bid.id in opened.texts]
    for bid in done:
        gone |= sealing.enter_released(bid, opened.texts[bid.id])
        bid.move_to(BidState.RELEASED)
        bid.updated_at = now
        changes = {"digest": [None, bid.digest]}
        history.record(session, actor, "bid.released", bid, now=now, changes=changes)
    told = {bid.id for bid in sealed}
    kept = [fault for fault in release.faults if fault["bid_id"] not in told]
    release.faults = [*kept, *opened.faults]
    release.bids += len(done)
    call = sealed[0].call
    tell.released(session, call, done, now=now)
    tell.faults(session, release, call, now=now)
    return gone


def _destroy_drafts(session: Session, call: Call) -> set[str]:
    """What was written and not submitted in time is nobody's to read any more."""
    gone: set[str] = set()
    query = select(Bid).where(Bid.call_id == call.id, Bid.draft.is_not(None))
    for bid in session.scalars(query):
        sealing.drop_draft(bid)
        gone |= sealing.drop_files(bid, [f for f in bid.files if not f.in_submission])
    return gone
