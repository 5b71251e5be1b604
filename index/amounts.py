"""Amounts in a sentence: a number or range with its sign, comparator and unit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from index import units
from index.numerals import Number, numbers

Comparator = Literal["ge", "gt", "le", "lt", "eq", "about", "range", "plus_minus"]

# Names, standards, dates, sizes and fractions that look like amounts.
_NOT_AMOUNTS = re.compile(
    r"(?:GB|GJB|ISO|IEC|ASTM|DIN|JIS|YY|HJ|JB|QC|SAE|CISPR|IEEE|UL|DL|NB|TB|GMP|EN|CJ|"
    r"SH|HG|YS|DB)(?:/[A-Z]{1,2})?\s?\d[\d.]*(?:[-–—:]\d+)*"
    r"|(?<!\d)(?:19|20)\d\d\s?年(?:度)?(?:\s?\d{1,2}\s?月(?:\d{1,2}\s?[日号])?)?"
    r"|(?<!\d)(?:19|20)\d\d[-/.](?:0?[1-9]|1[0-2])(?:[-/.]\d{1,2})?(?![\d.%])"
    r"|\d{1,2}月\d{1,2}[日号]|\d{1,2}点(?:前|后|钟|半)"
    r"|第\s?\d+(?:[-–—~]\d+)?|(?<!\d)(?:480|720|1080|1440|2160)[pPi](?![A-Za-z])"
    r"|(?<![\d.])[2-7]N(?![·/A-Za-z])"
    r"|(?<![\d.])\d{1,12}(?:\.\d{1,12})?\s?(?:[a-zμ]{1,2}\s?)?"
    r"[×xX]\s?(?:[\u4e00-\u9fff]\s?)?"
    r"(?!10[-^⁻¹²³⁴⁵⁶⁷⁸⁹⁰])\d+(?:\.\d+)?"
    r"(?:\s?[×xX]\s?\d+(?:\.\d+)?)?(?:\s?[a-zμ]{1,2}(?![a-z]))?"
    r"|(?<![\d.])1/\d+(?:倍频程)?|(?<![\d.])\d{1,12}/\d{1,12}(?=[\u4e00-\u9fff,，;；。)]|$)"
)
_SCORE = re.compile(r"\s?/\s?(5|10|100)(?:分)?(?![\d.A-Za-z])")
# 4K, 64K, 5G, 3D, 8B: names of sizes and generations when written together.
_GLUED = frozenset(("K", "G", "D", "B", "H", "F", "T", "P", "M", "k"))

_GE = "≥|>=|=>|不低于|不少于|不小于|不短于|不下于|不弱于|不早于|大于或?等于|至少"
_GE += "|最低|最少"
_LE = "≤|<=|=<|不高于|不超过|不大于|不多于|不长于|不超出|不迟于|不晚于|小于或?等于|至多"
_LE += "|最多|最高|控制在"
_GT = ">|超过|大于|高于|多于|长于|超"
_LT = "<|小于|低于|少于|短于|不到|不足|未超过"
_BEFORE = re.compile(
    rf"(?:(?P<ge>{_GE})|(?P<le>{_LE})|(?P<gt>{_GT})|(?P<lt>{_LT})|(?P<better>优于|好于)"
    r"|(?P<about>约为|大约|约|近|接近|大概|(?<![\d.%℃°])~|≈|≅)|(?P<eq>=|达到|达|为|是|仅))\s*$"
)
RELATIVE = frozenset(("ratio", "times", "points"))
# ≤镀铬的1.3倍: the bound stands before what the amount is a multiple of.
_BEFORE_WHOLE = re.compile(
    r"(?P<bound>(?P<ge>≥|>=|不低于|不少于)|(?P<le>≤|<=|不高于|不超过)|(?P<gt>>)|(?P<lt><))"
    r"(?P<whole>[\u4e00-\u9fff]{2,8}?)的?\s?$"
)
# 不超过每吨3000元
_BEFORE_EACH = re.compile(
    r"(?:(?P<ge>≥|>=|不低于|不少于)|(?P<le>≤|<=|不高于|不超过)|(?P<gt>>|高于)"
    r"|(?P<lt><|低于))(?P<whole>每[\u4e00-\u9fff]{1,3})\s?$"
)
_AFTER = re.compile(
    r"\s?(?:(?P<ge>(?:及|或|含)?以上)|(?P<le>(?:及|或|含)?以下|以内|之内|内(?![部外层置在容]))"
    r"|(?P<about>左右|上下|余|多(?![\u4e00-\u9fff])))"
)
_PREFIX_UNIT = re.compile(r"(?<![A-Za-z])(HRC|HRA|HRB|HV|HBW|HB)\s?$")
_PLUS_MINUS = re.compile(r"(?:±|\+/-|\+-)\s*$")
_SIGN = re.compile(r"(?<![\dA-Za-z%℃°)\u2070-\u2079²³])([-+])\s?$")

_RANGE = re.compile(
    r"\s?(?P<sep>~|–|—|-|至|到|↔|→|\+/-|±|/)\s?(?P<sign>[-+])?(?=[\d一二两三四五六七八九十])"
)


@dataclass(frozen=True)
class Amount:
    """A number or range with its unit, before its sentence is considered."""

    start: int
    end: int
    comparator: Comparator
    low: float | None
    high: float | None
    unit: str
    dimension: str
    from_to: bool = False
    of_what: str = ""  # in ≤镀铬的1.3倍: 镀铬
    loose: bool = False  # a plain ±: it may be what was endured, not what is reached


def amounts(text: str) -> Iterator[Amount]:
    blocked = [match.span() for match in _NOT_AMOUNTS.finditer(text)]
    waiting = [
        number
        for number in numbers(text)
        if not any(a < number.end and number.start < b for a, b in blocked)
    ]
    last = 0
    for place, number in enumerate(waiting):
        if number.start < last:
            continue
        amount = _amount(text, number, waiting[place + 1 :], last)
        if amount is not None:
            yield amount
            last = amount.end


def _amount(
    text: str, number: Number, following: Sequence[Number], floor: int
) -> Amount | None:
    start, sign, around = _signs(text, number.start, floor)
    parts, end, unit, joint = _parts(text, number, following, sign)
    if unit is None and (prefix := _PREFIX_UNIT.search(text[floor:start])):
        unit = units.Unit(prefix[1], prefix[1], 1.0)
        start = floor + prefix.start()
    head = _BEFORE.search(text[max(floor, start - 8) : start])
    tail = _AFTER.match(text, end) if unit is not None else None
    if tail and tail["le"] == "内" and unit is not None and unit.dimension != "time":
        tail = None
    if unit is None and not (_stands_alone(text, end) or _explicit(head)):
        return None
    if number.words and unit is not None and not _counts(text, number, unit, head):
        return None
    of_what = ""
    if head and not head["eq"]:
        start -= len(head[0])
    elif not head and unit is not None:
        whole = _BEFORE_WHOLE if unit.dimension in RELATIVE else _BEFORE_EACH
        head = whole.search(text[floor:start])
        start -= len(head[0]) if head else 0
        of_what = head["whole"] if head else ""
    values = [_in_base(value, own) for value, own in parts]
    comparator = _comparator(head, tail, around, joint, text[:start], unit)
    low, high = _bounds(values, comparator, joint)
    if tail:
        end = tail.end()
    spelling = unit.spelling if unit else ""
    dimension = unit.dimension if unit else "number"
    return Amount(
        start, end, comparator, low, high, spelling, dimension, joint == "→",
        of_what, comparator == "plus_minus" and text[start] in "±+-0123456789",
    )  # fmt: skip


def _signs(text: str, start: int, floor: int) -> tuple[int, float, bool]:
    """Where the amount begins with its sign, the sign, and whether it is a ±."""
    before = text[floor:start]
    if mark := _PLUS_MINUS.search(before):
        return floor + mark.start(), 1.0, True
    if mark := _SIGN.search(before):
        return floor + mark.start(), -1.0 if mark[1] == "-" else 1.0, False
    return start, 1.0, False


def _parts(
    text: str, number: Number, following: Sequence[Number], sign: float
) -> tuple[list[tuple[float, units.Unit | None]], int, units.Unit | None, str]:
    """The values that one amount is made of, its end, unit and what joins them."""
    unit, end = _unit(text, number)
    parts, joint = [(sign * number.value, unit)], ""
    for nxt in following:
        link = _RANGE.match(text, end)
        if link is None or link.end() != nxt.start:
            break
        other, other_end = _unit(text, nxt)
        if not _joins(parts[-1], link, other, nxt):
            break
        joint = "±" if link["sep"] in ("±", "+/-") else link["sep"]
        negative = link["sign"] == "-"
        parts.append((-nxt.value if negative else nxt.value, other))
        unit, end = other or unit, other_end
        if link["sep"] != "/":
            break
    if unit is not None:
        parts = [(value, own or unit) for value, own in parts]
    elif score := _SCORE.match(text, end):
        unit = units.Unit(score[0].strip(), "score/" + score[1], 1.0)
        end = score.end()
    return parts, end, unit, joint


def _joins(
    left: tuple[float, units.Unit | None],
    link: re.Match[str],
    unit: units.Unit | None,
    nxt: Number,
) -> bool:
    """Whether two numbers make one amount: a range, a pair, a centre with its ±."""
    value, own = left
    if own is not None and unit is not None and own.dimension != unit.dimension:
        return False
    if own is not None and unit is None:
        return False
    if link["sep"] == "/":
        return unit is not None
    upper = _in_base(-nxt.value if link["sign"] == "-" else nxt.value, unit)
    falls = upper < _in_base(value, own or unit)
    return not (falls and link["sep"] in "-–—至到")


def _unit(text: str, number: Number) -> tuple[units.Unit | None, int]:
    if number.share:
        return units.Unit(number.share, "ratio", 1.0), number.end
    at = number.unit_at
    spaced = text[at : at + 1] in (" ", "\u00a0")
    at += spaced
    unit = units.read(text, at)
    if unit is None or (unit.spelling in _GLUED and not spaced):
        return None, number.end
    return unit, max(number.end, at + len(unit.spelling))


_ENDS = re.compile(r"\s*(?:[,，;；。、)(\]|!?:：]|$)")


def _stands_alone(text: str, end: int) -> bool:
    return _ENDS.match(text, end) is not None


def _explicit(head: re.Match[str] | None) -> bool:
    return head is not None and head["eq"] not in ("为", "是", "仅", "达")


_SURE_IN_WORDS = frozenset(
    ("time", "length", "mass", "money", "times", "points", "area")
)
_WORDS_ONLY = frozenset(
    [
        "个",
        "分",
        "日",
        "方",
        "度",
        "点",
        "a",
        "单",
        "号",
        "位",
        "字",
        "词",
        "级",
        "步",
        "项",
        "页",
        "阶",
        "相",
        "组",
        "季",
        "处",
        "机",
        "道",
        "线",
        "起",
        "门",
    ]
)


def _counts(
    text: str, number: Number, unit: units.Unit, head: re.Match[str] | None
) -> bool:
    """Whether a number in characters is an amount: 三个月, 一万次, not 一次合格."""
    if unit.spelling in _WORDS_ONLY:
        return False
    if unit.spelling in ("次", "元"):
        # 一次合格 is first-time, 三元 a kind of battery.
        return number.value >= 10 or _explicit(head)
    if unit.dimension in _SURE_IN_WORDS:
        return unit.spelling not in ("月", "寸")
    return number.value != 1 or _explicit(head)


def _in_base(value: float, unit: units.Unit | None) -> float:
    return tidy(value * (unit.factor if unit else 1.0))


def tidy(value: float) -> float:
    """The value without the dust of binary fractions: 0.82, not 0.8200000000000001."""
    return float(f"{value:.12g}")


def _bounds(
    values: list[float], comparator: Comparator, joint: str
) -> tuple[float | None, float | None]:
    first, last = values[0], values[-1]
    if joint == "±":
        return tidy(first - abs(last)), tidy(first + abs(last))
    if joint == "→":
        return last, last
    low, high = min(values), max(values)
    if comparator == "plus_minus":
        return -abs(high), abs(high)
    if comparator in ("ge", "gt"):
        return low, None
    if comparator in ("le", "lt"):
        return None, high
    return low, high


_SMALLER_IS_FINER = re.compile(
    "误差|精度|偏差|粗糙|分辨|时间|延迟|时延|周期|漏|误|损|耗|残留|波动|漂移|不均|公差|跳动"
)


def _comparator(
    head: re.Match[str] | None,
    tail: re.Match[str] | None,
    around: bool,
    joint: str,
    before: str,
    unit: units.Unit | None,
) -> Comparator:
    if joint == "±" or around:
        return "plus_minus"
    if joint and joint != "→":
        return "range"
    for match in (tail, head):
        for name in ("ge", "le", "gt", "lt", "about"):
            if match and match.groupdict().get(name):
                return name
    if head and head.groupdict().get("better"):
        clause = re.split("[,;。]", before)[-1]
        if _SMALLER_IS_FINER.search(clause[-12:]):
            return "le"
        return "ge" if unit and unit.dimension == "ratio" else "about"
    return "eq"
