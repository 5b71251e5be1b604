"""Accepted calls count to «突破关键核心技术»: each once, in its year, with its row."""

from __future__ import annotations

from datetime import datetime

from matchmaker.awards import accepted
from matchmaker.dashboards import year
from matchmaker.dashboards.schema import Narrowing
from matchmaker.labels import CITY
from models import transaction
from models.states import CallStatus, TargetIndicator

from .conftest import set_up


def counted(stage, of_year: int) -> int | None:
    now = datetime(2028, 3, 1, tzinfo=CITY)
    query = Narrowing(year=of_year)
    board = year.year_board(stage.session, stage.staff, query, now=now)
    [found] = [
        one.reached.value
        for one in board.progress
        if one.indicator is TargetIndicator.BREAKTHROUGHS
    ]
    return found


def test_a_call_counts_once_in_the_year_its_first_award_was_accepted(
    session, make, stage
):
    first, second = stage.awards
    stage.begin()
    assert counted(stage, 2026) == 0
    # New Year's Eve in the city; by UTC it is still the day before.
    stage.now = datetime(2026, 12, 31, 0, 30, tzinfo=CITY)
    stage.accept(first)
    assert stage.call.status is CallStatus.RUNNING
    assert counted(stage, 2026) == 0  # a race that goes on
    stage.now = datetime(2027, 2, 10, 9, tzinfo=CITY)
    stage.accept(second)
    assert stage.call.status is CallStatus.ACCEPTED
    assert [counted(stage, of) for of in (2026, 2027, 2028)] == [1, 0, 0]
    # Whatever is written to the call later moves it to no other year.
    with transaction(session):
        stage.call.updated_at = datetime(2027, 6, 1, tzinfo=CITY)
    assert [counted(stage, of) for of in (2026, 2027)] == [1, 0]

    other = set_up(session, make, winners=1)
    other.begin()
    other.now = datetime(2027, 1, 1, 0, 30, tzinfo=CITY)
    other.accept(other.awards[0])
    stopped = set_up(session, make, winners=1)
    stopped.begin()
    stopped.stop(stopped.awards[0])
    assert [counted(stage, of) for of in (2026, 2027)] == [1, 1]
    [row] = accepted.of_year(session, 2026)
    assert (row.call.id, row.day.isoformat()) == (stage.call.id, "2026-12-31")
    assert [one.id for one in row.awards] == [first.id, second.id]
    assert row.amount_fen == first.amount_fen + second.amount_fen
    [row] = accepted.of_year(session, 2027)
    assert row.call.id == other.call.id


def test_the_figure_of_the_board_opens_its_rows(stage, login):
    stage.begin()
    stage.accept(stage.awards[0])
    stage.stop(stage.awards[1], "race_over")
    staff = login(stage.staff)
    assert "/boards/calls?year=2026" in staff.get("/boards?year=2026").text
    rows = staff.get("/boards/calls?year=2026").text
    assert stage.call.title in rows
    assert stage.firm.organisation.name in rows
    assert stage.college.organisation.name not in rows
    assert "还没有验收合格的榜单" in staff.get("/boards/calls?year=2025").text
    assert login(stage.firm).get("/boards/calls").status_code == 403
