"""What the columns of a kind of table are called, by us and by the people.

A heading is compared by its bare words: width, blanks, brackets and the mark of a
required column make no difference, a unit of money in it does.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..money import Unit

UNITS: dict[str, Unit] = {"yuan": Unit.YUAN, "wan": Unit.WAN}
_UNIT_WORDS = {"元": "yuan", "人民币元": "yuan", "万元": "wan", "人民币万元": "wan"}
_BRACKETS = re.compile(r"[(\[{【〔][^)\]}】〕]*[)\]}】〕]?")
_IN_BRACKETS = re.compile(r"[(\[{【〔]([^)\]}】〕]*)[)\]}】〕]?")
_NUMBERED = re.compile(r"^(?:\d{1,2}|[一二三四五六七八九十]{1,3})[.、．]")
_NO_WORD = re.compile(r"[\s*＊:：·,，。/\\|_\-—]+")
_SAID_UNIT = re.compile(r"单位[:：]?\s*(?:人民币)?(万元|元)")


@dataclass(frozen=True)
class Field:
    """A column we read: its code, what we call it, what else people call it.

    ``is_money`` columns are in 元 or 万元, as their heading says. ``note`` tells in
    the template how to fill it in; ``choices`` are offered there.
    """

    code: str
    label: str
    synonyms: Sequence[str] = ()
    required: bool = False
    is_money: bool = False
    is_date: bool = False
    note: str = ""
    choices: Sequence[str] = ()
    width: int = 16


@dataclass(frozen=True)
class Layout:
    """The columns of one kind of table.

    ``ignored`` are headings we know and have no use for: a serial number, and the
    columns we add ourselves to a workbook that goes back.
    """

    title: str
    fields: Sequence[Field]
    ignored: Sequence[str] = ()
    _words: dict[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for each in self.fields:
            for text in (each.label, *each.synonyms):
                self._words.setdefault(bare(text), each.code)

    def field(self, code: str) -> Field:
        """The column of this code; raises `KeyError`."""
        return next(each for each in self.fields if each.code == code)

    def knows(self, heading: str) -> bool:
        """Whether the heading is one of ours, to read or to leave aside."""
        return bare(heading) in self._words or self.ignores(heading)

    def ignores(self, heading: str) -> bool:
        return bare(heading) in {bare(text) for text in self.ignored}

    def propose(self, headings: Sequence[str], unit: str = "") -> dict[str, str]:
        """{heading: choice} for the headings we know; the first of each column counts.

        A choice is the code of a field, for money with the unit: «total:wan». Money
        whose unit neither its heading nor ``unit`` says is left to the person.
        """
        found: dict[str, str] = {}
        taken: set[str] = set()
        for heading in headings:
            code = self._words.get(bare(heading))
            if code is None or code in taken:
                continue
            if self.field(code).is_money:
                said = unit_of(heading) or unit
                if not said:
                    continue
                found[heading] = f"{code}:{said}"
            else:
                found[heading] = code
            taken.add(code)
        return found

    def choices(self) -> list[tuple[str, str]]:
        """What a heading may be said to be: (choice, words)."""
        pairs: list[tuple[str, str]] = []
        for each in self.fields:
            if each.is_money:
                pairs += [
                    (f"{each.code}:{name}", f"{each.label}（{unit.words}）")
                    for name, unit in UNITS.items()
                ]
            else:
                pairs.append((each.code, each.label))
        return pairs

    def missing(self, mapping: Mapping[str, str]) -> list[Field]:
        """The required columns that no heading stands for."""
        mapped = {choice.partition(":")[0] for choice in mapping.values()}
        return [
            each for each in self.fields if each.required and each.code not in mapped
        ]


def bare(heading: str) -> str:
    """The words of a heading, by which it is compared."""
    text = unicodedata.normalize("NFKC", heading).casefold()
    text = _BRACKETS.sub("", _NUMBERED.sub("", _NO_WORD.sub("", text)))
    for words in ("万元", "人民币"):
        text = text.removesuffix(words)
    return text


def unit_of(heading: str) -> str:
    """The unit of money a heading names: «wan», «yuan» or nothing."""
    text = re.sub(r"\s+", "", unicodedata.normalize("NFKC", heading))
    for words in _IN_BRACKETS.findall(text):
        word = words.removeprefix("单位").strip(":：,，")
        if word in _UNIT_WORDS:
            return _UNIT_WORDS[word]
    return "wan" if text.endswith("万元") else ""


def said_unit(text: str) -> str:
    """The unit that a line above the headings gives for all: «单位：万元»."""
    found = _SAID_UNIT.search(unicodedata.normalize("NFKC", text))
    return _UNIT_WORDS[found[1]] if found else ""
