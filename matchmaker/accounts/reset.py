"""A forgotten password: a link by mail, which tells nobody who has an account."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Mail, User, transaction
from models.states import TokenPurpose

from ..errors import Conflict, Invalid
from ..history import service as history
from ..mail import service as mail
from . import links, lockout, passwords
from .schema import EmailOnly, NewPassword, weakness
from .sessions import end_all

# Nobody can have more than this written to an address in an hour.
MOST_AN_HOUR = 3


def ask(session: Session, data: EmailOnly, *, now: datetime) -> Mail | None:
    """Write to the e-mail: its link, or that there is no account. Never says which.

    None where enough was written to this address already.
    """
    with transaction(session):
        if (
            mail.count_since(
                session,
                data.email,
                ("no_account", "password_reset"),
                now - timedelta(hours=1),
            )
            >= MOST_AN_HOUR
        ):
            return None
        user = session.scalar(
            select(User).where(User.email == data.email, User.active.is_(True))
        )
        if user is None:
            return mail.queue(session, data.email, "no_account", now=now, path="/")
        secret = links.issue(session, TokenPurpose.RESET, user.id, now=now)
        return mail.queue(
            session,
            user.email,
            "password_reset",
            now=now,
            name=user.name,
            path="/password/reset",
            token=secret,
            hours=int(links.LIVES[TokenPurpose.RESET].total_seconds() // 3600),
        )


def owner(session: Session, secret: str, *, now: datetime) -> User:
    """Whose password the link replaces; raises `Conflict` when it opens nothing."""
    user = session.get(
        User, links.subject(session, TokenPurpose.RESET, secret, now=now)
    )
    if user is None or not user.active:
        raise Conflict("link.unknown")
    return user


def set_new(session: Session, secret: str, data: NewPassword, *, now: datetime) -> User:
    """Replace the password; every session ends, and a lock is lifted."""
    with transaction(session):
        user = owner(session, secret, now=now)
        check_new(data, user.email)
        links.spend(session, TokenPurpose.RESET, secret, now=now)
        user.password_hash = passwords.hashed(data.new)
        end_all(session, user.id, now=now)
        lockout.clear(session, user.email)
        history.record(session, user, "user.password_reset", user, now=now)
        mail.queue(
            session,
            user.email,
            "password_changed",
            now=now,
            name=user.name,
            path="/password/forgot",
        )
    return user


def check_new(data: NewPassword, email: str) -> None:
    """Raise `Invalid` unless the password will do and was typed twice alike."""
    errors: dict[str, str] = {}
    if weak := weakness(data.new, email):
        errors["new"] = weak
    if data.repeated != data.new:
        errors["repeated"] = "两次填写的密码不一致"
    if errors:
        raise Invalid(errors)
