"""For how long what was published stays open, and what ends within some days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import BindParameter

from models.outbox import RecordType

from ..labels import CITY


@dataclass(frozen=True)
class Terms:
    """For how many days what has no deadline of its own stays open."""

    need_days: int
    achievement_days: int

    def days(self, kind: RecordType) -> int:
        return self.need_days if kind is RecordType.NEED else self.achievement_days


@dataclass(frozen=True)
class Window:
    """The last days of records that end from one day to another, for a query.

    What has a deadline ends within ``first`` and ``last``, both of which count. What
    has none was published or renewed from ``since`` on and before ``until``, ``days``
    earlier. Each may be a parameter, filled in when the query is sent.
    """

    first: date | BindParameter[date]
    last: date | BindParameter[date]
    since: datetime | BindParameter[datetime]
    until: datetime | BindParameter[datetime]
    days: int | BindParameter[int]


def window(kind: RecordType, first: date, last: date, terms: Terms) -> Window:
    """What ends from the first to the last day."""
    days = terms.days(kind)
    earlier = timedelta(days=days)
    after = last + timedelta(days=1)
    return Window(
        first, last, midnight(first - earlier), midnight(after - earlier), days
    )


def midnight(day: date) -> datetime:
    """When the day begins in the city."""
    return datetime.combine(day, time(), CITY)
