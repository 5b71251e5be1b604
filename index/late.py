"""Late interaction: word pieces of a question against word pieces of a record.

    late(q, d) = Σ_i idf_i · max_j cos(q_i, d_j) / Σ_i idf_i

over the pieces i of the question and j of the record (Khattab and Zaharia, ColBERT,
SIGIR 2020; weighting by idf as in BERTScore, ICLR 2020). A vector of the whole text
blurs what a text of several sentences says; here each word of the question looks
for its own counterpart. The pieces are the encoder's own last layer, carried over
to a few dimensions and one byte each, some 10 kB a record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

# A question of more pieces asks with the most telling ones: it is the rare words
# that tell texts apart, and time grows with the number.
ASKING = 96
LARGEST = 127
# A component of a unit vector seldom exceeds four times its usual size.
USUAL_SIZES = 4.0


def scale(width: int) -> float:
    """What unit vectors of so many numbers are multiplied by, to be rounded."""
    return float(LARGEST * np.sqrt(max(width, 1)) / USUAL_SIZES)


@dataclass(frozen=True, eq=False)
class Tokens:
    """The word pieces of a text, special ones and the prompt left out.

    ids      (n,) int32, numbers in the encoder's vocabulary
    vectors  (n, w) int8, unit rows times `scale(w)`
    """

    ids: NDArray[np.int32]
    vectors: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def of(cls, ids: NDArray[np.int64], vectors: Floats) -> Tokens:
        """Bring (n, w) float32 vectors to length 1 and round them to a byte each."""
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        wide = vectors / np.maximum(lengths, 1e-9) * scale(vectors.shape[1])
        rounded = np.rint(np.clip(wide, -LARGEST, LARGEST))
        return cls(ids.astype(np.int32), rounded.astype(np.int8))

    @classmethod
    def joined(cls, parts: Sequence[Tokens]) -> Tokens:
        return cls(
            np.concatenate([part.ids for part in parts]),
            np.concatenate([part.vectors for part in parts]),
        )

    def to_bytes(self) -> bytes:
        """Little-endian ids, then the vectors; `from_bytes` reads it."""
        return self.ids.astype("<i4").tobytes() + self.vectors.tobytes()

    @classmethod
    def from_bytes(cls, blob: bytes, width: int) -> Tokens:
        """Raises `ValueError` if the bytes hold no whole number of pieces."""
        count, rest = divmod(len(blob), 4 + width)
        if rest:
            raise ValueError(f"{len(blob)} bytes are no pieces of {width} numbers")
        ids = np.frombuffer(blob, "<i4", count)
        vectors = np.frombuffer(blob, np.int8, offset=4 * count)
        return cls(ids, vectors.reshape(count, width))


def no_tokens(width: int = 0) -> Tokens:
    """Of a text whose pieces nobody computed: it has no part in late interaction."""
    return Tokens(np.zeros(0, np.int32), np.zeros((0, width), np.int8))


class PieceCounts:
    """In how many texts each word piece occurs."""

    def __init__(self, texts: Sequence[Tokens]) -> None:
        self.texts = len(texts)
        seen = [np.unique(text.ids) for text in texts]
        every = np.concatenate([np.zeros(0, np.int32), *seen])
        self._counts = np.bincount(every) if len(every) else np.zeros(1, np.int64)

    def idf(self, ids: NDArray[np.int32]) -> Floats:
        """(n,) how telling each piece is, as `lexical.LexicalIndex.idf` counts it."""
        known = ids < len(self._counts)
        seen = np.where(known, self._counts[np.where(known, ids, 0)], 0)
        return np.log1p((self.texts - seen + 0.5) / (seen + 0.5)).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Asking:
    """The pieces by which a question asks: (m, w) rows and (m,) weights.

    A row times a stored vector is their cosine.
    """

    vectors: Floats
    weights: Floats

    @classmethod
    def of(cls, tokens: Tokens, counts: PieceCounts) -> Asking:
        """The most telling pieces; the weights add up to 1 (none: no pieces)."""
        idf = counts.idf(tokens.ids)
        order = np.argsort(-idf, kind="stable")[:ASKING]
        chosen = np.sort(order)
        weights = idf[chosen] / (idf[chosen].sum() or 1.0)
        some = tokens.vectors[chosen].astype(np.float32)
        some /= scale(some.shape[1]) ** 2
        return cls(some, np.asarray(weights, np.float32))

    def scores(self, texts: Sequence[Tokens]) -> Floats:
        """(n,) late interaction with each text, 0 for one without pieces."""
        found = np.zeros(len(texts), np.float32)
        filled = [place for place, text in enumerate(texts) if len(text)]
        if not filled or not len(self.weights):
            return found
        some = [texts[place] for place in filled]
        pieces = np.concatenate([text.vectors for text in some]).astype(np.float32)
        starts = np.cumsum([0, *(len(text) for text in some)])[:-1]
        best = np.maximum.reduceat(pieces @ self.vectors.T, starts, axis=0)
        found[filled] = best @ self.weights
        return found
