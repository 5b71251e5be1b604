"""Where lines, bars and ticks stand."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.contracts.groupings import Cell, Sum
from matchmaker.dashboards import charts
from matchmaker.dashboards.projection import project
from matchmaker.dashboards.year import Pace, Period

YI = 10**10
WAN = 10**6


@pytest.mark.parametrize(
    ("top", "labels", "unit"),
    [
        (1400 * YI, ["0", "500", "1,000", "1,500"], "亿元"),
        (3 * YI, ["0", "1", "2", "3"], "亿元"),
        (60 * WAN, ["0", "20", "40", "60"], "万元"),
        (0, ["0", "0.2", "0.4", "0.6", "0.8", "1"], "万元"),
    ],
)
def test_an_axis_ends_at_a_round_number_above(top, labels, unit):
    ticks, last, found = charts.axis(top)
    assert [tick.label for tick in ticks] == labels
    assert last >= top
    assert found == unit
    assert (ticks[0].y, ticks[-1].y) == (charts.HEIGHT, 0)


@given(st.integers(0, 10**18))
def test_an_axis_has_few_ticks_and_reaches_the_top(top):
    ticks, last, _ = charts.axis(top)
    assert 2 <= len(ticks) <= charts.MOST_TICKS + 1
    assert last >= top * (1 - 1e-9)


def cells(*sums):
    return [Cell(str(n), f"项{n}", Sum(1, fen, fen)) for n, fen in enumerate(sums)]


def test_the_longest_bar_is_the_full_width_and_the_rest_stand_together():
    bars = charts.bars(cells(*range(120, 0, -10)))
    assert len(bars) == charts.MOST_BARS + 1
    assert bars[0].length == 1
    assert bars[-1].label == "其余 4 项"
    assert bars[-1].keys == ("8", "9", "10", "11")
    assert bars[-1].sum == Sum(4, 100, 100)
    assert sum(bar.share for bar in bars) == pytest.approx(1)


def test_one_bar_more_is_shown_rather_than_called_the_rest():
    bars = charts.bars(cells(*range(9, 0, -1)))
    assert [bar.keys for bar in bars] == [(str(n),) for n in range(9)]


def test_bars_of_nothing_have_no_length():
    assert [bar.length for bar in charts.bars(cells(0, 0))] == [0, 0]
    assert charts.bars([]) == []


def test_every_month_has_its_column():
    columns = charts.columns([Cell("3", "3 月", Sum(1, 5, 5))], charts.MONTH_KEYS)
    assert [bar.sum.total_fen for bar in columns] == [0, 0, 5, *[0] * 9]


def chart_of(day, days, target=None):
    pace = Pace(days, {}, project(day, days, {}))
    return charts.pace_chart(Period(day.year, day), pace, target)


def test_the_line_of_the_year_ends_today_and_the_fan_at_its_end():
    day = date(2026, 7, 2)
    chart = chart_of(day, {date(2026, 1, 1): 50 * YI, day: 50 * YI}, 400 * YI)
    points = [tuple(map(float, p.split(","))) for p in chart.actual.split()]
    assert points[0] == (0, 400)
    assert points[-1] == (500, 300)  # the 183rd of 365 days, 100 of 400
    end = chart.expected.split()[-1]
    assert end.startswith("1000")
    assert chart.usual.split()[-1] == "1000.0,0.0"
    assert chart.target.y == 0
    assert [row.so_far for row in chart.rows][5:8] == [50 * YI, 100 * YI, None]


def test_a_year_that_is_over_has_no_fan_and_one_to_come_no_line():
    over = chart_of(date(2025, 12, 31), {date(2025, 3, 1): YI})
    assert over.actual
    assert not over.expected
    assert not over.band
    coming = charts.pace_chart(Period(2031, None), Pace({}, {}, None), 100 * YI)
    assert not coming.actual
    assert coming.usual
    assert coming.here is None
