"""A person's work list: counts and pages of what waits, from one query each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from math import ceil
from typing import Any

from sqlalchemy import func, literal, select, union_all
from sqlalchemy.orm import Session

from models import Observation, User

from .. import policies
from ..errors import NotFound
from ..labels import today
from ..nodes.duties import EVERYTHING, Choices, Duties, choices
from ..posting.terms import Terms
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
    nodes    for staff: the nodes to choose from, and the one chosen
    """

    items: Sequence[Item]
    counts: Mapping[Source, int]
    total: int
    page: int
    pages: int
    nodes: Choices


def moment(now: datetime, notice_days: int, terms: Terms) -> When:
    """The list as of now; what ends within so many days is about to end."""
    day = today(now)
    return When(now, day, day + timedelta(days=notice_days), terms)


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

    With a node chosen only what is of its districts or fields. Raises `NotFound` for
    a kind of work that is somebody else's, and for a node that is not there.
    """
    nodes = choices(session, user, query.node)
    own = sources_of(user)
    if nodes.chosen is not None:
        own = [source for source in own if source.local]
    chosen = own if query.source is None else [BY_NAME[query.source]]
    if any(source not in sources_of(user) for source in chosen):
        raise NotFound("source")
    chosen = [source for source in chosen if source in own]
    rows = partial(_mine, user, when=when, its=nodes.duties)
    counts = _counts(session, rows, own)
    total = sum(counts[source] for source in chosen)
    pages = max(1, ceil(total / size))
    page = min(query.page, pages)
    filled = [source for source in chosen if counts[source]]
    items = _page(session, rows, filled, page, size) if filled else []
    return WorkList(items, counts, total, page, pages, nodes)


# The rows of a source that are this person's, as a query.
Rows = Callable[[Source], Any]


def _mine(user: User, source: Source, when: When, its: Duties = EVERYTHING) -> Any:
    own = source.waiting(when).where(policies.own_work(user, source.owner))
    if its == EVERYTHING:
        return own
    rows = own.subquery()
    return select(rows).where(its.where(rows.c.district, rows.c.field))


def _counts(session: Session, mine: Rows, own: Sequence[Source]) -> dict[Source, int]:
    parts = [
        select(
            literal(source.name).label("source"), func.count().label("number")
        ).select_from(
            mine(source)
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
    session: Session, mine: Rows, chosen: Sequence[Source], page: int, size: int
) -> list[Item]:
    parts = []
    for source in chosen:
        rows = mine(source).subquery()
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
