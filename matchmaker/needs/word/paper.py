"""A Word file as what stands on its paper: paragraphs, and tables with their rows.

python-docx tells the text of a paragraph without its controls and boxes to tick, so
the text is gathered here from the elements themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from docx import Document
from docx.oxml.ns import qn

from ...attachments import content, office
from ...errors import Invalid
from ...schema import CONTROL

WORD = office.Format(
    program="Word",
    ending="docx",
    old_ending="doc",
    main="word/document.xml",
    noun="需求表",
    save_as="「Word 文档 (*.docx)」",
    foreign="这不是 Word 文档。请上传 .docx 格式的需求表",
    smaller="请去掉图片等与需求无关的内容，另存后再上传",
)
UNPACKED, RATIO = 100_000_000, 150
# A form of a few pages has a hundredth of it; a parser needs ten times as much.
MOST_XML = 8_000_000
MOST_BLOCKS = 3000

TICKED, OPEN_BOX = "☑", "□"
# Boxes people insert as signs of a font of pictures: (font, low byte of its code).
_SIGNS = {
    ("wingdings", "fe"): TICKED,
    ("wingdings", "fd"): TICKED,
    ("wingdings", "fc"): TICKED,
    ("wingdings", "a8"): OPEN_BOX,
    ("wingdings", "6f"): OPEN_BOX,
    ("wingdings 2", "50"): TICKED,
    ("wingdings 2", "52"): TICKED,
    ("wingdings 2", "53"): TICKED,
    ("wingdings 2", "a3"): OPEN_BOX,
}
_W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
_VML_IMAGE = "{urn:schemas-microsoft-com:vml}imagedata"
_MC_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
# Around what belongs to the text, and what only describes it or is no longer there.
_SKIPPED = frozenset(
    {
        qn("w:del"),
        qn("w:moveFrom"),
        qn("w:pPr"),
        qn("w:rPr"),
        qn("w:sdtPr"),
        qn("w:instrText"),
        qn("w:txbxContent"),
        _MC_FALLBACK,
    }
)
_HOLDERS = frozenset(
    {qn("w:sdt"), qn("w:sdtContent"), qn("w:ins"), qn("w:moveTo"), qn("w:customXml")}
)


@dataclass(frozen=True)
class Cell:
    """The lines of a cell and the columns it spans.

    ``goes_on`` where it only continues the one above.
    """

    lines: list[str]
    goes_on: bool = False
    span: int = 1

    @property
    def text(self) -> str:
        return "\n".join(self.lines).strip()


Row = list[Cell]
Block = str | list[Row]


@dataclass
class Paper:
    """What a file says in its order, and what it holds that is no text."""

    blocks: list[Block] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def opened(path: Path, name: str) -> Paper:
    """The file at ``path``; raises `Invalid` for what is no document we read."""
    _check(path, name)
    try:
        with path.open("rb") as file:
            body = Document(file).element.body
            paper = Paper(list(_blocks(body)))
    except _FOREIGN_ERRORS as error:
        raise Invalid({"file": WORD.broken}) from error
    pictures = sum(1 for _ in body.iter(qn("a:blip"), _VML_IMAGE, qn("w:object")))
    if pictures:
        paper.remarks.append(
            f"文件里有 {pictures} 处图片或嵌入的对象，没有读入。"
            "需要的请在保存后作为附件上传"
        )
    return paper


# Whatever a broken document makes its parser raise.
_FOREIGN_ERRORS = (
    BadZipFile,
    SyntaxError,  # lxml's own error is one
    KeyError,
    IndexError,
    ValueError,
    TypeError,
    AttributeError,
    OSError,
    EOFError,
    RecursionError,
)


def _check(path: Path, name: str) -> None:
    with path.open("rb") as file:
        first = file.read(8)
    if first.startswith(office.OLE):
        office.refuse_old(path, WORD)
    ending = content.harmless(name).rpartition(".")[2].lower()
    if ending == "docm":
        office.refuse(f"文件带有宏。请另存为不含宏的{WORD.save_as}后再上传")
    if ending != "docx":
        office.refuse(
            f"只能读入 .docx 格式的需求表。请用 Word 或 WPS 打开，"
            f"另存为{WORD.save_as}后再上传"
        )
    if not first.startswith(b"PK"):
        office.refuse("文件名是 .docx，内容却不是 Word 文档。" + _AGAIN)
    for part, _, _ in office.parts(path, WORD, unpacked=UNPACKED, ratio=RATIO):
        # A reader unpacks no more of a part than the directory says.
        if part.filename.endswith((".xml", ".rels")) and part.file_size > MOST_XML:
            office.refuse(WORD.oversize)
    content.kind_of(path, name)


_AGAIN = f"请用 Word 或 WPS 打开，另存为{WORD.save_as}后再上传"


# -- The elements ------------------------------------------------------------------


def _blocks(parent: Any) -> Iterator[Block]:
    """Paragraphs and tables in their order, those in text boxes after their place."""
    count = 0
    for element in _inside(parent, {qn("w:p"), qn("w:tbl")}):
        count += 1
        if count > MOST_BLOCKS:
            office.refuse(f"文件超过 {MOST_BLOCKS} 段，不像一般的需求表")
        if element.tag == qn("w:tbl"):
            yield [list(_cells(row)) for row in _inside(element, {qn("w:tr")})]
            continue
        yield from _lines(element)
        for box in _boxes(element):
            yield from _blocks(box)


def _inside(parent: Any, wanted: set[str]) -> Iterator[Any]:
    """The elements of these names, also those held by a control or a change."""
    for element in parent:
        if element.tag in wanted:
            yield element
        elif element.tag in _HOLDERS and not _is_prompt(element):
            yield from _inside(element, wanted)


def _boxes(paragraph: Any) -> Iterator[Any]:
    for box in paragraph.iter(qn("w:txbxContent")):
        if not any(up.tag == _MC_FALLBACK for up in box.iterancestors()):
            yield box


def _cells(row: Any) -> Iterator[Cell]:
    for element in _inside(row, {qn("w:tc")}):
        merge = element.find(f"{qn('w:tcPr')}/{qn('w:vMerge')}")
        goes_on = merge is not None and merge.get(qn("w:val")) != "restart"
        lines: list[str] = []
        for block in _blocks(element):
            if isinstance(block, str):
                lines.append(block)
            else:  # a table in a cell is read as its lines
                lines += [" ".join(cell.text for cell in inner) for inner in block]
        span = element.find(f"{qn('w:tcPr')}/{qn('w:gridSpan')}")
        width = int(span.get(qn("w:val"), "1")) if span is not None else 1
        yield Cell(lines, goes_on, max(1, width))


def _lines(paragraph: Any) -> list[str]:
    return CONTROL.sub(" ", "".join(_text(paragraph))).split("\n")


def _text(parent: Any) -> Iterator[str]:
    for element in parent:
        tag = element.tag
        if tag == qn("w:t"):
            yield element.text or ""
        elif tag in (qn("w:br"), qn("w:cr")):
            yield "\n"
        elif tag == qn("w:tab"):
            yield "\t"
        elif tag == qn("w:noBreakHyphen"):
            yield "-"
        elif tag == qn("w:sym"):
            yield _sign(element)
        elif tag == qn("w:fldChar"):
            yield from _legacy_box(element)
        elif tag == qn("w:sdt"):
            yield from _control(element)
        elif tag not in _SKIPPED:
            yield from _text(element)


def _sign(element: Any) -> str:
    code = str(element.get(qn("w:char")) or "")[-2:].lower()
    font = str(element.get(qn("w:font")) or "").lower()
    return _SIGNS.get((font, code), "")


def _legacy_box(element: Any) -> Iterator[str]:
    """A box of the forms of before 2007, in the field that begins here."""
    box = element.find(f"{qn('w:ffData')}/{qn('w:checkBox')}")
    if box is None:
        return
    mark = box.find(qn("w:checked"))
    if mark is None:
        mark = box.find(qn("w:default"))
    yield TICKED if _is_on(mark, qn("w:val")) else OPEN_BOX


def _control(element: Any) -> Iterator[str]:
    """What a control holds: a box, or the text somebody put in the place of its own."""
    box = element.find(f"{qn('w:sdtPr')}/{_W14}checkbox")
    if box is not None:
        yield TICKED if _is_on(box.find(f"{_W14}checked"), f"{_W14}val") else OPEN_BOX
    elif not _is_prompt(element):
        yield from _text(element)


def _is_on(mark: Any, value: str) -> bool:
    return mark is not None and mark.get(value, "1") in ("1", "true", "on")


def _is_prompt(element: Any) -> bool:
    """Whether a control still shows «click here to enter text»."""
    shown = element.find(f"{qn('w:sdtPr')}/{qn('w:showingPlcHdr')}")
    box = element.find(f"{qn('w:sdtPr')}/{_W14}checkbox")
    return shown is not None and box is None
