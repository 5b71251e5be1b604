"""Write, submit, replace and take back the bid of one's own organisation.

Everything that changes a bid locks its call first and reads the clock after that: what
is stored was in time when it was stored, and nothing is stored while it is released.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from models import Bid, BidRelease, BidSubmission, Call, User, transaction
from models.session import lock
from models.states import COUNTED_BIDS, BidState, CallPhase

from .. import labels, policies
from ..attachments import service as attachments
from ..calls.service import find_call
from ..errors import Conflict, Invalid, NotFound, Unavailable
from ..history import service as history
from . import content as texts
from . import sealing, tell
from .content import Content
from .safe import Safe
from .schema import BidInput
from .schema import BidSubmission as SubmissionInput

Clock = Callable[[], datetime]
LARGEST_ID = 2**31 - 1


def find_open_call(session: Session, actor: User, call_id: int, clock: Clock) -> Call:
    """A call the actor's organisation may bid for at this moment.

    Raises `Conflict` for its own call and outside the window.
    """
    call = find_call(session, actor, call_id)
    policies.require(actor, "bid.create")
    require_open(session, call, actor, clock())
    return call


def require_open(session: Session, call: Call, actor: User, now: datetime) -> None:
    """Raise `Conflict` unless the actor's organisation may still change its bid."""
    if call.issuer_id == actor.organisation_id:
        raise Conflict("bid.own_call")
    phase = call.phase(now)
    if phase is CallPhase.CLOSED:
        raise Conflict("bid.too_late", closed=closed_words(call))
    if phase is CallPhase.UPCOMING:
        raise Conflict("bid.too_early", opens=labels.since(call.opens_at))
    if not call.takes_bids_at(now):
        raise Conflict("bid.not_open")
    begun = select(BidRelease.id).where(BidRelease.call_id == call.id)
    if session.scalar(begun) is not None:
        # Somebody saw the call closed: a clock set back does not open it again.
        raise Conflict("bid.too_late", closed=closed_words(call))


def closed_words(call: Call) -> str:
    """When the call closes or closed, as people say it."""
    return "" if call.closes_at is None else labels.until(call.closes_at)


def require_known_key(session: Session, safe: Safe) -> None:
    """Raise `Unavailable` if anything is sealed under another key than that in force.

    Then the file was replaced, and what would be sealed now could not be released
    together with the rest.
    """
    own = safe.vault.master().fingerprint
    # Two ends of an index; «another than» would read it all.
    other = select(Bid.id).where(or_(Bid.key_id < own, Bid.key_id > own))
    if session.scalar(other.limit(1)) is not None:
        raise Unavailable("bids.key_wrong")


def own_bid(session: Session, actor: User, call: Call) -> Bid | None:
    """The bid of the actor's organisation for the call, in whatever state."""
    query = select(Bid).where(
        Bid.call_id == call.id, Bid.organisation_id == actor.organisation_id
    )
    return session.scalar(query)


def find_own(session: Session, actor: User, bid_id: int) -> Bid:
    """A bid of the actor's own organisation; raises `NotFound` for any other."""
    bid = find_bid(session, actor, bid_id)
    if bid.organisation_id != actor.organisation_id:
        raise NotFound("bid")
    return bid


def find_bid(session: Session, user: User, bid_id: int) -> Bid:
    """A bid the person may read; raises `NotFound` for any other."""
    query = select(Bid).where(Bid.id == bid_id, policies.visible_bids(user))
    bid = session.scalar(query) if 0 < bid_id <= LARGEST_ID else None
    if bid is None:
        raise NotFound("bid")
    return bid


def save(
    session: Session,
    safe: Safe,
    actor: User,
    call_id: int,
    data: BidInput,
    *,
    clock: Clock,
) -> Bid:
    """Keep the text as a draft; what was submitted stays in force.

    Raises `Conflict` «bid.stale» where another text was saved since the form was
    opened, and outside the window.
    """
    with safe.turn(session), transaction(session):
        bid, content, now = _written(session, safe, actor, call_id, data, clock)
        if _is_submitted(safe, bid, content):
            sealing.drop_draft(bid)  # changed and changed back
        elif content != sealing.draft_of(safe.vault, bid):
            sealing.put_draft(safe.vault, bid, content)
            bid.updated_at = now
    return bid


def submit(
    session: Session,
    safe: Safe,
    actor: User,
    call_id: int,
    data: SubmissionInput,
    *,
    clock: Clock,
) -> Bid:
    """Seal the text and the files as the bid in force; an earlier one is destroyed.

    Sent twice it is one submission. Raises `Invalid` for what is still missing,
    `Conflict` as `save` does.
    """
    gone: set[str] = set()
    with safe.turn(session), transaction(session):
        bid, content, now = _written(session, safe, actor, call_id, data, clock)
        if lacking := texts.missing(content):
            raise Invalid(lacking)
        if not _is_submitted(safe, bid, content):
            gone = sealing.drop_files(bid, [f for f in bid.files if not f.in_draft])
            sealing.put_submission(safe.vault, bid, content, now)
            bid.move_to(BidState.SUBMITTED)
            bid.updated_at = now
            _note_submission(session, actor, bid, now)
    attachments.clear(session, safe.store, gone)
    return bid


def _is_submitted(safe: Safe, bid: Bid, content: Content) -> bool:
    """Whether this very text with these files is what is in force already."""
    if bid.state is not BidState.SUBMITTED:
        return False
    stated = sealing.statement_of(safe.vault, bid)
    same_files = all(row.in_draft == row.in_submission for row in bid.files)
    return stated is not None and stated["content"] == content and same_files


def _written(
    session: Session,
    safe: Safe,
    actor: User,
    call_id: int,
    data: BidInput,
    clock: Clock,
) -> tuple[Bid, Content, datetime]:
    """The actor's bid, locked with its call, the text it is to have, and the moment."""
    require_known_key(session, safe)
    call, now = locked(session, actor, call_id, clock)
    content = texts.of_form(data, call.goals)
    bid = own_bid(session, actor, call)
    stored = None if bid is None else sealing.content_of(safe.vault, bid)
    if stored not in (None, content) and data.seen != texts.mark(stored):
        raise Conflict("bid.stale")
    return begun(session, actor, call, bid, now), content, now


def locked(
    session: Session, actor: User, call_id: int, clock: Clock
) -> tuple[Call, datetime]:
    """The call with its row locked, and the moment at which it is known to be open."""
    call = find_call(session, actor, call_id)
    policies.require(actor, "bid.create")
    lock(session, call)
    now = clock()
    require_open(session, call, actor, now)
    return call, now


def begun(
    session: Session, actor: User, call: Call, bid: Bid | None, now: datetime
) -> Bid:
    """The bid itself: a new one, or the one there is, taken up again if withdrawn."""
    if bid is None:
        assert actor.organisation_id is not None
        bid = Bid(
            call_id=call.id,
            call=call,
            organisation_id=actor.organisation_id,
            user_id=actor.id,
            state=BidState.DRAFT,
            number=0,
            is_demo=call.is_demo,
            created_at=now,
            updated_at=now,
        )
        session.add(bid)
        session.flush()
        history.record(session, actor, "bid.created", bid, now=now)
    elif bid.state is BidState.WITHDRAWN:
        bid.move_to(BidState.DRAFT)
        history.record(session, actor, "bid.begun_anew", bid, now=now)
    bid.user_id = actor.id
    return bid


def _note_submission(session: Session, actor: User, bid: Bid, now: datetime) -> None:
    """The receipt, the line in the history, the notice and the letters."""
    assert bid.digest is not None
    session.add(
        BidSubmission(
            bid_id=bid.id,
            number=bid.number,
            at=now,
            user_id=actor.id,
            sha256=bid.digest,
        )
    )
    changes = {"number": [None, bid.number], "digest": [None, bid.digest]}
    history.record(session, actor, "bid.submitted", bid, now=now, changes=changes)
    tell.submitted(session, bid, now=now)


def drop_changes(
    session: Session, safe: Safe, actor: User, bid_id: int, *, clock: Clock
) -> Bid:
    """Forget what was changed since the submission, which stays in force."""
    with safe.turn(session), transaction(session):
        bid, now = _own_locked(session, actor, bid_id, clock)
        if bid.state is not BidState.SUBMITTED:
            raise Conflict("bid.nothing_submitted")
        gone = sealing.drop_files(bid, [f for f in bid.files if not f.in_submission])
        for row in bid.files:
            row.in_draft = True
        sealing.drop_draft(bid)
        bid.updated_at = now
        history.record(session, actor, "bid.changes_dropped", bid, now=now)
    attachments.clear(session, safe.store, gone)
    return bid


def withdraw(
    session: Session, safe: Safe, actor: User, bid_id: int, *, clock: Clock
) -> Bid:
    """Take the bid back: its text, its files and their keys are destroyed.

    The receipts stay. Before the call closes it can be begun anew.
    """
    with safe.turn(session), transaction(session):
        bid, now = _own_locked(session, actor, bid_id, clock)
        was_submitted = bid.state is BidState.SUBMITTED
        bid.move_to(BidState.WITHDRAWN)
        gone = sealing.destroy(bid)
        bid.updated_at = now
        action = "bid.withdrawn" if was_submitted else "bid.draft_destroyed"
        history.record(session, actor, action, bid, now=now)
        if was_submitted:
            tell.withdrawn(session, bid, now=now)
    attachments.clear(session, safe.store, gone)
    return bid


def _own_locked(
    session: Session, actor: User, bid_id: int, clock: Clock
) -> tuple[Bid, datetime]:
    bid = find_own(session, actor, bid_id)
    policies.require(actor, "bid.edit", bid)
    lock(session, bid.call)
    lock(session, bid)
    now = clock()
    require_open(session, bid.call, actor, now)
    return bid, now


def count(session: Session, call: Call) -> int:
    """How many bids the call has; for everybody once it has closed."""
    query = select(func.count(Bid.id)).where(
        Bid.call_id == call.id, Bid.state.in_(COUNTED_BIDS)
    )
    return session.scalar(query) or 0
