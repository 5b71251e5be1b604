"""What whoever may read a bid is shown of it, on its pages and by programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models import Bid, User
from models.states import BidState

from .. import policies
from . import receipt, sealing
from .content import Content
from .receipt import FileFacts, Statement
from .vault import Vault

Files = Sequence[tuple[int | None, FileFacts]]


@dataclass(frozen=True)
class Reading:
    """A bid as it is read: what was submitted, else the draft.

    stated   the statement in force, None where nothing was submitted
    content  its text, or that of the draft; None where nothing is left
    files    its files, each with the number of its row, if it is still there
    agrees   whether the statement hashes to the receipt
    """

    stated: Statement | None
    content: Content | None
    files: Files
    agrees: bool

    @property
    def is_draft(self) -> bool:
        return self.stated is None


def read(vault: Vault, bid: Bid) -> Reading:
    """The bid, for whoever may; that was asked before."""
    stated = sealing.statement_of(vault, bid)
    if stated is None:
        content = sealing.draft_of(vault, bid)
        return Reading(None, content, draft_files(vault, bid), agrees=False)
    files = stated_files(bid, stated)
    return Reading(stated, stated["content"], files, agrees(bid, stated))


def stated_files(bid: Bid, stated: Statement | None) -> Files:
    """The files of a submission, each with the number of its row where that is left."""
    refs = {row.ref: row.id for row in bid.files}
    found = [FileFacts(**one) for one in stated["files"]] if stated else []
    return [(refs.get(one.ref), one) for one in found]


def agrees(bid: Bid, stated: Statement | None) -> bool:
    """Whether what was submitted hashes to the receipt."""
    return stated is not None and receipt.digest(stated) == bid.digest


def draft_files(vault: Vault, bid: Bid | None) -> Files:
    """The files of the draft, each with the number of its row."""
    rows = [] if bid is None else [row for row in bid.files if row.in_draft]
    return [(row.id, sealing.facts_of(vault, row)) for row in rows]


def goals_changed(vault: Vault, bid: Bid) -> bool:
    """Whether the goals of the call are others than those that were answered."""
    if bid.state is not BidState.SUBMITTED or bid.draft is not None:
        return False
    stored = sealing.content_of(vault, bid)
    answered = [one["goal"] for one in stored["goals"]] if stored else []
    return answered != list(bid.call.goals)


def reads_contact(user: User | None) -> bool:
    """Whether a reader of bids is told whom to call: who judges them is not."""
    return not policies.may(user, "review.write")
