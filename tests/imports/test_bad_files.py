"""Files as they should not be: refused or read, in words, with nothing half entered."""

import io
import zipfile
from datetime import date

import pytest
from openpyxl import Workbook, load_workbook
from sqlalchemy import func, select

from models import Need
from models.states import ImportState

from .files import NEED_HEAD, book, counts, errors, need_row, saved

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@pytest.fixture
def firm(make):
    return make.user()


def failed(files, firm, data, name="表.xlsx"):
    """Why a file was not read at all."""
    run = files.send(firm, "needs", io.BytesIO(data), name=name)
    assert run.state is ImportState.FAILED
    files.session.rollback()
    assert files.session.scalar(select(func.count()).select_from(Need)) == 0
    return run.error


def test_an_old_workbook_under_a_new_name(files, firm):
    data = OLE + "Workbook".encode("utf-16-le").ljust(4096, b"\0")
    assert ".xls" in failed(files, firm, data)


def test_a_workbook_with_a_password(files, firm):
    words = "EncryptedPackage".encode("utf-16-le")
    assert "密码" in failed(files, firm, OLE + words.ljust(8192, b"\0"))


def test_an_archive_that_unpacks_to_too_much(files, firm):
    packed = io.BytesIO(book(need_row()).getvalue())
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/bomb.bin", bytes(200_000_000))
    assert "请拆成几个文件" in failed(files, firm, packed.getvalue())


def test_more_rows_than_are_read(files, firm):
    lines = ["需求编号,需求名称,所属领域"]
    lines += [f"A-{number},第 {number} 条的名称,新材料" for number in range(5001)]
    words = failed(files, firm, "\n".join(lines).encode(), "多.csv")
    assert "超过 5,000 行" in words


def test_a_file_of_chinese_windows(files, firm):
    text = "需求编号,需求名称,所属领域,预算(万元)\nA-1,储能电站预警,新材料,12.5\n"
    run = files.send(firm, "needs", io.BytesIO(text.encode("gbk")), name="表.csv")
    assert counts(run) == (1, 0, 0, 0, 0)


def test_merged_cells_two_rows_of_headings_and_a_hidden_sheet(files, session, firm):
    workbook = Workbook()
    page = workbook.active
    page.append(["2026 年企业技术需求汇总表（单位：万元）"])
    page.merge_cells("A1:E1")
    page.append(["基本情况", None, "需求", None, "预算"])
    page.merge_cells("A2:B2")
    page.merge_cells("C2:D2")
    page.append(["编号", "所属领域", "需求名称", "需求描述", None])
    page.merge_cells("E2:E3")
    page.append(["A-1", "新材料", "第一条的名称", "描述" * 20, 5])
    page.append([None, None, "第二条的名称", "别的" * 20, 6])
    page.merge_cells("B4:B5")
    page.append(["合计", None, None, None, 11])
    hidden = workbook.create_sheet("旧表")
    hidden.append(list(NEED_HEAD))
    hidden.sheet_state = "hidden"
    run = files.through(firm, "needs", saved(workbook))
    assert counts(run) == (2, 0, 0, 0, 0), errors(run)
    notes = "".join(run.report["notes"])
    assert "隐藏的工作表没有读取：旧表" in notes
    assert "合计" in notes
    session.rollback()
    first, second = session.scalars(select(Need).order_by(Need.id))
    assert (first.field, second.field) == ("NM", "NM")
    assert (first.budget_fen, second.budget_fen) == (5_000_000, 6_000_000)


def test_formulas_nobody_computed(files, firm):
    run = files.send(firm, "needs", book(need_row(技术需求名称="=A1")))
    [(number, label, words)] = errors(run)
    assert (number, label) == (2, "需求名称")
    assert "公式没有计算结果" in words


@pytest.mark.parametrize("cell", [46568, "46568", "2027/6/30", date(2027, 6, 30)])
def test_days_as_numbers_and_words(files, session, firm, cell):
    files.through(firm, "needs", book(need_row(需求截止日期=cell)))
    session.rollback()
    assert session.scalars(select(Need)).one().deadline == date(2027, 6, 30)


@pytest.mark.parametrize(
    ("given", "label", "words"),
    [
        ({"拟投入经费（万元）": "一大笔"}, "预算", "看不懂这个金额"),
        ({"拟投入经费（万元）": -1}, "预算", "不能是负数"),
        ({"拟投入经费（万元）": 0}, "预算", "须大于 0"),
        ({"需求截止日期": "明年"}, "截止日期", "看不懂这个日期"),
        ({"需求截止日期": "2027-02-30"}, "截止日期", "没有这一天"),
        ({"所属领域": "炼金术"}, "技术领域", "不在可选范围"),
        ({"所在地区": "长沙"}, "所在区县", "哪个区县"),
        ({"合作模式": "抢"}, "合作方式", "不在可选范围"),
        ({"技术需求名称": None}, "需求名称", "没有填写"),
        ({"技术需求名称": "名" * 61}, "需求名称", "最多 60 个字"),
        ({"技术需求名称": "……"}, "需求名称", "请用文字写明"),
        ({"需求编号": 2026430100000001}, "编号", "文本格式"),
        ({"需求编号": "1.2E+15"}, "编号", "科学计数法"),
        ({"需求编号": "9" * 65}, "编号", "最多 64"),
        (
            {"主要技术指标": "\n".join("指标" for _ in range(13))},
            "希望达到的指标",
            "12",
        ),
        ({"主要技术指标": "指" * 201}, "希望达到的指标", "200"),
        ({"技术需求描述": "字" * 5001}, "要解决的问题", "5000"),
        ({"联系人": "人" * 201}, "联系人", "200"),
    ],
)
def test_an_error_names_the_row_the_column_and_what_to_do(
    files, firm, given, label, words
):
    run = files.send(firm, "needs", book(need_row(1), need_row(2, **given)))
    assert counts(run)[4] == 1, run.report
    [(number, column, said)] = errors(run)
    assert (number, column) == (3, label)
    assert words in said


def test_errors_come_back_as_a_workbook_that_goes_in_once_mended(files, session, firm):
    rows = [need_row(1), need_row(2, 需求截止日期="x")]
    run = files.send(firm, "needs", book(*rows))
    path = files.store.path(run.errors_sha256)
    back = load_workbook(io.BytesIO(path.read_bytes()))
    page = back.active
    assert page["A1"].value == "错误"
    assert "截止日期：看不懂这个日期" in page["A3"].value
    column = [cell.value for cell in page[1]].index("需求截止日期") + 1
    page.cell(3, column).value = "2027-06-30"
    run = files.through(firm, "needs", saved(back))
    assert counts(run) == (2, 0, 0, 0, 0), errors(run)


def test_all_or_nothing_unless_errors_are_skipped(files, session, firm):
    rows = [need_row(1), need_row(2, 需求截止日期="x"), need_row(3)]
    run = files.through(firm, "needs", book(*rows), skip_errors=True)
    assert counts(run) == (2, 0, 0, 0, 1)
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Need)) == 2
