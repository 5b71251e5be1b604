"""Workbooks for people: no text of anybody becomes a formula in them.

Rows are written as they come, so a long export needs no more memory than a short
one; the file lies in a passing place on disk and is gone when it is closed.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any, Literal

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from ..labels import CITY

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What a cell and the name of a sheet may hold at most, by the format.
LONGEST_CELL = 32_767
LONGEST_TITLE = 31
# More digits than these a spreadsheet rounds: a long number is written as text.
EXACT_DIGITS = 15
# What begins a formula, in any width, however much blank stands before it; and what
# would pass for one that was guarded already.
_FORMULA = re.compile(r"'*\s*[=+\-@＝＋－＠\t\r]")
_GUARDED = re.compile(r"'(?='*\s*[=+\-@＝＋－＠\t\r])")
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NO_TITLE = re.compile(r"[\\/*?:\[\]]")

Kind = Literal["text", "money", "number", "date", "moment"]
_FORMATS: dict[Kind, str] = {
    "text": "@",
    # In 万元, and no 元 of a small sum rounded away on the screen.
    "money": "#,##0.00####",
    "number": "General",
    "date": "yyyy-mm-dd",
    "moment": "yyyy-mm-dd hh:mm",
}
_HEAD_FONT = Font(bold=True)
_HEAD_FILL = PatternFill("solid", fgColor="E8EEF2")
_HEAD_ALIGNMENT = Alignment(wrap_text=True, vertical="center")
_NOTE_FONT = Font(color="66707A")


@dataclass(frozen=True)
class Column:
    """A column of a written sheet; ``choices`` are offered as a drop-down list."""

    heading: str
    width: int = 16
    kind: Kind = "text"
    choices: Sequence[str] = ()


@dataclass(frozen=True)
class Sheet:
    """One sheet: its columns, its rows as they come, notes above the headings."""

    title: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[object]]
    notes: Sequence[str] = field(default=())


def safe_cell(value: object) -> Any:
    """The value as a cell may hold it: text that begins like a formula gets a «'».

    Control characters go, what is too long is cut, moments become the city's time.
    `unguarded` is the way back.
    """
    if isinstance(value, datetime):
        if value.tzinfo is not None:
            value = value.astimezone(CITY).replace(tzinfo=None)
        return value
    if value is None or isinstance(value, bool | float | date | Decimal):
        return value
    if isinstance(value, int):
        return value if abs(value) < 10**EXACT_DIGITS else str(value)
    text = _NO_XML.sub("", str(value))
    if _FORMULA.match(text):
        text = f"'{text}"
    return text[:LONGEST_CELL]


def unguarded(text: str) -> str:
    """The text without the mark `safe_cell` put before it."""
    return _GUARDED.sub("", text, count=1) if text.startswith("'") else text


def write_workbook(
    title: str, headings: Sequence[str | Column], rows: Iterable[Sequence[object]]
) -> IO[bytes]:
    """A workbook of one sheet as an open file, at its beginning."""
    columns = [
        Column(each, width=max(10, 2 * len(each) + 4))
        if isinstance(each, str)
        else each
        for each in headings
    ]
    return write_sheets([Sheet(title, columns, rows)])


def write_sheets(sheets: Sequence[Sheet]) -> IO[bytes]:
    """A workbook of these sheets as an open file, at its beginning.

    The caller closes it; `flask.send_file` does.
    """
    book = Workbook(write_only=True)
    for sheet in sheets:
        _fill(book, sheet)
    with ExitStack() as stack:
        file = stack.enter_context(tempfile.TemporaryFile())
        book.save(file)
        file.seek(0)
        stack.pop_all()  # open from here on, for the caller
        return file


def _fill(book: Workbook, sheet: Sheet) -> None:
    # Signs that no name of a sheet may have, and what would be no name at all.
    title = _NO_TITLE.sub(" ", _NO_XML.sub("", sheet.title)).strip("' ")
    page = book.create_sheet((title or "表")[:LONGEST_TITLE])
    head_row = len(sheet.notes) + 1
    for number, column in enumerate(sheet.columns, 1):
        letter = get_column_letter(number)
        page.column_dimensions[letter].width = column.width
        if column.choices:
            _offer(page, column, letter, head_row + 1)
    page.freeze_panes = f"A{head_row + 1}"
    for text in sheet.notes:
        page.append([_cell(page, text, font=_NOTE_FONT)])
    page.append([_head(page, column.heading) for column in sheet.columns])
    formats = [_FORMATS[column.kind] for column in sheet.columns]
    plain = {_FORMATS["text"], _FORMATS["number"]}
    styled = [None if each in plain else each for each in formats]
    for row in sheet.rows:
        page.append(
            [
                safe_cell(value)
                if place >= len(styled) or styled[place] is None or value is None
                else _cell(page, value, number_format=styled[place])
                for place, value in enumerate(row)
            ]
        )


def _offer(page: Any, column: Column, letter: str, first_row: int) -> None:
    """A drop-down list: the format takes 255 characters of it, commas between."""
    listed = ",".join(column.choices)
    if len(listed) <= 255:
        rule = DataValidation(type="list", formula1=f'"{listed}"', allow_blank=True)
        rule.showErrorMessage = False  # an offer: other words of the trade are read too
        page.data_validations.append(rule)
        rule.add(f"{letter}{first_row}:{letter}1048576")


def _head(page: Any, text: str) -> Any:
    cell = _cell(page, text, font=_HEAD_FONT)
    cell.fill, cell.alignment = _HEAD_FILL, _HEAD_ALIGNMENT
    return cell


def _cell(
    page: Any,
    value: object,
    *,
    font: Font | None = None,
    number_format: str | None = None,
) -> Any:
    cell = WriteOnlyCell(page, safe_cell(value))
    if font is not None:
        cell.font = font
    if number_format is not None:
        cell.number_format = number_format
    return cell
