"""Rights and shares as people write them in one cell, and as we write them back."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from ...sheets import cells
from ...sheets.cells import CellError
from ...sheets.reader import Cell
from ..rights import (
    DESIGN,
    DIGITS,
    INVENTION,
    IP_TYPES,
    MODEL,
    PATENTS,
    SOFTWARE,
    in_words,
)
from ..schema import GRANTED, IP_STATES

# What begins a right, and which of ours it is; the longer words first.
KINDS = {
    **{each: each for each in IP_TYPES},
    "发明": INVENTION,
    "实用": MODEL,
    "外观": DESIGN,
    "软著": SOFTWARE,
    "软件": SOFTWARE,
    "计算机软件": SOFTWARE,
    "植物": "植物新品种",
    "布图": "集成电路布图设计",
    "秘密": "技术秘密",
}
STATES = {
    **{each: each for each in IP_STATES},
    "已授权": GRANTED,
    "有效": GRANTED,
    "申请": "申请中",
    "受理": "申请中",
    "实审": "申请中",
    "公开": "申请中",
    "已登记": "登记",
}
_COUNT = re.compile(r"(\d{1,4})\s*[件项个条]")
_NUMBER = re.compile(r"(?:ZL|CN|PCT/)?[0-9A-Z][0-9A-Z./]{7,}")
_FAMILY = re.compile(r"[，,\s]*同族[:：\s]*(.+)$", re.DOTALL)
# «发明专利 2 件，软著 1 件»: a comma before the next kind of right.
_NEXT = re.compile(r"[，,、]\s*(?=(?:" + "|".join(KINDS) + "))")


def write_rights(rows: Sequence[Mapping[str, Any]]) -> str:
    """«发明专利（授权）1 件，号码 ZL…» for each."""
    return cells.written([_right(row) for row in rows])


def _right(row: Mapping[str, Any]) -> str:
    text = in_words(row)
    for name, word in (("number", "号码"), ("family", "同族")):
        if row.get(name):
            text += f"，{word} {row[name]}"
    return text


def read_rights(cell: Cell) -> list[dict[str, Any]]:
    """The rights of a cell as rows of the form; raises `CellError`."""
    found = []
    for line in cells.lines(cell):
        family = _FAMILY.search(line)
        head = line[: family.start()] if family else line
        entries = [_read(each) for each in _NEXT.split(head) if each.strip()]
        if family and entries:
            entries[-1]["family"] = family[1].strip()
        found += entries
    return found


def _read(words: str) -> dict[str, Any]:
    plain = unicodedata.normalize("NFKC", words).upper()
    number = _NUMBER.search(plain)
    rest = plain.replace(number[0], "") if number else plain
    kind = next((KINDS[each] for each in KINDS if each in rest), None)
    if kind is None and number is not None:
        kind = _kind_of(number[0])
    if kind is None:
        raise CellError(
            f"看不出「{words[:30]}」是哪种知识产权，请写成例如 发明专利（授权）2 件"
        )
    count = _COUNT.search(rest)
    return {
        "type": kind,
        "status": _state(rest, kind, number[0] if number else ""),
        "count": int(count[1]) if count else 1,
        "number": number[0] if number else "",
        "family": "",
    }


def _kind_of(number: str) -> str | None:
    """Which kind of patent an application number is of, by its digit."""
    digits = re.sub(r"\D", "", number)
    if len(digits) not in (12, 13):
        return None
    return next((kind for kind, signs in DIGITS.items() if digits[4] in signs), None)


def _state(rest: str, kind: str, number: str) -> str:
    for words in sorted(STATES, key=len, reverse=True):
        if words in rest:
            return STATES[words]
    if kind not in PATENTS:
        return "登记" if kind != "技术秘密" else "未申请"
    if number.startswith("ZL"):
        return GRANTED
    raise CellError(f"请写明{kind}是授权还是申请中，例如 {kind}（授权）1 件")


_SHARE = re.compile(r"(.+?)[\s:：(（]*(\d{1,2}(?:\.\d{1,2})?)\s*[%％]\s*[)）]?")


def write_shares(rows: Sequence[Mapping[str, Any]]) -> str:
    """«示例大学 70%» for each owner."""
    return cells.written([f"{row['name']} {row['share']:g}%" for row in rows])


def read_shares(cell: Cell) -> list[dict[str, Any]]:
    """Who owns how much, as rows of the form; raises `CellError`."""
    found = []
    for line in cells.lines(cell):
        match = _SHARE.fullmatch(line)
        if match is None:
            raise CellError(f"看不懂「{line[:30]}」，请一行写一方，例如 示例大学 70%")
        found.append({"name": match[1].strip(), "share": match[2]})
    return found
