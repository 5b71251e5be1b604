"""Vectors as they are stored, in float16, and the exact search over them."""

from __future__ import annotations

from collections.abc import Sequence

import faiss
import numpy as np

ROWS_AT_ONCE = 50_000
# More candidates than asked for, to see whether the last place is shared.
_SPARE = 16


class Rows:
    """Vectors in float16 with their ids; a row's place is its slot.

    A removed row stays where it is, dead, until the rows are merged.
    """

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self.store = faiss.IndexScalarQuantizer(
            dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        )
        self.ids = np.empty(0, np.int64)
        self._alive = np.empty(0, bool)
        self._slots: dict[int, int] = {}

    @classmethod
    def merged(cls, parts: Sequence[Rows]) -> Rows:
        """The living rows of all parts, in the order of their ids."""
        parts = [part for part in parts if len(part)] or parts[:1]
        fresh = cls(parts[0].dimension)
        ids = np.concatenate([part.live_ids() for part in parts])
        slots = np.concatenate([np.flatnonzero(part._alive) for part in parts])
        owner = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        order = np.argsort(ids)
        # Piece by piece: a million vectors are not to be held three times over.
        for start in range(0, len(order), ROWS_AT_ONCE):
            some = order[start : start + ROWS_AT_ONCE]
            halves = np.empty((len(some), fresh.dimension), np.float16)
            for number, part in enumerate(parts):
                mine = owner[some] == number
                halves[mine] = part.halves()[slots[some][mine]]
            fresh.store.add_sa_codes(halves.view(np.uint8))
        fresh._extend(ids[order])
        return fresh

    def __len__(self) -> int:
        return len(self._slots)

    def __contains__(self, id_: object) -> bool:
        return id_ in self._slots

    def append(self, ids: np.ndarray, vectors: np.ndarray) -> None:
        self.store.add(vectors)
        self._extend(ids)

    def _extend(self, ids: np.ndarray) -> None:
        start = len(self.ids)
        self.ids = np.concatenate([self.ids, ids])
        self._alive = np.concatenate([self._alive, np.ones(len(ids), bool)])
        self._slots.update(zip(ids.tolist(), range(start, len(self.ids)), strict=True))

    def discard(self, id_: int) -> None:
        slot = self._slots.pop(id_, None)
        if slot is not None:
            self._alive[slot] = False

    def is_wasteful(self) -> bool:
        """Whether the dead rows are worth clearing away."""
        dead = len(self.ids) - len(self)
        return dead > max(1_000, len(self) // 4)

    def live_ids(self) -> np.ndarray:
        return self.ids[self._alive]

    def mask(self, allowed: np.ndarray | None) -> np.ndarray | None:
        """Which slots may come back, (n,) bool; None when all may."""
        if allowed is not None:
            return np.asarray(self._alive & np.isin(self.ids, allowed))
        return None if len(self) == len(self.ids) else self._alive

    def halves(self) -> np.ndarray:
        """The stored vectors, (n, d) float16; valid until the next append."""
        if not len(self.ids):
            return np.empty((0, self.dimension), np.float16)
        size = len(self.ids) * self.store.code_size
        codes: np.ndarray = faiss.rev_swig_ptr(self.store.codes.data(), size)
        return codes.view(np.float16).reshape(-1, self.dimension)

    def floats(self, slots: np.ndarray | slice) -> np.ndarray:
        return np.asarray(self.halves()[slots], np.float32)

    def scores(self, query: np.ndarray, slots: np.ndarray) -> np.ndarray:
        """Inner products with one query, (n,) float32.

        einsum adds up each row in the same order wherever it stands, as BLAS does
        not, so equal vectors have equal scores.
        """
        return np.asarray(np.einsum("nd,d->n", self.floats(slots), query))

    def nearest(
        self,
        queries: np.ndarray,
        k: int,
        size: int,
        selector: faiss.IDSelector | None,
    ) -> list[np.ndarray]:
        """Slots of the k best of the ``size`` selected rows, with all that tie.

        Which of the equal rows FAISS returns hangs on where they stand, so where
        the last place is shared it is asked for more until it is not.
        """
        if k == 0 or len(queries) == 0:
            return [np.empty(0, np.int64)] * len(queries)
        take = min(k + _SPARE, size)
        scores, slots = self.store.search(queries, take, params=only(selector))
        shared = np.flatnonzero(scores[:, k - 1] == scores[:, -1])
        found = [row[row >= 0] for row in slots]
        while take < size and len(shared):
            take = min(4 * take, size)
            scores, slots = self.store.search(
                queries[shared], take, params=only(selector)
            )
            for row, wider in zip(shared, slots, strict=True):
                found[row] = wider[wider >= 0]
            shared = shared[scores[:, k - 1] == scores[:, -1]]
        return found


def selected(mask: np.ndarray | None) -> faiss.IDSelector | None:
    """FAISS's form of a mask, which keeps the bits alive itself."""
    if mask is None:
        return None
    bits = np.packbits(mask, bitorder="little")
    # The stubs show the C++ signature, not that of the Python wrapper.
    return faiss.IDSelectorBitmap(bits)  # type: ignore[call-arg, arg-type]


def only(selector: faiss.IDSelector | None) -> faiss.SearchParameters | None:
    """Search parameters for a selector, which the caller must hold on to."""
    if selector is None:
        return None
    params = faiss.SearchParameters()
    params.sel = selector
    return params
