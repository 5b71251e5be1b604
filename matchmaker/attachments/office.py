"""An Office file before anything parses it: its kind, its true size, no tricks.

It is an archive whose directory may lie, so every part is unpacked once, in blocks
that are thrown away, and counted.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from ..errors import Invalid

BLOCK = 1 << 20
# A match may lie across two blocks: so much of the last one is looked at again. A
# cell with its formula (8,192 characters at most) is shorter, escapes included.
OVERLAP = 1 << 16
MOST_PARTS = 2000
# Small parts may be packed as tightly as they like.
RATIO_FROM = 20_000_000
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_DTD = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)

# What zipfile raises for a broken archive; `RuntimeError` also for an encrypted part,
# or one packed in a way no Office program uses.
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,
)


@dataclass(frozen=True)
class Format:
    """A kind of Office file, and what to tell whoever sent something else.

    main     the part every file of this kind has
    noun     what such a file usually is
    save_as  what its program calls the kind
    foreign  what to say of another kind of archive
    smaller  how to make it smaller
    others   {a part that tells another kind: what to say of it}
    """

    program: str
    ending: str
    old_ending: str
    main: str
    noun: str
    save_as: str
    foreign: str
    smaller: str
    others: Mapping[str, str] = field(default_factory=dict)

    @property
    def broken(self) -> str:
        return (
            f"文件已损坏或不完整，无法读取。请用 {self.program} 打开确认，另存后再上传"
        )

    @property
    def oversize(self) -> str:
        return f"文件解压后过大，不像一般的{self.noun}。{self.smaller}"


def refuse(words: str) -> NoReturn:
    """Refuse the file in these words."""
    raise Invalid({"file": words})


def refuse_old(path: Path, form: Format) -> NoReturn:
    """An OLE container: a protected file, or one of the format before 2007."""
    name = "EncryptedPackage".encode("utf-16-le")
    tail = b""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            if name in tail + block:
                refuse(
                    f"文件有打开密码。请用 {form.program} 打开，去掉密码另存后再上传"
                )
            tail = block[-len(name) :]
    refuse(
        f"这是旧版 {form.program} 格式（.{form.old_ending}），"
        f"改名成 .{form.ending} 也不能读取。"
        f"请用 {form.program} 打开，另存为{form.save_as}后再上传"
    )


def parts(
    path: Path, form: Format, *, unpacked: int, ratio: int
) -> Iterator[tuple[zipfile.ZipInfo, bytes, int]]:
    """Every part in blocks: each with the end of the one before, and what is new.

    Raises `Invalid` for an archive that is not of this kind, is broken, or unpacks
    to more than ``unpacked`` bytes or ``ratio`` times its size.
    """
    packed = path.stat().st_size
    total = 0
    try:
        with zipfile.ZipFile(path) as archive:
            _refuse_others(set(archive.namelist()), form)
            listed = archive.infolist()
            if sum(part.file_size for part in listed) > unpacked:
                refuse(form.oversize)  # by its own account
            for part in listed:
                for number, (block, fresh) in enumerate(_blocks(archive, part)):
                    total += fresh
                    if total > unpacked or (
                        total > RATIO_FROM and total > packed * ratio
                    ):
                        refuse(form.oversize)
                    if number == 0 and part.filename.endswith((".xml", ".rels")):
                        _refuse_tricks(block, form)
                    yield part, block, fresh
    except UNREADABLE as error:
        raise Invalid({"file": form.broken}) from error


def _refuse_others(names: set[str], form: Format) -> None:
    if len(names) > MOST_PARTS:
        refuse(
            f"文件里的部件过多，不像一般的{form.noun}。"
            f"请另存为新的 .{form.ending} 后再上传"
        )
    if any("vbaproject" in name.lower() for name in names):
        refuse(f"文件带有宏。请另存为不含宏的{form.save_as}后再上传")
    for name, words in form.others.items():
        if name in names:
            refuse(words)
    if form.main not in names:
        refuse(form.foreign)


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


def _refuse_tricks(first: bytes, form: Format) -> None:
    """No Office program writes these; they make a small file endless."""
    if first.startswith((b"\xff\xfe", b"\xfe\xff")) or _DTD.search(first):
        refuse(form.broken)
