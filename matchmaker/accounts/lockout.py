"""Wrong passwords are counted for each e-mail, whether it has an account or not.

So a lock tells nobody which e-mails are known, and guessing from many addresses
is slowed down like guessing from one.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import SignInFailure, transaction

from .. import labels
from ..errors import Invalid

MOST_FAILURES = 5
WINDOW = timedelta(minutes=15)
LOCKED_FOR = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(days=1)


def check(session: Session, email: str, *, now: datetime) -> None:
    """Raise `Invalid` while no password is taken for this e-mail."""
    failure = session.get(SignInFailure, email)
    if failure is not None and failure.locked_until and now < failure.locked_until:
        raise Invalid({"form": _words(failure.locked_until)})


def count(session: Session, email: str, *, now: datetime) -> None:
    """Note a failure; raises `Invalid` when it was one too many."""
    try:
        locked = _count(session, email, now)
    except IntegrityError:
        # Another request was first to note this e-mail; its row is there now.
        locked = _count(session, email, now)
    if locked:
        raise Invalid({"form": _words(now + LOCKED_FOR)})


def _count(session: Session, email: str, now: datetime) -> bool:
    with transaction(session):
        session.execute(
            delete(SignInFailure).where(SignInFailure.last_at < now - FORGOTTEN_AFTER)
        )
        failure = session.get(SignInFailure, email, with_for_update=True)
        if failure is None:
            failure = SignInFailure(email=email, count=0, last_at=now)
            session.add(failure)
        if now - failure.last_at > WINDOW:
            failure.count = 0
        failure.count += 1
        failure.last_at = now
        locked = failure.count >= MOST_FAILURES
        failure.locked_until = now + LOCKED_FOR if locked else None
        if locked:
            # After the pause one has all tries again.
            failure.count = 0
    return locked


def clear(session: Session, email: str) -> None:
    """Forget the failures, inside the running transaction."""
    session.execute(delete(SignInFailure).where(SignInFailure.email == email))


def _words(until: datetime) -> str:
    return (
        f"连续 {MOST_FAILURES} 次输入错误，为保护账号，这个邮箱暂停登录到 "
        f"{until.astimezone(labels.CITY):%H:%M}。到时再试，或者用「忘记密码」重置。"
    )
