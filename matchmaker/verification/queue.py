"""The verification queue: which submissions, in what order, and how many."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true, union_all
from sqlalchemy.orm import Session

from models import User

from .. import policies
from ..nodes.duties import Choices, Duties, choices
from ..paging import AT_ONCE, Part, turn
from .kinds import KINDS
from .schema import QueueQuery

PER_PAGE = 20
NARROWED_BY = ("kind", "field", "district")
NODE = "node"
Counts = dict[str, dict[str, int]]


@dataclass(frozen=True)
class Waiting:
    """A submission in the queue, and since when it waits."""

    kind: str
    item: Any
    since: datetime


@dataclass(frozen=True)
class Queue:
    """One page of the queue; ``page`` is the one shown, not the one asked.

    counts   how many each choice of each filter would show, the others kept
    nodes    the nodes to choose from, and the one chosen
    """

    rows: Sequence[Waiting]
    total: int
    page: int
    pages: int
    counts: Counts
    nodes: Choices


def queue(
    session: Session,
    user: User,
    query: QueueQuery,
    only: Collection[tuple[str, int]] | None = None,
    part: Part | None = None,
) -> Queue:
    """What waits for a decision, the longest wait first.

    ``only`` leaves these (kind, id), which the query narrows further. Raises `NotFound`
    where the query names a node that is not there. ``part`` is what is asked for
    instead of the query's page.
    """
    policies.require(user, "need.verify")
    nodes = choices(session, user, query.node)
    waiting = _waiting(user, only)
    counts, total = _counts(session, waiting, query, nodes)
    here = turn(part or query.page, total, PER_PAGE)
    rows = session.execute(here.rows(_listed(waiting, query, nodes))).all()
    found = _loaded(session, user, rows)
    return Queue(found, total, here.page, here.pages, counts, nodes)


def every(
    session: Session,
    user: User,
    query: QueueQuery,
    only: Collection[tuple[str, int]] | None = None,
) -> Iterator[Waiting]:
    """The submissions of all pages, in their order, loaded in portions."""
    policies.require(user, "need.verify")
    nodes = choices(session, user, query.node)
    rows = session.execute(_listed(_waiting(user, only), query, nodes)).all()
    for start in range(0, len(rows), AT_ONCE):
        yield from _loaded(session, user, rows[start : start + AT_ONCE])


def _listed(waiting: Any, query: QueueQuery, nodes: Choices) -> Select[Any]:
    return (
        select(waiting)
        .where(*_narrowed(waiting, query), _within(waiting, nodes.duties))
        .order_by(waiting.c.since, waiting.c.kind, waiting.c.id)
    )


def _loaded(session: Session, user: User, rows: Sequence[Any]) -> list[Waiting]:
    ids: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        ids[row.kind].append(row.id)
    items = {
        (kind, item.id): item
        for kind, wanted in ids.items()
        for item in KINDS[kind].load(session, user, wanted)
    }
    return [
        Waiting(row.kind, items[row.kind, row.id], row.since)
        for row in rows
        if (row.kind, row.id) in items
    ]


def count_pending(session: Session, user: User) -> int:
    """How many submissions wait for staff."""
    return session.scalar(select(func.count()).select_from(_waiting(user))) or 0


def waiting_at(session: Session, user: User, some: Sequence[Duties]) -> Sequence[int]:
    """How many submissions wait at each of several nodes; one query for all."""
    waiting = _waiting(user)
    places = (waiting.c.field, waiting.c.district)
    rows = session.execute(select(*places, func.count()).group_by(*places)).all()
    return [
        sum(number for field, district, number in rows if its.covers(district, field))
        for its in some
    ]


def _waiting(user: User, only: Collection[tuple[str, int]] | None = None) -> Any:
    all_ = union_all(*(kind.waiting(user) for kind in KINDS.values())).subquery()
    if only is None:
        return all_
    wanted = [
        and_(
            all_.c.kind == name, all_.c.id.in_([id_ for of, id_ in only if of == name])
        )
        for name in KINDS
    ]
    return select(all_).where(or_(*wanted)).subquery()


def _within(waiting: Any, its: Duties) -> ColumnElement[bool]:
    return its.where(waiting.c.district, waiting.c.field)


def _narrowed(waiting: Any, query: QueueQuery) -> list[ColumnElement[bool]]:
    return [
        waiting.c[name].in_(chosen) if (chosen := getattr(query, name)) else true()
        for name in NARROWED_BY
    ]


def _counts(
    session: Session, waiting: Any, query: QueueQuery, nodes: Choices
) -> tuple[Counts, int]:
    """All counts from one grouped query, and how many the query finds."""
    columns = [waiting.c[name] for name in NARROWED_BY]
    rows = session.execute(select(*columns, func.count()).group_by(*columns))
    found: dict[str, Counter[str]] = {name: Counter() for name in (*NARROWED_BY, NODE)}
    total = 0
    for *values, number in rows:
        row = dict(zip(NARROWED_BY, values, strict=True))
        fits = {
            name: not getattr(query, name) or row[name] in getattr(query, name)
            for name in NARROWED_BY
        }
        if all(fits.values()):
            for node in nodes.offered:
                if node.duties.covers(row["district"], row["field"]):
                    found[NODE][node.key] += number
        fits[NODE] = nodes.duties.covers(row["district"], row["field"])
        total += number * all(fits.values())
        for name, value in row.items():
            others = (fit for other, fit in fits.items() if other != name)
            if value is not None and all(others):
                found[name][value] += number
    return {name: dict(counter) for name, counter in found.items()}, total
