"""Where a year will end: known cases, the edges, and what must always hold."""

from datetime import date, timedelta
from math import exp, log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.dashboards.projection import (
    Basis,
    cumulative,
    fan,
    month_ends,
    project,
    share_by,
    usual_shares,
)

YI = 10**10


def evenly(year, fen=YI, until=None):
    """The same sum on every day of the year, up to and with a day."""
    first, last = date(year, 1, 1), until or date(year, 12, 31)
    return {first + timedelta(days=n): fen for n in range((last - first).days + 1)}


def halves(year, before, after):
    """So much in the first half of the year, so much in the second."""
    return {date(year, 3, 1): before, date(year, 9, 1): after}


def test_an_even_year_ends_where_its_days_lead():
    day = date(2026, 7, 1)
    found = project(day, evenly(2026, until=day), {})
    assert found.basis is Basis.RUN_RATE
    assert found.point == 365 * YI
    assert found.low == found.point == found.high  # weeks without any spread


def test_the_season_of_the_years_before_leads_the_projection():
    """A quarter came by July in the years before, so four times as much will come."""
    past = {2024: halves(2024, 25, 75), 2025: halves(2025, 250, 750)}
    found = project(date(2026, 7, 1), {date(2026, 2, 1): 40}, past)
    assert found.basis is Basis.SEASON
    assert found.years == (2024, 2025)
    assert found.point == 160
    assert found.low == found.high == 160  # both years went alike
    assert found.share == pytest.approx(0.25)


def test_the_interval_is_the_spread_of_the_years_before():
    past = {
        2023: halves(2023, 20, 80),
        2024: halves(2024, 25, 75),
        2025: halves(2025, 50, 50),
    }
    found = project(date(2026, 7, 1), {date(2026, 2, 1): 1000}, past)
    ratios = [log(4), log(3), log(1)]
    mean = sum(ratios) / 3
    spread = sqrt(sum((r - mean) ** 2 for r in ratios) / 2)
    reach = 1.886 * spread * sqrt(4 / 3)  # Student's t, two degrees of freedom
    assert found.point == pytest.approx(1000 * (1 + exp(mean)), abs=1)
    assert found.low == pytest.approx(1000 * (1 + exp(mean - reach)), abs=1)
    assert found.high == pytest.approx(1000 * (1 + exp(mean + reach)), abs=1)


def test_with_one_year_before_the_weeks_of_this_one_give_the_interval():
    day = date(2026, 7, 1)
    days = evenly(2026, until=day)
    days[date(2026, 5, 6)] += 30 * YI
    found = project(day, days, {2025: evenly(2025)})
    assert found.basis is Basis.SEASON
    assert found.years == (2025,)
    assert found.low < found.point < found.high
    assert sum(days.values()) <= found.low


def test_the_last_day_of_a_year_is_its_end():
    days = evenly(2025)
    found = project(date(2025, 12, 31), days, {})
    assert (found.basis, found.point) == (Basis.OVER, 365 * YI)
    assert found.low == found.high == found.point
    assert project(date(2025, 12, 31), {}, {}).point == 0


@pytest.mark.parametrize(
    ("day", "days", "past"),
    [
        (date(2026, 1, 1), {date(2026, 1, 1): YI}, {}),
        (date(2026, 1, 13), evenly(2026, until=date(2026, 1, 13)), {}),
        # The first day of a year was next to nothing of any year before it.
        (date(2026, 1, 1), {date(2026, 1, 1): YI}, {2025: evenly(2025)}),
        (date(2026, 6, 1), {}, {2025: evenly(2025)}),
        (date(2026, 6, 1), {date(2026, 6, 2): YI}, {}),  # tomorrow's does not count
        (date(2026, 6, 1), {date(2026, 5, 1): 0}, {2025: {}}),
    ],
)
def test_too_little_to_tell_is_not_told(day, days, past):
    assert project(day, days, past) is None


def test_a_fortnight_without_years_before_is_told_without_an_interval():
    day = date(2026, 1, 14)
    found = project(day, evenly(2026, until=day), {})
    assert found.point == 365 * YI
    assert found.low is None
    assert found.high is None


def test_a_year_without_contracts_does_not_count_as_a_year_before():
    past = {2024: {}, 2025: {date(2025, 12, 31): YI}}  # nothing by July in both
    day = date(2026, 7, 1)
    assert project(day, evenly(2026, until=day), past).basis is Basis.RUN_RATE


def test_the_29th_of_february_stands_beside_the_28th():
    past = {date(2023, 2, 28): 3, date(2023, 3, 1): 7}
    assert share_by(date(2024, 2, 29), past) == 0.3
    leap = {date(2024, 2, 29): 3, date(2024, 3, 1): 7}
    assert share_by(date(2023, 2, 28), leap) == 0.0
    assert share_by(date(2023, 3, 1), leap) == 1.0


def test_the_months_add_up():
    days = {date(2026, 1, 31): 1, date(2026, 2, 1): 2, date(2026, 12, 31): 4}
    assert cumulative(days, month_ends(2026)) == [1, *[3] * 10, 7]
    assert cumulative({}, month_ends(2026)) == [0] * 12


def test_a_usual_year_goes_by_the_calendar_until_others_are_known():
    shares = usual_shares(2026, {})
    assert shares[0] == pytest.approx(31 / 365)
    assert shares[-1] == 1
    assert usual_shares(2026, {2025: {}}) == shares
    assert usual_shares(2026, {2025: halves(2025, 25, 75)})[5] == 0.25


def test_the_line_to_the_end_of_the_year_follows_the_season():
    shares = usual_shares(2026, {2025: halves(2025, 25, 75)})
    line = list(fan(date(2026, 7, 10), 100, 400, shares, 0.25))
    assert line[0] == (date(2026, 7, 10), 100)
    assert line[1:3] == [(date(2026, 7, 31), 100), (date(2026, 8, 31), 100)]
    assert line[3:] == [(day, 400) for day in month_ends(2026)[8:]]


SUMS = st.dictionaries(
    st.dates(date(2025, 1, 1), date(2025, 12, 31)), st.integers(0, 10**15), max_size=40
)


@given(SUMS, SUMS, SUMS, st.dates(date(2026, 1, 1), date(2026, 12, 31)))
def test_whatever_came_before_the_end_is_no_less_than_what_there_is(
    one, other, this, day
):
    days = {each.replace(year=2026): fen for each, fen in this.items()}
    past = {2025: one, 2024: {each.replace(year=2024): f for each, f in other.items()}}
    found = project(day, days, past)
    so_far = sum(fen for each, fen in days.items() if each <= day)
    if found is None:
        return
    slack = 1 + so_far * 1e-9  # logarithms and exponentials round
    assert found.point >= so_far - slack
    if found.low is not None:
        assert so_far - slack <= found.low <= found.point + slack
        assert found.point - slack <= found.high
    assert 0 < found.share <= 1
