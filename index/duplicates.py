"""Records that say the same: one posted twice, shortened, reworded, renamed.

Two signs, taken together:

share     of the pieces of three characters of the shorter text, how many the longer
          one has too, after everything was written alike: case, width, traditional
          characters; no punctuation; each figure one sign. Where things stand does
          not count, so neither does the order of sentences.
nearness  how far the cosine of the whole texts stands out among what is usual on
          the shelf, on average of both directions, in standard deviations

What an organisation writes of itself in each of its records (`index.boilerplate`) is
left out before two of them are compared. Then the nearness is that of the pieces that
are left: of their whole there is no vector.

The index proposes the candidates; both signs are then computed exactly.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

import numpy as np

from models.conditions import EVERYTHING, Condition
from models.outbox import Audience, Part, RecordType

from .boilerplate import boilerplate, has, without
from .hybrid import IndexedRecord, Shelf
from .text import Source, passages, simplify
from .written import written_alike

# All that hangs on the encoder. `python -m benchmarks.duplicates` measures it anew,
# prints precision and recall by threshold and names the best one.
SUSPECTED_FROM = 6.0
# What a share adds to the nearness. Past the cap it adds no more: an introduction
# that two records have in common must not stand in for what they are about.
SHARE_WEIGHT = 10.0
MOST_SHARE = 0.2
# From these shares on the words tell by themselves, whatever the encoder says.
SAME_FROM = 0.8
WORDS_FROM = 0.6

# Seen from the other side the nearness is hardly ever so much greater.
CLEARLY_LESS = 1.0

SIZE = 3
LEAST_PART = 0.25
# Past so many alike, «at least so many» tells as much.
CANDIDATES = 100
# A scrap like «误报率≤1%» stands in many texts.
SHORTEST_QUOTE = 10
MOST_KEPT = 4096


class Level(StrEnum):
    """How surely two records are one; the words on screen are 几乎相同, 疑似重复."""

    SAME = "same"
    SUSPECTED = "suspected"


@dataclass(frozen=True)
class Likeness:
    """What two records have in common.

    share      0 to 1, of the shorter text
    nearness   in standard deviations; None where there is no vector to compare
    """

    share: float
    nearness: float | None = None

    @property
    def level(self) -> Level | None:
        """None for two records that are merely about one subject."""
        if self.share >= SAME_FROM:
            return Level.SAME
        if self.share >= WORDS_FROM or self.score >= SUSPECTED_FROM:
            return Level.SUSPECTED
        return None

    @property
    def score(self) -> float:
        """Both signs in one number; what `SUSPECTED_FROM` is compared with."""
        return (self.nearness or 0.0) + SHARE_WEIGHT * min(self.share, MOST_SHARE)


@dataclass(frozen=True)
class Duplicate:
    """A record that says the same as the one asked about."""

    record_id: int
    likeness: Likeness
    level: Level


def resemblance(left: str, right: str) -> float:
    """How much of the shorter text the longer one has too, from 0 to 1.

    1 for texts written alike. One much shorter than the other, a mere title say,
    would stand in many: it counts as `LEAST_PART` of the longer one.
    """
    mine, theirs = _shingles(left), _shingles(right)
    sizes = mine.total(), theirs.total()
    least = max(min(sizes), LEAST_PART * max(sizes))
    return _in_common(mine, theirs) / least if least else 1.0


def _in_common(mine: Counter[str], theirs: Counter[str]) -> int:
    return sum(min(count, theirs[piece]) for piece, count in mine.items())


@lru_cache(maxsize=MOST_KEPT)
def _shingles(text: str) -> Counter[str]:
    plain = written_alike(text)
    # A text shorter than a piece is one piece.
    last = max(1, len(plain) - SIZE + 1) if plain else 0
    return Counter(plain[start : start + SIZE] for start in range(last))


def whole(record: IndexedRecord) -> str:
    """All words of the record."""
    return next((p.text for p in record.passages if p.part is Part.WHOLE), "")


def likenesses(
    record: IndexedRecord, others: Sequence[IndexedRecord], shelf: Shelf
) -> list[Likeness]:
    """The record beside each of the others, measured by what is usual on the shelf.

    None of them needs to be on it.
    """
    common = boilerplate(record, others)
    framed = [place for place, one in enumerate(others) if has(one, common)]
    plain = [place for place in range(len(others)) if place not in set(framed)]
    found = dict(
        zip(plain, _compared(record, [others[p] for p in plain], shelf), strict=True)
    )
    if framed:
        rest = without(record, common)
        theirs = [without(others[place], common) for place in framed]
        told = _compared(rest, theirs, shelf, by_pieces=True)
        found |= dict(zip(framed, told, strict=True))
    return [found[place] for place in range(len(others))]


def by_words(
    record: IndexedRecord,
    others: Sequence[IndexedRecord],
    family: Sequence[IndexedRecord] = (),
) -> list[Likeness]:
    """The record beside others that may have no vectors yet, by their words alone.

    ``family`` are more records of its organisation, to tell its boilerplate by.
    """
    common = boilerplate(record, [*others, *family])
    mine, rest = whole(record), whole(without(record, common))
    return [
        Likeness(resemblance(rest, whole(without(one, common))))
        if has(one, common)
        else Likeness(resemblance(mine, whole(one)))
        for one in others
    ]


def unread(
    kind: RecordType, record_id: int, source: Source, facts: Mapping[str, Any]
) -> IndexedRecord:
    """The text as a record that has no vectors; for `by_words` alone."""
    cut = passages(source)
    none = np.zeros((len(cut), 0), np.float16)
    terms: list[list[str]] = [[] for _ in cut]
    whose = Audience.INSIDE
    return IndexedRecord(
        kind, record_id, whose, source.hash, cut, terms, none, none, facts
    )


def _compared(
    record: IndexedRecord,
    others: Sequence[IndexedRecord],
    shelf: Shelf,
    *,
    by_pieces: bool = False,
) -> list[Likeness]:
    if not others:
        return []
    words = whole(record)
    there = _deviations(shelf, record, others, by_pieces)
    return [
        _both_ways(
            record,
            other,
            shelf,
            Likeness(resemblance(words, whole(other)), one),
            by_pieces,
        )
        for other, one in zip(others, there, strict=True)
    ]


def _both_ways(
    record: IndexedRecord,
    other: IndexedRecord,
    shelf: Shelf,
    there: Likeness,
    by_pieces: bool,
) -> Likeness:
    """The likeness with the way back in it, where that could tip the scales.

    What is usual for the other text has to be computed first, some milliseconds; for
    the hundred a page compares that would be felt.
    """
    if there.share >= WORDS_FROM or there.score < SUSPECTED_FROM - CLEARLY_LESS:
        return there
    [back] = _deviations(shelf, other, [record], by_pieces)
    return Likeness(there.share, ((there.nearness or 0.0) + back) / 2)


def _deviations(
    shelf: Shelf,
    asking: IndexedRecord,
    found: Sequence[IndexedRecord],
    by_pieces: bool,
) -> list[float]:
    whole, pieces = shelf.background.nearness(asking.likeness(), found)
    return [float(value) for value in (pieces if by_pieces else whole)]


def duplicates(
    record: IndexedRecord,
    shelf: Shelf,
    condition: Condition = EVERYTHING,
    *,
    limit: int = CANDIDATES,
) -> list[Duplicate]:
    """What on the shelf meets the condition and says the same, in `order`.

    At most ``limit`` are looked at, the nearest; the record itself is left out.
    """
    hits = shelf.rank(record.likeness(), condition, limit=limit + 1)
    ids = [hit.record_id for hit in hits if hit.record_id != record.id][:limit]
    others = [other for id_ in ids if (other := shelf.get(id_))]
    return alike(record, others, shelf)


def order(one: Duplicate) -> tuple[float, int]:
    """Sorts duplicates: the more words in common the earlier, ties by id."""
    return -one.likeness.share, one.record_id


def alike(
    record: IndexedRecord, others: Sequence[IndexedRecord], shelf: Shelf
) -> list[Duplicate]:
    """Those of the others that say the same, in `order`."""
    found = [
        Duplicate(other.id, likeness, level)
        for other, likeness in zip(
            others, likenesses(record, others, shelf), strict=True
        )
        if (level := likeness.level)
    ]
    return sorted(found, key=order)


def same_passages(left: IndexedRecord, right: IndexedRecord) -> list[str]:
    """Sentences, points and the title both have word for word, as the left has them.

    Figures are read too: an altered one makes another sentence.
    """
    theirs = {_words(p.text) for p in right.passages if p.part is not Part.WHOLE}
    found: dict[str, str] = {}
    for passage in left.passages:
        words = _words(passage.text)
        long_enough = len(words) >= SHORTEST_QUOTE
        if passage.part is not Part.WHOLE and long_enough and words in theirs:
            found.setdefault(words, passage.text.strip())
    return list(found.values())


def _words(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).lower()
    return simplify(re.sub(r"[^\w.]|_|\.(?!\d)", "", plain))


def has_same_figures(left: str, right: str) -> bool:
    """Whether all figures of one of the texts stand in the other too."""
    mine, theirs = _figures(left), _figures(right)
    return mine <= theirs or theirs <= mine


def _figures(text: str) -> Counter[str]:
    plain = unicodedata.normalize("NFKC", text)
    return Counter(re.findall(r"\d+(?:\.\d+)?", plain))
