"""A form filled in Word as the values of a need, and what of it was not read."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic_core import PydanticCustomError

from ...attachments import office
from ...errors import Invalid
from ...schema import parse
from ...sheets.cells import CellError
from ..schema import LABELS, NeedDraft
from .answers import value_of
from .gathering import Answer, gather
from .layout import LAYOUT, LONG
from .paper import opened

MOST_UNREAD = 100
LONGEST_UNREAD = 300


@dataclass
class Reading:
    """What a form says.

    values   as the form on the page posts them; nothing for what was not read
    doubts   (field, what is wrong with it), the value kept where it is a text
    unread   what belongs to no field, in its own words
    missing  fields a need must have that the form leaves open
    remarks  on the file as a whole
    """

    values: dict[str, Any] = field(default_factory=dict)
    doubts: list[tuple[str, str]] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def read(self) -> list[str]:
        """The fields that were read, in the order of the form."""
        return [each.code for each in LAYOUT.fields if self.values.get(each.code)]

    def body(self) -> dict[str, Any]:
        """The values without a doubt, as a program sends them: 分, numbers, lists."""
        doubted = {code for code, _ in self.doubts}
        sure = {code: self.values[code] for code in self.read if code not in doubted}
        draft = parse(NeedDraft, {"title": "需求"} | sure)
        return draft.model_dump(mode="json", include=set(sure))


def read(path: Path, name: str) -> Reading:
    """Read the form at ``path``, which its sender calls ``name``.

    Raises `Invalid` for a file that is no document, or no need form.
    """
    paper = opened(path, name)
    gathered = gather(paper)
    if not gathered.answers:
        office.refuse(
            "没有在文件里找到需求的任何一项。可以下载 Word 需求表填写，"
            "或把各项写成「需求名称：……」的样子"
        )
    found = Reading(unread=gathered.unread, remarks=paper.remarks)
    for code, answer in _one_each(gathered.answers, found).items():
        _enter(found, code, answer)
    if not found.read and not found.doubts:
        office.refuse("需求表里还没有填写内容，请填好、保存后再上传")
    found.doubts += _not_well_formed(found.values)
    doubted = {code for code, _ in found.doubts}
    found.missing = [
        each.code
        for each in LAYOUT.fields
        if each.required
        and each.code not in doubted
        and not found.values.get(each.code)
    ]
    _shorten(found)
    return found


def _one_each(answers: list[Answer], found: Reading) -> dict[str, Answer]:
    """The answers by field; a text asked for twice is put together."""
    by_code: dict[str, Answer] = {}
    for answer in answers:
        if not answer.text:
            continue
        first = by_code.get(answer.code)
        if first is None:
            by_code[answer.code] = answer
        elif answer.code in LONG:
            first.lines += answer.lines
        elif answer.code == "contact":
            first.lines = [f"{first.text}，{answer.text}"]
        elif answer.text != first.text:
            found.unread.append(f"{answer.heading}：{answer.text}（前面已有这一项）")
    return by_code


def _enter(found: Reading, code: str, answer: Answer) -> None:
    try:
        if value := value_of(code, answer.unit, answer.text):
            found.values[code] = value
    except (CellError, PydanticCustomError) as error:
        quoted = " ".join(answer.text.split())[:60]
        words = str(error)
        found.doubts.append(
            (code, words if quoted in words else f"{words}（{quoted}）")
        )
        if code == "secrecy":
            found.values[code] = ""  # not the one the page would propose


def _not_well_formed(values: dict[str, Any]) -> list[tuple[str, str]]:
    """What the form on the page would refuse even in a draft: told, and kept."""
    given = {code: value for code, value in values.items() if value}
    try:
        parse(NeedDraft, {"title": "需求"} | given)
    except Invalid as invalid:
        return [
            (code, words) for code, words in invalid.fields.items() if code in LABELS
        ]
    return []


def _shorten(found: Reading) -> None:
    """The page stays readable, and says how much more there is."""
    more = len(found.unread) - MOST_UNREAD
    if more > 0:
        found.unread = [*found.unread[:MOST_UNREAD], f"……还有 {more} 处"]
    found.unread = [
        text if len(text) <= LONGEST_UNREAD else f"{text[:LONGEST_UNREAD]}……"
        for text in found.unread
    ]
