"""A person's work list: counts and pages of what waits, from one query each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from typing import Any

from sqlalchemy import func, literal, select, union_all
from sqlalchemy.orm import Session

from models import Observation, User

from .. import policies
from ..calendar.days import Calendar
from ..calendar.service import waits_since
from ..errors import NotFound
from ..labels import today
from .schema import WorkQuery
from .sources import BY_NAME, SOURCES, Source, When

PER_PAGE = 20
# The number in the navigation says «99+» beyond this, and need not be counted.
MOST_COUNTED = 100
# Of a kind no more are counted and listed: who has so much to do begins at the top.
MOST_LISTED = 1000


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
    return When(now, day, day + timedelta(days=notice_days), quiet, overdue)


def sources_of(user: User) -> list[Source]:
    """Whose work is whose: the sources of this person's role."""
    return [source for source in SOURCES if user.role in source.roles]


def count(session: Session, user: User, when: When) -> int:
    """How much waits, for the navigation; one query, and no exact one beyond 99."""
    parts = [
        _mine(user, source, when)
        .with_only_columns(literal(1).label("one"), maintain_column_froms=True)
        .order_by(None)
        .limit(MOST_COUNTED)
        .subquery()
        for source in sources_of(user)
    ]
    if not parts:
        return 0
    together = union_all(*(select(part.c.one) for part in parts)).subquery()
    return session.scalar(select(func.count()).select_from(together)) or 0


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
    own = sources_of(user)
    chosen = own if query.source is None else [BY_NAME[query.source]]
    if any(source not in own for source in chosen):
        raise NotFound("source")
    counts = _counts(session, user, own, when)
    total = sum(counts[source] for source in chosen)
    pages = max(1, ceil(total / size))
    page = min(query.page, pages)
    filled = [source for source in chosen if counts[source]]
    items = _page(session, user, filled, when, page, size) if filled else []
    return WorkList(items, counts, total, page, pages)


def _mine(user: User, source: Source, when: When) -> Any:
    return source.waiting(when).where(
        policies.own_work(user, source.owner, source.person)
    )


def _counts(
    session: Session, user: User, own: Sequence[Source], when: When
) -> dict[Source, int]:
    parts = [
        select(
            literal(source.name).label("source"), func.count().label("number")
        ).select_from(
            _mine(user, source, when)
            .with_only_columns(literal(1).label("one"), maintain_column_froms=True)
            .limit(MOST_LISTED)
            .subquery()
        )
        for source in own
    ]
    rows = session.execute(union_all(*parts)) if parts else ()
    found = {row.source: row.number for row in rows}
    return {source: found.get(source.name, 0) for source in own}


def _page(
    session: Session,
    user: User,
    chosen: Sequence[Source],
    when: When,
    page: int,
    size: int,
) -> list[Item]:
    parts = []
    for source in chosen:
        rows = _mine(user, source, when).subquery()
        # No more of a source can stand before the end of the page. Without a day the
        # order is that of an index, so no more than these are looked at.
        order = _by_day(rows) if source.dated else [rows.c.since]
        first = select(rows).order_by(*order, rows.c.id).limit(page * size).subquery()
        parts.append(select(literal(source.name).label("source"), first))
    waiting = union_all(*parts).subquery()
    query = (
        select(waiting)
        .order_by(*_by_day(waiting), waiting.c.source, waiting.c.id)
        .offset((page - 1) * size)
        .limit(size)
    )
    return [_item(row) for row in session.execute(query)]


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
