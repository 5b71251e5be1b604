"""Working days: arithmetic that must agree with counting on one's fingers."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.calendar.days import Calendar

DAYS = st.dates(date(2025, 12, 1), date(2027, 2, 28))
TABLES = st.dictionaries(DAYS, st.booleans(), max_size=60).map(
    lambda table: Calendar(table.items())
)
NUMBERS = st.integers(0, 40)


def counted(calendar: Calendar, start: date, end: date) -> int:
    days = (start + timedelta(n) for n in range(1, (end - start).days + 1))
    return sum(calendar.is_working(day) for day in days)


@given(TABLES, DAYS, DAYS)
def test_a_span_is_what_one_counts_day_by_day(calendar, start, end):
    assert calendar.between(start, end) == counted(calendar, start, end)


@given(TABLES, st.lists(DAYS, min_size=3, max_size=3).map(sorted))
def test_two_spans_that_meet_make_one(calendar, days):
    first, middle, last = days
    assert calendar.between(first, last) == (
        calendar.between(first, middle) + calendar.between(middle, last)
    )


@given(TABLES, DAYS, NUMBERS)
def test_the_day_so_many_working_days_on_is_that_far(calendar, start, number):
    end = calendar.after(start, number)
    assert calendar.between(start, end) == number
    if number:
        assert calendar.is_working(end)


@given(TABLES, DAYS, NUMBERS)
def test_a_wait_that_long_began_on_that_day_or_before(calendar, end, number):
    start = calendar.latest_start(end, number)
    assert calendar.between(start, end) >= number
    assert number == 0 or calendar.between(start + timedelta(1), end) == number - 1


@given(TABLES, DAYS)
def test_a_table_that_repeats_the_weekdays_changes_nothing(calendar, day):
    said = ((day + timedelta(n), (day + timedelta(n)).weekday() < 5) for n in range(40))
    assert Calendar(said).between(day, day + timedelta(39)) == Calendar().between(
        day, day + timedelta(39)
    )


def test_a_friday_has_waited_one_day_on_monday():
    friday = date(2026, 11, 20)
    assert [Calendar().between(friday, friday + timedelta(n)) for n in range(5)] == [
        0,
        0,
        0,
        1,
        2,
    ]


def test_a_make_up_sunday_counts_and_a_holiday_does_not():
    calendar = Calendar([(date(2026, 9, 20), True), (date(2026, 9, 25), False)])
    assert calendar.between(date(2026, 9, 18), date(2026, 9, 28)) == 6
    assert calendar.after(date(2026, 9, 18), 1) == date(2026, 9, 20)


@pytest.mark.parametrize("work", [Calendar().after, Calendar().latest_start])
def test_there_is_no_negative_number_of_days(work):
    with pytest.raises(ValueError, match="not negative"):
        work(date(2026, 11, 23), -1)
