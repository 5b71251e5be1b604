"""What a file is, told by its content; its name only has to agree.

Taken are documents, pictures and plain text. Archives are not: nobody can see
what is in them, and unpacking one may never end.
"""

from __future__ import annotations

import re
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..errors import Invalid

LONGEST_NAME = 120
MOST_PARTS_BYTES = 1_000_000  # the directory of an Office file, and its list of parts
FIRST_BYTES = 2048
TEXT_BLOCK = 1 << 16
# What a browser may take for a page or a drawing with script in it.
_MARKUP = re.compile(
    rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype|\?xml|html|head|body|script|svg|iframe|"
    rb"meta|style|link|img|a\s|div|table|form|object|embed)",
    re.IGNORECASE | re.DOTALL,
)
_UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class Kind:
    """A kind of file that is taken: its name on screen, endings, media type."""

    code: str
    words: str
    endings: tuple[str, ...]
    media_type: str
    fits: Callable[[Path], bool]


def _begins(path: Path, *marks: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(FIRST_BYTES).startswith(marks)


def _is_office(main: bytes) -> Callable[[Path], bool]:
    def check(path: Path) -> bool:
        return _begins(path, b"PK\x03\x04") and main in _parts_of(path)

    return check


def _parts_of(path: Path) -> bytes:
    """The list of parts of an Office file; empty for any other archive.

    An archive with macros or a directory of absurd size is no document to us.
    """
    if _directory_bytes(path) > MOST_PARTS_BYTES:
        return b""
    try:
        with zipfile.ZipFile(path) as archive:
            if any(name.lower().endswith(".bin") for name in archive.namelist()):
                macros = [n for n in archive.namelist() if "vba" in n.lower()]
                if macros:
                    return b""
            with archive.open("[Content_Types].xml") as parts:
                listed = parts.read(MOST_PARTS_BYTES)
    except (KeyError, OSError, ValueError, RuntimeError, zipfile.BadZipFile, EOFError):
        return b""  # RuntimeError: encrypted, or packed in a way zipfile cannot read
    return b"" if b"macroEnabled" in listed else listed


def _directory_bytes(path: Path) -> int:
    """The size the archive's own directory claims, read without reading it."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 65_557))
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 16:
        return MOST_PARTS_BYTES + 1
    return int.from_bytes(tail[at + 12 : at + 16], "little")


def _is_text(path: Path) -> bool:
    """Readable text that no browser would take for a page."""
    with path.open("rb") as file:
        first = file.read(FIRST_BYTES)
    if _MARKUP.match(first.removeprefix(b"\xef\xbb\xbf")):
        return False
    return any(_reads_as(path, encoding) for encoding in ("utf-8-sig", "gb18030"))


def _reads_as(path: Path, encoding: str) -> bool:
    try:
        with path.open(encoding=encoding, newline="") as file:
            while block := file.read(TEXT_BLOCK):
                if _UNREADABLE.search(block):
                    return False
    except UnicodeDecodeError:
        return False
    return True


_OFFICE = "application/vnd.openxmlformats-officedocument."
KINDS: tuple[Kind, ...] = (
    Kind("pdf", "PDF", ("pdf",), "application/pdf", lambda p: _begins(p, b"%PDF-")),
    Kind(
        "docx",
        "Word (docx)",
        ("docx",),
        _OFFICE + "wordprocessingml.document",
        _is_office(b"wordprocessingml.document.main+xml"),
    ),
    Kind(
        "xlsx",
        "Excel (xlsx)",
        ("xlsx",),
        _OFFICE + "spreadsheetml.sheet",
        _is_office(b"spreadsheetml.sheet.main+xml"),
    ),
    Kind(
        "png",
        "PNG 图片",
        ("png",),
        "image/png",
        lambda p: _begins(p, b"\x89PNG\r\n\x1a\n"),
    ),
    Kind(
        "jpg",
        "JPG 图片",
        ("jpg", "jpeg"),
        "image/jpeg",
        lambda p: _begins(p, b"\xff\xd8\xff"),
    ),
    Kind("csv", "CSV 表格", ("csv",), "text/csv", _is_text),
    Kind("txt", "纯文本 (txt)", ("txt",), "text/plain", _is_text),
)
BY_CODE = {kind.code: kind for kind in KINDS}
BY_ENDING = {ending: kind for kind in KINDS for ending in kind.endings}
ACCEPT = ",".join(f".{ending}" for ending in BY_ENDING)
TAKEN = "、".join(kind.words for kind in KINDS)


def kind_of(path: Path, name: str) -> Kind:
    """The kind of the file at ``path``, called ``name`` by whoever sent it.

    Raises `Invalid` for a kind that is not taken and for a name that says one
    thing while the content is another.
    """
    kind = BY_ENDING.get(_ending(name))
    if kind is None:
        raise Invalid({"file": f"不接受这种文件，请改用以下格式之一：{TAKEN}"})
    if not kind.fits(path):
        raise Invalid(
            {
                "file": f"文件名是 .{_ending(name)}，内容却不是{kind.words}。"
                "请用原来的软件打开并另存为该格式后再上传"
            }
        )
    return kind


def _ending(name: str) -> str:
    return harmless(name).rpartition(".")[2].lower()


# Signs that Windows, a shell or a header would read as something else.
_NOT_IN_NAMES = re.compile(r'[<>:"|?*/\\%;`$&\x00-\x1f\x7f]')


def harmless(name: str) -> str:
    """The name a person gave the file, as no system can misread it.

    Folders go, and so do signs that turn the writing direction or are not seen.
    """
    name = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode())
    name = re.split(r"[/\\]", name)[-1]
    name = "".join(
        char for char in name if unicodedata.category(char) not in ("Cf", "Cc", "Cs")
    )
    name = " ".join(_NOT_IN_NAMES.sub("_", name).split()).rstrip(" .")
    stem, dot, ending = name.rpartition(".")
    if not dot:
        stem, ending = name, ""
    room = LONGEST_NAME - len(dot + ending[:10])
    stem = stem.strip(" .")[:room] or "附件"
    return f"{stem}{dot}{ending[:10]}"
