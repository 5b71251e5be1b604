"""Queue mails inside a transaction, send them, show what became of them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Select, delete, func, select
from sqlalchemy.orm import Session

from models import Mail, User, transaction
from models.states import MailState

from .. import policies
from ..config import Settings
from ..errors import Conflict, NotFound
from ..history import service as history
from ..paging import turn
from . import letters, post

log = structlog.get_logger()

PER_PAGE = 20
AT_ONCE = 20
# A letter taken in hand and not marked sent was lost with its worker: the next
# may try after this.
IN_HAND = timedelta(minutes=10)
# Tried again after 1, 2, 4 … minutes, an hour at most; never given up while the
# server is away.
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
# What was sent says whom we wrote to about what; for half a year that helps to answer
# questions, then it is only personal data.
KEPT = timedelta(days=180)


@dataclass(frozen=True)
class Outbox:
    """One page of the mails; ``page`` is the one shown, not the one asked."""

    mails: Sequence[Mail]
    total: int
    page: int
    pages: int
    waiting: int
    failed: int


def queue(session: Session, to: str, kind: str, *, now: datetime, **facts: Any) -> Mail:
    """Write a mail inside the running transaction; the worker sends it afterwards.

    ``kind`` names a file of `templates/mail`, whose words know the ``facts``.
    ``path`` is the page its link opens, ``token`` that link's secret.
    """
    if kind not in letters.kinds():
        raise ValueError(f"unknown kind of mail: {kind}")
    mail = Mail(recipient=to, kind=kind, facts=facts, created_at=now, retry_at=now)
    session.add(mail)
    session.info["wake_mail"] = True
    return mail


def write_to(
    session: Session,
    people: Iterable[int],
    *,
    title: str,
    words: str,
    path: str,
    now: datetime,
) -> None:
    """A letter to each of these people that there is something, and where."""
    readers = select(User.email).where(User.id.in_(people)).order_by(User.id)
    for address in session.scalars(readers).all():
        queue(session, address, "notice", now=now, title=title, words=words, path=path)


def count_since(
    session: Session, to: str, kinds: Sequence[str], since: datetime
) -> int:
    """How many mails of these kinds were written to the address since then."""
    query = select(func.count(Mail.id)).where(
        Mail.recipient == to, Mail.kind.in_(kinds), Mail.created_at > since
    )
    return session.scalar(query) or 0


def deliver(
    session: Session, settings: Settings, *, clock: Callable[[], datetime]
) -> int:
    """Send all that is due; returns how many letters left."""
    left = 0
    while ids := _taken_in_hand(session, clock()):
        try:
            with post.opened(settings) as way:
                for place, mail_id in enumerate(ids):
                    left += _send(session, way, mail_id, clock)
                    ids[place] = 0
        except post.Unreachable as error:
            log.warning("mail.unreachable", error=str(error))
            _put_off(session, [each for each in ids if each], str(error), clock())
            break
    return left


def _taken_in_hand(session: Session, now: datetime) -> list[int]:
    """The mails to send now, kept from other workers for a while."""
    due = (
        select(Mail.id)
        .where(Mail.state == MailState.WAITING, Mail.retry_at <= now)
        .order_by(Mail.id)
        .limit(AT_ONCE)
    )
    session.rollback()
    if session.scalar(due.limit(1)) is None:
        session.rollback()
        return []
    with transaction(session):
        mails = session.scalars(
            select(Mail)
            .where(Mail.id.in_(list(session.scalars(due))))
            .where(Mail.state == MailState.WAITING, Mail.retry_at <= now)
            .order_by(Mail.id)
            .with_for_update(skip_locked=True)
        ).all()
        for mail in mails:
            mail.retry_at = now + IN_HAND
        old = Mail.state != MailState.WAITING, Mail.done_at < now - KEPT
        session.execute(delete(Mail).where(*old))
        return [mail.id for mail in mails]


def _send(
    session: Session,
    way: post.Folder | post.Server,
    mail_id: int,
    clock: Callable[[], datetime],
) -> bool:
    mail = session.get(Mail, mail_id)
    if mail is None or mail.state is not MailState.WAITING:
        return False
    refusal = None
    try:
        way.take(mail)
    except post.Refused as error:
        refusal = str(error)
        log.warning("mail.refused", mail=mail_id, error=refusal)
    except post.NotNow as error:
        # A full mailbox must not hold up the letters behind it.
        _put_off(session, [mail_id], str(error), clock())
        return False
    with transaction(session):
        mail = session.get_one(Mail, mail_id)
        mail.attempts += 1
        mail.last_error, mail.done_at = refusal, clock()
        mail.state = MailState.FAILED if refusal else way.done
        if mail.state is MailState.SENT:
            # The secret is in the recipient's hands; a copy here helps nobody.
            mail.facts = {k: v for k, v in mail.facts.items() if k != "token"}
    return refusal is None


def _put_off(session: Session, ids: list[int], why: str, now: datetime) -> None:
    with transaction(session):
        for mail in session.scalars(select(Mail).where(Mail.id.in_(ids))):
            mail.attempts += 1
            mail.last_error = why
            wait = FIRST_WAIT * 2 ** min(mail.attempts - 1, 10)
            mail.retry_at = now + min(wait, LONGEST_WAIT)


def _shown() -> ColumnElement[bool]:
    """What the staff may look at: not who got a receipt for a bid."""
    return Mail.kind.not_in(letters.UNSEEN)


def every(actor: User, state: MailState | None = None) -> Select[Mail]:
    """The mails the staff may look at, of one state or all."""
    policies.require(actor, "mail.read")
    found = select(Mail).where(_shown())
    return found if state is None else found.where(Mail.state == state)


def outbox(session: Session, actor: User, page: int, state: str = "") -> Outbox:
    """Every mail, newest first, with what became of it."""
    policies.require(actor, "mail.read")
    counted = dict(
        session.execute(
            select(Mail.state, func.count()).where(_shown()).group_by(Mail.state)
        ).all()
    )
    wanted = [each for each in MailState if each.value == state] or list(MailState)
    total = sum(counted.get(each, 0) for each in wanted)
    here = turn(page, total, PER_PAGE)
    mails = session.scalars(
        select(Mail)
        .where(Mail.state.in_(wanted), _shown())
        .order_by(Mail.id.desc())
        .offset(here.start)
        .limit(PER_PAGE)
    ).all()
    waiting = counted.get(MailState.WAITING, 0)
    return Outbox(
        mails, total, here.page, here.pages, waiting, counted.get(MailState.FAILED, 0)
    )


def find(session: Session, actor: User, mail_id: int) -> Mail:
    """One mail; raises `NotFound`."""
    policies.require(actor, "mail.read")
    mail = session.get(Mail, mail_id) if mail_id < 2**31 else None
    if mail is None or mail.kind in letters.UNSEEN:
        raise NotFound("mail")
    return mail


def some(session: Session, ids: Sequence[int]) -> Sequence[Mail]:
    """These mails, newest first: what one browser waits for in a demonstration."""
    query = select(Mail).where(Mail.id.in_(ids)).order_by(Mail.id.desc())
    return session.scalars(query).all()


def retry(session: Session, actor: User, mail_id: int, *, now: datetime) -> Mail:
    """Send a mail that failed, or that waits for its next attempt, now."""
    policies.require(actor, "mail.retry")
    with transaction(session):
        mail = find(session, actor, mail_id)
        if mail.state not in (MailState.FAILED, MailState.WAITING):
            raise Conflict("mail.gone")
        before = mail.state
        mail.state, mail.retry_at, mail.done_at = MailState.WAITING, now, None
        session.info["wake_mail"] = True
        changes = {"state": [before, MailState.WAITING]}
        history.record(session, actor, "mail.retried", mail, now=now, changes=changes)
    return mail
