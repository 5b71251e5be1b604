"""Read a table from an .xlsx or .csv row by row, whatever stands around it.

Memory does not grow with the file: rows are handed on as they are read. What a
person meant is found out from the sheet itself: which sheet, where its headings are
(under title rows, in merged cells, over two rows), in which unit its money is.
"""

from __future__ import annotations

import csv
import itertools
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, NoReturn
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from ..attachments.office import refuse
from ..errors import Invalid
from . import heads
from .guard import BROKEN, Limits, Range, SheetFacts, examine, is_workbook
from .heads import Head
from .layout import Layout, bare
from .writer import unguarded

# Headings stand somewhere in these rows.
LOOKED_AT = 40
SUMS = frozenset({"合计", "总计", "小计", "累计", "本页合计", "合计数"})
MOST_NOTED = 20


class Uncomputed:
    """A formula that no program has computed: its value is not in the file."""

    def __repr__(self) -> str:
        return "UNCOMPUTED"


UNCOMPUTED = Uncomputed()
Cell = str | int | float | bool | date | datetime | Uncomputed | None


@dataclass(frozen=True)
class Row:
    """A row of the table: its number in the file, its cells under the headings."""

    number: int
    cells: list[Cell]


@dataclass
class Table:
    """A table found in a file, and its rows as they are read.

    headings   one for each column, each different from the others
    unit       of money, where a line above the headings says it: «wan», «yuan»
    expected   rows there are at most; for telling how far one is
    notes      what the reader left aside or filled in, in words
    """

    sheet: str
    headings: list[str]
    unit: str
    expected: int
    _rows: Callable[[Table], Iterator[Row]]
    notes: list[str] = field(default_factory=list)

    def rows(self) -> Iterator[Row]:
        """The rows that are not blank and no sum; raises `Invalid` for too many."""
        return self._rows(self)

    def note(self, text: str) -> None:
        if text not in self.notes and len(self.notes) < MOST_NOTED:
            self.notes.append(text)


@contextmanager
def opened(path: Path, layout: Layout, limits: Limits) -> Iterator[Table]:
    """The table of the file at ``path``; raises `Invalid` where there is none."""
    if is_workbook(path):
        with _workbook(path, layout, limits) as table:
            yield table
    else:
        yield _text_table(path, layout, limits)


# -- Workbooks -----------------------------------------------------------------

_FOREIGN_ERRORS = (
    BadZipFile,
    zlib.error,
    SyntaxError,  # of whichever XML parser openpyxl finds
    InvalidFileException,
    KeyError,
    IndexError,
    ValueError,
    TypeError,
    AttributeError,
    OSError,
    EOFError,
)


@contextmanager
def _reading() -> Iterator[None]:
    """Whatever a broken workbook makes its parser raise, in our words."""
    try:
        yield
    except Invalid:
        raise
    except _FOREIGN_ERRORS as error:
        raise Invalid({"file": BROKEN}) from error


@contextmanager
def _workbook(path: Path, layout: Layout, limits: Limits) -> Iterator[Table]:
    facts = examine(path, limits)
    # Opened by us: the parser would refuse a file whose name does not end in .xlsx.
    with path.open("rb") as file:
        with _reading():
            book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        try:
            yield _best_sheet(book, facts, layout, limits)
        finally:
            book.close()


def _best_sheet(
    book: Any, facts: dict[str, SheetFacts], layout: Layout, limits: Limits
) -> Table:
    """The visible sheet whose headings we know best; the first of equals."""
    best: tuple[int, Table] | None = None
    hidden, others = [], []
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            hidden.append(sheet.title)
            continue
        # The only name by which the archive knows the sheet.
        its = facts.get(sheet._worksheet_path.lstrip("/"), SheetFacts())
        with _reading():
            head = heads.find(_peek(sheet, its, limits), layout)
        if head is None:
            others.append(sheet.title)
            continue
        if best is not None and head.known <= best[0]:
            others.append(sheet.title)
            continue
        if best is not None:
            others.append(best[1].sheet)
        aside = _aside(head, layout)
        best = head.known, _sheet_table(sheet, its, head, limits, aside)
    if best is None:
        _refuse_headless(layout, hidden)
    _, table = best
    if hidden:
        table.note(f"隐藏的工作表没有读取：{'、'.join(hidden)}")
    if others:
        table.note(f"没有读取其他工作表：{'、'.join(others)}")
    return table


def _refuse_headless(layout: Layout, hidden: Sequence[str] = ()) -> NoReturn:
    needed = "、".join(each.label for each in layout.fields if each.required)
    aside = "（隐藏的工作表不读取）" if hidden else ""
    refuse(
        f"没有找到表头{aside}。表头要在前 {LOOKED_AT} 行里，至少包括：{needed}。"
        "可以下载模板，按模板的列名整理后再上传"
    )


def _peek(sheet: Any, facts: SheetFacts, limits: Limits) -> list[list[Cell]]:
    """The first rows, merged cells filled in."""
    sheet.reset_dimensions()  # what the file says of its own size may be wrong
    rows = sheet.iter_rows(max_row=LOOKED_AT, max_col=limits.columns, values_only=True)
    filler = _Filler(facts.merged, across=True)
    return [
        filler.filled(number, [_plain(value) for value in values])
        for number, values in enumerate(rows, 1)
    ]


def _sheet_table(
    sheet: Any,
    facts: SheetFacts,
    head: Head,
    limits: Limits,
    aside: frozenset[int],
) -> Table:
    def rows(table: Table) -> Iterator[Row]:
        below = {each for each in facts.merged if each[1] >= head.first_row}
        filler = _Filler(below, across=False)
        if any(bottom > top for _, top, _, bottom in below):
            table.note("有跨行合并的单元格，已把所显示的内容填到合并的每一行")
        with _reading():
            found = sheet.iter_rows(
                min_row=head.first_row, max_col=len(head.headings), values_only=True
            )
            numbered = (
                (number, filler.filled(number, _values(number, values, facts)))
                for number, values in enumerate(found, head.first_row)
            )
            yield from _kept(table, numbered, limits, aside)

    expected = max(0, facts.rows - head.first_row + 1)
    return Table(sheet.title, head.headings, head.unit, expected, rows)


def _values(number: int, values: Sequence[object], facts: SheetFacts) -> list[Cell]:
    cells = [_plain(value) for value in values]
    if facts.uncomputed:
        for place, cell in enumerate(cells):
            name = f"{get_column_letter(place + 1)}{number}"
            if cell in (None, "") and name in facts.uncomputed:
                cells[place] = UNCOMPUTED
    return cells


class _Filler:
    """Gives the cells of a merged range the value of its first.

    A heading stands for all columns it spans. In a record it is a value of its first
    column, which the rows below share.
    """

    def __init__(self, merged: set[Range], *, across: bool) -> None:
        self._across = across
        self._coming = sorted(merged, key=lambda each: -each[1])
        self._open: list[tuple[Range, Cell]] = []

    def filled(self, number: int, cells: list[Cell]) -> list[Cell]:
        if not self._coming and not self._open:
            return cells
        while self._coming and self._coming[-1][1] <= number:
            area = self._coming.pop()
            left, top = area[0], area[1]
            if top == number and left <= len(cells):
                self._open.append((area, cells[left - 1]))
        self._open = [pair for pair in self._open if pair[0][3] >= number]
        for (left, _, right, _), value in self._open:
            last = right if self._across else left
            for place in range(left - 1, min(last, len(cells))):
                if cells[place] in (None, ""):
                    cells[place] = value
        return cells


def _plain(value: object) -> Cell:
    """A cell's value as one of few types; a day without a time is a date."""
    if isinstance(value, str):
        return unguarded(value.replace("\r\n", "\n").replace("_x000D_", "").strip())
    if isinstance(value, datetime):
        return value.date() if value.time() == time(0) else value
    if value is None or isinstance(value, bool | int | float | date):
        return value
    if isinstance(value, timedelta | time):
        return str(value)
    return str(value)


# -- Texts ---------------------------------------------------------------------

ENCODINGS = ("utf-8-sig", "gb18030")
_SEPARATORS = ",\t;，"
csv.field_size_limit(1_000_000)


def _text_table(path: Path, layout: Layout, limits: Limits) -> Table:
    encoding = _encoding(path)
    head, separator = _text_head(path, encoding, layout, limits)
    width, aside = len(head.headings), _aside(head, layout)

    def rows(table: Table) -> Iterator[Row]:
        with _lines(path, encoding, separator) as lines:
            numbered: Iterator[tuple[int, list[Cell]]] = (
                (number, [_plain(cell) for cell in (cells + [""] * width)[:width]])
                for number, cells in enumerate(lines, 1)
                if number >= head.first_row
            )
            yield from _kept(table, numbered, limits, aside)

    with path.open("rb") as file:
        total = sum(
            block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b"")
        )
    expected = max(0, total + 1 - head.first_row + 1)
    return Table("", head.headings, head.unit, expected, rows)


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        if file.read(2) in (b"\xff\xfe", b"\xfe\xff"):
            return "utf-16"
    for encoding in ENCODINGS:
        try:
            with path.open(encoding=encoding, newline="") as text:
                while block := text.read(1 << 16):
                    if "\0" in block:
                        refuse(
                            "文件里有无法识别的内容。请上传 .xlsx 或 .csv 格式的表格"
                        )
        except UnicodeDecodeError:
            continue
        return encoding
    refuse("看不懂文件的编码。请用 Excel 打开，另存为 .xlsx 或「CSV UTF-8」后再上传")


def _text_head(
    path: Path, encoding: str, layout: Layout, limits: Limits
) -> tuple[Head, str]:
    """The headings, and the sign between cells: the one that parts most we know.

    Prose may have more commas than the table has columns, so counting says nothing.
    """
    best: tuple[Head, str] | None = None
    for separator in _SEPARATORS:
        with _lines(path, encoding, separator) as lines:
            peek = [
                [_plain(cell) for cell in cells[: limits.columns]]
                for cells in itertools.islice(lines, LOOKED_AT)
            ]
        head = heads.find(peek, layout)
        if head is not None and (best is None or head.known > best[0].known):
            best = head, separator
    if best is None:
        _refuse_headless(layout)
    return best


@contextmanager
def _lines(path: Path, encoding: str, separator: str) -> Iterator[Iterator[list[str]]]:
    try:
        with path.open(encoding=encoding, newline="") as text:
            yield iter(csv.reader(text, delimiter=separator))
    except (csv.Error, UnicodeError) as error:
        raise Invalid({"file": BROKEN}) from error


# -- What both have --------------------------------------------------------------


def _aside(head: Head, layout: Layout) -> frozenset[int]:
    """The places of columns we leave aside: a serial number, remarks."""
    named = enumerate(head.headings)
    return frozenset(place for place, text in named if layout.ignores(text))


def _kept(
    table: Table,
    numbered: Iterator[tuple[int, list[Cell]]],
    limits: Limits,
    aside: frozenset[int],
) -> Iterator[Row]:
    """The rows that hold something, sums left out; refuses one too many.

    Lines that were only numbered in advance hold nothing.
    """
    count = 0
    for number, cells in numbered:
        filled = [place for place, cell in enumerate(cells) if cell not in (None, "")]
        if not filled:
            continue
        first = cells[filled[0]]
        if isinstance(first, str) and bare(first) in SUMS:
            table.note(f"第 {number} 行是{bare(first)}，没有当作一条记录")
            continue
        if aside.issuperset(filled):
            continue
        count += 1
        if count > limits.rows:
            refuse(f"超过 {limits.rows:,} 行。请拆成几个文件分别导入")
        yield Row(number, cells)
