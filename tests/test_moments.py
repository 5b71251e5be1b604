"""Times as people type them are the city's, whatever machine they sit at."""

import os
import time
from datetime import UTC, datetime, timedelta

import pytest

from matchmaker import labels, moments


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-12-01T17:00", datetime(2026, 12, 1, 9, tzinfo=UTC)),
        ("2026-12-1 17:00", datetime(2026, 12, 1, 9, tzinfo=UTC)),
        ("２０２６-12-01 17：00", datetime(2026, 12, 1, 9, tzinfo=UTC)),
        # The end of a day is the beginning of the next; a night of a year too.
        ("2026-12-31 24:00", datetime(2026, 12, 31, 16, tzinfo=UTC)),
        ("2027-01-01 00:00", datetime(2026, 12, 31, 16, tzinfo=UTC)),
        # In March and October others change their clocks; the city does not.
        ("2027-03-28 02:30", datetime(2027, 3, 27, 18, 30, tzinfo=UTC)),
        ("2027-10-31 02:30:15", datetime(2027, 10, 30, 18, 30, 15, tzinfo=UTC)),
    ],
)
def test_a_typed_time_is_that_of_the_city(text, expected):
    assert moments.read(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-01",
        "2026-12-01T17:00Z",
        "2026-12-01T17:00+08:00",
        "2026-12-01 24:01",
        "2026-02-30 10:00",
        "2026-12-01 25:00",
        "9999-12-31 24:00",
        "1766000000",
        "明天下午五点",
    ],
)
def test_what_names_another_zone_or_no_time_is_refused(text):
    with pytest.raises(ValueError, match=r".*"):
        moments.read(text)


def test_the_zone_of_the_machine_changes_nothing(monkeypatch):
    before = os.environ.get("TZ")
    try:
        for zone in ("America/New_York", "Asia/Kathmandu", "UTC"):
            monkeypatch.setenv("TZ", zone)
            time.tzset()
            moment = moments.read("2027-03-14 02:30")
            assert moment == datetime(2027, 3, 13, 18, 30, tzinfo=UTC)
            assert moments.typed(moment) == "2027-03-14T02:30"
            assert labels.until(moment) == "2027年3月14日 02:30 前"
    finally:
        monkeypatch.undo()
        assert os.environ.get("TZ") == before
        time.tzset()


def test_an_end_is_told_by_the_day_it_ends():
    midnight = datetime(2026, 12, 1, 16, tzinfo=UTC)
    assert labels.until(midnight) == "2026年12月1日 24:00 前"
    assert labels.last_day(midnight).isoformat() == "2026-12-01"
    assert labels.last_day(midnight + timedelta(microseconds=1)).day == 2
    assert labels.until(midnight + timedelta(seconds=1)) == "2026年12月2日 00:00:01 前"


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=3), "3 天"),
        (timedelta(days=2, hours=23, minutes=59), "2 天 23 小时"),
        (timedelta(hours=1), "1 小时 0 分"),
        (timedelta(seconds=59), "59 秒"),
        (timedelta(seconds=-5), "0 秒"),
    ],
)
def test_how_long_is_left(left, words):
    now = datetime(2026, 12, 1, tzinfo=UTC)
    assert labels.left(now + left, now) == words
