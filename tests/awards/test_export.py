"""«在研榜单» as a workbook: what the reader sees under its filter, and no formula."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from matchmaker.awards import export, listing
from matchmaker.awards.schema import AwardQuery, Shown
from matchmaker.errors import Forbidden
from matchmaker.sheets.tables import Form
from matchmaker.sheets.writer import unguarded
from models import History, transaction

from .conftest import WAN, set_up


def rows(stage, user, **query):
    """The rows of both sheets as dicts by heading."""
    file = export.write(
        stage.session, user, AwardQuery(**query), Form.XLSX, now=stage.now
    )
    found = []
    for sheet in load_workbook(BytesIO(file.read())).worksheets:
        head, *lines = sheet.iter_rows(values_only=True)
        found.append([dict(zip(head, line, strict=True)) for line in lines])
    return found


def test_it_holds_the_list_with_its_money_and_milestones(stage):
    stage.begin()
    award = stage.awards[0]
    stage.pass_(award.milestones[0])
    stage.pay(award.milestones[0], 10 * WAN)
    stage.later(300)
    awards, milestones = rows(stage, stage.staff)
    assert len(awards) == 2
    assert len(milestones) == 4
    [row] = [one for one in awards if one["承担单位"] == award.bidder.name]
    assert row["立项金额（万元）"] == award.amount_fen / WAN
    assert row["已拨付（万元）"] == 10
    assert (row["里程碑数"], row["已通过"]) == (2, 1)
    assert row["下一个里程碑"] == "现场试用"
    assert row["下一个期限"].date() == row["完成期限"].date()
    assert row["完成期限"].date() == award.milestones[1].due_on
    assert row["逾期天数"] == 100
    assert {one["交付物"] for one in milestones} >= {"样机一套和测试记录"}
    [note] = stage.session.scalars(
        select(History).where(History.action == "award.list_exported")
    )
    assert note.actor_id == stage.staff.id


def test_a_winner_gets_its_own_alone_and_who_has_none_an_empty_sheet(stage, make):
    stage.begin()
    awards, milestones = rows(stage, stage.firm)
    assert {one["承担单位"] for one in awards + milestones} == {
        stage.awards[0].bidder.name
    }
    assert rows(stage, stage.outsider) == [[], []]
    with pytest.raises(Forbidden):
        rows(stage, make.expert().user)


def test_it_is_filtered_as_the_list_is(stage, make, session):
    stage.begin()
    other = set_up(session, make, winners=1)
    with transaction(session):
        other.call.title = "矿用电缆在线监测"
    stage.stop(stage.awards[1])
    for query in (
        {},
        {"shown": Shown.ALL},
        {"shown": Shown.ENDED},
        {"q": "电缆"},
        {"q": stage.awards[0].bidder.name, "shown": Shown.ALL},
    ):
        page = listing.browse(session, stage.staff, AwardQuery(**query), stage.now)
        awards, _ = rows(stage, stage.staff, **query)
        shown = [(one.award.call.title, one.award.bidder.name) for one in page.items]
        assert [(one["榜单"], one["承担单位"]) for one in awards] == shown
        assert len(shown) < 3 or query == {"shown": Shown.ALL}


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "+8613", "-2", "\t=cmd|' /C'!A0"])
def test_no_text_of_anybody_becomes_a_formula(stage, text):
    stage.begin()
    milestone = stage.awards[0].milestones[0]
    with transaction(stage.session):
        stage.call.title = milestone.title = milestone.deliverable = text
    awards, milestones = rows(stage, stage.staff)
    for cell in (awards[0]["榜单"], milestones[0]["里程碑"], milestones[0]["交付物"]):
        assert cell.startswith("'")
        assert unguarded(cell).strip() == text.strip()


@pytest.mark.one_database
def test_the_page_offers_the_export_with_its_filter(stage, login):
    stage.begin()
    stage.now += timedelta(days=1)
    client = login(stage.firm)
    html = client.get("/awards?shown=all&q=").text
    assert 'action="/awards/export"' in html
    assert 'name="shown" value="all"' in html
    answer = client.post("/awards/export", data={"shown": "all", "q": ""})
    assert answer.status_code == 200
    assert ".xlsx" in answer.headers["Content-Disposition"]
    book = load_workbook(BytesIO(answer.data))
    assert book.sheetnames == ["项目", "里程碑"]
    assert book["项目"].max_row == 2
    answer = client.post("/awards/export", data={"shown": "all", "format": "csv"})
    lines = answer.data.decode().splitlines()
    assert lines[0].startswith("\ufeff榜单编号,榜单,")
    assert len(lines) == 2
    wrong = client.post("/awards/export", data={"shown": "nothing"})
    assert wrong.status_code == 422
