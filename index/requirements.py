"""What is asked: as a sentence puts it, or as a person confirmed it beside it.

A confirmed measure stands in for the figure of its sentence: it alone is judged, by
its name, comparator, value and unit. What the sentence says of the circumstances
(«-20 ℃下») still holds. It is read by the same reader as any sentence, so a unit means
the same either way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from models import Need, Record

from . import measures
from .comparison import conditions
from .quantities import Quantity, quantities
from .text import full_source

# As they are written between the name and the value.
SIGNS: Mapping[str, str] = {
    "ge": "≥",
    "le": "≤",
    "gt": ">",
    "lt": "<",
    "eq": "=",
    "about": "约",
    "range": "",
    "plus_minus": "±",
}
# Of a measure without a figure, to be accepted by its description.
NO_FIGURE = "none"


@dataclass(frozen=True)
class Measure:
    """What a person confirmed: figures as they were typed, in the unit beside them."""

    name: str
    comparator: str
    value: str = ""
    upper: str = ""
    unit: str = ""

    @property
    def words(self) -> str:
        """In one line: 末端竖向摆幅 ≤ 350 mm; nothing without a figure."""
        if self.comparator == NO_FIGURE or not self.value:
            return ""
        ends = (
            f"{self.value}~{self.upper}" if self.comparator == "range" else self.value
        )
        parts = (self.name, SIGNS[self.comparator], ends, self.unit)
        return " ".join(part for part in parts if part)


@dataclass(frozen=True)
class Requirement:
    """One target of a need, or one goal of a call.

    must       whether it has to be met (必须) or is a wish (期望); None: nobody said
    confirmed  what stands in for the figures of the sentence; None: they are read
    """

    text: str
    must: bool | None = None
    confirmed: Measure | None = None


@dataclass(frozen=True)
class Asked:
    """One quantity that is asked.

    text       where it stands: the sentence, or the words of the confirmed measure
    needed     the conditions under which it is asked, each with its quote
    before     the characters of what the sentence has named last before it
    threshold  whether the figure tells which things are meant, not how well
    """

    text: str
    one: Quantity
    needed: tuple[tuple[Quantity, str], ...]
    before: frozenset[str]
    threshold: bool


def requirements(
    record: Record | None, texts: Sequence[tuple[int, str]], text_hash: str
) -> list[Requirement]:
    """The texts, each with what the record says of it besides.

    ``texts`` are (position, sentence) as one audience reads them, ``text_hash`` is of
    the whole that they stand in. What was confirmed belongs to the full text: who reads
    another one must not learn the figures from a judgement.
    """
    plain = [Requirement(text) for _, text in texts]
    if not isinstance(record, Need) or not record.measures:
        return plain
    if text_hash != full_source(record).hash:
        return plain
    told = record.measures
    return [
        _requirement(text, told[place] if place < len(told) else None)
        for place, text in texts
    ]


def _requirement(text: str, told: Mapping[str, Any] | None) -> Requirement:
    if not told:
        return Requirement(text)
    return Requirement(text, bool(told.get("must", True)), confirmed(told))


def confirmed(told: Mapping[str, Any] | None) -> Measure | None:
    """The measure, if a person corrected it; what the platform proposed is none."""
    if not told or told.get("proposed") or not told.get("comparator"):
        return None
    names = ("name", "comparator", "value", "upper", "unit")
    return Measure(*(str(told.get(name) or "") for name in names))


# Every candidate for a need is judged, and its targets are the same each time.
@lru_cache(4096)
def read(text: str) -> tuple[Quantity, ...]:
    """The quantities of a sentence, with the conditions among them."""
    return tuple(quantities(text))


@lru_cache(4096)
def asked(requirement: Requirement) -> tuple[Asked, ...]:
    """Every quantity the requirement asks for, without the conditions it names."""
    told = requirement.confirmed
    if told is not None:
        return _confirmed(requirement.text, told)
    text, found = requirement.text, read(requirement.text)
    return tuple(
        Asked(
            text,
            one,
            _quoted(text, conditions(one, found)),
            named_before(one, found),
            is_threshold(text, one),
        )
        for one in found
        if not one.condition
    )


def _confirmed(sentence: str, told: Measure) -> tuple[Asked, ...]:
    if not told.words:
        return ()
    found = read(sentence)
    results = [one for one in found if not one.condition]
    if not told.name:
        told = replace(told, name=results[0].subject if results else sentence)
    text = told.words
    mine = read(text)
    one = next((found for found in mine if not found.condition), None)
    if one is None or not _says(one, told):
        return ()
    place = _place(one, results)
    around = (
        conditions(place, found) if place else [one for one in found if one.condition]
    )
    outer = [other for other in around if not _same_figure(other, one)]
    return (
        Asked(
            text,
            one,
            _quoted(text, conditions(one, mine)) + _quoted(sentence, outer),
            named_before(place, found) if place else frozenset(),
            place is not None
            and place.comparator == one.comparator
            and is_threshold(sentence, place),
        ),
    )


def _says(one: Quantity, told: Measure) -> bool:
    """Whether what was read is what was typed, not a part of its name or unit."""
    return one.comparator == told.comparator and one.end == len(told.words)


def _place(one: Quantity, results: Sequence[Quantity]) -> Quantity | None:
    """Which figure of the sentence the confirmed measure stands in for."""
    like = [other for other in results if other.dimension == one.dimension]
    named = measures.subject(one.subject)
    return max(
        like or results,
        key=lambda other: measures.agreement(named, measures.subject(other.subject)),
        default=None,
    )


def _same_figure(left: Quantity, right: Quantity) -> bool:
    ends = {left.low, left.high} & {right.low, right.high} - {None}
    return left.dimension == right.dimension and bool(ends)


def _quoted(text: str, some: Iterable[Quantity]) -> tuple[tuple[Quantity, str], ...]:
    return tuple((one, text[one.start : one.end]) for one in some)


def named_before(one: Quantity, others: Sequence[Quantity]) -> frozenset[str]:
    """The characters of what the sentence has named last before the quantity."""
    named = [
        found.letters
        for other in others
        if not other.condition and other.end <= one.start
        for found in (measures.subject(other.subject),)
        if not measures.bare(found)
    ]
    return named[-1] if named else frozenset()


_NOTICES = ("识别", "检出", "探测", "分辨", "辨识", "检测", "发现", "适应", "抓取")


def is_threshold(text: str, one: Quantity) -> bool:
    """In 识别宽≥2 mm裂缝 the bound tells which cracks, not how well they are seen."""
    what = text[one.end : one.clause[1]].strip()[:1]
    told = any(word in one.subject for word in _NOTICES)
    return told and "\u4e00" <= what <= "\u9fff" and one.comparator in ("ge", "gt")
