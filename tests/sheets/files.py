"""Files for the reader: workbooks as people make them, and traps."""

import io
import zipfile
from pathlib import Path

from openpyxl import Workbook

from matchmaker.sheets.layout import Field, Layout
from matchmaker.sheets.reader import Limits, opened

LAYOUT = Layout(
    "合同",
    (
        Field("number", "登记编号", ("合同登记编号", "编号"), required=True),
        Field("name", "合同名称", ("项目名称",), required=True),
        Field(
            "total",
            "成交额",
            ("合同金额", "合同成交总额"),
            required=True,
            is_money=True,
        ),
        Field("buyer", "买方名称", ("买方", "受让方")),
        Field("seller", "卖方名称", ("卖方", "让与方")),
        Field("signed", "签订日期", is_date=True),
    ),
    ignored=("序号", "备注", "错误"),
)
HEAD = ["登记编号", "合同名称", "成交额(万元)", "买方名称"]
ONE = ["A1", "一号合同", 12, "甲公司"]
LIMITS = Limits(rows=100)


def workbook(folder: Path, *rows, name="表.xlsx", merged=(), change=None) -> Path:
    """A saved workbook of these rows; ``change`` gets the book before it is saved."""
    book = Workbook()
    page = book.active
    for row in rows:
        page.append(list(row))
    for area in merged:
        page.merge_cells(area)
    if change is not None:
        change(book)
    path = folder / name
    book.save(path)
    return path


def text(folder: Path, words: str, encoding="utf-8") -> Path:
    path = folder / "表.csv"
    path.write_bytes(words.encode(encoding))
    return path


def read(path: Path, layout=LAYOUT, limits=LIMITS):
    """(headings, [(row number, cells)], notes) of the table in the file."""
    with opened(path, layout, limits) as table:
        rows = [(row.number, row.cells) for row in table.rows()]
        return table.headings, rows, table.notes


def repacked(path: Path, changes: dict[str, bytes]) -> Path:
    """The archive with some parts replaced or added."""
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for name, data in (parts | changes).items():
            new.writestr(name, data)
    path.write_bytes(packed.getvalue())
    return path
