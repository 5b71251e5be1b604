"""HybridIndex: add, remove, search. All that the rest of the product uses.

A record lies on a shelf, by its kind and by who may be led to it. Each shelf has
its own vectors, postings, facts and counts, so nothing an outsider is not meant
to find has any part in what an outsider's search computes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.conditions import EVERYTHING, Condition
from models.outbox import Audience, Part, RecordType

from .dense import DenseIndex
from .facts import Facts
from .late import Tokens, no_tokens
from .lexical import Counts, LexicalIndex
from .ranking import Background, Features, Reference, score
from .text import Passage

Vectors = NDArray[np.float16]
Floats = NDArray[np.float32]

# How many records each side proposes before the ranking proper.
CANDIDATES = 200
PIECE_CANDIDATES = 100
# Piece ids of a record start here times its id; no text has so many pieces.
STRETCH = 1 << 20
# The same record elsewhere in a matrix may differ in its last bits; scores closer
# than this are equal.
SAME_SCORE = 1e-4
# How many of the asking side are asked when one looks from the other.
ASKERS = 60


@dataclass(frozen=True, eq=False)
class IndexedRecord:
    """A record as one audience reads it, ready to be found and to ask.

    passages   n of them, the whole text first
    terms      the terms of each passage
    vectors    (n, d) float16 unit rows, each passage as something to find
    questions  (n, d) float16 unit rows, each passage as something asked; the
               vectors again for what only ever answers
    tokens     the word pieces of the whole, as something to find
    """

    kind: RecordType
    id: int
    audience: Audience
    text_hash: str
    passages: Sequence[Passage]
    terms: Sequence[Sequence[str]]
    vectors: Vectors
    questions: Vectors
    facts: Mapping[str, Any] = field(default_factory=dict)
    tokens: Tokens = field(default_factory=no_tokens)

    @cached_property
    def counts(self) -> Counter[str]:
        """Every term of the record, once for each time it occurs."""
        pairs = zip(self.passages, self.terms, strict=True)
        # The whole repeats what its parts say.
        return Counter(
            t for p, terms in pairs if p.part is not Part.WHOLE for t in terms
        )

    def question(self) -> Question:
        """The record as a question to another shelf."""
        return self._asking(self.questions, self.text_hash)

    def likeness(self) -> Question:
        """The record as a question for its like on its own shelf.

        As a text among texts: what teaches an encoder to lead questions to answers
        tells nothing of how near a question stands to a need that is put in the same
        words.
        """
        return self._asking(self.vectors, f"like {self.text_hash}")

    def _asking(self, vectors: Vectors, key: str) -> Question:
        asked = vectors.astype(np.float32)
        pieces = asked[1:] if len(asked) > 1 else asked
        return Question(asked[0], pieces, self.counts, key=key)


@dataclass(frozen=True, eq=False)
class Question:
    """What is sought: (d,) the whole, (m, d) its pieces, its terms and word pieces.

    Only what people type has word pieces: a record asks without (`ranking.RECORD`).

    ``key`` names a text that will be asked again, so that what holds for it on
    a shelf need not be computed anew; empty for what people type.
    """

    whole: Floats
    pieces: Floats
    terms: Counts
    tokens: Tokens = field(default_factory=no_tokens)
    key: str = ""


@dataclass(frozen=True)
class Hit:
    """A record that was found.

    score     higher is better; does not depend on what else was found
    parts     the summands of the score, by name
    features  what they were computed from, by name, unweighted
    """

    record_id: int
    score: float
    parts: Mapping[str, float] = field(default_factory=dict)
    features: Mapping[str, float] = field(default_factory=dict)


class Shelf:
    """The records of one kind for one side, searched together."""

    def __init__(self, dimension: int, reference: Reference | None = None) -> None:
        self.facts = Facts()
        self.lexical = LexicalIndex()
        self.background = Background(reference)
        self._wholes = DenseIndex(dimension)
        self._pieces = DenseIndex(dimension)
        self._records: dict[int, IndexedRecord] = {}
        self._row_of: dict[int, int] = {}
        # Row numbers are never used twice: postings of a dead row stay dead.
        self._ids = np.zeros(0, np.int64)
        self._rows = 0
        self._lengths = np.zeros(0, np.int64)

    def __len__(self) -> int:
        return len(self._row_of)

    def get(self, record_id: int) -> IndexedRecord | None:
        row = self._row_of.get(record_id)
        # Another thread may be replacing it between the two look-ups.
        return None if row is None else self._records.get(row)

    def ids(self) -> list[int]:
        return sorted(self._row_of)

    def describe(self) -> str:
        """How its vectors are searched, for people."""
        return self._pieces.describe()

    def put(self, record: IndexedRecord) -> None:
        """Enter a record, in place of its former self if there is one."""
        self.drop(record.id)
        row = self._rows
        self._rows += 1
        if row >= len(self._ids):
            more = max(row, 256)
            self._ids = np.append(self._ids, np.full(more, -1, np.int64))
            self._lengths = np.append(self._lengths, np.zeros(more, np.int64))
        self._ids[row] = record.id
        self._row_of[record.id] = row
        self._records[row] = record
        self.facts.put(row, record.facts)
        self.lexical.add(row, record.counts)
        self._lengths[row] = len(record.vectors) - 1
        vectors = record.vectors.astype(np.float32)
        self._wholes.add(np.array([record.id]), vectors[:1])
        self._pieces.add(self._piece_ids(np.array([row])), vectors[1:])
        self.background.put(record)

    def drop(self, record_id: int) -> None:
        """Take a record out; one that is not there is no matter."""
        row = self._row_of.pop(record_id, None)
        if row is None:
            return
        del self._records[row]
        self.facts.drop(row)
        self.lexical.remove(row)
        self._wholes.remove(np.array([record_id]))
        self._pieces.remove(self._piece_ids(np.array([row])))
        self.background.drop(record_id)

    def _piece_ids(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The ids of all pieces of these rows: a stretch for each record.

        Made of record ids, not of rows: where likeness is equal the lower id is
        proposed, and that must not hang on the order in which records came.
        """
        lengths = self._lengths[rows]
        starts = self._ids[rows] * STRETCH - np.cumsum(lengths) + lengths
        firsts = np.repeat(starts, lengths)
        return np.asarray(firsts + np.arange(lengths.sum()), np.int64)

    def rank(
        self,
        question: Question,
        condition: Condition = EVERYTHING,
        *,
        limit: int,
        floor: float = -np.inf,
    ) -> list[Hit]:
        """The records that meet the condition, best first; ties by record id."""
        mask = condition.mask(self.facts)
        if not mask.any():
            return []
        lexical = self.lexical.scores(question.terms, len(mask))
        rows = self._candidates(question, mask, lexical)
        ids = self._ids[rows].tolist()
        features = self.background.features_of(question, ids, lexical[rows])
        scores = score(features)
        order = _best_first(scores, self._ids[rows])
        kept = [place for place in order[:limit] if scores[place] >= floor]
        return [_hit(int(self._ids[rows[p]]), scores, features, p) for p in kept]

    def compare(self, question: Question, record: IndexedRecord) -> Hit:
        """The score of one record, on the shelf or not, as this shelf would give it."""
        words = self.lexical.score_of(question.terms, record.counts)
        features = self.background.features(
            question, [record], np.array([words], np.float32)
        )
        return _hit(record.id, score(features), features, 0)

    def _candidates(
        self, question: Question, mask: NDArray[np.bool_], lexical: Floats
    ) -> NDArray[np.int64]:
        """The rows either side proposes, each side within the mask."""
        allowed = np.flatnonzero(mask)
        ids = self._ids[allowed]
        wholes, _ = self._wholes.search(question.whole[None], CANDIDATES, ids)
        pieces = self._near_pieces(question, allowed)
        worded = np.flatnonzero(mask & (lexical > 0))
        first = worded[_best_first(lexical[worded], self._ids[worded])[:CANDIDATES]]
        near = np.unique(np.concatenate([wholes[0], pieces])).tolist()
        rows = [self._row_of[id_] for id_ in near if id_ >= 0]
        return np.union1d(np.array(rows, np.int64), first)

    def _near_pieces(
        self, question: Question, allowed: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        ids = None if len(allowed) == len(self) else self._piece_ids(allowed)
        found, _ = self._pieces.search(question.pieces, PIECE_CANDIDATES, ids)
        return np.asarray(found[found >= 0] // STRETCH, np.int64)


def _hit(record_id: int, scores: Floats, features: Features, place: int) -> Hit:
    return Hit(
        record_id, float(scores[place]), features.parts(place), features.raw(place)
    )


def _best_first(scores: Floats, ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Places in the order of falling scores; ties by id."""
    order = np.argsort(-scores, kind="stable")
    falls = -np.diff(scores[order], prepend=scores[order[:1]]) > SAME_SCORE
    ties = np.cumsum(falls)
    return np.asarray(order[np.lexsort((ids[order], ties))], np.int64)


class HybridIndex:
    """Every shelf. Not safe for several threads at once; `LiveIndex` takes care."""

    def __init__(self, dimension: int, reference: Reference | None = None) -> None:
        self.dimension = dimension
        self.shelves = {
            (kind, inside): Shelf(dimension, reference)
            for kind in RecordType
            for inside in (True, False)
        }

    def put(
        self, kind: RecordType, record_id: int, records: Iterable[IndexedRecord]
    ) -> None:
        """Replace every text of a record by these (none: it cannot be found)."""
        found = {record.audience: record for record in records}
        everyone = found.get(Audience.EVERYONE)
        for inside, audience in ((True, Audience.INSIDE), (False, Audience.OUTSIDE)):
            shelf = self.shelves[kind, inside]
            record = found.get(audience, everyone)
            if record is None:
                shelf.drop(record_id)
            else:
                shelf.put(record)

    def rank(
        self,
        question: Question,
        kind: RecordType,
        *,
        inside: bool,
        condition: Condition = EVERYTHING,
        limit: int,
        floor: float = -np.inf,
    ) -> list[Hit]:
        """The best records of a kind, as `Shelf.rank` gives them."""
        shelf = self.shelves[kind, inside]
        return shelf.rank(question, condition, limit=limit, floor=floor)

    def rank_askers(
        self,
        answer: IndexedRecord,
        kind: RecordType,
        *,
        inside: bool,
        condition: Condition = EVERYTHING,
        limit: int,
        floor: float = -np.inf,
    ) -> list[Hit]:
        """Who would ask for this record: the best of ``kind``, each asking for it.

        A pair has one score, that of the asking side's question, whichever side is
        looked from. The other direction only proposes whom to look at.
        """
        near = self.rank(
            answer.question(), kind, inside=inside, condition=condition, limit=ASKERS
        )
        own = self.shelves[answer.kind, inside]
        hits = []
        for hit in near:
            asking = self.get(kind, hit.record_id, inside=inside)
            if asking is not None:
                found = own.compare(asking.question(), answer)
                hits.append(replace(found, record_id=hit.record_id))
        hits = [hit for hit in hits if hit.score >= floor]
        return sorted(hits, key=lambda hit: (-hit.score, hit.record_id))[:limit]

    def get(
        self, kind: RecordType, record_id: int, *, inside: bool
    ) -> IndexedRecord | None:
        return self.shelves[kind, inside].get(record_id)
