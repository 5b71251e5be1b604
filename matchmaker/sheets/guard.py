"""What is looked at before a file is read as a table: its kind, its true size.

An .xlsx is an archive whose directory may lie, so every part is unpacked once, in
blocks that are thrown away, and counted. On the way it is noted what a reader of
cells does not tell: merged ranges, and formulas that no program ever computed.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from openpyxl.utils import range_boundaries

from ..errors import Invalid

BLOCK = 1 << 20
# A match may lie across two blocks: so much of the last one is looked at again. A
# cell with its formula (8,192 characters at most) is shorter, escapes included.
OVERLAP = 1 << 16
MOST_PARTS = 2000
MOST_MERGED = 5000
MOST_UNCOMPUTED = 1000
# Small parts may be packed as tightly as they like.
RATIO_FROM = 20_000_000
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_ROW = re.compile(rb"<(?:\w+:)?row[ />]")
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell [^>]*?ref="([A-Z]+\d+:[A-Z]+\d+)"')
# A formula and no value after it: nobody knows what it comes to.
_UNCOMPUTED = re.compile(
    rb'<(?:\w+:)?c [^>]*?r="([A-Z]{1,3}\d{1,7})"[^>]*><(?:\w+:)?f(?:\s[^>]*)?'
    rb"(?:/>|>[^<]*</(?:\w+:)?f>)(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?"
    rb"</(?:\w+:)?c>"
)
_DTD = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)

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


def refuse(words: str) -> NoReturn:
    """Refuse the file in these words."""
    raise Invalid({"file": words})


def is_workbook(path: Path) -> bool:
    """Whether it is an .xlsx (else: text); refuses what only looks like one."""
    with path.open("rb") as file:
        first = file.read(4096)
    if first.startswith(OLE):
        _refuse_old(path)
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


def _refuse_old(path: Path) -> NoReturn:
    """An OLE container: a protected workbook, or one of the format before 2007."""
    name = "EncryptedPackage".encode("utf-16-le")
    tail = b""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            if name in tail + block:
                refuse("文件有打开密码。请用 Excel 打开，去掉密码另存后再上传")
            tail = block[-len(name) :]
    refuse(
        "这是旧版 Excel 格式（.xls），改名成 .xlsx 也不能读取。"
        "请用 Excel 打开，另存为「Excel 工作簿 (*.xlsx)」后再上传"
    )


def examine(path: Path, limits: Limits) -> dict[str, SheetFacts]:
    """Count what the workbook unpacks to; the facts of each sheet by its part.

    Raises `Invalid` for an archive that is no .xlsx, is broken, or unpacks to more
    than ``limits`` allow.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            _refuse_others(names)
            return _examined(archive, path.stat().st_size, limits)
    except UNREADABLE as error:
        raise Invalid({"file": BROKEN}) from error


# What zipfile raises for a broken archive; `RuntimeError` also for an encrypted part,
# or one packed in a way no spreadsheet uses.
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,
)
BROKEN = "文件已损坏或不完整，无法读取。请用 Excel 打开确认，另存后再上传"


def _refuse_others(names: set[str]) -> None:
    if len(names) > MOST_PARTS:
        refuse("文件里的部件过多，不像一般的表格。请另存为新的 .xlsx 后再上传")
    if any("vbaproject" in name.lower() for name in names):
        refuse("文件带有宏。请另存为不含宏的「Excel 工作簿 (*.xlsx)」后再上传")
    if "xl/workbook.bin" in names:
        refuse("这是 .xlsb 格式。请用 Excel 另存为「Excel 工作簿 (*.xlsx)」后再上传")
    if "xl/workbook.xml" not in names:
        refuse("这不是 Excel 工作簿。请上传 .xlsx 或 .csv 格式的表格")


def _examined(
    archive: zipfile.ZipFile, packed: int, limits: Limits
) -> dict[str, SheetFacts]:
    found: dict[str, SheetFacts] = {}
    total = 0
    for part in archive.infolist():
        is_sheet = part.filename.startswith("xl/worksheets/") and (
            part.filename.endswith(".xml")
        )
        facts = found.setdefault(part.filename, SheetFacts()) if is_sheet else None
        for number, (block, fresh) in enumerate(_blocks(archive, part)):
            total += fresh
            if total > limits.unpacked or (
                total > RATIO_FROM and total > packed * limits.ratio
            ):
                refuse("文件解压后过大，不像一般的表格。请拆成几个文件，另存后再上传")
            if number == 0 and part.filename.endswith((".xml", ".rels")):
                _refuse_tricks(block)
            if facts is not None:
                _note(facts, block, fresh)
    return found


def _blocks(
    archive: zipfile.ZipFile, part: zipfile.ZipInfo
) -> Iterator[tuple[bytes, int]]:
    """The unpacked part in blocks, each with the end of the one before it.

    Says with each how many bytes of it are new.
    """
    tail = b""
    with archive.open(part) as file:
        while fresh := file.read(BLOCK):
            yield tail + fresh, len(fresh)
            tail = (tail + fresh)[-OVERLAP:]


def _refuse_tricks(first: bytes) -> None:
    """No spreadsheet program writes these; they make a small file endless."""
    if first.startswith((b"\xff\xfe", b"\xfe\xff")) or _DTD.search(first):
        refuse(BROKEN)


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
        if len(facts.uncomputed) < MOST_UNCOMPUTED:
            facts.uncomputed.add(match[1].decode())
