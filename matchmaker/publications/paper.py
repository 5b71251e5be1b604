"""A list as Word and as Excel or CSV: the same words, under its number and day."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import IO, Any

from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

from models import PublicationList

from .. import labels
from ..documents import blank, plain, saved
from ..sheets.tables import Form, Told, write_table
from ..sheets.writer import Column
from .contents import Line
from .finding import code

# How wide what stands under a label is, in centimetres; the paper lies on its side.
PAPER, MARGIN = (29.7, 21.0), 1.4
NUMBER_CM, TITLE_CM = 1.1, 4.0
WIDTHS = {
    "单位": 3.0,
    "技术领域": 2.0,
    "区县": 1.6,
    "要解决的问题": 6.0,
    "希望达到的指标": 3.9,
    "应用场景": 5.0,
    "成果简介": 6.4,
    "已达到的指标": 3.8,
    "知识产权": 2.6,
}
ANY_CM = 1.7
# Under the title it takes no column of its own.
CODE = "编号"
LONG = frozenset({"要解决的问题", "希望达到的指标", "应用场景", "成果简介"})
DEMO = "（示例）"


def name(made: PublicationList) -> str:
    """What a file of the list is called."""
    return plain(f"{code(made)}-{made.title}").replace("/", " ").strip()


def word(made: PublicationList, lines: Sequence[Line]) -> BytesIO:
    """The list as a Word document, ready to be read from its beginning."""
    document = blank()
    _lay_out(document, made)
    title = document.add_heading(plain(made.title), level=0)
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    signed = f"{made.issuer}　{labels.written_day(made.issued_at)}"
    for text in (code(made), signed):
        _paragraph(document, text).alignment = WD_ALIGN_PARAGRAPH.CENTER
    for text in filter(None, made.foreword.split("\n")):
        _paragraph(document, text).paragraph_format.first_line_indent = Cm(0.8)
    _table(document, lines)
    document.add_paragraph()
    document.add_paragraph(f"共 {len(lines)} 条。内容校验值（SHA-256）：{made.digest}")
    return saved(document)


def _paragraph(document: Any, text: str) -> Any:
    """One outside the table, in the size of a text that is read in full."""
    paragraph = document.add_paragraph()
    paragraph.add_run(plain(text)).font.size = Pt(11)
    return paragraph


def _lay_out(document: Any, made: PublicationList) -> None:
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = map(Cm, PAPER)
    section.left_margin = section.right_margin = Cm(MARGIN)
    section.top_margin = section.bottom_margin = Cm(1.8)
    # The type of the table, said once instead of in each of some thousand cells.
    document.styles["Normal"].font.size = Pt(9)
    facts = document.core_properties
    facts.title, facts.author = plain(made.title), plain(made.issuer)
    facts.comments = ""
    if made.issued_at is not None:
        facts.created = made.issued_at.replace(tzinfo=None)
    foot = section.footer.paragraphs[0]
    foot.alignment = WD_ALIGN_PARAGRAPH.CENTER
    foot.add_run(f"{code(made)}　{labels.written_day(made.issued_at)}　第 ")
    _count(foot, "PAGE")
    foot.add_run(" 页，共 ")
    _count(foot, "NUMPAGES")
    foot.add_run(" 页")


def _count(paragraph: Any, what: str) -> None:
    """A number that the program which shows the page fills in."""
    for kind in ("begin", None, "end"):
        run = paragraph.add_run()._r
        if kind is None:
            words = OxmlElement("w:instrText")
            words.set(qn("xml:space"), "preserve")
            words.text = what
            run.append(words)
        else:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
            run.append(mark)


def _table(document: Any, lines: Sequence[Line]) -> None:
    heads = [label for label, _ in lines[0].facts if label != CODE]
    widths = [NUMBER_CM, TITLE_CM, *(WIDTHS.get(label, ANY_CM) for label in heads)]
    fitting = (PAPER[0] - 2 * MARGIN) / sum(widths)
    table = document.add_table(rows=len(lines) + 1, cols=len(widths))
    table.style, table.autofit = "Table Grid", False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Cm(width * fitting)
    rows = [["序号", "名称", *heads]]
    rows += [_cells(number, line, heads) for number, line in enumerate(lines, 1)]
    # Asked once: each question for the cells of a row goes through the whole table.
    cells = iter(table._cells)
    for place, row in enumerate(rows):
        for text, width in zip(row, widths, strict=True):
            cell = next(cells)
            cell.width = Cm(width * fitting)
            run = cell.paragraphs[0].add_run(plain(text))
            if place == 0:
                run.font.bold = True
    _repeat(table.rows[0])


def _cells(number: int, line: Line, heads: Sequence[str]) -> list[str]:
    mark = DEMO if line.is_demo else ""
    title = "\n".join(filter(None, (line.title + mark, line.fact(CODE))))
    return [str(number), title, *(line.fact(label) or "—" for label in heads)]


def _repeat(row: Any) -> None:
    """The headings stand at the top of every page."""
    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(mark)


def sheet(made: PublicationList, lines: Sequence[Line], form: Form) -> IO[bytes]:
    """The list as an open file in this form; the caller closes it."""
    columns: list[Told[tuple[int, Line]]] = [
        (Column("序号", 8, "number"), lambda one: one[0]),
        (Column("名称", 40), lambda one: one[1].title),
    ]
    columns += [_column(label) for label, _ in lines[0].facts]
    columns.append((Column("示例", 8), lambda one: "示例" if one[1].is_demo else ""))
    notes = [
        made.title,
        f"{code(made)}　{made.issuer}　{labels.written_day(made.issued_at)}",
        f"内容校验值（SHA-256）：{made.digest}",
    ]
    return write_table(
        form, labels.label(made.kind), columns, enumerate(lines, 1), notes
    )


def _column(label: str) -> Told[tuple[int, Line]]:
    width = 60 if label in LONG else 20
    return Column(label, width), lambda one: one[1].fact(label)
