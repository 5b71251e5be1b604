"""Arithmetic of working days over a table of exceptions; no database, no clock."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import date, timedelta

ONE_DAY = timedelta(days=1)
WEEK, WORKING_WEEKDAYS = 7, 5


class Calendar:
    """Monday to Friday, but for the days of the table.

    ``exceptions`` are (day, whether people work on it); a day that says what its
    weekday says anyway does no harm.
    """

    def __init__(self, exceptions: Iterable[tuple[date, bool]] = ()) -> None:
        self._told = dict(exceptions)
        changed = sorted(
            (day, 1 if working else -1)
            for day, working in self._told.items()
            if working is not _by_weekday(day)
        )
        self._days = [day for day, _ in changed]
        self._sums = [0]
        for _, step in changed:
            self._sums.append(self._sums[-1] + step)

    def is_working(self, day: date) -> bool:
        """Whether people work on that day."""
        return self._told.get(day, _by_weekday(day))

    def between(self, start: date, end: date) -> int:
        """How many working days lie after ``start``, up to and with ``end``.

        What began on a Friday has waited one day on Monday. None if ``end`` is
        not after ``start``.
        """
        if end <= start:
            return 0
        plain = _weekdays_until(end) - _weekdays_until(start)
        return plain + self._changes_until(end) - self._changes_until(start)

    def after(self, start: date, number: int) -> date:
        """The working day ``number`` working days after ``start``.

        The day itself for none.
        """
        if number < 0:
            raise ValueError("a number of working days is not negative")
        day = start
        while number:
            day += ONE_DAY
            number -= self.is_working(day)
        return day

    def latest_start(self, end: date, number: int) -> date:
        """The last day on which a wait of ``number`` working days by ``end`` began."""
        if number < 0:
            raise ValueError("a number of working days is not negative")
        day = end
        while number:
            number -= self.is_working(day)
            day -= ONE_DAY
        return day

    def _changes_until(self, day: date) -> int:
        return self._sums[bisect_right(self._days, day)]


def _by_weekday(day: date) -> bool:
    return day.weekday() < WORKING_WEEKDAYS


def _weekdays_until(day: date) -> int:
    """Mondays to Fridays from 1 January of the year 1, a Monday, to that day."""
    weeks, rest = divmod(day.toordinal(), WEEK)
    return weeks * WORKING_WEEKDAYS + min(rest, WORKING_WEEKDAYS)
