"""Write notices and read them; the words of each kind are in `WORDS`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import Session

from models import Notice, User, transaction
from models.states import Role

from ..paging import turn
from ..webhooks import telling
from .words import WORDS

PER_PAGE = 20


@dataclass(frozen=True)
class Inbox:
    """One page of a person's notices; ``page`` is the one shown, not the one asked."""

    notices: Sequence[Notice]
    total: int
    page: int
    pages: int


def queue(
    session: Session,
    user_ids: Iterable[int],
    kind: str,
    /,
    *,
    now: datetime,
    **facts: Any,
) -> None:
    """Add one notice a user inside the running transaction.

    The hooks of their organisations hear of it as far as `webhooks.telling` allows.
    """
    if kind not in WORDS:
        raise ValueError(f"unknown kind of notice: {kind}")
    people = sorted(set(user_ids))
    for user_id in people:
        session.add(Notice(user_id=user_id, kind=kind, facts=facts, created_at=now))
    telling.tell(session, people, kind, WORDS[kind][2], facts, now=now)


def withdraw(session: Session, kind: str, fact: str, value: int) -> None:
    """Take back, inside the running transaction, what no longer holds."""
    session.execute(
        delete(Notice).where(
            Notice.kind == kind, Notice.facts[fact].as_integer() == value
        )
    )


def members_of(session: Session, organisation_id: int) -> list[int]:
    """The active users of an organisation."""
    query = select(User.id).where(
        User.organisation_id == organisation_id, User.active.is_(True)
    )
    return list(session.scalars(query))


def staff(session: Session) -> list[int]:
    """The active users who work for the platform."""
    query = select(User.id).where(
        User.role.in_((Role.STAFF, Role.ADMIN)), User.active.is_(True)
    )
    return list(session.scalars(query))


def unread(session: Session, user: User) -> int:
    """How many notices the person has not opened yet."""
    query = select(func.count(Notice.id)).where(
        Notice.user_id == user.id, Notice.read_at.is_(None)
    )
    return session.scalar(query) or 0


def own(user: User, *, unread: bool = False) -> Select[Notice]:
    """The person's notices, or only those not opened yet, in no order."""
    found = select(Notice).where(Notice.user_id == user.id)
    return found.where(Notice.read_at.is_(None)) if unread else found


def inbox(session: Session, user: User, page: int) -> Inbox:
    """The person's notices, those not opened first, each part newest first."""
    mine = own(user)
    total = session.scalar(mine.with_only_columns(func.count(Notice.id))) or 0
    here = turn(page, total, PER_PAGE)
    ordered = mine.order_by(Notice.read_at.is_not(None), Notice.id.desc())
    rows = session.scalars(here.rows(ordered)).all()
    return Inbox(rows, total, here.page, here.pages)


def target(notice: Notice) -> tuple[str, dict[str, Any]]:
    """The page a notice is about: its endpoint and the argument of its address."""
    _, endpoint, fact = WORDS[notice.kind]
    value = notice.facts[fact]
    return endpoint, {fact: value if isinstance(value, str) else int(value)}


def words(notice: Notice) -> str:
    """The notice as a sentence."""
    return WORDS[notice.kind][0].format_map(notice.facts)


def mark_read(session: Session, user: User, notice_id: int, *, now: datetime) -> Notice:
    """Note that the person opened it; raises `NotFound` for another's notice."""
    from ..errors import NotFound

    with transaction(session):
        # Larger ids do not fit the column; PostgreSQL would refuse the query itself.
        notice = session.get(Notice, notice_id) if notice_id < 2**31 else None
        if notice is None or notice.user_id != user.id:
            raise NotFound("notice")
        notice.read_at = notice.read_at or now
    return notice


def mark_all_read(session: Session, user: User, *, now: datetime) -> int:
    """Note that the person has seen everything; says how many were new."""
    with transaction(session):
        changed = session.scalars(
            update(Notice)
            .where(Notice.user_id == user.id, Notice.read_at.is_(None))
            .values(read_at=now)
            .returning(Notice.id)
        )
        return len(changed.all())
