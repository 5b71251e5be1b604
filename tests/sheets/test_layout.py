"""Headings are known by their words, whatever is written around them."""

import pytest

from matchmaker.sheets.layout import bare, said_unit, unit_of

from .files import LAYOUT


@pytest.mark.parametrize(
    "heading",
    [
        "登记编号",
        " 登记 编号 ",
        "*登记编号",
        "登记编号（必填）",
        "1.登记编号",
        "登记编号：",
        "登记\n编号",
    ],
)
def test_one_heading_however_it_is_written(heading):
    assert LAYOUT.propose([heading]) == {heading: "number"}


@pytest.mark.parametrize(
    ("heading", "unit"),
    [
        ("成交额(万元)", "wan"),
        ("成交额（元）", "yuan"),
        ("成交额【单位：万元】", "wan"),
        ("合同金额万元", "wan"),
        ("成交额", ""),
        ("成交额（人民币）", ""),
    ],
)
def test_the_unit_of_money_is_read_from_the_heading(heading, unit):
    assert unit_of(heading) == unit


def test_money_without_a_unit_is_left_to_the_person():
    assert LAYOUT.propose(["成交额"]) == {}
    assert LAYOUT.propose(["成交额"], "yuan") == {"成交额": "total:yuan"}
    assert LAYOUT.propose(["成交额(万元)"], "yuan") == {"成交额(万元)": "total:wan"}
    assert said_unit("单位:人民币万元") == "wan"
    assert said_unit("填报单位：某某公司") == ""


def test_the_first_of_two_headings_of_one_column_counts():
    assert LAYOUT.propose(["买方", "买方名称"]) == {"买方": "buyer"}


def test_required_columns_that_no_heading_stands_for_are_told():
    missing = LAYOUT.missing({"编号": "number", "金额": "total:wan"})
    assert [each.code for each in missing] == ["name"]


def test_choices_ask_for_the_unit_of_money():
    choices = dict(LAYOUT.choices())
    assert choices["total:wan"] == "成交额（万元）"
    assert "total" not in choices


def test_bare_words():
    assert bare("合同 成交总额（万元）*") == "合同成交总额"
    assert LAYOUT.ignores("序 号")
