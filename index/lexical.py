"""The BM25 side: exact scores over a changing set of rows.

Our own rather than a search engine's, for three reasons: the reader's condition
is a mask over rows and must hold inside the scoring; the counts behind the
scores must be those of the rows a reader may see, exactly, also after a
deletion; and the parts of a score are shown to people as evidence.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log

import numpy as np
from numpy.typing import NDArray

K1 = 1.2
B = 0.75
# A query that repeats a word three times is not three times about it.
MOST_REPEATS = 2.0
FRESH_SHARE = 0.1

Counts = Mapping[str, float]


class LexicalIndex:
    """Rows of weighted terms, added and removed at will, scored by BM25.

    score(q, d) = Σ_t min(q_t, 2) · idf_t · d_t (k1+1) / (d_t + k1 (1−b+b·|d|/avg))
    idf_t = ln(1 + (N − n_t + ½) / (n_t + ½))     (Robertson/Zaragoza 2009, Lucene's
    never-negative idf), over the rows present now.
    """

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}
        self._rows: dict[int, tuple[NDArray[np.int32], NDArray[np.float32]]] = {}
        self._frequency = np.zeros(0, np.int64)
        self._lengths = np.zeros(0, np.float32)
        self._alive = np.zeros(0, np.bool_)
        self._total = 0.0
        # Sorted postings of most rows, and plain lists of those added since.
        self._starts = np.zeros(1, np.int64)
        self._posting_rows = np.zeros(0, np.int32)
        self._posting_counts = np.zeros(0, np.float32)
        self._fresh: dict[int, list[tuple[int, float]]] = {}
        self._fresh_rows = 0
        # Rows whose postings are still there though they are not.
        self._removed: set[int] = set()

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, row: int, counts: Counts) -> None:
        """Enter a new row; ``counts`` are its terms with the weight of each."""
        if row in self._rows:
            raise ValueError(f"row {row} is already there")
        if row in self._removed:
            self._sort()  # or the postings of its former self would count again
        known = sorted(counts)
        ids = np.array([self._id(term) for term in known], np.int32)
        weights = np.array([counts[term] for term in known], np.float32)
        self._grow(row + 1)
        self._rows[row] = ids, weights
        self._frequency[ids] += 1
        self._lengths[row] = weights.sum()
        self._alive[row] = True
        self._total += float(self._lengths[row])
        for id_, weight in zip(ids.tolist(), weights.tolist(), strict=True):
            self._fresh.setdefault(id_, []).append((row, weight))
        self._fresh_rows += 1

    def remove(self, row: int) -> None:
        """Take a row out, its share in every count included."""
        ids, _ = self._rows.pop(row)
        self._frequency[ids] -= 1
        self._alive[row] = False
        self._total -= float(self._lengths[row])
        self._removed.add(row)

    def scores(self, query: Counts, size: int) -> NDArray[np.float32]:
        """(size,) float32: the score of every row, 0 where no term is shared."""
        self._settle()
        result = np.zeros(max(size, len(self._alive)), np.float32)
        if not self._rows:
            return result[:size]
        average = self._total / len(self._rows) or 1.0
        for term in sorted(query):
            id_ = self._ids.get(term)
            if id_ is None or not self._frequency[id_]:
                continue
            rows, counts = self._postings(id_)
            length = K1 * (1 - B + B * self._lengths[rows] / average)
            weight = min(query[term], MOST_REPEATS) * self.idf(term) * (K1 + 1)
            result[rows] += (weight * counts / (counts + length)).astype(np.float32)
        result[: len(self._alive)][~self._alive] = 0
        return result[:size]

    def score_of(self, query: Counts, counts: Counts) -> float:
        """What a text of these terms would score if it were a row here."""
        if not self._rows:
            return 0.0
        average = self._total / len(self._rows) or 1.0
        length = K1 * (1 - B + B * sum(counts.values()) / average)
        return sum(
            min(query[term], MOST_REPEATS)
            * self.idf(term)
            * (K1 + 1)
            * counts[term]
            / (counts[term] + length)
            for term in sorted(query)
            if counts.get(term)
        )

    def idf(self, term: str) -> float:
        """How telling the term is here; the value of an unseen term if unknown."""
        seen = int(self._frequency[self._ids[term]]) if term in self._ids else 0
        return log(1 + (len(self._rows) - seen + 0.5) / (seen + 0.5))

    def _id(self, term: str) -> int:
        id_ = self._ids.setdefault(term, len(self._ids))
        if id_ >= len(self._frequency):
            extra = max(1024, len(self._frequency))
            self._frequency = np.append(self._frequency, np.zeros(extra, np.int64))
        return id_

    def _grow(self, size: int) -> None:
        if size > len(self._alive):
            extra = max(size - len(self._alive), len(self._alive), 256)
            self._alive = np.append(self._alive, np.zeros(extra, np.bool_))
            self._lengths = np.append(self._lengths, np.zeros(extra, np.float32))

    def _postings(self, id_: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        rows = self._posting_rows[:0]
        counts = self._posting_counts[:0]
        if id_ + 1 < len(self._starts):
            span = slice(self._starts[id_], self._starts[id_ + 1])
            rows, counts = self._posting_rows[span], self._posting_counts[span]
        if fresh := self._fresh.get(id_):
            rows = np.append(rows, np.array([row for row, _ in fresh], np.int32))
            counts = np.append(counts, np.array([c for _, c in fresh], np.float32))
        return rows, counts

    def _settle(self) -> None:
        """Sort the postings anew once many rows came or went since the last time."""
        changed = self._fresh_rows + len(self._removed)
        if changed > FRESH_SHARE * len(self._rows) + 64:
            self._sort()

    def _sort(self) -> None:
        rows = sorted(self._rows)
        parts = [self._rows[row] for row in rows]
        terms = np.concatenate([np.zeros(0, np.int32), *(ids for ids, _ in parts)])
        counts = np.concatenate([np.zeros(0, np.float32), *(c for _, c in parts)])
        owners = np.repeat(np.array(rows, np.int32), [len(ids) for ids, _ in parts])
        order = np.argsort(terms, kind="stable")
        self._posting_rows, self._posting_counts = owners[order], counts[order]
        ends = np.bincount(terms, minlength=len(self._ids)).cumsum()
        self._starts = np.concatenate([[0], ends]).astype(np.int64)
        self._fresh, self._fresh_rows = {}, 0
        self._removed.clear()
