"""A person's work list: counts and pages of what waits, from one query each.

The queries are long, and put together they cost more than to run. So each is made
once for a role, with parameters for whose list it is and of which day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Date,
    Integer,
    String,
    bindparam,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from models import Observation, User
from models.base import UtcDateTime
from models.outbox import RecordType
from models.states import Role

from .. import policies
from ..calendar.days import Calendar
from ..calendar.service import waits_since
from ..errors import NotFound
from ..labels import today
from ..nodes.duties import EVERYTHING, Choices, Duties, choices
from ..paging import Part, turn
from ..posting.expiry import KINDS
from ..posting.terms import Window, midnight, window
from .periods import Periods
from .schema import WorkQuery
from .source import Days, Source, When
from .sources import BY_NAME, SOURCES

PER_PAGE = 20
# The number in the navigation says «99+» beyond this, and need not be counted.
MOST_COUNTED = 100
# Of a kind no more are counted and listed: who has so much to do begins at the top.
MOST_LISTED = 1000
# Working days before its day a sheet is asked for at once.
EVE_DAYS = 2

DATES = ("today", "soon", "eve")
TODAY, SOON, EVE = (bindparam(name, type_=Date()) for name in DATES)
MOMENTS = ("quiet", "overdue", "now", "tonight")
QUIET, OVERDUE, NOW, TONIGHT = (
    bindparam(name, type_=UtcDateTime()) for name in MOMENTS
)


def _window(kind: RecordType) -> Window:
    """What ends soon of one kind, with parameters of its own."""
    since, until = (
        bindparam(f"{kind.value}_{name}", type_=UtcDateTime())
        for name in ("since", "until")
    )
    days = bindparam(f"{kind.value}_days", type_=Integer())
    return Window(TODAY, SOON, since, until, days)


PANEL = bindparam("panel_size", type_=Integer())
DAYS = Days(
    TODAY,
    SOON,
    {kind: _window(kind) for kind in KINDS},
    QUIET,
    OVERDUE,
    NOW,
    PANEL,
    TONIGHT,
    EVE,
)
# The node the list is narrowed to.
DISTRICTS = bindparam("districts", type_=String(), expanding=True)
FIELDS = bindparam("fields", type_=String(), expanding=True)
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
    nodes    for staff: the nodes to choose from, and the one chosen
    """

    items: Sequence[Item]
    counts: Mapping[Source, int]
    total: int
    page: int
    pages: int
    nodes: Choices


def moment(now: datetime, periods: Periods, days: Calendar | None = None) -> When:
    """The list as of now; without a calendar people work from Monday to Friday."""
    day, days = today(now), days or Calendar()
    soon, terms = day + timedelta(days=periods.notice_days), periods.terms
    return When(
        today=day,
        soon=soon,
        ending={kind: window(kind, day, soon, terms) for kind in KINDS},
        quiet=waits_since(days, now, periods.quiet_days),
        overdue=waits_since(days, now, periods.overdue_days),
        now=now,
        panel_size=periods.panel_size,
        tonight=midnight(day + timedelta(days=1)),
        eve=days.after(day, EVE_DAYS),
    )


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
    part: Part | None = None,
) -> WorkList:
    """One page of what waits for this person.

    With a node chosen only what is of its districts or fields. Raises `NotFound` for
    a kind of work that is somebody else's, and for a node that is not there. ``part``
    is what is asked for instead of the query's page.
    """
    nodes = choices(session, user, query.node)
    reader = _reader(user, nodes)
    own = reader.sources()
    chosen = own if query.source is None else [BY_NAME[query.source]]
    if any(source not in sources_of(user.role) for source in chosen):
        raise NotFound("source")
    place = _parameters(user, when, its=nodes.duties)
    counts = _counts(session, reader, place)
    total = sum(counts.get(source, 0) for source in chosen)
    here = turn(part or query.page, total, size)
    filled = tuple(source for source in chosen if counts.get(source))
    items: list[Item] = []
    if filled:
        first = here.start
        place |= {"first": first, "size": here.size, "last": first + here.size}
        rows = session.execute(_page_query(reader, filled), place)
        items = [_item(row) for row in rows]
    return WorkList(items, counts, total, here.page, here.pages, nodes)


@dataclass(frozen=True)
class Reader:
    """What a query must know of its reader beforehand.

    ``at_node`` leaves only what a node may have, ``narrowed`` only what is of the
    districts and fields that are sent along.
    """

    role: Role
    is_staff: bool
    has_home: bool
    at_node: bool = False
    narrowed: bool = False

    def sources(self) -> list[Source]:
        """The sources of the list."""
        own = sources_of(self.role)
        return [source for source in own if source.local] if self.at_node else own


def _reader(user: User, nodes: Choices | None = None) -> Reader:
    at_node = nodes is not None and nodes.chosen is not None
    narrowed = nodes is not None and nodes.duties != EVERYTHING
    has_home = user.organisation_id is not None
    return Reader(user.role, user.is_staff, has_home, at_node, narrowed)


def _parameters(
    user: User, when: When, its: Duties = EVERYTHING, most: int = MOST_LISTED
) -> dict[str, Any]:
    found = {"home": user.organisation_id, "me": user.id, "most": most}
    for name in (*DATES, *MOMENTS, "panel_size"):
        found[name] = getattr(when, name)
    for kind, ends in when.ending.items():
        for name in ("since", "until", "days"):
            found[f"{kind.value}_{name}"] = getattr(ends, name)
    node = {"districts": sorted(its.districts), "fields": sorted(its.fields)}
    return found | node


def _mine(reader: Reader, source: Source) -> Any:
    home = HOME if reader.has_home else None
    rule = policies.own_work(
        source.owner, source.person, is_staff=reader.is_staff, home=home, me=ME
    )
    own = source.waiting(DAYS).where(rule)
    if not reader.narrowed:
        return own
    rows = own.subquery()
    return select(rows).where(rows.c.district.in_(DISTRICTS) | rows.c.field.in_(FIELDS))


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
    parts = [_ones(reader, one) for one in reader.sources()]
    if not parts:
        return None
    together = union_all(*(select(part.c.one) for part in parts)).subquery()
    return select(func.count()).select_from(together)


def _counts(
    session: Session, reader: Reader, place: Mapping[str, Any]
) -> dict[Source, int]:
    query, found = _counts_query(reader), {}
    if query is not None:
        found = {row.source: row.number for row in session.execute(query, place)}
    return {source: found.get(source.name, 0) for source in reader.sources()}


@lru_cache
def _counts_query(reader: Reader) -> Any:
    parts = [
        select(
            literal(source.name).label("source"), func.count().label("number")
        ).select_from(_ones(reader, source))
        for source in reader.sources()
    ]
    return union_all(*parts) if parts else None


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
