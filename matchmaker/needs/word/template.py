"""The need form to download: a table with a row for each field."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Cm, Pt, RGBColor

from models import User

from ... import policies
from ...documents import blank, plain, saved
from ...sheets.layout import Field
from .layout import LAYOUT, LEAD, TARGET_ROWS, TITLE, Choice, choices

NAME = f"{TITLE}.docx"
BOX = "□"
# Choices of so few characters stand side by side.
LONGEST_IN_LINE = 5
WIDTHS = Cm(5), Cm(11)
GREY = RGBColor(0x59, 0x59, 0x59)


def document(user: User) -> BytesIO:
    """The empty form, for who may post a need."""
    policies.require(user, "need.create")
    form, offered = blank(), choices()
    title = form.add_heading(TITLE, level=0)
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _small(form.add_paragraph(), LEAD)
    table = form.add_table(rows=0, cols=2)
    table.style = "Table Grid"
    for each in LAYOUT.fields:
        _ask(table, each, offered.get(each.code))
    for row in table.rows:
        for cell, width in zip(row.cells, WIDTHS, strict=True):
            cell.width = width
    return saved(form)


def _ask(table: Any, field: Field, choice: Choice | None) -> None:
    label, value = table.add_row().cells
    if field.code == "targets":
        for _ in range(TARGET_ROWS - 1):
            label = label.merge(table.add_row().cells[0])
    head = label.paragraphs[0]
    unit = "（万元）" if field.is_money else ""
    star = " *" if field.required else ""
    head.add_run(f"{field.label}{unit}{star}").bold = True
    _small(label.add_paragraph(), field.note)
    if choice is not None:
        short = max(map(len, choice.words)) <= LONGEST_IN_LINE
        between = "\u3000" if short else "\n"
        value.text = between.join(f"{BOX} {plain(words)}" for words in choice.words)


def _small(paragraph: Any, text: str) -> None:
    run = paragraph.add_run(text)
    run.font.size, run.font.color.rgb = Pt(9), GREY
