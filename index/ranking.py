"""The fixed formula by which a pair is scored.

    score = z(w) + a · z(c) + b · z(l) + d · t

w  cosine of the whole question and the whole record
c  coverage: for each piece of the question (title, sentence, target) the best
   cosine of any piece of the record, averaged over the question's pieces
l  late interaction of the word pieces of both (`index.late`)
t  BM25 of the question's terms in the record (`index.lexical`)
z  (x − mean) / deviation of that likeness over the records of the shelf, for this
   question
a, b, d as in `RECORD` for a question of several pieces, as in `WORDS` for one

Why so. Cosines of this family of encoders lie close together whatever is compared;
only how far one stands out among all records of the kind tells something, hence z.
It is taken over the shelf, not over the candidates, so a filter changes which
records are shown, never their scores. BM25 enters as it is: a question of two
common words can earn little by it and cannot drown the meaning, a whole need with
many telling words can earn much. A few words have no pieces to cover; there the
best piece of a record says little more than the whole. The weights were chosen on
one fifth of the sample's needs (docs/matching.md has the tables); prestige and
popularity are no part of it.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from .late import Asking, PieceCounts, Tokens

if TYPE_CHECKING:
    from .hybrid import IndexedRecord, Question

T = TypeVar("T")
Floats = NDArray[np.float32]
Vectors = NDArray[np.float16]
# Wholes, pieces and where each record's pieces start, as `_stack` gives them.
Stacked = tuple[Floats, Floats, NDArray[np.int64]]


class Embedded(Protocol):
    """A text with its vectors, as `hybrid.IndexedRecord` describes them."""

    @property
    def vectors(self) -> Vectors: ...
    @property
    def questions(self) -> Vectors: ...
    @property
    def tokens(self) -> Tokens: ...


Reference = Callable[[], Sequence[Embedded]]

RANKER = "fixed-2"


@dataclass(frozen=True)
class Weights:
    """What the parts of the score count beside the whole."""

    coverage: float
    late: float
    lexical: float


# A record gains nothing from late interaction, so there it is not computed.
RECORD = Weights(0.75, 0.0, 0.03)
WORDS = Weights(0.25, 0.5, 0.06)
# So many records tell mean and deviation to within a few hundredths.
SAMPLE = 1024
# Late interaction costs a hundred times a cosine, and its spread is as wide.
LATE_SAMPLE = 96
MOST_REMEMBERED = 50_000
# A smaller deviation of cosines is rounding.
NO_SPREAD = 1e-6
FEW = 32

# Below this a search result speaks of something else. On the sample 94 of 100
# useful achievements stand above it when only the need's title is searched.
SEARCH_FLOOR = 1.0


@dataclass(frozen=True, eq=False)
class Features:
    """(n,) each: what n records have in common with a question."""

    whole: Floats
    coverage: Floats
    late: Floats
    lexical: Floats
    weights: Weights

    def raw(self, place: int) -> Mapping[str, float]:
        """The features of one record, by name, unweighted."""
        return {
            "whole": float(self.whole[place]),
            "coverage": float(self.coverage[place]),
            "late": float(self.late[place]),
            "lexical": float(self.lexical[place]),
        }

    def parts(self, place: int) -> Mapping[str, float]:
        """The summands of one record's score, by name."""
        return {
            "whole": float(self.whole[place]),
            "coverage": self.weights.coverage * float(self.coverage[place]),
            "late": self.weights.late * float(self.late[place]),
            "lexical": self.weights.lexical * float(self.lexical[place]),
        }


def weights(question: Question) -> Weights:
    """Those for what the question is: a record, or a few words."""
    return RECORD if len(question.pieces) > 1 else WORDS


def score(features: Features) -> Floats:
    """(n,) float32: the formula above."""
    by = features.weights
    total = features.whole + by.coverage * features.coverage
    total = total + by.late * features.late + by.lexical * features.lexical
    return np.asarray(total, np.float32)


@dataclass(frozen=True, eq=False)
class Sample:
    """What is usual on a shelf: some of its records, their pieces counted.

    places  where each record stands in the stack, by id
    """

    stacked: Stacked
    places: Mapping[int, int]
    tokens: Sequence[Tokens]
    counts: PieceCounts


class Background:
    """What cosines are usual on a shelf: a fixed sample of its records.

    The sample is the records whose ids have the smallest checksums, so every
    process draws the same one however its records arrived. A shelf of a few
    records has no «usual» of its own; ``reference`` (texts of every field) then
    stands in for the missing ones.
    """

    def __init__(self, reference: Reference | None = None) -> None:
        self._reference = reference
        self._held: dict[int, IndexedRecord] = {}
        self._order: list[tuple[int, int]] = []
        self._sample: Sample | None = None
        self._asked_sample: Floats | None = None
        self._usual: dict[str, tuple[Usual, Usual]] = {}
        self._usual_late: dict[str, Usual] = {}

    def put(self, record: IndexedRecord) -> None:
        self.drop(record.id)
        self._held[record.id] = record
        insort(self._order, _place(record.id))
        self._forget(record.id)

    def drop(self, record_id: int) -> None:
        if self._held.pop(record_id, None) is not None:
            self._forget(record_id)
            del self._order[bisect_left(self._order, _place(record_id))]

    def _forget(self, record_id: int) -> None:
        """Draw the sample anew if the record belongs to it."""
        if bisect_left(self._order, _place(record_id)) < SAMPLE:
            self._sample = None
            self._asked_sample = None

    def stands_out(self, questions: Floats, found: Floats) -> Floats:
        """(m, n) float32: how far each cosine stands out for what is asked.

        questions (m, d), found (n, d); in standard deviations of the question's
        cosines with the passages of this shelf's sample.
        """
        sample = self._drawn()
        if sample is None:
            return np.zeros((len(questions), len(found)), np.float32)
        return _deviations(found @ questions.T, sample.stacked[1] @ questions.T).T

    def stands_out_among_asked(self, questions: Floats, found: Floats) -> Floats:
        """(m, n) float32: the same, for what is found.

        In standard deviations of the found passage's cosines with the questions
        that records of this shelf ask. A passage near to everything gains nothing.
        """
        asked = self._asked_sample
        if asked is None:
            drawn = self._chosen()
            if not drawn:
                return np.zeros((len(questions), len(found)), np.float32)
            asked = self._asked_sample = _stack([one.questions for one in drawn])[1]
        return _deviations(questions @ found.T, asked @ found.T)

    def nearness(
        self, question: Question, records: Sequence[IndexedRecord]
    ) -> tuple[Floats, Floats]:
        """(n,) each: whole and coverage of any records, in deviations from the usual.

        The quick part of `features`, where many pairs are compared.
        """
        cosines = _cosines(question, *_stack([record.vectors for record in records]))
        whole, coverage = self._what_is_usual(question)
        return whole.deviations(cosines[0]), coverage.deviations(cosines[1])

    def features(
        self, question: Question, records: Sequence[IndexedRecord], lexical: Floats
    ) -> Features:
        """Features of any records, likeness in deviations from the usual."""
        late = self._late(question, [record.tokens for record in records])
        whole, coverage = self.nearness(question, records)
        return Features(whole, coverage, late, lexical, weights(question))

    def features_of(
        self, question: Question, ids: Sequence[int], lexical: Floats
    ) -> Features:
        """Features of records of this shelf, by id.

        What is usual needs the cosines of the whole sample, so those of records
        in it are there already; only the others are computed beside them.
        """
        sample = self._drawn()
        if sample is None:
            raise ValueError("no record is on the shelf")
        cosines = _cosines(question, *sample.stacked)
        usual = self._what_is_usual(question, cosines)
        places = np.array([sample.places.get(id_, -1) for id_ in ids], np.int64)
        found = cosines[0][places], cosines[1][places]
        others = np.flatnonzero(places < 0)
        if len(others):
            rest = [self._held[ids[place]].vectors for place in others.tolist()]
            more = _cosines(question, *_stack(rest))
            for values, new in zip(found, more, strict=True):
                values[others] = new
        late = self._late(question, [self._held[id_].tokens for id_ in ids])
        whole, coverage = (
            one.deviations(values) for one, values in zip(usual, found, strict=True)
        )
        return Features(whole, coverage, late, lexical, weights(question))

    def _late(self, question: Question, texts: Sequence[Tokens]) -> Floats:
        """(n,) late interaction with each text, in deviations from the usual."""
        sample = self._drawn()
        if sample is None or not weights(question).late:
            return np.zeros(len(texts), np.float32)
        asking = Asking.of(question.tokens, sample.counts)
        usual = self._usual_late.get(question.key)
        if usual is None:
            usual = Usual.of(asking.scores(sample.tokens))
            _remember(self._usual_late, question.key, usual)
        return usual.deviations(asking.scores(texts))

    def _drawn(self) -> Sample | None:
        """The sample; None where there is neither a record nor a reference."""
        # Through a name of its own: another thread may forget the sample meanwhile.
        sample = self._sample
        if sample is None:
            chosen = self._chosen()
            if not chosen:
                return None
            tokens = [one.tokens for one in chosen]
            sample = self._sample = Sample(
                _stack([one.vectors for one in chosen]),
                {id_: place for place, (_, id_) in enumerate(self._order[:SAMPLE])},
                tokens[:LATE_SAMPLE],
                PieceCounts(tokens),
            )
            self._usual.clear()
            self._usual_late.clear()
        return sample

    def _chosen(self) -> list[Embedded]:
        """The texts of the sample."""
        chosen: list[Embedded] = [self._held[id_] for _, id_ in self._order[:SAMPLE]]
        if len(chosen) < FEW and self._reference is not None:
            chosen += self._reference()[: FEW - len(chosen)]
        return chosen

    def _what_is_usual(
        self, question: Question, cosines: tuple[Floats, Floats] | None = None
    ) -> tuple[Usual, Usual]:
        """Of the whole and of the coverage of the question.

        ``cosines`` are those with the sample, if they are known already.
        """
        sample = self._drawn()
        if sample is None:
            return NOTHING_USUAL, NOTHING_USUAL
        known = self._usual.get(question.key)
        if known is None:
            wholes, coverage = cosines or _cosines(question, *sample.stacked)
            known = Usual.of(wholes), Usual.of(coverage)
            _remember(self._usual, question.key, known)
        return known


@dataclass(frozen=True)
class Usual:
    """Mean and standard deviation of a cosine over the sample."""

    mean: float
    spread: float

    @classmethod
    def of(cls, values: Floats) -> Usual:
        return cls(float(values.mean()), float(values.std()))

    def deviations(self, values: Floats) -> Floats:
        """(n,) how many standard deviations above the mean each value is."""
        # A shelf of one record, or of copies, has no spread to measure by.
        if self.spread < NO_SPREAD:
            return np.zeros_like(values)
        return np.asarray((values - self.mean) / self.spread, np.float32)


NOTHING_USUAL = Usual(0.0, 0.0)


def _remember(known: dict[str, T], key: str, value: T) -> None:
    """Keep what holds for a text that will be asked again."""
    if key:
        if len(known) >= MOST_REMEMBERED:
            known.clear()
        known[key] = value


def _deviations(cosines: Floats, usual: Floats) -> Floats:
    """(m, n) float32: each column of cosines in deviations of that column's usual."""
    spread = usual.std(axis=0)
    known = spread >= NO_SPREAD
    away = (cosines - usual.mean(axis=0)) / np.where(known, spread, 1)
    return np.asarray(np.where(known, away, 0), np.float32)


def _place(record_id: int) -> tuple[int, int]:
    return crc32(b"%d" % record_id), record_id


def _stack(records: Sequence[Vectors]) -> Stacked:
    """(n, d) wholes, (p, d) pieces, and (n,) where each record's pieces start.

    A record of one passage counts that one as its piece.
    """
    wholes = np.array([vectors[0] for vectors in records], np.float32)
    pieces = [vectors[1:] if len(vectors) > 1 else vectors for vectors in records]
    starts = np.cumsum([0, *(len(piece) for piece in pieces)])[:-1]
    return wholes, np.concatenate(pieces).astype(np.float32), starts


def _cosines(
    question: Question, wholes: Floats, pieces: Floats, starts: NDArray[np.int64]
) -> tuple[Floats, Floats]:
    best = np.maximum.reduceat(pieces @ question.pieces.T, starts, axis=0)
    return wholes @ question.whole, best.mean(axis=1)
