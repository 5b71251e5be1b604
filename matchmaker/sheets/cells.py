"""What a cell says, whatever table it stands in: one reader for each kind of column.

Each takes the cell and gives the value as the table stores it, or raises `CellError`
with what is wrong and what to do. An empty cell is None and reaches none of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from math import isfinite
from typing import Any

from openpyxl.utils.datetime import from_excel
from stdnum.cn import uscc
from stdnum.exceptions import ValidationError

from models.base import end_of_month

from .. import money
from ..contracts.inputs import EARLIEST, LATEST
from ..labels import CITY
from ..money import MoneyError, Unit
from ..schema import CONTROL
from .reader import UNCOMPUTED, Cell

EXCEL_ERRORS = frozenset(
    {"#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!"}
)
# A serial number of a day, as a sheet without a date format shows it: 1985 to 2100.
SERIALS = range(31_048, 73_416)
EXACT = 10**15
# So many words a reader remembers the meaning of.
MOST_CACHED = 10_000

# Words that leave a field of figures or choices open.
NOTHING = frozenset(
    {"", "无", "不限", "没有", "没有要求", "无要求", "面议", "待定", "长期", "长期有效"}
    | {"/", "\\", "-", "—", "——", "暂无"}
)


class CellError(ValueError):
    """What is wrong with a cell and what to do about it."""


def text(cell: Cell, longest: int = 200) -> str:
    """The words of a cell; a number as one writes it."""
    refuse_unreadable(cell)
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < EXACT:
        cell = int(cell)
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    words = unicodedata.normalize("NFC", str(cell)).strip()
    if CONTROL.search(words):
        raise CellError("含有无法识别的控制字符，请删除后重试")
    if len(words) > longest:
        raise CellError(f"最多 {longest} 个字，请精简")
    return words


def refuse_unreadable(cell: Cell) -> None:
    """A formula nobody computed, or one that came to an error."""
    if cell is UNCOMPUTED:
        raise CellError(
            "公式没有计算结果。请用 Excel 打开并保存一次，或复制后「选择性粘贴」为数值"
        )
    if isinstance(cell, str) and cell in EXCEL_ERRORS:
        raise CellError(f"单元格是 Excel 错误值 {cell}，请改正公式或改填数值")


def amount(cell: Cell, unit: Unit) -> int:
    """Fen; a number is in the unit of its column, words may name their own."""
    refuse_unreadable(cell)
    if isinstance(cell, bool | date | datetime):
        raise CellError("请填写金额，例如 120 或 1,200.5")
    try:
        if isinstance(cell, int | float):
            return money.from_number(cell, unit)
        return money.parse(str(cell), unit).fen
    except MoneyError as error:
        raise CellError(str(error)) from error


_DAY = re.compile(
    r"(\d{4})\s*(?:[-/.]|年)\s*(\d{1,2})\s*(?:[-/.]|月)\s*(\d{1,2})\s*日?"
    r"(?:[T\s]+\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")


def day(cell: Cell) -> date:
    """A day, from a date cell, a serial number or words."""
    refuse_unreadable(cell)
    found = _day(cell)
    if found is None:
        raise CellError("看不懂这个日期，请写成例如 2026-03-01")
    if not EARLIEST <= found <= LATEST:
        raise CellError(f"日期 {found} 不合理，请核对年份")
    return found


def _day(cell: Cell) -> date | None:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if isinstance(cell, bool) or cell is None:
        return None
    if isinstance(cell, int | float):
        if not isfinite(cell):
            return None
        if int(cell) in SERIALS:
            return _serial(cell)
        cell = f"{cell:.0f}"
    words = unicodedata.normalize("NFKC", str(cell)).strip()
    if words.isdecimal() and int(words) in SERIALS:
        return _serial(int(words))
    match = _DAY.fullmatch(words) or _COMPACT.fullmatch(words)
    if match is None:
        return None
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError as error:
        raise CellError("没有这一天，请核对月份和日期") from error


def _serial(number: int | float) -> date | None:
    moment = from_excel(int(number))
    return moment.date() if isinstance(moment, datetime) else None


_BEFORE = re.compile(r"(?:之前|以前|前|止|截止)$")
_MONTH = re.compile(r"(\d{4})(?:年|[-/.])(?:(\d{1,2})月?)?[底末]?|(\d{4})年?[底末]")


def last_day(cell: Cell) -> date:
    """The day until which something holds: a day, a month's end or a year's."""
    if isinstance(cell, str):
        words = _BEFORE.sub("", unicodedata.normalize("NFKC", cell)).strip()
        end = _MONTH.fullmatch(re.sub(r"\s+", "", words))
        if end is not None:
            return _end_of(int(end[1] or end[3]), int(end[2] or 12))
        cell = words
    return day(cell)


def _end_of(year: int, month: int) -> date:
    if not 1 <= month <= 12:
        raise CellError("没有这个月份，请核对")
    if not EARLIEST.year <= year <= LATEST.year:
        raise CellError(f"日期 {year} 年不合理，请核对年份")
    return end_of_month(year, month)


_CLOCK = re.compile(
    r"(.*?\d\s*日?)[T\s]*(\d{1,2})[:：点](\d{2})?分?(?::(\d{2}(?:\.\d{1,6})?))?"
)


def moment(cell: Cell, *, at_end: bool = False) -> datetime:
    """A moment of the city's clock; of a bare day its beginning, or ``at_end``.

    The end of a day is midnight: who may do something «until 30 June» has all of it.
    """
    refuse_unreadable(cell)
    if isinstance(cell, datetime):
        return (cell if cell.tzinfo else cell.replace(tzinfo=CITY)).astimezone(UTC)
    clock = _CLOCK.fullmatch(_half_width(cell)) if isinstance(cell, str) else None
    if clock is None:
        begin = datetime.combine(day(cell), time(), CITY)
        return (begin + timedelta(days=at_end)).astimezone(UTC)
    seconds = float(clock[4] or 0)
    hour, minute = int(clock[2]), int(clock[3] or 0)
    if hour > 24 or minute > 59 or seconds >= 60 or (hour == 24 and minute + seconds):
        raise CellError("没有这个时刻，请写成例如 2027-06-30 17:00")
    begin = datetime.combine(day(clock[1]), time(), CITY)
    passed = timedelta(hours=hour, minutes=minute, seconds=seconds)
    return (begin + passed).astimezone(UTC)


def _half_width(words: str) -> str:
    return unicodedata.normalize("NFKC", words).strip()


# -- Several values in one cell ----------------------------------------------------

_NUMBERED = re.compile(
    r"\s*(?:[(（]\d{1,2}[)）]|\d{1,2}[、．)）]|\d{1,2}\.(?!\d)|[①-⑳]|[•·▪◆])\s*"
)
_DOT = re.compile("[•·▪◆]")
# «1、误报率 ≤ 1% 2、提前 10 分钟» in one line: a number after a blank or a stop.
_NEXT = re.compile(
    r"(?<=[\s；;。])\s*(?=(?:[(（]\d{1,2}[)）]|\d{1,2}[、．]|\d{1,2}\.(?!\d)|[①-⑳]))"
)


def lines(cell: Cell) -> list[str]:
    """The texts of a cell: a line each, without its number.

    Of one line without a number, what semicolons part. `written` is the way back.
    """
    said = _said(cell)
    found = [each for each in said.split("\n") if each.strip()]
    if len(found) != 1:
        return [text for text in map(_unnumbered, found) if text]
    [only] = found
    mark = _NUMBERED.match(only)
    if mark is None:
        found = re.split("[；;]", only)
    elif not _DOT.search(mark[0]):
        found = [each.strip().rstrip("；;") for each in _NEXT.split(only)]
    return [text for text in map(_unnumbered, found) if text]


def written(texts: Sequence[str]) -> str:
    """The texts as a cell holds them, so that `lines` finds the same."""
    joined = "\n".join(texts)
    if lines(joined) == list(texts):
        return joined
    # A dot in front keeps together what looks like several, or like a number.
    return "\n".join(f"• {text}" for text in texts)


def _said(cell: Cell) -> str:
    refuse_unreadable(cell)
    words = cell if isinstance(cell, str) else text(cell)
    words = words.replace("\r\n", "\n").replace("\r", "\n")
    if CONTROL.search(words):
        raise CellError("含有无法识别的控制字符，请删除后重试")
    return unicodedata.normalize("NFC", words).strip()


def prose(cell: Cell) -> str:
    """A text of any length, its line breaks kept."""
    return _said(cell)


def _unnumbered(line: str) -> str:
    return (
        _NUMBERED.sub("", line, count=1).strip()
        if _NUMBERED.match(line)
        else line.strip()
    )


_LIST_SIGNS = re.compile(r"[、，,；;/\n|]+")


def district_in(words: str, known: Mapping[str, str]) -> str | None:
    """The district an address names, written in full or without its last sign."""
    short = {name[:-1]: code for name, code in known.items() if name[-1] in "区市"}
    for names in (known, short):
        found = {code for name, code in names.items() if name in words}
        if len(found) == 1:
            return found.pop()
    return None


def exactly(words: Mapping[str, Any]) -> Callable[[Cell], Any]:
    """A reader of the very words: «公开名称，不公开全文» is not «公开»."""
    known = {plain(each): value for each, value in words.items()}

    def read(cell: Cell) -> Any:
        said = text(cell)
        if plain(said) not in known:
            raise CellError(f"「{said[:30]}」不在可选范围内，可填：{'、'.join(words)}")
        return known[plain(said)]

    return read


def named(
    words: Mapping[str, Any], others: Mapping[str, Any] | None = None
) -> Callable[[Cell], Any]:
    """A reader of a name of the list, whole or the one of which it is a part.

    ``others`` are what people say for it besides; they are not offered.
    """
    known = {
        plain(each): value for each, value in (dict(others or {}) | dict(words)).items()
    }
    cache: dict[str, Any] = {}

    def read(cell: Cell) -> Any:
        said = text(cell)
        if said not in cache:
            if len(cache) > MOST_CACHED:
                cache.clear()
            cache[said] = find(said)
        return cache[said]

    def find(said: str) -> Any:
        key = plain(said)
        if key in known:
            return known[key]
        near = {
            value
            for name, value in known.items()
            if len(key) > 1 and (key in name or name in key)
        }
        if len(near) != 1:
            raise CellError(f"「{said[:30]}」不在可选范围内，可填：{'、'.join(words)}")
        return near.pop()

    return read


def several(choose: Callable[[Cell], Any]) -> Callable[[Cell], list[Any]]:
    """A reader of several words of a list in one cell, each taken once.

    A word that is whole counts before its parts: a name may hold a sign itself.
    """

    def read(cell: Cell) -> list[Any]:
        said = _said(cell)
        try:
            return [choose(said)] if not _LIST_SIGNS.search(said) else _parts(said)
        except CellError:
            if "和" in said or "及" in said:
                return _parts(re.sub("[和及]", "、", said))
            raise

    def _parts(said: str) -> list[Any]:
        words = [each.strip() for each in _LIST_SIGNS.split(said) if each.strip()]
        return list(dict.fromkeys(choose(each) for each in words))

    return read


def whole(least: int, most: int) -> Callable[[Cell], int]:
    """A reader of a whole number within these bounds."""

    def read(cell: Cell) -> int:
        words = unicodedata.normalize("NFKC", text(cell)).replace(",", "")
        if not re.fullmatch(r"\d{1,9}", words) or not least <= int(words) <= most:
            raise CellError(f"请填写 {least} 到 {most} 之间的整数")
        return int(words)

    return read


_LEVEL = re.compile(r"(?:trl|第)*(\d{1,2}|[一二三四五六七八九])级?(?:及?以上)?")
_BRACKETS = re.compile(r"[(（][^)）]*[)）]")
_HAN = {sign: str(number) for number, sign in enumerate("一二三四五六七八九", 1)}


def level(cell: Cell, most: int = 9) -> int:
    """A level of readiness: «7», «TRL 7», «七级», «7级及以上»."""
    said = text(cell)
    # Between two levels stands what `plain` takes away: «6-7 级» is no «67 级».
    match = _LEVEL.fullmatch(plain(_BRACKETS.sub("", said)))
    found = int(_HAN.get(match[1], match[1])) if match else 0
    if not 1 <= found <= most or re.search(r"\d\s*[-~—至到]\s*\d", said):
        raise CellError(f"请填写 1 到 {most} 之间的一个级别，例如 7")
    return found


def credit_code(cell: Cell) -> str:
    """统一社会信用代码 with its check character."""
    if isinstance(cell, int | float) and abs(cell) >= EXACT:
        raise CellError(
            "信用代码被当作数字保存，末位已经失真。请把该列改为文本格式后重填"
        )
    words = re.sub(r"[\s\-]+", "", unicodedata.normalize("NFKC", text(cell))).upper()
    try:
        return str(uscc.validate(words))
    except ValidationError as error:
        raise CellError(
            "不是有效的 18 位统一社会信用代码，请核对；没有可不填"
        ) from error


# -- Words that stand for a code --------------------------------------------------

_PUNCTUATION = re.compile(r"[\s、，,。.;；:：/\\()（）\-—_·与和及]+")


def plain(words: str) -> str:
    """Words without what one writes between them, to compare by."""
    return _PUNCTUATION.sub("", unicodedata.normalize("NFKC", words)).casefold()


def chooser(
    words: Mapping[str, Any], *, contained: Iterable[tuple[str, Any]] = ()
) -> Callable[[Cell], Any]:
    """A reader of words of a fixed list: whole, by a part, or from the beginning.

    ``contained`` are the parts, in the order they are tried; «电子信息—软件» begins
    with «电子信息».
    """
    known = {plain(each): value for each, value in words.items()}
    longest = sorted(known, key=lambda each: -len(each))
    parts = list(contained)
    cache: dict[Cell, Any] = {}

    def choose(cell: Cell) -> Any:
        if cell in cache:
            return cache[cell]
        said = text(cell)
        key = plain(said).removesuffix("技术")
        value = known.get(plain(said), known.get(key))
        if value is None:
            value = next(
                (known[each] for each in longest if key.startswith(each)), None
            )
        if value is None:
            value = next((kind for part, kind in parts if part in said), None)
        if value is None:
            raise CellError(f"「{said[:30]}」不在可选范围内，可填：{'、'.join(words)}")
        if len(cache) > MOST_CACHED:
            cache.clear()
        cache[cell] = value
        return value

    return choose


yes_or_no = chooser(
    {"是": True, "否": False, "有": True, "无": False, "Y": True, "N": False}
)
