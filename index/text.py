"""The text and terms by which a record is found, and the facts it is filtered by."""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import jieba
import opencc

from models import Achievement, Need, Record
from models.outbox import Audience, Part, RecordType
from models.states import (
    PUBLIC_ACHIEVEMENT_STATES,
    PUBLIC_CALL_STATES,
    PUBLIC_NEED_STATES,
    AchievementStatus,
    CallStatus,
    NeedStatus,
    Secrecy,
)

from .facts import as_number

# Bumped whenever passages or terms of the same text would come out otherwise, so
# that stored ones are told from new ones.
TEXT_VERSION = "1"

# No word piece is shorter than a sign, so a text of this length, with a prompt, is
# within the 512 pieces of the usual encoder.
LONGEST_WINDOW = 480
LONGEST_SENTENCE = 120
SHORTEST_SENTENCE = 6

jieba.setLogLevel(60)


def keep_dictionary_in(folder: Path) -> None:
    """Where the dictionary is kept once parsed, so that the next start is quicker.

    Unset it would be the system's folder for temporary files, where anybody could
    have put another one.
    """
    jieba.dt.tmp_dir = str(folder)


@dataclass(frozen=True)
class Source:
    """The words of a record as one audience reads them.

    ``context`` says where the subject is used: the scene of a need, the fields and
    products an achievement is meant for. It comes last, and where there is none the
    text is what it would be without it, to the letter and to the hash.
    """

    title: str
    body: str
    points: tuple[str, ...]
    context: str = ""

    @property
    def whole(self) -> str:
        return f"{self.bare_whole}\n{self.context}".strip()

    @property
    def bare_whole(self) -> str:
        return "\n".join((self.title, self.body, ";".join(self.points))).strip()

    @property
    def bare(self) -> Source:
        """The same without its context."""
        return replace(self, context="")

    @property
    def hash(self) -> str:
        """Changes with any of the words, and with how we cut them up."""
        words = "\x1f".join((TEXT_VERSION, self.title, self.body, *self.points))
        if self.context.strip():
            words += "\x1e" + self.context
        return sha256(words.encode()).hexdigest()

    @property
    def meaning_hash(self) -> str:
        """Changes with any word or figure, not with punctuation or spacing.

        Nor with the context: what a reviewer decided of the subject stays decided.
        """
        plain = unicodedata.normalize("NFKC", self.bare_whole).lower()
        return sha256(_NO_WORD.sub("", plain).encode()).hexdigest()


# A full stop counts inside a figure only.
_NO_WORD = re.compile(r"[^\w.%±≥≤<>~-]+|\.(?!\d)")


@dataclass(frozen=True)
class Passage:
    """A piece of a record; ``start`` and ``end`` place a sentence in the body."""

    part: Part
    position: int
    text: str
    start: int = -1
    end: int = -1


def passages(source: Source) -> list[Passage]:
    """The whole, the title, each sentence of the body and the context, each point."""
    found = [Passage(Part.WHOLE, 0, source.whole), Passage(Part.TITLE, 0, source.title)]
    body = sentences(source.body)
    found += [
        Passage(Part.SENTENCE, number, source.body[start:end], start, end)
        for number, (start, end) in enumerate(body)
    ]
    found += [
        Passage(Part.SENTENCE, number, source.context[start:end])
        for number, (start, end) in enumerate(sentences(source.context), len(body))
    ]
    found += [
        Passage(Part.POINT, number, point) for number, point in enumerate(source.points)
    ]
    return [passage for passage in found if passage.text.strip()]


def interned(terms: Iterable[str]) -> list[str]:
    """The same terms, each word once in memory however many texts have it."""
    return [sys.intern(term) for term in terms]


def windows(text: str) -> list[str]:
    """The text in pieces an encoder reads to their end, cut between sentences.

    A tokenizer writes ㍿ as the four signs it stands for: so it is measured.
    """
    plain = unicodedata.normalize("NFKC", text)
    if max(len(text), len(plain)) <= LONGEST_WINDOW:
        return [text]
    text = plain if len(plain) > len(text) else text
    found: list[str] = []
    begin = last = 0
    for _, end in sentences(text):
        if end - begin > LONGEST_WINDOW and last > begin:
            found.append(text[begin:last])
            begin = last
        last = end
    return [*found, text[begin:]]


_MARKS = "。!?！？;；"
_SENTENCE = re.compile(rf"[{_MARKS}]*[^{_MARKS}\n]+[{_MARKS}]*|[{_MARKS}]+")
# The comma of «1,000» ends no clause.
_CLAUSE = re.compile(r"(?:[^,，、]|(?<=\d),(?=\d))+[,，、]*")
_TOKEN = r"[0-9A-Za-zα-ωΑ-Ω.,+/%℃°µ-]"
_TOKEN_START = re.compile(_TOKEN + r"+\Z")
_TOKEN_GOES_ON = re.compile(_TOKEN)


def sentences(text: str) -> list[tuple[int, int]]:
    """Where each sentence of the text lies, as (start, end).

    A sentence too long to quote is cut at its commas; a scrap too short to mean
    anything alone stays with the one before.
    """
    found: list[tuple[int, int]] = []
    for match in _SENTENCE.finditer(text):
        for start, end in _clauses(text, match.start(), match.end()):
            if not text[start:end].strip():
                continue
            if found and end - start < SHORTEST_SENTENCE:
                found[-1] = (found[-1][0], end)
            else:
                found.append((start, end))
    return found


def _clauses(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    if end - start <= LONGEST_SENTENCE:
        yield start, end
        return
    begin = start
    for clause in _CLAUSE.finditer(text, start, end):
        if clause.end() - begin > LONGEST_SENTENCE and clause.start() > begin:
            yield begin, clause.start()
            begin = clause.start()
        while clause.end() - begin > LONGEST_SENTENCE:
            cut = _cut(text, begin)
            yield begin, cut
            begin = cut
    yield begin, end


def _cut(text: str, begin: int) -> int:
    """Where to cut text without commas: before a figure or Latin word, not in it."""
    end = begin + LONGEST_SENTENCE
    if _TOKEN_GOES_ON.match(text, end):
        token = _TOKEN_START.search(text, begin, end)
        if token and token.start() > begin:
            return token.start()
    return end


def simplify(text: str) -> str:
    """Traditional characters as simplified ones, so that both find the same."""
    return str(_converter().convert(text))


@lru_cache(maxsize=1)
def _converter() -> Any:
    return opencc.OpenCC("t2s")


# Function words and the courtesies of a posted problem: no subject in any of them.
STOP_WORDS = frozenset(
    Path(__file__).with_name("stop_words.txt").read_text(encoding="utf-8").split()
)

_LATIN = re.compile(
    r"[a-zα-ω][a-zα-ω0-9₀-₉]*(?:[-./+][a-z0-9]+)*"
    r"|[0-9]+(?:\.[0-9]+)?[a-z]+[a-z0-9]*"
)
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+")


def terms(text: str) -> list[str]:
    """The words of the text that can be matched, in order, repeated as they occur.

    Chinese runs are cut by jieba into words and the words within them; Latin
    terms, formulas, model numbers and units stay whole. Bare figures are left
    out: 98 in one text and 98 in another say nothing about their subject.
    """
    plain = unicodedata.normalize("NFKC", simplify(text)).lower()
    found = [match.group() for match in _LATIN.finditer(plain)]
    for run in _HAN.findall(plain):
        found += [
            word
            for word in jieba.cut_for_search(run)
            if len(word) > 1 and word not in STOP_WORDS
        ]
    return found


def sources(record: Record) -> dict[Audience, Source]:
    """Each text of the record with those it is for; none for a draft.

    What is no longer or not yet open to everybody keeps an inside text only, so
    that an index for outsiders holds nothing they may not read.
    """
    full = full_source(record)
    if isinstance(record, Need):
        if record.status in (NeedStatus.DRAFT, NeedStatus.WITHDRAWN):
            return {}
        public = record.public_text if record.status in PUBLIC_NEED_STATES else None
        if public is None:
            return {Audience.INSIDE: full}
        if record.secrecy is Secrecy.PUBLIC:
            return {Audience.EVERYONE: full}
        outside = Source(public.title, public.problem, tuple(public.targets))
        return {Audience.OUTSIDE: outside, Audience.INSIDE: full}
    if isinstance(record, Achievement):
        hidden = (AchievementStatus.DRAFT, AchievementStatus.WITHDRAWN)
        open_to_all = record.status in PUBLIC_ACHIEVEMENT_STATES
    else:
        hidden = (CallStatus.DRAFT,)  # type: ignore[assignment]
        open_to_all = record.status in PUBLIC_CALL_STATES
    if record.status in hidden:
        return {}
    return {Audience.EVERYONE if open_to_all else Audience.INSIDE: full}


def full_source(record: Record) -> Source:
    """The whole words of the record by which it is found, whoever may read them.

    What was tried is left out, or the ways that failed would be found first; so are
    terms, conditions on the solver and what a pilot base must have: they say nothing of
    the subject.
    """
    if isinstance(record, Need):
        scene = record.scene or ""
        return Source(record.title, record.problem, tuple(record.targets), scene)
    if isinstance(record, Achievement):
        points, uses = tuple(record.indicators), record.applications or ""
        return Source(record.title, record.abstract, points, uses)
    return Source(record.title, record.background, tuple(record.goals))


FACTS: dict[RecordType, tuple[str, ...]] = {
    RecordType.NEED: (
        "status",
        "secrecy",
        "organisation_id",
        "field",
        "district",
        "trl_expected",
        "cooperation",
    ),
    RecordType.ACHIEVEMENT: (
        "status",
        "organisation_id",
        "field",
        "trl",
        "stage",
        "modes",
    ),
    RecordType.CALL: (
        "status",
        "issuer_id",
        "field",
        "by_staff",
        "opens_at",
        "closes_at",
    ),
}


def facts(record: Record, kind: RecordType) -> dict[str, Any]:
    """What a condition may ask about the record (see `models.conditions`).

    Moments as numbers, since a snapshot writes the facts down as JSON.
    """
    given = {name: getattr(record, name) for name in FACTS[kind]}
    return {
        name: as_number(value) if isinstance(value, datetime) else value
        for name, value in given.items()
    }


def reference() -> list[Source]:
    """Invented texts of every field, needs and achievements: what is usual at large."""
    path = Path(__file__).with_name("reference.jsonl")
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [Source(row["title"], row["body"], tuple(row["points"])) for row in rows]
