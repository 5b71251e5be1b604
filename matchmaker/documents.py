"""Word documents of the platform's own: paper, type, and what none can hold."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

from docx import Document
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
# What XML cannot hold: it would end in a file that no program opens.
UNWRITABLE = re.compile(
    "[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\ufdd0-\ufdef]"
)
FONT = "宋体"


def plain(value: Any) -> str:
    """The text without what a Word file cannot hold."""
    return UNWRITABLE.sub("", str(value))


def blank() -> Any:
    """A new document on A4, in a type that has Chinese characters."""
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.5)
    for name in ("Normal", "Title", "Heading 1", "Heading 2"):
        style = document.styles[name]
        style.font.name = FONT
        # Word takes Chinese characters from another entry than Latin ones.
        style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), FONT)
    document.styles["Normal"].font.size = Pt(11)
    return document


def saved(document: Any) -> BytesIO:
    """The document as a file, ready to be read from its beginning."""
    data = BytesIO()
    document.save(data)
    data.seek(0)
    return data
