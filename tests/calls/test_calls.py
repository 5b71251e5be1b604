"""Open calls: whether they take bids, and their pages."""

from datetime import date

import pytest

from matchmaker.calls.service import window
from models.states import CallStatus

DEADLINE = date(2027, 3, 31)


@pytest.mark.parametrize(
    ("today", "status", "words"),
    [
        (date(2027, 3, 30), CallStatus.OPEN, "正在揭榜，还有 1 天"),
        (DEADLINE, CallStatus.OPEN, "正在揭榜，今天截止"),
        (date(2027, 4, 1), CallStatus.OPEN, "已于 2027-03-31 截止"),
        (date(2027, 3, 30), CallStatus.AWARDED, "现在不接受揭榜"),
    ],
)
def test_the_clock_closes_a_call(make, today, status, words):
    assert window(make.call(deadline=DEADLINE, status=status), today) == words


def test_a_call_without_deadline_stays_open(make):
    assert "未设截止日期" in window(make.call(deadline=None), DEADLINE)


def test_anybody_reads_an_open_call(client, make):
    call = make.call(background="<b>背景</b>\n第二行")
    page = client.get(f"/calls/{call.id}").text
    assert "&lt;b&gt;背景&lt;/b&gt;\n第二行" in page
    assert "500 万元" in page
    assert "相近的成果" in page
    assert "经过" not in page
    assert call.title in client.get("/calls").text


def test_a_call_over_by_the_clock_says_so(client, make):
    call = make.call(deadline=date(2020, 1, 1))
    assert "已截止" in client.get(f"/calls/{call.id}").text
    assert "已截止" in client.get("/calls").text


@pytest.mark.parametrize("status", [CallStatus.DRAFT, CallStatus.ARGUED])
def test_a_call_in_preparation_is_not_found(client, login, make, status):
    call = make.call(status=status)
    assert client.get(f"/calls/{call.id}").status_code == 404
    seen = 404 if status is CallStatus.DRAFT else 200
    assert login(make.staff()).get(f"/calls/{call.id}").status_code == seen
    assert call.title not in client.get("/calls").text
