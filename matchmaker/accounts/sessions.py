"""Signed-in browsers: one row each, listed for their owner and ended at will."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, joinedload

from models import User, UserSession, transaction

from ..errors import NotFound
from ..history import service as history
from .secret import new_secret, secret_hash

# The row is written this seldom, so that reading a page stays reading.
SEEN_EVERY = timedelta(minutes=10)
KEPT = timedelta(days=90)
SYSTEMS = (
    ("Android", "安卓"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
BROWSERS = (
    ("MicroMessenger", "微信"),
    ("DingTalk", "钉钉"),
    ("Edg", "Edge"),
    ("QQBrowser", "QQ 浏览器"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)


def start(
    session: Session, user: User, *, agent: str, address: str, now: datetime
) -> str:
    """Open a session for the user; returns the secret its cookie keeps."""
    key = new_secret()
    with transaction(session):
        # Where somebody was signed in last spring is nobody's business any more.
        session.execute(delete(UserSession).where(UserSession.seen_at < now - KEPT))
        session.add(
            UserSession(
                user_id=user.id,
                key_hash=secret_hash(key),
                browser=browser_name(agent),
                address=address[:64],
                created_at=now,
                seen_at=now,
            )
        )
    return key


def find(
    session: Session, key: str, *, idle: timedelta, now: datetime
) -> UserSession | None:
    """The session of this secret, if it is open and was used within ``idle``."""
    found = session.scalar(
        select(UserSession)
        .where(
            UserSession.key_hash == secret_hash(key),
            UserSession.ended_at.is_(None),
            UserSession.seen_at > now - idle,
        )
        # Every page shows who is signed in, and for whom.
        .options(joinedload(UserSession.user).joinedload(User.organisation))
    )
    return found


def is_stale(found: UserSession, *, now: datetime) -> bool:
    """Whether its last use should be noted again."""
    return now - found.seen_at > SEEN_EVERY


def note_use(session: Session, session_id: int, *, now: datetime) -> None:
    """Note that the session was used now."""
    with transaction(session):
        session.execute(
            update(UserSession)
            .where(UserSession.id == session_id, UserSession.ended_at.is_(None))
            .values(seen_at=now)
        )


def open_ones(
    session: Session, user: User, *, idle: timedelta, now: datetime
) -> Sequence[UserSession]:
    """The user's open sessions, the last used first."""
    query = (
        select(UserSession)
        .where(
            UserSession.user_id == user.id,
            UserSession.ended_at.is_(None),
            UserSession.seen_at > now - idle,
        )
        .order_by(UserSession.seen_at.desc(), UserSession.id.desc())
    )
    return session.scalars(query).all()


def end(session: Session, user: User, session_id: int, *, now: datetime) -> None:
    """End one of the user's own sessions; raises `NotFound` for another's."""
    with transaction(session):
        # Larger ids do not fit the column; PostgreSQL would refuse the query itself.
        found = session.get(UserSession, session_id) if session_id < 2**31 else None
        if found is None or found.user_id != user.id:
            raise NotFound("session")
        found.ended_at = found.ended_at or now
        history.record(session, user, "user.sessions_ended", user, now=now)


def end_others(session: Session, user: User, key: str, *, now: datetime) -> int:
    """End all of the user's sessions but the one of this secret; says how many."""
    with transaction(session):
        ended = end_all(session, user.id, now=now, but=key)
        if ended:
            history.record(session, user, "user.sessions_ended", user, now=now)
    return ended


def end_key(session: Session, key: str, *, now: datetime) -> None:
    """End the session of this secret: its owner signs out."""
    with transaction(session):
        session.execute(
            update(UserSession)
            .where(
                UserSession.key_hash == secret_hash(key), UserSession.ended_at.is_(None)
            )
            .values(ended_at=now)
        )


def end_all(session: Session, user_id: int, *, now: datetime, but: str = "") -> int:
    """End the user's sessions inside the running transaction; says how many."""
    ended = session.scalars(
        update(UserSession)
        .where(
            UserSession.user_id == user_id,
            UserSession.ended_at.is_(None),
            UserSession.key_hash != secret_hash(but),
        )
        .values(ended_at=now)
        .returning(UserSession.id)
    )
    return len(ended.all())


def browser_name(agent: str) -> str:
    """«Chrome · Windows»: enough for its owner to know it again."""
    browser = next((name for mark, name in BROWSERS if mark in agent), "其他浏览器")
    system = next((name for mark, name in SYSTEMS if mark in agent), "其他系统")
    return f"{browser} · {system}"
