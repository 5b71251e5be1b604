"""The calendar that the platform comes with, and the one the administrator keeps."""

from datetime import UTC, date, datetime

from sqlalchemy import delete

from matchmaker.calendar import service
from models import Holiday, transaction


def test_the_public_calendar_of_2026_is_there_from_the_start(session):
    calendar = service.load(session)
    assert not calendar.is_working(date(2026, 10, 1))
    assert calendar.is_working(date(2026, 10, 10))  # a Saturday
    assert calendar.between(date(2026, 9, 30), date(2026, 10, 8)) == 1
    # 365 days, 261 of them weekdays; 33 days off, 6 made up for.
    assert calendar.between(date(2025, 12, 31), date(2026, 12, 31)) == 248


def test_a_wait_is_counted_in_days_of_the_city(session):
    calendar = service.load(session)
    late = datetime(2026, 11, 19, 17, 0, tzinfo=UTC)  # Friday, one in the morning
    assert service.waited(calendar, late, datetime(2026, 11, 23, 1, tzinfo=UTC)) == 1
    assert service.waited(calendar, late, late) == 0


def test_a_year_nobody_entered_is_told(session):
    assert not service.lacks_year(session, 2026)
    assert service.lacks_year(session, 2027)
    with transaction(session):
        session.execute(delete(Holiday))
    assert service.lacks_year(session, 2026)
