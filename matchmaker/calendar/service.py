"""The calendar as the administrator entered it, and waits counted by it."""

from datetime import date, datetime, time, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from models import Holiday

from ..labels import CITY, today
from .days import Calendar


def load(session: Session) -> Calendar:
    """The calendar in force: some forty rows a year."""
    rows = session.execute(select(Holiday.day, Holiday.is_working))
    return Calendar((day, is_working) for day, is_working in rows)


def waited(calendar: Calendar, since: datetime, now: datetime) -> int:
    """For how many working days of the city something has waited."""
    return calendar.between(today(since), today(now))


def waits_since(calendar: Calendar, now: datetime, days: int) -> datetime:
    """What began before this moment has waited for so many working days or more."""
    last = calendar.latest_start(today(now), days)
    return datetime.combine(last + timedelta(days=1), time(), CITY)


def lacks_year(session: Session, year: int) -> bool:
    """Whether no public holiday of that year was entered yet."""
    days = Holiday.day.between(date(year, 1, 1), date(year, 12, 31))
    return not session.scalar(select(exists().where(days)))
