"""Why a record was found: the sentence that answers, the pairs, the shared terms."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from models.outbox import Part

from .hybrid import HybridIndex, IndexedRecord, Question
from .lexical import LexicalIndex
from .text import Passage, simplify

Segment = tuple[str, bool]

QUOTED = (Part.SENTENCE, Part.POINT)
MOST_PAIRS = 4
MOST_TERMS = 10
# The best pair of two unrelated texts of the sample lies below this in 95 of 100
# cases, that of a need and an achievement that solves it above in 96 of 100.
PAIR_FLOOR = 3.0


@dataclass(frozen=True)
class Pair:
    """A sentence of the asking text and the one of the found text nearest to it.

    ``nearness`` is in standard deviations; unrelated texts seldom reach 3.
    """

    left: Passage
    right: Passage
    nearness: float


def answer(record: IndexedRecord, question: Question) -> Passage | None:
    """The sentence or point of the record that speaks to the question most."""
    rows = _quotable(record)
    if not rows:
        return None
    cosines = record.vectors[rows].astype(np.float32) @ question.whole
    # A sentence that says the very words beats one that is only near in meaning.
    shared = [
        sum(question.terms.get(term, 0) > 0 for term in set(record.terms[row]))
        for row in rows
    ]
    best = int(np.argmax(cosines + 0.01 * np.minimum(shared, 5)))
    return record.passages[rows[best]]


def pairs(
    left: IndexedRecord, right: IndexedRecord, index: HybridIndex, *, inside: bool
) -> list[Pair]:
    """The sentences of both that speak of the same, nearest first, each used once.

    A cosine alone says little: in one field everything is near everything. What
    counts is how far it stands out for both sentences, on average of the two.
    """
    mine, theirs = _quotable(left), _quotable(right)
    if not mine or not theirs:
        return []
    nearness = _nearness(left, right, mine, theirs, index, inside)
    found_pairs: list[Pair] = []
    for flat in np.argsort(-nearness, axis=None, kind="stable"):
        row, column = divmod(int(flat), len(theirs))
        value = float(nearness[row, column])
        if value < PAIR_FLOOR or len(found_pairs) == MOST_PAIRS:
            break
        pair = Pair(left.passages[mine[row]], right.passages[theirs[column]], value)
        if all(pair.left != p.left and pair.right != p.right for p in found_pairs):
            found_pairs.append(pair)
    return found_pairs


def nearest(left: IndexedRecord, right: IndexedRecord, index: HybridIndex) -> float:
    """How far the best pair of sentences stands out, for staff; 0 without any."""
    mine, theirs = _quotable(left), _quotable(right)
    if not mine or not theirs:
        return 0.0
    return float(_nearness(left, right, mine, theirs, index, inside=True).max())


def _nearness(
    left: IndexedRecord,
    right: IndexedRecord,
    mine: list[int],
    theirs: list[int],
    index: HybridIndex,
    inside: bool,
) -> NDArray[np.float32]:
    """(len(mine), len(theirs)): in deviations, on average of the two sentences."""
    asked = left.questions[mine].astype(np.float32)
    found = right.vectors[theirs].astype(np.float32)
    answers = index.shelves[right.kind, inside].background
    asks = index.shelves[left.kind, inside].background
    there = answers.stands_out(asked, found)
    return np.asarray((there + asks.stands_out_among_asked(asked, found)) / 2)


def likeness(
    left: IndexedRecord, right: IndexedRecord, mine: list[int], theirs: list[int]
) -> NDArray[np.float32]:
    """(len(mine), len(theirs)) float32: cosines of passages as they are stored."""
    one = left.vectors[mine].astype(np.float32)
    return np.asarray(one @ right.vectors[theirs].astype(np.float32).T, np.float32)


def points(record: IndexedRecord) -> list[int]:
    """Which passages are the record's targets, indicators or goals."""
    return [n for n, p in enumerate(record.passages) if p.part is Part.POINT]


def shared_terms(
    left: IndexedRecord, right: IndexedRecord, lexical: LexicalIndex
) -> list[tuple[str, float]]:
    """The telling words both use, with what each is worth; longest form only."""
    mine, theirs = left.counts, right.counts
    both = [(term, lexical.idf(term)) for term in mine if term in theirs]
    both.sort(key=lambda item: (-len(item[0]), item[0]))
    kept: list[tuple[str, float]] = []
    for term, worth in both:
        if not any(term in longer for longer, _ in kept):
            kept.append((term, worth))
    kept.sort(key=lambda item: (-item[1], item[0]))
    return kept[:MOST_TERMS]


def segments(text: str, words: Iterable[str]) -> list[Segment]:
    """The text cut into (piece, marked), the words marked wherever they stand.

    Nothing of the text is changed: the pieces put together are the text.
    """
    plain = simplify(text).lower()
    wanted = sorted({word for word in words if word}, key=lambda w: (-len(w), w))
    # Only where each character still stands in its place can matches be carried over.
    if not wanted or len(plain) != len(text):
        return [(text, False)] if text else []
    marked = np.zeros(len(text), bool)
    for match in re.finditer("|".join(map(re.escape, wanted)), plain):
        marked[match.start() : match.end()] = True
    edges = [0, *(np.flatnonzero(np.diff(marked)) + 1).tolist(), len(text)]
    return [
        (text[start:end], bool(marked[start]))
        for start, end in pairwise(edges)
        if end > start
    ]


def _quotable(record: IndexedRecord) -> list[int]:
    return [n for n, p in enumerate(record.passages) if p.part in QUOTED]
