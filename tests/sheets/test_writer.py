"""A workbook says what it was given, and nothing in it can run."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from matchmaker.sheets.writer import (
    LONGEST_CELL,
    Column,
    Sheet,
    safe_cell,
    unguarded,
    write_sheets,
    write_workbook,
)

MARCH = datetime.fromisoformat("2026-03-01")


def read(file):
    with file:
        book = load_workbook(file)
        return [[cell.value for cell in row] for row in book.worksheets[0].iter_rows()]


def test_a_sheet_holds_its_headings_and_rows():
    rows = [("甲", 12, date(2026, 3, 1)), ("乙", None, None)]
    assert read(write_workbook("合同", ["名称", "数", "日期"], rows)) == [
        ["名称", "数", "日期"],
        ["甲", 12, MARCH],
        ["乙", None, None],
    ]


def test_notes_stand_above_the_headings_and_money_and_days_have_their_format():
    columns = [Column("金额", kind="money"), Column("日期", kind="date")]
    sheet = Sheet("表", columns, [(Decimal("1.50"), date(2026, 3, 1))], ["说明"])
    with write_sheets([sheet]) as file:
        page = load_workbook(file).worksheets[0]
    assert page["A1"].value == "说明"
    assert (page["A3"].value, page["A3"].number_format) == (1.5, "#,##0.00####")
    assert page["B3"].number_format == "yyyy-mm-dd"
    assert page.freeze_panes == "A3"


def test_choices_are_offered_below_the_heading():
    sheet = Sheet("表", [Column("类别", choices=("技术开发", "技术转让"))], [])
    with write_sheets([sheet]) as file:
        [rule] = load_workbook(file).worksheets[0].data_validations.dataValidation
    assert rule.formula1 == '"技术开发,技术转让"'
    assert str(rule.sqref).startswith("A2:")


@pytest.mark.parametrize(
    "text",
    [
        "=cmd|' /C calc'!A0",
        "+1+1",
        "-2+3",
        "@SUM(A1)",
        " =1",
        "\t=1",
        "\u3000=1",
        "＝1+1",
        "\n-1",
    ],
)
def test_no_text_becomes_a_formula(text):
    [[_], [cell]] = read(write_workbook("表", ["列"], [(text,)]))
    assert cell.startswith("'")
    with write_workbook("表", ["列"], [(text,)]) as file:
        kinds = {c.data_type for row in load_workbook(file).worksheets[0] for c in row}
    assert kinds == {"s"}
    assert unguarded(safe_cell(text)) == text


@given(st.text(max_size=200))
def test_any_text_can_be_written_and_is_no_formula(text):
    [_, *rows] = read(write_workbook("表", ["列"], [(text,)]))
    written = (rows[0][0] if rows else None) or ""
    assert not str(written).lstrip().startswith(("=", "+", "-", "@"))


def test_moments_are_the_citys_and_long_numbers_and_texts_keep_their_bounds():
    noon = datetime(2026, 11, 23, 4, tzinfo=UTC)
    assert safe_cell(noon) == datetime.fromisoformat("2026-11-23T12:00")
    assert safe_cell(10**17) == "100000000000000000"
    assert len(safe_cell("长" * 40_000)) == LONGEST_CELL
    assert safe_cell("a\x00b\ud800") == "ab"


@pytest.mark.parametrize("title", ["合同[2026]/一:二", "", "'", "表" * 60])
def test_any_title_names_a_sheet(title):
    assert read(write_workbook(title, ["列"], [])) == [["列"]]
