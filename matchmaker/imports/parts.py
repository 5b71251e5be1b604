"""The columns that the files of all kinds of records share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from .. import labels
from ..labels import CITY
from ..sheets import cells
from ..sheets.cells import NOTHING, CellError
from ..sheets.layout import UNITS, Field
from ..sheets.reader import Cell
from ..sheets.tables import demo_mark, in_wan
from . import numbers
from .shapes import DEMO, NUMBER, OWN_NUMBER, STATUS, Part, Read

ONLY_RESTORED = "只在恢复备份时读取"
# Headings we add ourselves or have no use for.
IGNORED = ("序号", "行号", "原行号", "错误", "预算说明", "意向价格说明", "备注")


def attribute(name: str) -> Callable[[Any], Any]:
    return lambda item: getattr(item, name)


def optional(read: Read, nothing: Callable[[], Any] = lambda: None) -> Read:
    """A reader for which «无», «面议» or «/» says that there is nothing."""

    def maybe(cell: Cell) -> Any:
        said_nothing = isinstance(cell, str) and cell.strip() in NOTHING
        return nothing() if said_nothing else read(cell)

    return maybe


def words_of(members: Iterable[StrEnum]) -> dict[str, StrEnum]:
    """{word on screen: member}."""
    return {labels.label(each): each for each in members}


def prose(code: str, label: str, synonyms: Sequence[str] = (), **more: Any) -> Part:
    """A text as it is written, line breaks and all."""
    return Part(Field(code, label, synonyms, **more), attribute(code), cells.prose)


def lines(code: str, label: str, synonyms: Sequence[str] = (), **more: Any) -> Part:
    """Several texts in one cell, a line each."""
    return Part(
        Field(code, label, synonyms, **more),
        lambda item: cells.written(getattr(item, code) or []),
        cells.lines,
    )


def money(code: str, label: str, synonyms: Sequence[str] = (), **more: Any) -> Part:
    """An amount in 万元 or 元, as the heading says; in the table ``code`` + «_fen»."""
    return Part(
        Field(code, label, synonyms, is_money=True, **more),
        lambda item: in_wan(getattr(item, f"{code}_fen")),
        kind="money",
    )


def amount(unit: str) -> Read:
    """A reader of amounts above nothing in this unit; «面议» is None."""

    def read(cell: Any) -> int | None:
        if isinstance(cell, str) and cell.strip() in NOTHING:
            return None
        fen = cells.amount(cell, UNITS[unit])
        if fen == 0:
            raise CellError("金额须大于 0；面议请留空")
        return fen

    return read


def day(code: str, label: str, synonyms: Sequence[str] = (), **more: Any) -> Part:
    return Part(
        Field(code, label, synonyms, is_date=True, **more),
        attribute(code),
        optional(cells.last_day),
        "date",
    )


def choice(
    code: str,
    label: str,
    synonyms: Sequence[str],
    words: Mapping[str, Any],
    read: Read,
    **more: Any,
) -> Part:
    """One of a list, by its words; ``words`` are offered in the template."""
    back = {value: name for name, value in words.items()}
    return Part(
        Field(code, label, synonyms, choices=tuple(words), **more),
        lambda item: back.get(getattr(item, code), getattr(item, code) or ""),
        optional(read),
    )


def numbering(prefix: str, *others: str) -> tuple[Part, Part]:
    """The number of the platform, and its owner's own."""
    return (
        Part(
            Field(
                NUMBER,
                "编号",
                ("平台编号", *others),
                note="平台的编号，或本单位自己的编号；同一编号再次导入只作修改",
                width=18,
            ),
            lambda item: numbers.number_of(prefix, item),
            numbers.read,
        ),
        Part(
            Field(
                OWN_NUMBER,
                "单位编号",
                ("外部编号", "内部编号", "本单位编号", "自编号"),
                note="本单位自己的编号，可不填",
                width=18,
            ),
            lambda item: item.external_number or "",
            numbers.read,
        ),
    )


def when(moment: datetime | None) -> str:
    """A moment of the city's clock, to the last digit: it is to be read back."""
    if moment is None:
        return ""
    local = moment.astimezone(CITY).replace(tzinfo=None)
    return local.isoformat(" ", "microseconds" if local.microsecond else "seconds")


def standing(states: Iterable[StrEnum]) -> tuple[Part, ...]:
    """Where a record stands: told to everybody, read only when it is put back."""
    words = words_of(states)
    moments = (
        ("published_at", "发布时间", ("发布日期",)),
        ("created_at", "创建时间", ()),
        ("updated_at", "修改时间", ()),
        ("renewed_at", "续期时间", ()),
    )
    return (
        Part(
            Field(STATUS, "状态", note=ONLY_RESTORED),
            lambda item: labels.label(item.status),
            cells.exactly(words),
        ),
        Part(
            Field("return_reason", "退回原因", note=ONLY_RESTORED),
            lambda item: item.return_reason or "",
            cells.prose,
        ),
        Part(
            Field("return_codes", "退回代码", note=ONLY_RESTORED),
            lambda item: "、".join(item.return_codes or []),
            lambda cell: [each for each in cells.text(cell).split("、") if each],
        ),
        *(
            Part(
                Field(code, label, others, note=ONLY_RESTORED, width=20),
                lambda item, code=code: when(getattr(item, code)),  # type: ignore[misc]
                cells.moment,
            )
            for code, label, others in moments
        ),
        Part(
            Field(DEMO, "示例", note=ONLY_RESTORED),
            demo_mark,
            lambda cell: cells.text(cell) == "示例",
        ),
    )
