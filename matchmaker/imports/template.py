"""The workbook to fill in: headings, an example, drop-down lists, and what to write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import IO

from ..sheets.layout import Field
from ..sheets.writer import Column, Sheet, write_sheets
from .parts import ONLY_RESTORED
from .shapes import Part

HELP = (
    Column("列名", 24),
    Column("是否必填", 10),
    Column("怎么填", 48),
    Column("可选的值", 90),
)


def workbook(
    title: str,
    parts: Sequence[Part],
    example: Mapping[str, object],
    *,
    without: frozenset[str] = frozenset(),
) -> IO[bytes]:
    """The template as an open file: a sheet to fill in, and one that explains it.

    Columns that only a copy put back has are left out, and those of ``without``.
    """
    shown = [
        part
        for part in parts
        if part.field.note != ONLY_RESTORED and part.field.code not in without
    ]
    columns = [_offering(part) for part in shown]
    row = [example.get(part.field.code) for part in shown]
    explained = [_explained(part.field, part.column.heading) for part in shown]
    return write_sheets(
        [Sheet(title, columns, [row]), Sheet("填写说明", HELP, explained)]
    )


def _offering(part: Part) -> Column:
    column = part.column
    return Column(column.heading, column.width, column.kind, part.field.choices)


def _explained(field: Field, heading: str) -> tuple[str, str, str, str]:
    needed = "必填" if field.required else ""
    return heading, needed, field.note, "、".join(field.choices)
