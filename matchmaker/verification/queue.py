"""The verification queue: which submissions, in what order, and how many."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any

from sqlalchemy import ColumnElement, func, select, true, union_all
from sqlalchemy.orm import Session

from models import User

from .. import policies
from .kinds import KINDS
from .schema import QueueQuery

PER_PAGE = 20
NARROWED_BY = ("kind", "field", "district")
Counts = dict[str, dict[str, int]]


@dataclass(frozen=True)
class Area:
    """What a node answers for: whatever is of one of its fields or districts."""

    fields: Sequence[str] = ()
    districts: Sequence[str] = ()


EVERYWHERE = Area()


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
    """

    rows: Sequence[Waiting]
    total: int
    page: int
    pages: int
    counts: Counts


def queue(
    session: Session, user: User, query: QueueQuery, area: Area = EVERYWHERE
) -> Queue:
    """What waits for a decision, the longest wait first.

    With an ``area`` it is the queue of a node, which the query narrows further.
    """
    policies.require(user, "need.verify")
    waiting = _waiting(user, area)
    counts, total = _counts(session, waiting, query)
    pages = max(1, ceil(total / PER_PAGE))
    page = min(query.page, pages)
    rows = session.execute(
        select(waiting)
        .where(*_narrowed(waiting, query))
        .order_by(waiting.c.since, waiting.c.kind, waiting.c.id)
        .offset((page - 1) * PER_PAGE)
        .limit(PER_PAGE)
    ).all()
    ids: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        ids[row.kind].append(row.id)
    items = {
        (kind, item.id): item
        for kind, wanted in ids.items()
        for item in KINDS[kind].load(session, user, wanted)
    }
    found = [
        Waiting(row.kind, items[row.kind, row.id], row.since)
        for row in rows
        if (row.kind, row.id) in items
    ]
    return Queue(found, total, page, pages, counts)


def count_pending(session: Session, user: User) -> int:
    """How many submissions wait for staff."""
    return session.scalar(select(func.count()).select_from(_waiting(user))) or 0


def _waiting(user: User, area: Area = EVERYWHERE) -> Any:
    all_ = union_all(*(kind.waiting(user) for kind in KINDS.values())).subquery()
    if area == EVERYWHERE:
        return all_
    concerned = all_.c.field.in_(area.fields) | all_.c.district.in_(area.districts)
    return select(all_).where(concerned).subquery()


def _narrowed(waiting: Any, query: QueueQuery) -> list[ColumnElement[bool]]:
    return [
        waiting.c[name].in_(chosen) if (chosen := getattr(query, name)) else true()
        for name in NARROWED_BY
    ]


def _counts(session: Session, waiting: Any, query: QueueQuery) -> tuple[Counts, int]:
    """All counts from one grouped query, and how many the query finds."""
    columns = [waiting.c[name] for name in NARROWED_BY]
    rows = session.execute(select(*columns, func.count()).group_by(*columns))
    found: dict[str, Counter[str]] = {name: Counter() for name in NARROWED_BY}
    total = 0
    for *values, number in rows:
        fits = {
            name: not getattr(query, name) or value in getattr(query, name)
            for name, value in zip(NARROWED_BY, values, strict=True)
        }
        total += number * all(fits.values())
        for name, value in zip(NARROWED_BY, values, strict=True):
            others = (fit for other, fit in fits.items() if other != name)
            if value is not None and all(others):
                found[name][value] += number
    return {name: dict(counter) for name, counter in found.items()}, total
