"""The number by which a file names a record of the platform."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from typing import Any

from models.likeness import LONGEST_NUMBER

from ..labels import CITY
from ..sheets.cells import EXACT, CellError, text
from ..sheets.reader import Cell

_EXPONENT = re.compile(r"\d+(?:\.\d+)?[Ee]\+\d+")
_MADE = re.compile(r"[A-Z]{2}(\d{8})-(\d{1,9})")


def read(cell: Cell) -> str:
    """A number as its owner writes it, half width and without blanks."""
    if isinstance(cell, int | float) and abs(cell) >= EXACT:
        raise CellError(
            "编号被当作数字保存，15 位以后已经失真。请把该列改为文本格式后重新填写"
        )
    words = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text(cell)))
    if _EXPONENT.fullmatch(words):
        raise CellError(
            "编号成了科学计数法，原来的数字已经丢失。请把该列改为文本格式后重新填写"
        )
    if len(words) > LONGEST_NUMBER:
        raise CellError(f"最多 {LONGEST_NUMBER} 个字，请精简")
    return words


def number_of(prefix: str, item: Any) -> str:
    """What a file calls the record: its code, else its day and its place."""
    return str(item.code or made(prefix, item.created_at, item.id))


def made(prefix: str, moment: datetime, place: int) -> str:
    """The number of a record that has no code: its day and its place."""
    return f"{prefix}{moment.astimezone(CITY):%Y%m%d}-{place}"


def place_in(number: str, prefix: str) -> int | None:
    """The place a number of `made` names; None for any other number.

    The day in it is to be compared: after a table was emptied and filled again, the
    same place is another record's.
    """
    made = _MADE.fullmatch(number)
    if made is None or not number.startswith(prefix):
        return None
    place = int(made[2])
    return place if 0 < place < 2**31 else None
