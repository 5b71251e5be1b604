"""The administrator's pages of targets and definitions."""

import re

import pytest
from sqlalchemy import select

from models import Definition, YearTarget
from models.states import Role


@pytest.fixture
def admin(make, login):
    return login(make.user(Role.ADMIN))


def seen(page):
    return re.search(r'name="seen" value="(\w*)"', page).group(1)


def test_the_page_shows_the_year_with_its_sources_and_definitions(admin):
    page = admin.get("/admin/targets?year=2024").text
    assert 'value="1400"' in page
    assert 'value="8.6"' in page
    assert "长沙市 2024 年建设全球研发中心城市工作目标" in page
    assert "计划未给出算法，此为平台暂用口径" in page
    assert "平台初始" in page


def test_another_year_is_copied_saved_and_shown(session, admin):
    page = admin.get("/admin/targets?year=2026").text
    assert "沿用 2024 年的目标" in page
    answer = admin.post("/admin/targets/copy", data={"year": "2026"})
    assert answer.status_code == 303
    page = admin.get(answer.location).text
    form = {"year": "2026", "seen": seen(page), "target_turnover": "1600"}
    saved = admin.post("/admin/targets", data=form, follow_redirects=True)
    assert "已保存 2026 年的 8 项" in saved.text  # one changed, seven emptied
    session.rollback()
    [row] = session.scalars(select(YearTarget).where(YearTarget.year == 2026))
    assert row.value == 1600 * 10**10


def test_a_wrong_figure_comes_back_with_what_was_typed(session, admin):
    form = {"year": "2026", "seen": "", "target_turnover": "很多", "fact_gdp": "9"}
    answer = admin.post("/admin/targets", data=form)
    assert answer.status_code == 422
    assert "请填写数字，单位亿元，例如 1400" in answer.text
    assert 'value="很多"' in answer.text
    assert 'value="9"' in answer.text
    assert not session.scalars(select(YearTarget).where(YearTarget.year == 2026)).all()


def test_the_second_of_two_sees_what_is_stored_now(make, login, admin):
    mark = seen(admin.get("/admin/targets?year=2024").text)
    keep = {"year": "2024", "seen": mark, "target_needs": "305"}
    login(make.user(Role.ADMIN)).post("/admin/targets", data=keep)
    answer = admin.post("/admin/targets", data=keep | {"target_needs": "310"})
    assert answer.status_code == 409
    assert "您的修改没有保存" in answer.text
    assert "现在保存着的：305" in answer.text
    assert 'value="310"' in answer.text
    again = {"seen": seen(answer.text), "target_needs": "310"}
    assert admin.post("/admin/targets", data=keep | again).status_code == 303


def test_a_definition_is_added_and_printed_on_the_board(session, make, login, admin):
    form = {
        "indicator": "needs",
        "name": "人工录入的需求数",
        "method": "entered",
        "words": "由管理员按文件录入，不按发布数。",
        "from_on": "2026-01-01",
    }
    answer = admin.post("/admin/targets/definitions", data=form)
    assert answer.status_code == 303
    session.rollback()
    row = session.scalar(select(Definition).where(Definition.name == form["name"]))
    assert row is not None
    for path in ("/boards?year=2026", "/board?year=2026"):
        page = login(make.staff()).get(path).text
        assert form["words"] in page
        assert "「人工录入的需求数」，自 2026-01-01 起" in page
    assert form["words"] not in login(make.staff()).get("/boards?year=2025").text
    wrong = admin.post("/admin/targets/definitions", data=form | {"words": ""})
    assert wrong.status_code == 422
    assert "请填写此项" in wrong.text
