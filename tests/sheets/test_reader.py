"""Whatever stands around a table, its rows are read; what is no table is refused."""

import zipfile
from datetime import date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matchmaker.errors import Invalid
from matchmaker.sheets.reader import UNCOMPUTED, Limits, opened
from matchmaker.sheets.writer import write_workbook

from .files import HEAD, LAYOUT, LIMITS, ONE, read, repacked, text, workbook


def words(path, limits=LIMITS):
    """In which words the file is refused."""
    with pytest.raises(Invalid) as refused:
        read(path, limits=limits)
    return refused.value.fields["file"]


def outcome(path):
    """«read», or the words of the refusal; anything else that is raised is a bug."""
    try:
        read(path)
    except Invalid as refused:
        return refused.fields["file"]
    return "read"


# -- Finding the table ------------------------------------------------------------


def test_a_plain_table_is_read_with_its_row_numbers(tmp_path):
    path = workbook(tmp_path, HEAD, ONE, [], ["A2", "二号合同", 1.5, None])
    headings, rows, notes = read(path)
    assert headings == HEAD
    assert rows == [(2, ONE), (4, ["A2", "二号合同", 1.5, None])]
    assert notes == []


def test_a_file_of_any_name_is_what_it_holds(tmp_path):
    path = workbook(tmp_path, HEAD, ONE)
    assert read(path.rename(tmp_path / "0123abc"))[1] == [(2, ONE)]


def test_titles_above_and_sums_below_are_no_rows(tmp_path):
    path = workbook(
        tmp_path,
        ["2026 年技术合同台账"],
        ["单位：万元", None, "填报日期 2026-11-01"],
        ["登记编号", "合同名称", "成交额", "买方名称"],
        ONE,
        ["合 计", None, 12],
    )
    with opened(path, LAYOUT, LIMITS) as table:
        assert [row.number for row in table.rows()] == [4]
        assert table.unit == "wan"
        assert table.notes == ["第 5 行是合计，没有当作一条记录"]


def test_two_rows_of_headings_with_merged_cells_are_one(tmp_path):
    path = workbook(
        tmp_path,
        ["技术合同登记情况表"],
        ["登记编号", "合同名称", "合同金额（元）", "买方", None, "卖方"],
        [None, None, None, "名称", "地区", "名称"],
        ["A1", "一号合同", 120000, "甲公司", "岳麓区", "乙大学"],
        merged=("A1:F1", "A2:A3", "B2:B3", "C2:C3", "D2:E2"),
    )
    headings, rows, _ = read(path)
    assert headings == [
        "登记编号",
        "合同名称",
        "合同金额（元）",
        "买方名称",
        "买方地区",
        "卖方名称",
    ]
    assert rows == [(4, ["A1", "一号合同", 120000, "甲公司", "岳麓区", "乙大学"])]
    assert LAYOUT.propose(headings)["合同金额（元）"] == "total:yuan"


def test_cells_merged_over_rows_hold_their_value_in_each(tmp_path):
    path = workbook(tmp_path, HEAD, ONE, ["A2", "二号合同", 3, None], merged=("D2:D3",))
    _, rows, notes = read(path)
    assert [cells[3] for _, cells in rows] == ["甲公司", "甲公司"]
    assert "合并" in notes[0]


def test_cells_of_a_record_merged_sideways_are_of_the_first_column(tmp_path):
    path = workbook(tmp_path, HEAD, ["A1", None, 12, "甲"], merged=("A2:B2",))
    assert read(path)[1] == [(2, ["A1", None, 12, "甲"])]


def test_the_visible_sheet_with_most_known_headings_is_read(tmp_path):
    def change(book):
        book.active.title = "说明"
        secret = book.create_sheet("旧台账")
        secret.append(HEAD)
        secret.sheet_state = "hidden"
        page = book.create_sheet("台账")
        page.append(HEAD)
        page.append(ONE)

    path = workbook(tmp_path, ["填表说明"], change=change)
    with opened(path, LAYOUT, LIMITS) as table:
        assert table.sheet == "台账"
        assert table.notes == [
            "隐藏的工作表没有读取：旧台账",
            "没有读取其他工作表：说明",
        ]


def test_repeated_and_missing_headings_get_names_of_their_own(tmp_path):
    path = workbook(tmp_path, [*HEAD, "其他", None, "其他"], [*ONE, 1, 2, 3])
    headings, rows, _ = read(path)
    assert headings[4:] == ["其他", "（F 列，没有列名）", "其他（2）"]
    assert rows[0][1][4:] == [1, 2, 3]


def test_a_wrong_dimension_in_the_file_hides_no_row(tmp_path):
    path = workbook(tmp_path, HEAD, ONE, ONE)
    part = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(path) as archive:
        xml = archive.read(part).replace(b'ref="A1:D3"', b'ref="A1:A1"')
    assert b'ref="A1:A1"' in xml
    assert len(read(repacked(path, {part: xml}))[1]) == 2


# -- Cells ---------------------------------------------------------------------------


def test_days_are_days_however_the_cell_holds_them(tmp_path):
    head = [*HEAD, "签订日期"]
    path = workbook(
        tmp_path,
        head,
        [*ONE, date(2026, 3, 1)],
        [*ONE, datetime.fromisoformat("2026-03-01T10:30")],
        [*ONE, "2026年3月1日"],
        [*ONE, 46082],
    )
    assert [cells[4] for _, cells in read(path)[1]] == [
        date(2026, 3, 1),
        datetime.fromisoformat("2026-03-01T10:30"),
        "2026年3月1日",
        46082,
    ]


def test_a_formula_counts_by_its_computed_value_or_is_marked(tmp_path):
    path = workbook(tmp_path, HEAD, ["A1", "一号合同", "=10+2", "甲公司"])
    assert read(path)[1] == [(2, ["A1", "一号合同", UNCOMPUTED, "甲公司"])]
    part = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(path) as archive:
        xml = archive.read(part)
    for empty in (b"<v />", b"<v/>", b"<v></v>"):
        xml = xml.replace(b"</f>" + empty, b"</f><v>12</v>")
    assert b"<f>10+2</f><v>12</v>" in xml
    assert read(repacked(path, {part: xml}))[1][0][1][2] == 12


def test_what_the_writer_guarded_comes_back_as_it_was(tmp_path):
    path = tmp_path / "表.xlsx"
    with write_workbook("表", HEAD, [["=cmd|' /C calc'!A0", "-5", 1, "@x"]]) as file:
        path.write_bytes(file.read())
    assert read(path)[1][0][1] == ["=cmd|' /C calc'!A0", "-5", 1, "@x"]


# -- Texts ---------------------------------------------------------------------------

CSV = '登记编号,合同名称,成交额(万元),买方名称\nA1,一号合同,"1,200",甲公司\n\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_a_text_is_read_in_every_encoding_people_save_in(tmp_path, encoding):
    headings, rows, _ = read(text(tmp_path, CSV, encoding))
    assert headings == HEAD
    assert rows == [(2, ["A1", "一号合同", "1,200", "甲公司"])]


@pytest.mark.parametrize("sign", ["\t", ";"])
def test_other_signs_between_cells_are_found_out(tmp_path, sign):
    lines = [sign.join(HEAD), sign.join(["A1", "一号合同", "12", "甲公司"])]
    assert read(text(tmp_path, "\r\n".join(lines)))[1][0][1][1] == "一号合同"


def test_a_text_row_with_too_few_or_too_many_cells_is_still_a_row(tmp_path):
    rows = read(text(tmp_path, CSV + "A2,短\nA3,长,1,2,3,4\n"))[1]
    assert rows[1][1] == ["A2", "短", "", ""]
    assert rows[2][1] == ["A3", "长", "1", "2"]


# -- Refusals ------------------------------------------------------------------------


def test_no_headings_we_know_are_refused_with_what_is_needed(tmp_path):
    said = words(workbook(tmp_path, ["甲", "乙"], [1, 2]))
    assert "登记编号、合同名称、成交额" in said
    assert "没有找到表头" in words(text(tmp_path, "甲,乙\n1,2\n"))
    assert "没有找到表头" in words(text(tmp_path, ""))


def test_more_rows_than_the_setting_are_refused(tmp_path):
    path = workbook(tmp_path, HEAD, *([ONE] * 4))
    assert len(read(path, limits=Limits(rows=4))[1]) == 4
    assert "超过 3 行" in words(path, Limits(rows=3))


def test_an_old_or_locked_workbook_says_what_to_do(tmp_path):
    path = tmp_path / "表.xlsx"
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(3000)
    path.write_bytes(ole + "Workbook".encode("utf-16-le"))
    assert "另存为「Excel 工作簿 (*.xlsx)」" in words(path)
    path.write_bytes(ole + "EncryptedPackage".encode("utf-16-le") + bytes(99))
    assert "密码" in words(path)


def test_an_archive_that_unpacks_to_more_than_allowed_is_refused_early(tmp_path):
    path = workbook(tmp_path, HEAD, ONE)
    bomb = b"<worksheet><sheetData>" + b" " * 40_000_000
    repacked(path, {"xl/worksheets/sheet1.xml": bomb})
    assert path.stat().st_size < 100_000
    assert "解压后过大" in words(path)
    repacked(path, {"xl/worksheets/sheet1.xml": b" " * 3_000_000})
    assert "解压后过大" in words(path, Limits(unpacked=2_000_000))


def test_entities_that_multiply_are_refused(tmp_path):
    path = workbook(tmp_path, HEAD, ONE)
    part = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(path) as archive:
        xml = archive.read(part)
    repacked(path, {part: b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + xml})
    assert "损坏" in words(path)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PK\x03\x04 this is no archive", "损坏"),
        (b"<html><table><tr><td>1</td></tr></table>", "网页"),
        (b"%PDF-1.7", "PDF"),
        (b"a,b\0c", "无法识别"),
        (b"\xff\xfe\x00\xd8", "没有找到表头|损坏"),
    ],
)
def test_what_is_no_table_is_told_from_one(tmp_path, data, said):
    path = tmp_path / "表.xlsx"
    path.write_bytes(data)
    assert any(each in words(path) for each in said.split("|"))


def test_macros_other_formats_and_other_archives_are_refused(tmp_path):
    path = workbook(tmp_path, HEAD, ONE)
    assert "宏" in words(repacked(path, {"xl/vbaProject.bin": b"x"}))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    assert "不是 Excel" in words(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.bin", "x")
    assert "xlsb" in words(path)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(blows=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), min_size=1))
def test_a_damaged_workbook_is_read_or_refused_never_an_error(tmp_path, blows):
    path = workbook(tmp_path, HEAD, ONE)
    raw = bytearray(path.read_bytes())
    for place, byte in blows:
        raw[int(place * len(raw))] = byte
    path.write_bytes(raw)
    assert outcome(path)


@pytest.mark.parametrize(
    "part", ["workbook.xml", "worksheets/sheet1.xml", "styles.xml"]
)
@pytest.mark.parametrize("data", [b"", b"<x>", b"<worksheet/>", b"\xff\xfe<\0x\0"])
def test_a_workbook_with_a_broken_part_is_refused_in_words(tmp_path, part, data):
    path = repacked(workbook(tmp_path, HEAD, ONE), {f"xl/{part}": data})
    assert outcome(path)


def test_the_rows_are_handed_on_as_they_are_read(tmp_path):
    """The first row is there before the last was parsed."""
    path = workbook(tmp_path, HEAD, *([ONE] * 50))
    part = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(path) as archive:
        xml = archive.read(part)
    # Broken far behind: what a reader of the whole would refuse at once.
    repacked(path, {part: xml + b" " * 300_000 + b"<oops"})
    with opened(path, LAYOUT, LIMITS) as table:
        assert next(table.rows()).number == 2


# -- What a careless reader takes for something else ---------------------------------


def test_what_one_heading_says_of_its_unit_is_not_said_of_another(tmp_path):
    head = ["登记编号", "合同名称", "注册资本（单位：万元）", "成交额"]
    with opened(workbook(tmp_path, head, ONE), LAYOUT, LIMITS) as table:
        assert table.unit == ""


def test_prose_with_many_chinese_commas_does_not_part_the_cells(tmp_path):
    prose = "，".join(["很长的一句话"] * 40)
    path = text(tmp_path, f"登记编号,合同名称\nA1,一号合同：{prose}\n")
    headings, rows, _ = read(path)
    assert headings == ["登记编号", "合同名称"]
    assert rows == [(2, ["A1", f"一号合同：{prose}"])]


def test_lines_that_were_only_numbered_in_advance_are_no_rows(tmp_path):
    blank = [[number, *[None] * len(ONE)] for number in range(2, 50)]
    path = workbook(tmp_path, ["序号", *HEAD], [1, *ONE], *blank)
    assert read(path)[1] == [(2, [1, *ONE])]


def test_more_uncomputed_formulas_than_are_noted_are_refused(tmp_path):
    rows = [["A1", "一号合同", "=1+1", f"={number}"] for number in range(600)]
    path = workbook(tmp_path, HEAD, *rows)
    assert "没有计算结果" in words(path, Limits(rows=1000))
