"""Make, list, find and revoke access tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session, joinedload

from models import ApiToken, User, transaction
from models.session import lock

from .. import policies
from ..accounts.secret import new_secret, secret_hash
from ..errors import Conflict, NotFound
from ..history import service as history
from .schema import TokenInput

# How a secret begins, so that a leaked one is known for what it is.
MARK = "mmt_"
SHOWN = len(MARK) + 6
USED_EVERY = timedelta(minutes=5)
MOST_TOKENS = 20


@dataclass(frozen=True)
class Made:
    """A token and its secret, which is told this once."""

    token: ApiToken
    secret: str


def make(session: Session, actor: User, data: TokenInput, *, now: datetime) -> Made:
    """A token that acts as the actor; raises `Conflict` for one too many."""
    policies.require(actor, "token.make")
    secret = MARK + new_secret()
    with transaction(session):
        lock(session, actor)
        mine = ApiToken.user_id == actor.id
        number = session.scalar(
            select(func.count()).select_from(ApiToken).where(mine, _in_force(now))
        )
        if (number or 0) >= MOST_TOKENS:
            raise Conflict("token.too_many", most=MOST_TOKENS)
        token = ApiToken(
            user_id=actor.id,
            organisation_id=actor.organisation_id,
            name=data.name,
            token_hash=secret_hash(secret),
            hint=secret[:SHOWN],
            scopes=data.scopes,
            created_at=now,
            expires_at=now + timedelta(days=data.days),
        )
        session.add(token)
        session.flush()
        history.record(
            session,
            actor,
            "token.made",
            token,
            now=now,
            changes={"scopes": [None, "、".join(data.scopes)]},
        )
    return Made(token, secret)


def _in_force(now: datetime) -> ColumnElement[bool]:
    return ApiToken.revoked_at.is_(None) & (ApiToken.expires_at > now)


def find(session: Session, secret: str, *, now: datetime) -> ApiToken | None:
    """The token of this secret, while it and the person it acts as are in force."""
    found = session.scalar(
        select(ApiToken)
        .where(ApiToken.token_hash == secret_hash(secret), _in_force(now))
        .options(joinedload(ApiToken.user).joinedload(User.organisation))
    )
    if found is None or not found.user.active:
        return None
    # Who moved to another organisation speaks for that one now.
    return found if found.organisation_id == found.user.organisation_id else None


def is_stale(token: ApiToken, *, now: datetime) -> bool:
    """Whether its last use should be noted again."""
    return token.used_at is None or now - token.used_at > USED_EVERY


def note_use(session: Session, token_id: int, *, now: datetime) -> None:
    """Note that the token was used now."""
    with transaction(session):
        session.execute(
            update(ApiToken).where(ApiToken.id == token_id).values(used_at=now)
        )


def visible(user: User) -> ColumnElement[bool]:
    """One's own tokens, and those of the organisation whose members one leads."""
    mine = ApiToken.user_id == user.id
    if not user.manages:
        return mine
    return or_(mine, ApiToken.organisation_id == user.organisation_id)


def listed(session: Session, user: User) -> Sequence[ApiToken]:
    """The tokens the person may see, those in force before the others."""
    query = (
        select(ApiToken)
        .where(visible(user))
        .options(joinedload(ApiToken.user))
        .order_by(ApiToken.revoked_at.is_not(None), ApiToken.id.desc())
        .limit(200)
    )
    return session.scalars(query).all()


def revoke(session: Session, actor: User, token_id: int, *, now: datetime) -> ApiToken:
    """End a token at once; raises `NotFound` for one that is not the actor's to end."""
    with transaction(session):
        # Larger ids do not fit the column; PostgreSQL would refuse the query itself.
        number = token_id if token_id < 2**31 else 0
        token = session.scalar(
            select(ApiToken).where(ApiToken.id == number, visible(actor))
        )
        if token is None:
            raise NotFound("token")
        if token.revoked_at is None:
            _end(session, actor, token, now)
    return token


def end_all(session: Session, actor: User | None, user: User, *, now: datetime) -> None:
    """End the user's tokens inside the running transaction.

    Whoever is closed, or becomes something else here, was trusted as what they were.
    """
    mine = select(ApiToken).where(ApiToken.user_id == user.id, _in_force(now))
    for token in session.scalars(mine.order_by(ApiToken.id)):
        _end(session, actor, token, now)


def _end(session: Session, actor: User | None, token: ApiToken, now: datetime) -> None:
    token.revoked_at = now
    history.record(session, actor, "token.revoked", token, now=now)
