"""The 论证 of a call: experts are heard, staff pass or return it; then its opening."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Call, CallOpinion, User, transaction
from models.states import CallStatus

from ... import moments
from ...errors import Conflict, Invalid
from ...history import service as history
from ...jobs import outbox
from ...verification import reasons
from .. import tell
from ..service import locked
from ..versions.text import MOMENTS, keep
from .hints import without_figure
from .schema import Opening, Opinion, Return, require_hundred


@dataclass(frozen=True)
class Periods:
    """How long calls take where nobody says otherwise, in days.

    window     the shortest window that leaves people time to answer
    questions  how long before the end questions are taken
    """

    window: int = 30
    questions: int = 7


def submit(session: Session, actor: User, call: Call, *, now: datetime) -> None:
    """Hand the draft to the 论证, inside the running transaction."""
    call.move_to(CallStatus.ARGUED)
    call.return_codes = call.return_reason = call.approved_at = None
    call.updated_at = now
    history.record(session, actor, "call.submitted", call, now=now)
    outbox.touch(session, call, now=now)
    tell.staff(session, call, "call_submitted", now=now, actor=actor)


def hear(
    session: Session, actor: User, call_id: int, data: Opinion, *, now: datetime
) -> CallOpinion:
    """Enter what an expert said of the draft."""
    with transaction(session):
        call = locked(session, actor, call_id, "call.argue")
        _require_argued(call)
        opinion = CallOpinion(
            call_id=call.id,
            expert=data.expert,
            words=data.words,
            user_id=actor.id,
            at=now,
        )
        session.add(opinion)
        # The issuer reads the history, and not who said what.
        history.record(session, actor, "call.heard", call, now=now)
    return opinion


def give_back(
    session: Session, actor: User, call_id: int, data: Return, *, now: datetime
) -> Call:
    """Return the call to its author with what to change."""
    with transaction(session):
        call = _read(session, actor, call_id, data.version)
        entries = reasons.require(session, "call", data.coded)
        call.move_to(CallStatus.DRAFT)
        call.approved_at = None
        call.return_codes = data.coded
        call.return_reason = data.reason  # also without words: it was returned
        call.updated_at = now
        words = reasons.in_words(entries, data.reason)
        noted = {"codes": [None, data.coded], "words": [None, data.reason]}
        history.record(session, actor, "call.returned", call, now=now, changes=noted)
        outbox.touch(session, call, now=now)
        tell.authors(session, call, "call_returned", now=now, actor=actor, reason=words)
    return call


def approve(
    session: Session, actor: User, call_id: int, version: int, *, now: datetime
) -> Call:
    """Pass the call in the 论证; it may be opened then."""
    with transaction(session):
        call = _read(session, actor, call_id, version)
        _require_whole(call)
        call.approved_at = call.updated_at = now
        history.record(session, actor, "call.approved", call, now=now)
        tell.authors(session, call, "call_approved", now=now, actor=actor)
    return call


def open_call(
    session: Session,
    actor: User,
    call_id: int,
    data: Opening,
    *,
    periods: Periods,
    clock: Callable[[], datetime],
) -> Call:
    """Publish the call with its window; its first version is kept.

    Without a beginning it opens at once; without an end of questions they end so many
    days before the window does, and not before it begins. The clock is read once the
    row is held. Raises `Conflict` «call.not_approved» before the 论证 was passed,
    `Invalid` for a window that is over or in disorder.
    """
    with transaction(session):
        call = _read(session, actor, call_id, data.version)
        now = clock()
        if call.approved_at is None:
            raise Conflict("call.not_approved")
        _require_whole(call)
        opens = max(data.opens_at or now, now)
        closes = data.closes_at
        if closes is None or closes <= opens:
            raise Invalid({"closes_at": "揭榜截止须晚于揭榜开始，也不能早于现在"})
        until = data.questions_until
        if until is None:
            until = max(opens, closes - timedelta(days=periods.questions))
        if until < opens:
            raise Invalid({"questions_until": "提问截止不能早于揭榜开始"})
        call.opens_at, call.closes_at, call.questions_until = opens, closes, until
        call.move_to(CallStatus.OPEN)
        call.published_at = call.updated_at = now
        keep(session, call, actor, now=now)
        history.record(session, actor, "call.opened", call, now=now)
        outbox.touch(session, call, now=now)
        tell.authors(session, call, "call_opened", now=now, actor=actor)
    return call


def withdraw(
    session: Session, actor: User, call_id: int, version: int, *, now: datetime
) -> Call:
    """Give up a call that was never opened."""
    with transaction(session):
        call = locked(session, actor, call_id, "call.withdraw")
        if call.version != version:
            raise Conflict("changed_since_read")
        was_draft = call.status is CallStatus.DRAFT
        call.move_to(CallStatus.WITHDRAWN)
        call.updated_at = now
        history.record(session, actor, "call.withdrawn", call, now=now)
        if was_draft:
            outbox.note(session, call, now=now)
        else:
            outbox.touch(session, call, now=now)
    return call


def lacks_figures(call: Call) -> list[int]:
    """The goals, counted from 1, that say nothing measurable: staff are warned."""
    return without_figure(call.goals)


def _read(session: Session, actor: User, call_id: int, version: int) -> Call:
    """The argued call, held: a text nobody has read is not passed or opened."""
    call = locked(session, actor, call_id, "call.argue")
    _require_argued(call)
    if call.version != version:
        raise Conflict("changed_since_read")
    return call


def _require_argued(call: Call) -> None:
    if call.status is not CallStatus.ARGUED:
        raise Conflict("already_handled")


def _require_whole(call: Call) -> None:
    """What the form asks for the 论证 holds still, however the row came about."""
    if not call.goals:
        raise Conflict("call.no_goals")
    try:
        require_hundred([int(one["weight"]) for one in call.criteria])
    except ValueError as error:
        raise Conflict("call.weights") from error


def opinions(session: Session, call: Call) -> Sequence[CallOpinion]:
    """What the experts said, the oldest first."""
    query = (
        select(CallOpinion)
        .where(CallOpinion.call_id == call.id)
        .order_by(CallOpinion.id)
    )
    return session.scalars(query).all()


def planned(call: Call) -> dict[str, str]:
    """The window the author had in mind, as the form of the opening holds it."""
    return {name: moments.typed(getattr(call, name)) for name in MOMENTS}
