"""The letters the platform wrote, for the programs of its staff."""

from __future__ import annotations

from datetime import datetime

from models import Mail, utcnow
from models.states import MailState

from ..accounts.current import signed_in
from ..api.answers import Output, Place, Slice
from ..api.operations import Operations
from ..db import db
from ..schema import Input
from . import letters, service
from .web import settings

operations = Operations("mail", "邮件")


class MailQuery(Input):
    """Only the letters of one state."""

    state: MailState | None = None


class MailLine(Output):
    """A letter and what became of it; ``retry_at`` is null unless it waits."""

    id: int
    state: MailState
    subject: str
    recipient: str
    attempts: int
    last_error: str | None
    created_at: datetime
    done_at: datetime | None
    retry_at: datetime | None


class MailOut(MailLine):
    """``text`` is null where it holds a link that acts for the recipient."""

    text: str | None


def _line(mail: Mail, words: letters.Letter) -> MailLine:
    waits = mail.state is MailState.WAITING
    return MailLine(
        id=mail.id,
        state=mail.state,
        subject=words.subject,
        recipient=mail.recipient,
        attempts=mail.attempts,
        last_error=mail.last_error,
        created_at=mail.created_at,
        done_at=mail.done_at,
        retry_at=mail.retry_at if waits else None,
    )


def shown(mail: Mail) -> MailOut:
    """The letter, never with a secret of its recipient."""
    words = letters.letter(mail, settings())
    text = None if mail.has_secret else words.text
    return MailOut.model_validate(dict(_line(mail, words)) | {"text": text})


@operations.get("/mail", "mail.outbox", "发出的邮件")
def outbox(query: MailQuery, place: Place) -> Slice[MailLine]:
    return place.newest(
        db.session,
        service.every(signed_in(), query.state),
        Mail.id,
        lambda mail: _line(mail, letters.letter(mail, settings())),
    )


@operations.get("/mail/<int:mail_id>", "mail.show", "一封邮件")
def show(mail_id: int) -> MailOut:
    return shown(service.find(db.session, signed_in(), mail_id))


@operations.post("/mail/<int:mail_id>/retry", "mail.retry", "立即重新发送")
def retry(mail_id: int) -> MailOut:
    return shown(service.retry(db.session, signed_in(), mail_id, now=utcnow()))
