"""What is looked at before a file is read as a table: its kind, its true size.

While the archive is counted (`attachments.office`) it is noted what a reader of
cells does not tell: merged ranges, and formulas that no program ever computed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from openpyxl.utils import range_boundaries

from ..attachments import office
from ..attachments.office import OLE, refuse
from ..errors import Invalid

MOST_MERGED = 5000
MOST_UNCOMPUTED = 1000
EXCEL = office.Format(
    program="Excel",
    ending="xlsx",
    old_ending="xls",
    main="xl/workbook.xml",
    noun="表格",
    save_as="「Excel 工作簿 (*.xlsx)」",
    foreign="这不是 Excel 工作簿。请上传 .xlsx 或 .csv 格式的表格",
    smaller="请拆成几个文件，另存后再上传",
    others={
        "xl/workbook.bin": "这是 .xlsb 格式。"
        "请用 Excel 另存为「Excel 工作簿 (*.xlsx)」后再上传"
    },
)
BROKEN = EXCEL.broken

_ROW = re.compile(rb"<(?:\w+:)?row[ />]")
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell [^>]*?ref="([A-Z]+\d+:[A-Z]+\d+)"')
# A formula and no value after it: nobody knows what it comes to.
_UNCOMPUTED = re.compile(
    rb'<(?:\w+:)?c [^>]*?r="([A-Z]{1,3}\d{1,7})"[^>]*><(?:\w+:)?f(?:\s[^>]*)?'
    rb"(?:/>|>[^<]*</(?:\w+:)?f>)(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?"
    rb"</(?:\w+:)?c>"
)

Range = tuple[int, int, int, int]  # first column, first row, last column, last row


@dataclass(frozen=True)
class Limits:
    """How much of a file is read: rows, columns, and bytes once it is unpacked."""

    rows: int = 100_000
    columns: int = 120
    unpacked: int = 600_000_000
    ratio: int = 150


@dataclass
class SheetFacts:
    """What the raw text of a sheet tells: rows, merged ranges, uncomputed cells."""

    rows: int = 0
    merged: set[Range] = field(default_factory=set)
    uncomputed: set[str] = field(default_factory=set)


def is_workbook(path: Path) -> bool:
    """Whether it is an .xlsx (else: text); refuses what only looks like one."""
    with path.open("rb") as file:
        first = file.read(4096)
    if first.startswith(OLE):
        office.refuse_old(path, EXCEL)
    if first.startswith(b"PK"):
        return True
    if re.match(rb"\s*(?:\xef\xbb\xbf)?\s*<", first):
        refuse(
            "这是网页或 XML 格式的表格（有的系统把它导出成 .xls）。"
            "请用 Excel 打开，另存为「Excel 工作簿 (*.xlsx)」后再上传"
        )
    if first.startswith(b"%PDF"):
        refuse("这是 PDF 文件。请上传 .xlsx 或 .csv 格式的表格")
    return False


def examine(path: Path, limits: Limits) -> dict[str, SheetFacts]:
    """Count what the workbook unpacks to; the facts of each sheet by its part.

    Raises `Invalid` for an archive that is no .xlsx, is broken, or unpacks to more
    than ``limits`` allow.
    """
    found: dict[str, SheetFacts] = {}
    for part, block, fresh in office.parts(
        path, EXCEL, unpacked=limits.unpacked, ratio=limits.ratio
    ):
        name = part.filename
        if name.startswith("xl/worksheets/") and name.endswith(".xml"):
            try:
                _note(found.setdefault(name, SheetFacts()), block, fresh)
            except ValueError as error:  # a range that is none
                raise Invalid({"file": BROKEN}) from error
    return found


def _note(facts: SheetFacts, block: bytes, fresh: int) -> None:
    old = len(block) - fresh
    facts.rows += sum(1 for match in _ROW.finditer(block) if match.end() > old)
    for match in _MERGED.finditer(block):
        if len(facts.merged) >= MOST_MERGED:
            refuse(f"合并单元格超过 {MOST_MERGED} 处。请取消合并后再上传")
        left, top, right, bottom = range_boundaries(match[1].decode())
        if None not in (left, top, right, bottom):
            facts.merged.add(
                (int(left or 0), int(top or 0), int(right or 0), int(bottom or 0))
            )
    for match in _UNCOMPUTED.finditer(block):
        # Those beyond would be read as empty cells.
        if len(facts.uncomputed) >= MOST_UNCOMPUTED:
            refuse(
                f"有超过 {MOST_UNCOMPUTED} 个公式没有计算结果。"
                "请用 Excel 打开并保存一次，或把公式粘贴为数值后再上传"
            )
        facts.uncomputed.add(match[1].decode())
