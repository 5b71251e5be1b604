"""A list as a file: its columns are said once, Excel or CSV is made of them."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import IO, Protocol, TypeVar

from ..labels import FEN_PER_WAN, minute, today
from .writer import MEDIA_TYPE, Column, Sheet, safe_cell, write_sheets

Item = TypeVar("Item")
# A column, and what an item has in it.
Told = tuple[Column, Callable[[Item], object]]


class Demonstrated(Protocol):
    """What may be a record of the demonstration."""

    @property
    def is_demo(self) -> bool: ...


class Form(StrEnum):
    """The forms in which a list leaves."""

    XLSX = "xlsx"
    CSV = "csv"

    @property
    def media_type(self) -> str:
        return MEDIA_TYPE if self is Form.XLSX else "text/csv"


def in_wan(fen: int | None) -> Decimal | None:
    """An amount as a column in 万元 holds it, exact to the 分."""
    return None if fen is None else Decimal(fen) / FEN_PER_WAN


def day_of(moment: datetime | None) -> date | None:
    """The day of the city on which it was."""
    return None if moment is None else today(moment)


def demo_mark(item: Demonstrated) -> str:
    """What the last column says of a record of the demonstration."""
    return "示例" if item.is_demo else ""


def table(
    title: str,
    columns: Sequence[Told[Item]],
    items: Iterable[Item],
    notes: Sequence[str] = (),
) -> Sheet:
    """The items as a sheet, one a row; each is taken as its row is written."""
    rows = ([value(item) for _, value in columns] for item in items)
    return Sheet(title, [column for column, _ in columns], rows, notes)


def write_table(
    form: Form,
    title: str,
    columns: Sequence[Told[Item]],
    items: Iterable[Item],
    notes: Sequence[str] = (),
) -> IO[bytes]:
    """The items, one a row, as an open file at its beginning; the caller closes it.

    ``notes`` stand above the headings, where the reader of sheets passes them over.
    Items are taken one after the other and none is kept.
    """
    return write_sheet(form, table(title, columns, items, notes))


def write_sheet(form: Form, sheet: Sheet) -> IO[bytes]:
    """What `write_table` does, for a sheet whose rows are cells already."""
    return write_sheets([sheet]) if form is Form.XLSX else _write_csv(sheet)


def _write_csv(sheet: Sheet) -> IO[bytes]:
    with ExitStack() as stack:
        file = stack.enter_context(tempfile.TemporaryFile())
        # The mark by which a spreadsheet knows UTF-8.
        text = io.TextIOWrapper(file, "utf-8-sig", newline="", write_through=True)
        lines = csv.writer(text)
        lines.writerows([_plain(note)] for note in sheet.notes)
        lines.writerow([_plain(column.heading) for column in sheet.columns])
        lines.writerows([_plain(value) for value in row] for row in sheet.rows)
        text.detach()
        file.seek(0)
        stack.pop_all()  # open from here on, for the caller
        return file


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return minute(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return safe_cell(value)
