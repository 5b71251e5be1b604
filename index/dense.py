"""The FAISS side: which stored vectors are closest to a query's."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence

import faiss
import numpy as np

from .coarse import Coarse
from .rows import Rows, selected

# Up to here every vector is looked at, in float16: 36 ns each. Beyond it a coarse
# index looks first, and its best candidates are scored as exactly.
EXACT_LIMIT = 300_000

# `faiss.knn` reaches the speed of a matrix product only with many queries at once.
QUERIES_AT_ONCE = 4_096


def knn_batch(
    queries: np.ndarray, vectors: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """Compare many queries with all vectors, some thousand queries at a time.

    queries  (n, d) float32, vectors (m, d) float32, rows of length 1
    rows     (n, k) int64 positions in ``vectors``, -1 where m < k
    scores   (n, k) float32, falling along a row; equal ones by position
    """
    rows = np.full((len(queries), k), -1, np.int64)
    scores = np.full((len(queries), k), -np.inf, np.float32)
    take = min(k, len(vectors))
    if take == 0:
        return rows, scores
    vectors = np.ascontiguousarray(vectors, np.float32)
    for start in range(0, len(queries), QUERIES_AT_ONCE):
        some = np.ascontiguousarray(queries[start : start + QUERIES_AT_ONCE], "f4")
        found, where = faiss.knn(some, vectors, take, faiss.METRIC_INNER_PRODUCT)
        order = np.lexsort((where, -found), axis=1)
        stop = start + len(some)
        rows[start:stop, :take] = np.take_along_axis(where, order, 1)
        scores[start:stop, :take] = np.take_along_axis(found, order, 1)
    return rows, scores


class DenseIndex:
    """Unit vectors by id; search by inner product, hence by cosine.

    Small, it is exact. Past ``exact_limit`` vectors the next search first builds a
    coarse index over all of them; what is added later waits in a small exact part
    until there is enough to build again, what is removed is skipped. Scores are
    always those of the float16 vectors, so a pair scores the same either way, and
    equal scores come in the order of their ids. Safe to use from several threads.
    """

    def __init__(self, dimension: int, *, exact_limit: int = EXACT_LIMIT) -> None:
        self.dimension = dimension
        self.exact_limit = exact_limit
        self._main = Rows(dimension)
        self._recent = Rows(dimension)
        self._coarse: Coarse | None = None
        self._lock = threading.RLock()

    def __len__(self) -> int:
        return len(self._main) + len(self._recent)

    def __contains__(self, id_: object) -> bool:
        return id_ in self._main or id_ in self._recent

    def ids(self) -> np.ndarray:
        """All ids held, rising: (n,) int64."""
        with self._lock:
            return np.sort(np.concatenate([part.live_ids() for part in self._parts()]))

    def add(self, ids: np.ndarray, vectors: np.ndarray) -> None:
        """Store vectors, (n, d) float32 of length 1; an id present is replaced.

        Of an id given twice the last vector counts. Ids are not negative.
        """
        ids = np.asarray(ids, np.int64).reshape(-1)
        vectors = self._checked(vectors)
        if len(ids) != len(vectors):
            raise ValueError(f"{len(ids)} ids for {len(vectors)} vectors")
        if len(ids) and ids.min() < 0:
            raise ValueError("an id is negative")
        last = sorted({id_: row for row, id_ in enumerate(ids.tolist())}.values())
        with self._lock:
            self.remove(ids)
            part = self._main if self._coarse is None else self._recent
            part.append(ids[last], vectors[last])

    def remove(self, ids: np.ndarray) -> None:
        """Forget these ids; unknown ones are ignored."""
        with self._lock:
            for id_ in np.asarray(ids, np.int64).reshape(-1).tolist():
                for part in self._parts():
                    part.discard(id_)

    def search(
        self, queries: np.ndarray, k: int, allowed: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Find the ``k`` stored vectors closest to each query.

        queries  (n, d) float32, each row of length 1
        allowed  (m,) int64: only these ids can come back; None means all
        ids      (n, k) int64, -1 where there are fewer than k
        scores   (n, k) float32, falling along a row; -inf where the id is -1
        """
        queries = self._checked(queries)
        ids = np.full((len(queries), k), -1, np.int64)
        scores = np.full((len(queries), k), -np.inf, np.float32)
        with self._lock:
            self._settle()
            found = [
                self._candidates(part, queries, k, allowed) for part in self._parts()
            ]
            for row, query in enumerate(queries):
                best, score = self._best(query, k, [slots[row] for slots in found])
                ids[row, : len(best)] = best
                scores[row, : len(best)] = score
        return ids, scores

    def describe(self) -> str:
        """Kind, size and, where it is not exact, the recall measured when built."""
        with self._lock:
            self._settle()
            if self._coarse is None:
                return f"exact float16, {len(self):,} vectors of {self.dimension}"
            return (
                f"{self._coarse.describe()}, {len(self):,} vectors of "
                f"{self.dimension}, {len(self._recent):,} of them in the exact part"
            )

    def _parts(self) -> tuple[Rows, Rows]:
        return self._main, self._recent

    def _checked(self, vectors: np.ndarray) -> np.ndarray:
        vectors = np.ascontiguousarray(vectors, np.float32)
        if vectors.ndim != 2 or vectors.shape[1] != self.dimension:
            raise ValueError(f"shape {vectors.shape}, expected (n, {self.dimension})")
        return vectors

    def _candidates(
        self, part: Rows, queries: np.ndarray, k: int, allowed: np.ndarray | None
    ) -> Sequence[np.ndarray]:
        """Slots worth scoring, per query; with the k best among them, or nearly."""
        mask = part.mask(allowed)
        size = len(part.ids) if mask is None else int(np.count_nonzero(mask))
        k, selector = min(k, size), selected(mask)
        # A filter that leaves few rows is cheaper to apply to every row than to
        # many lists, and then cannot miss.
        if part is self._recent or self._coarse is None or size <= self.exact_limit / 4:
            return part.nearest(queries, k, size, selector)
        found = self._coarse.search(queries, k, selector, size / len(part.ids))
        # What is allowed may lie in lists far from the query.
        for row, slots in enumerate(found):
            if len(slots) < k:
                query = queries[row : row + 1]
                [found[row]] = part.nearest(query, k, size, selector)
        return found

    def _best(
        self, query: np.ndarray, k: int, slots: Iterable[np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Score the candidates of all parts; the k best ids with their scores."""
        parts = list(zip(self._parts(), slots, strict=True))
        ids = np.concatenate([part.ids[some] for part, some in parts])
        scores = np.concatenate([part.scores(query, some) for part, some in parts])
        order = np.lexsort((ids, -scores))[:k]
        return ids[order], scores[order]

    def _settle(self) -> None:
        """Rebuild what has outgrown its form; costs nothing when nothing has."""
        if self._coarse is None:
            if len(self) > self.exact_limit:
                self._merge(coarse=True)
            elif self._main.is_wasteful():
                self._merge(coarse=False)
        # Well below the limit only, lest it be built again at every other change.
        elif len(self) < 0.8 * self.exact_limit:
            self._merge(coarse=False)
        elif len(self._recent.ids) > self.exact_limit / 2 or self._main.is_wasteful():
            self._merge(coarse=True)

    def _merge(self, *, coarse: bool) -> None:
        # In the order of ids, so that the same rows give the same coarse index.
        self._main = Rows.merged(self._parts())
        self._recent = Rows(self.dimension)
        self._coarse = Coarse.build(self._main) if coarse else None
