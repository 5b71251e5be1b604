"""Quantities in Chinese technical sentences: what is measured, how much, in what."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from index.amounts import RELATIVE, Amount, Comparator, amounts, tidy
from index.numerals import plain

Change = Literal["increase", "decrease", "to"]


@dataclass(frozen=True)
class Quantity:
    """An amount as a sentence states it; the quote is ``text[start:end]``.

    ``low`` and ``high`` are in the base unit of the dimension (metre, second,
    kilogram, yuan, a part of one); None is open. An exact amount has both equal, a
    plain ± has them around nought. ``change`` tells «提高30%» (increase, by) from
    «提高到30%» (to: a level). A ``condition`` says under what the result was or is
    to be had («25 ℃下», «(3种姿态)», the value before the change) and is not itself
    asked or claimed.
    """

    start: int
    end: int
    subject: str
    comparator: Comparator
    low: float | None
    high: float | None
    unit: str
    dimension: str
    change: Change | None = None
    condition: bool = False
    clause: tuple[int, int] = (0, 0)


LONGEST_TEXT = 5_000
# How far back the words for a quantity are looked for, so that one endless clause
# costs no more than many short ones.
LONGEST_LEAD = 120

_OPEN, _CLOSE = "([", ")]"
_STOPS = frozenset(",，;；。!！?？\n\t|")
_BREAKS = re.compile(
    r"且(?!不)|同时|并(?![行联发网])|/(?=[\u4e00-\u9fff])|、|和(?=[^,，]{2,12}[≥≤])"
)

_RISE = (
    "提高|提升|增加|增大|增长|增强|上升|升高|延长|扩大|加快|改善|增幅|升幅|增量|增重"
    "|涨|增"
)
_FALL = (
    "降低|下降|减少|减小|减轻|缩短|缩小|缩减|削减|节约|节省|节能|节电|节水|减量"
    "|降幅|减幅"
    "|减排|减产|减|降"
)
_FILL = r"(?:了|约|近|均|平均|可|能|达|达到|幅度|率?为|量|超过|最多|至少|又|各|再)*"
_BY = re.compile(rf"(?:(?P<up>{_RISE})|(?P<down>{_FALL})){_FILL}\s*$")
_TO = re.compile(
    r"(?:降低|降|下降|减少|减小|减|缩短|缩减|缩小|缩|压缩|压|收窄|提高|提升|增加|延长|延|增|升高"
    r"|上升|升|扩大|改善|推进|推|变|提|回升|放宽|回落)[\u4e00-\u9fff]{0,6}(?:到|至|为|成)\s*$"
)
_TO_GIVEN = re.compile(r"(?:由|从)[^,，;；。]*(?:到|至|为)\s*$")
# 压降 is a pressure drop and 沉降 a settlement: nouns, no change.
_NOUN_FALL = re.compile(
    r"(?:压|温|沉|跌|升)降\s*$|(?:衰|削|递|加|消)减\s*$|灼减量\s*$|倍增\s*$|激增\s*$"
)
_VERB_FIRST = re.compile(
    rf"^(?:使|可|能|将|力争|实现)?(?:(?P<up>{_RISE})|(?P<down>{_FALL}))"
    r"(?P<what>[\u4e00-\u9fff]{2,10})$"
)

_BRACKETS = re.compile(r"[(\[][^()\[\]]*[)\]]")
_GIVEN_AFTER = re.compile(
    r"\s?(?:[\u4e00-\u9fff]{0,4}?(?:条件|工况|环境|状态|温度|规模|范围|浓度|流速|风速)"
    r"(?:[下内中]|时)?|下(?![降限放行线载游料])|时(?![间延长滞效刻])|之?后(?![备处续])|处(?![理置])"
    r"|级别|级(?=[\u4e00-\u9fff]))"
)
_NOISE_AHEAD = re.compile(
    r"^(?:[\s:、,/()\[\]的且]|其中|要求|实现|确保|保证|以及|同时)+"
)
_NOISE_BEHIND = re.compile(
    r"(?:[\s:、,=的在为达可约均仅是由从自不]|[由从]\s?\d[\d.]*|达到|控制在?|平均|实测|要求|目标)+$"
)


def quantities(text: str) -> list[Quantity]:
    """Every quantity of the text in order; never raises, reads 5,000 characters.

    Model numbers, standards, dates and sizes (GB/T 1234, TC4, 5G, 2026年) are left
    out, and so is whatever cannot be read with certainty.
    """
    clean = plain(text[:LONGEST_TEXT])
    spotted = list(amounts(clean))
    depth = _depths(clean)
    found: list[Quantity] = []
    for start, end in _clauses(clean, spotted, depth):
        inside = [one for one in spotted if start <= one.start < end]
        found += _read_clause(clean, (start, end), inside, depth)
    return sorted(found, key=lambda one: one.start)


def _depths(text: str) -> list[int]:
    depths, depth = [], 0
    for char in text:
        depth += char in _OPEN
        depths.append(depth)
        depth -= char in _CLOSE and depth > 0
    return depths


def _clauses(
    text: str, amounts: Sequence[Amount], depth: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """Parts of the text that each say one thing; brackets are never cut."""
    taken = {at for one in amounts for at in range(one.start, one.end)}
    begin = 0
    for at in [*range(len(text)), len(text)]:
        end = at == len(text)
        if not end and (text[at] not in _STOPS or depth[at] or at in taken):
            continue
        inside = [one for one in amounts if begin <= one.start < at]
        yield from _soft_clauses(text, (begin, at), inside, depth)
        begin = at + 1


def _soft_clauses(
    text: str, span: tuple[int, int], amounts: list[Amount], depth: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """A clause cut at «、» and «且», but only where a result is already told.

    铷、铯回收率 names two things of one amount, and 35 mm接缝、1.5 mm错台时 two
    conditions of one result.
    """
    results = [one for one in amounts if not depth[one.start]]
    begin = span[0]
    for mark in _BREAKS.finditer(text, *span):
        at = mark.start()
        told = any(
            begin < one.start
            and (not _BRACKETS.sub("", text[one.end : at]).strip() or _is_bound(one))
            and one.end <= at
            for one in results
        )
        ahead = any(one.start >= mark.end() for one in results)
        if told and ahead and not depth[at]:
            yield begin, at
            begin = at + (mark[0] in "、/")
    yield begin, span[1]


def _read_clause(
    text: str, span: tuple[int, int], amounts: list[Amount], depth: Sequence[int]
) -> Iterator[Quantity]:
    outside = [one for one in amounts if not depth[one.start]]
    result = _result(text, outside, span[1])
    floor, before = span[0], ""
    for place, one in enumerate(amounts):
        end = amounts[place + 1].start if place + 1 < len(amounts) else span[1]
        around = (before, floor, end)
        yield _quantity(text, span, one, around, one is not result)
        before += _JOIN.sub("", text[floor : one.start]) + _GAP
        before, floor = before[-LONGEST_LEAD:], one.end


def _result(text: str, amounts: list[Amount], end: int) -> Amount | None:
    """The one amount the clause is about: its last bound, or else its last amount.

    In ≥150 μm召回0.91 either may be meant, so it is neither.
    """
    free = [
        one
        for one in amounts
        if not _given(text, one, end) and not _opens(text, one, amounts[-1])
    ]
    bound = [one for one in free if _is_bound(one)]
    if bound and bound[-1] is not free[-1]:
        between = _BRACKETS.sub("", text[bound[-1].end : free[-1].start])
        if len(between.strip()) > 1:
            return None
    return (bound or free or [None])[-1]  # type: ignore[list-item]


def _opens(text: str, one: Amount, last: Amount) -> bool:
    """Whether 6 h内 or 39℃以上 is what a later amount of the clause holds under."""
    return one is not last and text[one.end - 1 : one.end] in ("内", "上", "下")


_GAP = "\u2009"
# What ties a condition to what follows it: 35℃[时]整柜温差.
_JOIN = re.compile(
    r"^\s?(?:下(?![降限放行线载游料])|时(?![间延长滞效刻])|之?后(?![备处续])|、)"
)


def _is_bound(one: Amount) -> bool:
    return one.comparator not in ("eq", "range", "about") and not one.loose


def _given(text: str, one: Amount, end: int) -> bool:
    """Whether the words after the amount make it a condition: 25 ℃下, 1000次后."""
    mark = _GIVEN_AFTER.match(text, one.end, end)
    # 2 s内 … and 30 s后 at the very end of a clause say when, hence the result.
    return mark is not None and bool(text[mark.end() : end].strip())


def _quantity(
    text: str,
    span: tuple[int, int],
    one: Amount,
    around: tuple[str, int, int],
    condition: bool,
) -> Quantity:
    """The amount in its sentence.

    ``around`` is what the clause says before the amount ahead of it, and from where
    to where no other amount stands.
    """
    before, floor, end = around
    lead = text[max(span[0], one.start - LONGEST_LEAD) : one.start]
    near = text[max(floor, one.start - LONGEST_LEAD) : one.start]
    change, verb = _change(lead, near, one)
    start = one.start - verb
    near = text[max(floor, start - LONGEST_LEAD) : start]
    near = _JOIN.sub("", near) if before else near
    after = text[one.end : min(end, one.end + LONGEST_LEAD)]
    subject = _subject(before + near + one.of_what, after)
    one = _in_context(one, subject)
    found = Quantity(
        start, one.end, subject, one.comparator, one.low, one.high, one.unit,
        one.dimension, change, condition, span,
    )  # fmt: skip
    if change is None and not condition and one.dimension in RELATIVE:
        return _verb_first(found, lead)
    return found


_FORCES = re.compile("加速度|过载|冲击|振动|抗震")
_DIFFERENCES = re.compile("温升|温差|温降|偏差|误差|波动|均匀|漂移|偏移|变化")


def _in_context(one: Amount, clause: str) -> Amount:
    """In «加速度≤0.15 g» the g is no gram, in «温升≤45 K» the K no temperature."""
    if one.unit == "g" and _FORCES.search(clause):
        return _moved(one, "acceleration", 9806.65, 0.0)
    if one.dimension == "temperature" and _DIFFERENCES.search(clause):
        return _moved(one, "temperature_difference", 1.0, 0.0)
    if one.unit == "K":
        return _moved(one, one.dimension, 1.0, -273.15)
    return one


def _moved(one: Amount, dimension: str, factor: float, shift: float) -> Amount:
    low = None if one.low is None else tidy(one.low * factor + shift)
    high = None if one.high is None else tidy(one.high * factor + shift)
    return replace(one, low=low, high=high, dimension=dimension)


def _change(lead: str, near: str, one: Amount) -> tuple[Change | None, int]:
    """The change the amount states, and how long the words for it are."""
    if one.from_to:
        return "to", 0
    if mark := _TO.search(near):
        return "to", len(near) - mark.start()
    if _TO_GIVEN.search(lead):
        return "to", 0
    if _NOUN_FALL.search(near):
        return None, 0
    if mark := _BY.search(near):
        return ("increase" if mark["up"] else "decrease"), len(near) - mark.start()
    return None, 0


def _verb_first(found: Quantity, lead: str) -> Quantity:
    """«降低能耗15%» is a change; «提升检出率95%» may be a level: leave it nameless."""
    mark = _VERB_FIRST.match(lead.strip())
    if mark is None or "为" in mark["what"]:
        return found
    if mark["what"].endswith(("率", "度", "比")):
        return replace(found, subject="")
    change: Change = "increase" if mark["up"] else "decrease"
    return replace(found, subject=mark["what"], change=change)


def _subject(before: str, after: str) -> str:
    words = _trim(_BRACKETS.sub("", before).replace(_GAP, ""))
    if not re.search(r"[\u4e00-\u9fffA-Za-z]", words) or words[-1:] in "后时前":
        words = (words + _trim(_BRACKETS.sub("", after))).strip()
    return words


def _trim(words: str) -> str:
    return _NOISE_BEHIND.sub("", _NOISE_AHEAD.sub("", words)).strip()
