"""Hold bids against their receipts: all of them, or one file somebody brings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import and_, false, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from models import Bid, BidFile, BidSubmission, User
from models.states import BidState

from ..errors import DomainError
from . import files, receipt, sealing
from .safe import Safe
from .vault import Tampered

AT_ONCE = 50


@dataclass(frozen=True)
class Found:
    """What the check of one bid found amiss, in words for the operator."""

    bid_id: int
    words: str


@dataclass(frozen=True)
class Report:
    """How many bids and files were looked at, and what was amiss."""

    released: int
    sealed: int
    files: int
    found: Sequence[Found]


def check_all(session: Session, safe: Safe) -> Report:
    """Verify the digest of every released bid and the bytes of every file.

    Of a sealed bid the text stays closed: its receipts must agree with each other, it
    must be sealed under the key in force, and the ciphertext of its files be whole.
    """
    released = sealed = looked = last = 0
    found: list[Found] = []
    fingerprint = safe.vault.master().fingerprint
    while bids := _next(session, last):
        for bid in bids:
            last = bid.id
            looked += len(bid.files)
            released += bid.state is BidState.RELEASED
            sealed += bid.state is BidState.SUBMITTED
            wrong = [*_of_receipts(bid), *_of_files(safe, bid)]
            if bid.key_id not in (None, fingerprint):
                wrong.append(f"sealed under another key ({bid.key_id})")
            if bid.state is BidState.RELEASED:
                wrong += _of_content(safe, bid)
            found += [Found(bid.id, words) for words in wrong]
        session.rollback()
    return Report(released, sealed, looked, found)


def _next(session: Session, last: int) -> Sequence[Bid]:
    query = (
        select(Bid)
        .where(Bid.id > last)
        .options(selectinload(Bid.submissions), selectinload(Bid.files))
        .order_by(Bid.id)
        .limit(AT_ONCE)
    )
    return session.scalars(query).all()


def _of_receipts(bid: Bid) -> list[str]:
    numbers = [each.number for each in bid.submissions]
    wrong = []
    if numbers != list(range(1, bid.number + 1)):
        wrong.append(f"receipts {numbers} of {bid.number} submissions")
    if bid.digest is not None and (
        not bid.submissions or bid.submissions[-1].sha256 != bid.digest
    ):
        wrong.append("the last receipt is not that of the bid")
    return wrong


def _of_content(safe: Safe, bid: Bid) -> list[str]:
    stated = sealing.released_statement(safe.vault, bid)
    if receipt.digest(stated) == bid.digest:
        return []
    return ["the content does not agree with the receipt"]


def _of_files(safe: Safe, bid: Bid) -> list[str]:
    return [
        f"file {row.id}: {words}" for row in bid.files if (words := _of_file(safe, row))
    ]


def _of_file(safe: Safe, row: BidFile) -> str:
    if not files.is_whole(safe, row.stored):
        return "the stored bytes are missing or changed"
    if row.data_key is None:
        return ""
    digest = sha256()
    try:
        for block in files.opened(safe, row):
            digest.update(block)
    except (Tampered, DomainError):
        return "does not open"
    return "" if digest.hexdigest() == row.sha256 else "not what the receipt says"


def submission_of(
    session: Session, user: User | None, digest: str
) -> BidSubmission | None:
    """The submission with this receipt, if the person may know of it.

    The bidder always may; who merely has the file, once the bid is released.
    """
    newest = and_(Bid.state == BidState.RELEASED, BidSubmission.number == Bid.number)
    home = None if user is None else user.organisation_id
    own = false() if home is None else Bid.organisation_id == home
    query = (
        select(BidSubmission)
        .join(Bid, BidSubmission.bid_id == Bid.id)
        .where(BidSubmission.sha256 == digest, or_(own, newest))
        .options(joinedload(BidSubmission.bid).joinedload(Bid.call))
    )
    return session.scalars(query).first()
