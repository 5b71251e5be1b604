"""Remind people of what has waited too long: each wait once, by a notice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, cast, exists, null, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import Reminder, User, transaction

from ..calendar import service as calendar
from ..labels import CITY
from ..notices import service as notices
from .periods import Periods
from .service import moment
from .source import Remind, Source, When
from .sources import SOURCES

# Nobody is reminded at night, nor on a day off.
HOURS = range(8, 20)
# So many of a source at a time; the rest at the next look.
MOST_AT_ONCE = 1000


def send(session: Session, periods: Periods, *, now: datetime) -> int:
    """Write the notices that are due; returns how many people were told something.

    One notice for all waits of a source, so that a morning brings one line a kind.
    """
    if periods.reminder_days == 0 or now.astimezone(CITY).hour not in HOURS:
        return 0
    try:
        return _send(session, periods, now)
    except IntegrityError:
        return 0  # another worker is telling them at this moment


def _send(session: Session, periods: Periods, now: datetime) -> int:
    told, working_days = 0, periods.reminder_days
    with transaction(session):
        days = calendar.load(session)
        when = moment(now, periods, days)
        if not days.is_working(when.today):
            return 0
        morning = calendar.waits_since(days, now, working_days)
        for source in SOURCES:
            if source.remind is Remind.NEVER:
                continue
            before = morning if source.remind is Remind.AFTER_A_WAIT else None
            rows = _too_long(session, source, when, before)
            told += _tell(session, source, rows, working_days, when.now)
    return told


def _too_long(
    session: Session, source: Source, when: When, before: datetime | None
) -> Sequence[Any]:
    """The waits nobody was reminded of that began before the moment (none: all)."""
    whose = [
        (cast(null(), Integer) if column is None else column).label(name)
        for name, column in (("owner", source.owner), ("person", source.person))
    ]
    waits = source.waiting(when).add_columns(*whose).subquery()
    reminded = exists().where(
        Reminder.source == source.name,
        Reminder.record_id == waits.c.id,
        Reminder.since == waits.c.since,
    )
    wanted = select(waits).where(~reminded)
    if before is not None:
        wanted = wanted.where(waits.c.since < before)
    wanted = wanted.order_by(waits.c.since, waits.c.id).limit(MOST_AT_ONCE)
    return session.execute(wanted).all()


def _tell(
    session: Session, source: Source, rows: Sequence[Any], days: int, now: datetime
) -> int:
    """One notice to each person concerned, and a row for each wait."""
    by_owner: dict[tuple[int | None, int | None], list[Any]] = defaultdict(list)
    for row in rows:
        by_owner[row.owner, row.person].append(row)
    waiting = source.remind is Remind.AFTER_A_WAIT
    told = 0
    for (owner, person), waits in by_owner.items():
        people = _people(session, source, owner, person)
        _, argument = source.pages[waits[0].variant]
        notices.queue(
            session,
            people,
            "work_waiting" if waiting else "work_due",
            now=now,
            source=source.name,
            label=source.label,
            number=len(waits),
            title=waits[0].title,
            days=days,
            # With the record it names, the notice goes too.
            **{argument: waits[0].id},
        )
        told += len(people)
    for record_id, since in dict.fromkeys((row.id, row.since) for row in rows):
        session.add(
            Reminder(source=source.name, record_id=record_id, since=since, sent_at=now)
        )
    return told


def _people(
    session: Session, source: Source, owner: int | None, person: int | None
) -> list[int]:
    query = select(User.id).where(User.active, User.role.in_(source.roles))
    if source.owner is not None:
        query = query.where(User.organisation_id == owner)
    if source.person is not None:
        query = query.where(User.id == person)
    return list(session.scalars(query))
