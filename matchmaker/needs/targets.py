"""What a target asks, piece by piece: read from its sentence, corrected by hand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from index.numerals import numbers, plain
from index.quantities import Quantity, quantities
from index.units import read as read_unit

from .measures import COMPARATORS as COMPARATORS
from .measures import words as words

Measure = dict[str, Any]

COMPARATOR_WORDS: dict[str, str] = {
    "ge": "≥ 不低于",
    "le": "≤ 不高于",
    "gt": "> 高于",
    "lt": "< 低于",
    "eq": "= 等于",
    "about": "约",
    "range": "介于两数之间",
    "plus_minus": "± 上下不超过",
    "none": "没有数字，凭描述验收",
}
LONGEST_NAME, LONGEST_UNIT = 60, 20
NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,10})?")
_CHANGES = {"increase": "提高", "decrease": "降低", "to": ""}
_ENDS_IN_CHANGE = re.compile("[提升增涨降减缩下延扩高加长少低短小幅]$")


def asked(sentence: str) -> list[Quantity]:
    """The quantities the sentence asks for, without the conditions it names."""
    return [one for one in quantities(sentence) if not one.condition]


def propose(sentence: str) -> Measure | None:
    """What the platform reads from a sentence; None where it is not sure."""
    found = asked(sentence)
    if not found:
        return None
    one = found[0]
    comparator, value, upper, unit = _figures(sentence, one)
    figures = [figure for figure in (value, upper) if figure]
    if not value or len(unit) > LONGEST_UNIT or not all(map(NUMBER.fullmatch, figures)):
        return None
    return {
        "name": _name(one),
        "comparator": comparator,
        "value": value,
        "upper": upper,
        "unit": unit,
        "must": True,
        "proposed": True,
    }


def _name(one: Quantity) -> str:
    name = one.subject.strip(" 、:：")
    change = _CHANGES.get(one.change or "", "")
    if change and not _ENDS_IN_CHANGE.search(name):
        name += change
    return name[:LONGEST_NAME]


def _figures(sentence: str, one: Quantity) -> tuple[str, str, str, str]:
    """Comparator, value, upper value and unit as the sentence writes them."""
    text = plain(sentence)
    written = [n for n in numbers(text) if one.start <= n.start < one.end]
    # The 100 of «1 m/100 m» belongs to the unit, the 55 of «HRC 55» does not.
    unit_at = text.rfind(one.unit, one.start, one.end)
    written = [n for n in written if n.start < unit_at] or written
    if not written:
        return "", "", "", ""
    factor, unit = 1.0, one.unit
    if unit in ("成", "百分之", "千分之", "万分之"):
        factor, unit = 100.0, "%"
    values = [_decimal(n.value * factor) for n in written]
    low = "-" if one.low is not None and one.low < 0 else ""
    high = "-" if one.high is not None and one.high < 0 else ""
    if one.dimension == "temperature" and one.unit == "K":
        low = high = ""  # kept in ℃, where 200 K lies below nought
    comparator = one.comparator
    if comparator == "range" and len(values) > 1:
        first, last = low + values[0], high + values[-1]
        if Decimal(first) > Decimal(last):
            first, last = last, first
        return (
            ("range", first, last, unit) if first != last else ("eq", first, "", unit)
        )
    if comparator == "plus_minus":
        return "plus_minus", values[-1], "", unit
    # «由 1000 降到 ≤350»: the last figure is what is asked.
    sign = high if comparator in ("le", "lt") else low
    return comparator, sign + values[-1], "", unit


def _decimal(value: float) -> str:
    text = f"{Decimal(f'{value:.10g}'):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def complete(
    sentences: Sequence[str], measures: Sequence[Measure | None] | None
) -> list[Measure]:
    """A measure for every sentence: what a person said, else what is read from it."""
    found = []
    for place, sentence in enumerate(sentences):
        given = measures[place] if measures and place < len(measures) else None
        must = bool(given.get("must", True)) if given else True
        if given and given.get("comparator") and not given.get("proposed"):
            found.append(dict(given))
        else:
            found.append((propose(sentence) or empty()) | {"must": must})
    return found


def empty() -> Measure:
    return {
        "name": "",
        "comparator": "",
        "value": "",
        "upper": "",
        "unit": "",
        "must": True,
        "proposed": True,
    }


def says_otherwise(sentence: str, measure: Measure) -> bool:
    """Whether a corrected measure and its sentence ask for different figures."""
    if measure.get("proposed") or not measure.get("value"):
        return False
    read = propose(sentence)
    if read is None:
        return False
    return not _same(read, measure)


def _same(left: Measure, right: Measure) -> bool:
    def size(one: Measure) -> tuple[float, ...]:
        unit = read_unit(plain(one["unit"]), 0) if one["unit"] else None
        factor = unit.factor if unit else 1.0
        texts = [one["value"], *([one["upper"]] if one["upper"] else [])]
        return tuple(float(f"{float(text) * factor:.9g}") for text in texts)

    return left["comparator"] == right["comparator"] and size(left) == size(right)
