"""A person's work list: counts and pages of what waits, from one query each.

The queries are long, and put together they cost more than to run. So each is made
once for a role, with parameters for whose list it is and of which day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from math import ceil
from typing import Any

from sqlalchemy import Date, Integer, bindparam, func, literal, select, union_all
from sqlalchemy.orm import Session

from models import Observation, User
from models.base import UtcDateTime
from models.states import Role

from .. import policies
from ..calendar.days import Calendar
from ..calendar.service import waits_since
from ..errors import NotFound
from ..labels import today
from .schema import WorkQuery
from .sources import BY_NAME, SOURCES, Days, Source, When

PER_PAGE = 20
# The number in the navigation says «99+» beyond this, and need not be counted.
MOST_COUNTED = 100
# Of a kind no more are counted and listed: who has so much to do begins at the top.
MOST_LISTED = 1000

DAYS = Days(
    bindparam("today", type_=Date()),
    bindparam("soon", type_=Date()),
    bindparam("quiet", type_=UtcDateTime()),
    bindparam("overdue", type_=UtcDateTime()),
)
HOME, ME = bindparam("home", type_=Integer()), bindparam("me", type_=Integer())
FIRST, SIZE, LAST, MOST = (
    bindparam(name, type_=Integer()) for name in ("first", "size", "last", "most")
)


@dataclass(frozen=True)
class Item:
    """One thing that waits; ``page`` and ``argument`` say where it is dealt with."""

    source: Source
    id: int
    title: str
    context: str | None
    since: datetime
    due: date | None
    is_demo: bool
    page: str
    argument: str


@dataclass(frozen=True)
class WorkList:
    """One page of what waits: what has a day first, then the longest wait.

    counts   of every source of this person, in the order of `SOURCES`; also nothing,
             and `MOST_LISTED` where there may be more
    page     the page shown, not the one asked
    """

    items: Sequence[Item]
    counts: Mapping[Source, int]
    total: int
    page: int
    pages: int


def moment(
    now: datetime,
    notice_days: int,
    days: Calendar | None = None,
    *,
    quiet_days: int = 5,
    overdue_days: int = 10,
) -> When:
    """The list as of now; what ends within so many days is about to end.

    Talks are quiet and overdue after so many working days (none given: Monday to
    Friday) without a step.
    """
    day, days = today(now), days or Calendar()
    quiet, overdue = (
        waits_since(days, now, number) for number in (quiet_days, overdue_days)
    )
    soon = day + timedelta(days=notice_days)
    return When(today=day, soon=soon, quiet=quiet, overdue=overdue, now=now)


def sources_of(role: Role) -> list[Source]:
    """Whose work is whose: the sources of this role."""
    return [source for source in SOURCES if role in source.roles]


def count(session: Session, user: User, when: When) -> int:
    """How much waits, for the navigation; one query, and no exact one beyond 99."""
    query = _count_query(_reader(user))
    if query is None:
        return 0
    return session.scalar(query, _parameters(user, when, most=MOST_COUNTED)) or 0


def work_list(
    session: Session,
    user: User,
    query: WorkQuery,
    when: When,
    *,
    size: int = PER_PAGE,
) -> WorkList:
    """One page of what waits for this person.

    Raises `NotFound` for a kind of work that is somebody else's.
    """
    own = sources_of(user.role)
    chosen = own if query.source is None else [BY_NAME[query.source]]
    if any(source not in own for source in chosen):
        raise NotFound("source")
    counts = _counts(session, user, when)
    total = sum(counts[source] for source in chosen)
    pages = max(1, ceil(total / size))
    page = min(query.page, pages)
    filled = tuple(source for source in chosen if counts[source])
    items = _page(session, user, filled, when, page, size) if filled else []
    return WorkList(items, counts, total, page, pages)


@dataclass(frozen=True)
class Reader:
    """What a query must know of its reader beforehand."""

    role: Role
    is_staff: bool
    has_home: bool


def _reader(user: User) -> Reader:
    return Reader(user.role, user.is_staff, user.organisation_id is not None)


def _parameters(user: User, when: When, **numbers: int) -> dict[str, Any]:
    days = {name: getattr(when, name) for name in ("today", "soon", "quiet", "overdue")}
    return {"home": user.organisation_id, "me": user.id, **days, **numbers}


def _mine(reader: Reader, source: Source) -> Any:
    home = HOME if reader.has_home else None
    own = policies.own_work(
        source.owner, source.person, is_staff=reader.is_staff, home=home, me=ME
    )
    return source.waiting(DAYS).where(own)


def _ones(reader: Reader, source: Source) -> Any:
    """A row for each thing that waits, `MOST` at most, and nothing else of it."""
    return (
        _mine(reader, source)
        .with_only_columns(literal(1).label("one"), maintain_column_froms=True)
        .order_by(None)
        .limit(MOST)
        .subquery()
    )


@lru_cache
def _count_query(reader: Reader) -> Any:
    parts = [_ones(reader, one) for one in sources_of(reader.role)]
    if not parts:
        return None
    together = union_all(*(select(part.c.one) for part in parts)).subquery()
    return select(func.count()).select_from(together)


def _counts(session: Session, user: User, when: When) -> dict[Source, int]:
    query, found = _counts_query(_reader(user)), {}
    if query is not None:
        rows = session.execute(query, _parameters(user, when, most=MOST_LISTED))
        found = {row.source: row.number for row in rows}
    return {source: found.get(source.name, 0) for source in sources_of(user.role)}


@lru_cache
def _counts_query(reader: Reader) -> Any:
    parts = [
        select(
            literal(source.name).label("source"), func.count().label("number")
        ).select_from(_ones(reader, source))
        for source in sources_of(reader.role)
    ]
    return union_all(*parts) if parts else None


def _page(
    session: Session,
    user: User,
    chosen: tuple[Source, ...],
    when: When,
    page: int,
    size: int,
) -> list[Item]:
    first = (page - 1) * size
    place = _parameters(user, when, first=first, size=size, last=first + size)
    rows = session.execute(_page_query(_reader(user), chosen), place)
    return [_item(row) for row in rows]


@lru_cache
def _page_query(reader: Reader, chosen: tuple[Source, ...]) -> Any:
    parts = []
    for source in chosen:
        rows = _mine(reader, source).subquery()
        # No more of a source can stand before the end of the page. The order is that
        # of an index where there is one, so that few more than these are looked at.
        order = [rows.c.due, rows.c.since] if source.dated else [rows.c.since]
        first = select(rows).order_by(*order, rows.c.id).limit(LAST).subquery()
        parts.append(select(literal(source.name).label("source"), first))
    waiting = union_all(*parts).subquery()
    return (
        select(waiting)
        .order_by(*_by_day(waiting), waiting.c.source, waiting.c.id)
        .offset(FIRST)
        .limit(SIZE)
    )


def _by_day(rows: Any) -> list[Any]:
    """What has a day first, then the longest wait."""
    return [rows.c.due.is_(None), rows.c.due, rows.c.since]


def _item(row: Any) -> Item:
    source = BY_NAME[row.source]
    page, argument = source.pages[row.variant]
    return Item(
        source=source,
        id=row.id,
        title=row.title,
        context=row.context,
        since=row.since,
        due=row.due,
        is_demo=bool(row.is_demo),
        page=page,
        argument=argument,
    )


def observed(session: Session, user: User) -> dict[str, Observation]:
    """What staff may care to look at, as the worker last counted it."""
    if not user.is_staff:
        return {}
    return {one.name: one for one in session.scalars(select(Observation))}
