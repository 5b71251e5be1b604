"""One-time links: issued inside a transaction, opened by whoever has the mail."""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models import OneTimeToken
from models.states import TokenPurpose

from ..errors import Conflict
from .secret import new_secret, secret_hash

LIVES: dict[TokenPurpose, timedelta] = {
    TokenPurpose.CONFIRM: timedelta(days=3),
    TokenPurpose.CORRECT: timedelta(days=14),
    TokenPurpose.RESET: timedelta(hours=1),
    TokenPurpose.INVITE: timedelta(days=7),
    TokenPurpose.EXPERT: timedelta(days=14),
}


def issue(
    session: Session, purpose: TokenPurpose, subject_id: int, *, now: datetime
) -> str:
    """A new secret for this purpose; those issued before no longer open anything."""
    void(session, purpose, subject_id, now=now)
    secret = new_secret()
    session.add(
        OneTimeToken(
            purpose=purpose,
            subject_id=subject_id,
            token_hash=secret_hash(secret),
            created_at=now,
            expires_at=now + LIVES[purpose],
        )
    )
    return secret


def void(
    session: Session, purpose: TokenPurpose, subject_id: int, *, now: datetime
) -> None:
    """Let no earlier link of this purpose open anything."""
    session.execute(
        update(OneTimeToken)
        .where(
            OneTimeToken.purpose == purpose,
            OneTimeToken.subject_id == subject_id,
            OneTimeToken.used_at.is_(None),
        )
        .values(used_at=now)
    )


def subject(
    session: Session, purpose: TokenPurpose, secret: str, *, now: datetime
) -> int:
    """Whom the link is about; raises `Conflict` «link.…» when it opens nothing."""
    return _open(session, purpose, secret, now).subject_id


def spend(
    session: Session, purpose: TokenPurpose, secret: str, *, now: datetime
) -> int:
    """Whom the link is about; from here on it opens nothing."""
    token = _open(session, purpose, secret, now)
    # Two requests at once: the second finds the row used.
    spent = session.scalars(
        update(OneTimeToken)
        .where(OneTimeToken.id == token.id, OneTimeToken.used_at.is_(None))
        .values(used_at=now)
        .returning(OneTimeToken.id)
    ).all()
    if not spent:
        raise Conflict("link.used")
    return token.subject_id


def _open(
    session: Session, purpose: TokenPurpose, secret: str, now: datetime
) -> OneTimeToken:
    query = select(OneTimeToken).where(
        OneTimeToken.purpose == purpose,
        OneTimeToken.token_hash == secret_hash(secret),
    )
    token = session.scalar(query)
    if token is None:
        raise Conflict("link.unknown")
    if token.used_at is not None:
        raise Conflict("link.used")
    if now >= token.expires_at:
        raise Conflict("link.expired")
    return token
