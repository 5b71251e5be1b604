"""Needs and achievements end by the clock, and are renewed with one click.

A need ends with its deadline; one without a deadline, and every achievement, so many
days after it was published or last renewed. The last day still counts. This is the one
place that says so, for one record (`last_day`) and for queries (`ending`, `is_over`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    Integer,
    and_,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import GenericFunction

from models import TABLES, Need, User, kind_of, transaction
from models.base import UtcDateTime
from models.outbox import RecordType

from ..errors import Conflict
from ..history import service as history
from ..jobs import outbox
from ..labels import CITY, today
from ..notices import service as notices
from . import service as posting
from .service import Item
from .terms import Terms, Window, midnight

# How long a renewed need with a deadline is asked for again, and how early one may.
RENEWED_FOR = timedelta(days=180)
RENEW_FROM = timedelta(days=30)
AT_ONCE = 100
# SQLite knows no zones; the city keeps one offset all the year.
HOURS_AHEAD = int(datetime(2000, 1, 1, tzinfo=CITY).strftime("%z")[:3])
KINDS = (RecordType.NEED, RecordType.ACHIEVEMENT)


def last_day(item: Item, terms: Terms) -> date | None:
    """The last day on which it is open; none before it was published."""
    if isinstance(item, Need) and item.deadline is not None:
        return item.deadline
    since = item.renewed_at or item.published_at
    if since is None:
        return None
    return today(since) + timedelta(days=terms.days(kind_of(item)))


def _since(model: Any) -> ColumnElement[datetime]:
    return func.coalesce(model.renewed_at, model.published_at, type_=UtcDateTime())


def is_over(model: Any, day: date, terms: Terms) -> ColumnElement[bool]:
    """The published records whose last day was before ``day``."""
    earlier = timedelta(days=terms.days(posting.kind_of_table(model)))
    over = _since(model) < midnight(day - earlier)
    if model is Need:
        over = or_(Need.deadline < day, and_(Need.deadline.is_(None), over))
    return and_(model.status == "published", over)


def ending(model: Any, when: Window) -> ColumnElement[bool]:
    """The published records whose last day lies in the window."""
    since = _since(model)
    ends = and_(since >= when.since, since < when.until)
    if model is Need:
        by_deadline = Need.deadline.between(when.first, when.last)
        ends = or_(by_deadline, and_(Need.deadline.is_(None), ends))
    return and_(model.status == "published", ends)


class _DayAfter(GenericFunction[date]):
    """The day in the city so many days after a moment."""

    type = Date()
    inherit_cache = True
    name = "day_after"


def _moment_and_days(element: Any, compiler: Any, **kw: Any) -> tuple[str, str]:
    moment, days = element.clauses
    return compiler.process(moment, **kw), compiler.process(days, **kw)


@compiles(_DayAfter, "sqlite")
def _on_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    moment, days = _moment_and_days(element, compiler, **kw)
    return f"date({moment}, '{HOURS_AHEAD:+d} hours', '+' || {days} || ' days')"


@compiles(_DayAfter, "postgresql")
def _on_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    moment, days = _moment_and_days(element, compiler, **kw)
    return f"(CAST({moment} AT TIME ZONE '{CITY.key}' AS DATE) + {days})"


class _DayBefore(GenericFunction[date]):
    """The day in the city of the last instant before a moment."""

    type = Date()
    inherit_cache = True
    name = "day_before"


@compiles(_DayBefore, "sqlite")
def _before_on_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    [moment] = element.clauses
    words = compiler.process(moment, **kw)
    return f"date({words}, '{HOURS_AHEAD:+d} hours', '-0.001 seconds')"


@compiles(_DayBefore, "postgresql")
def _before_on_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    [moment] = element.clauses
    words = compiler.process(moment, **kw)
    early = f"({words} - INTERVAL '1 microsecond')"
    return f"CAST({early} AT TIME ZONE '{CITY.key}' AS DATE)"


def last_day_before(moment: Any) -> ColumnElement[date]:
    """`labels.last_day` as a column: what ends at midnight ends with the day before."""
    found: ColumnElement[date] = _DayBefore(moment)
    return found


def last_days(model: Any, days: int | BindParameter[int]) -> ColumnElement[date]:
    """`last_day` as a column of a query; ``days`` are those of the terms."""
    number = days if isinstance(days, BindParameter) else literal(days, Integer())
    after: ColumnElement[date] = _DayAfter(_since(model), number)
    if model is not Need:
        return after
    return func.coalesce(Need.deadline, after, type_=Date())


def expire(session: Session, *, terms: Terms, now: datetime) -> int:
    """Take what nobody asks for or offers any more out of the lists; says how many.

    Doing it twice changes nothing.
    """
    return sum(_expire(session, TABLES[kind], terms, now) for kind in KINDS)


def _expire(session: Session, model: Any, terms: Terms, now: datetime) -> int:
    kind = posting.kind_of_table(model).value
    due = select(model).where(is_over(model, today(now), terms))
    total = 0
    while True:
        with transaction(session):
            query = (
                due.order_by(model.id)
                .limit(AT_ONCE)
                .with_for_update(of=model, key_share=True)
            )
            items = list(session.scalars(query))
            for item in items:
                item.move_to(type(item.status).EXPIRED)
                item.updated_at = now
                history.record(session, None, f"{kind}.expired", item, now=now)
                notices.queue(
                    session,
                    notices.members_of(session, item.organisation_id),
                    f"{kind}_expired",
                    now=now,
                    title=item.title,
                    **{f"{kind}_id": item.id},
                )
                outbox.touch(session, item, now=now)
        total += len(items)
        if len(items) < AT_ONCE:
            return total


def may_renew(item: Item, terms: Terms, day: date) -> bool:
    """Whether it has expired, or its last day is near."""
    if item.status.value == "expired":
        return item.published_at is not None
    last = last_day(item, terms)
    soon = last is not None and last - day <= RENEW_FROM
    return item.status.value == "published" and soon


def renew(
    session: Session,
    actor: User,
    kind: RecordType,
    record_id: int,
    *,
    terms: Terms,
    now: datetime,
    check: Callable[[Any], None] = lambda _: None,
) -> Item:
    """Open again what was checked before: no review, its text is the same.

    A deadline moves to `RENEWED_FOR` from today. Raises `Conflict`
    «<kind>.not_renewable» where nothing is about to end or has ended; ``check`` raises
    for what else speaks against it.
    """
    day = today(now)
    with transaction(session):
        item: Any = posting.locked(session, actor, TABLES[kind], record_id, "edit")
        if not may_renew(item, terms, day):
            raise Conflict(f"{kind.value}.not_renewable")
        check(item)
        changes: dict[str, Any] = {}
        if isinstance(item, Need) and item.deadline is not None:
            new = day + RENEWED_FOR
            changes = {"deadline": [item.deadline.isoformat(), new.isoformat()]}
            item.deadline = new
        if item.status.value == "expired":
            item.move_to(type(item.status).PUBLISHED)
        item.renewed_at = item.updated_at = now
        action = f"{kind.value}.renewed"
        history.record(session, actor, action, item, now=now, changes=changes)
        outbox.touch(session, item, now=now)
    renewed: Item = item
    return renewed
