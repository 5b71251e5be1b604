"""A small encoder for tests: texts that share words are close."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

from .encoder import Progress, Read, unit_rows
from .late import Tokens

HASHED_PIECES = 1 << 15


class HashingEncoder:
    """Hashed character n-grams: texts that share words are close. For tests."""

    def __init__(self, dimension: int = 64) -> None:
        self._dimension = dimension

    @property
    def name(self) -> str:
        return f"hashing-{self._dimension}"

    @property
    def dimension(self) -> int:
        return self._dimension

    def encode_queries(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> np.ndarray:
        return self.encode_passages(texts, progress)

    def encode_passages(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> np.ndarray:
        vectors = np.zeros((len(texts), self._dimension), np.float32)
        for row, text in enumerate(texts):
            vectors[row] = _hashed(text, self._dimension)
            if progress is not None:
                progress(row + 1)
        return unit_rows(vectors)

    @property
    def token_width(self) -> int:
        return self._dimension

    def read_queries(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> Read:
        return self.encode_queries(texts, progress), self._tokens(texts)

    def read_passages(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> Read:
        return self.encode_passages(texts, progress), self._tokens(texts)

    def _tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """Every sign as a piece, its vector that of the sign with its neighbour."""
        found = []
        for text in texts:
            signs = "".join(text.lower().split())
            pairs = [signs[place : place + 2] for place in range(len(signs))]
            rows = [_hashed(pair, self._dimension) for pair in pairs]
            vectors = np.array(rows, np.float32).reshape(len(pairs), self._dimension)
            codes = [zlib.crc32(sign.encode("utf-8", "replace")) for sign in signs]
            ids = np.array(codes, np.int64) % HASHED_PIECES
            found.append(Tokens.of(ids, vectors))
        return found


@lru_cache(maxsize=2_048)
def _hashed(text: str, dimension: int) -> np.ndarray:
    """(dimension,) float32, not yet of length 1; nobody may write to it."""
    vector = np.zeros(dimension, np.float32)
    for gram in _grams(text):
        code = zlib.crc32(gram.encode("utf-8", "replace"))
        # The top bit gives the sign, so that chance meetings cancel out.
        vector[code % dimension] += 1 if code >> 31 else -1
    return vector


def _grams(text: str) -> Iterator[str]:
    compact = "".join(text.lower().split())
    for size in (1, 2, 3):
        for start in range(len(compact) - size + 1):
            yield compact[start : start + size]
