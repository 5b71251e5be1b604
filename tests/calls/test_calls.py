"""Open calls: whether they take bids, and their pages."""

from datetime import UTC, datetime, timedelta

import pytest

from matchmaker.calls.service import window
from models.states import CallStatus

pytestmark = pytest.mark.one_database
CLOSES = datetime(2027, 3, 31, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "status", "words"),
    [
        (timedelta(days=1, hours=2), CallStatus.OPEN, "正在揭榜，还有 1 天 2 小时"),
        (timedelta(seconds=61), CallStatus.OPEN, "正在揭榜，还有 1 分 1 秒"),
        (timedelta(0), CallStatus.OPEN, "已于 2027年3月31日 17:00 前截止"),
        (timedelta(days=1), CallStatus.AWARDED, "现在不接受揭榜"),
    ],
)
def test_the_clock_closes_a_call(make, before, status, words):
    call = make.call(closes_at=CLOSES, status=status)
    assert window(call, CLOSES - before) == words


def test_anybody_reads_an_open_call(client, make):
    call = make.call(background="<b>背景</b>\n第二行")
    page = client.get(f"/calls/{call.id}").text
    assert "&lt;b&gt;背景&lt;/b&gt;\n第二行" in page
    assert "500 万元" in page
    assert "相近的成果" in page
    assert "经过" not in page
    assert call.title in client.get("/calls").text


def test_a_call_over_by_the_clock_is_off_the_list_and_says_so(client, make):
    call = make.call(closes_at=datetime(2020, 3, 1, 9, tzinfo=UTC))
    assert "已截止" in client.get(f"/calls/{call.id}").text
    assert call.title not in client.get("/calls").text


@pytest.mark.parametrize("status", [CallStatus.DRAFT, CallStatus.ARGUED])
def test_a_call_in_preparation_is_not_found(client, login, make, status):
    call = make.call(status=status)
    assert client.get(f"/calls/{call.id}").status_code == 404
    seen = 404 if status is CallStatus.DRAFT else 200
    assert login(make.staff()).get(f"/calls/{call.id}").status_code == seen
    assert call.title not in client.get("/calls").text
