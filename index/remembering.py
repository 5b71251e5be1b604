"""An encoder that computes a text once, however often one measures."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from .encoder import Encoder, Progress, Read
from .late import Tokens, no_tokens


class RememberingEncoder:
    """An encoder that keeps what it gave in a file, for measuring again and again."""

    def __init__(self, encoder: Encoder, path: Path) -> None:
        self._encoder = encoder
        path.parent.mkdir(parents=True, exist_ok=True)
        self._store = sqlite3.connect(path)
        self._store.execute(
            "CREATE TABLE IF NOT EXISTS texts"
            " (key BLOB PRIMARY KEY, vector BLOB, tokens BLOB)"
        )

    @property
    def name(self) -> str:
        return self._encoder.name

    @property
    def dimension(self) -> int:
        return self._encoder.dimension

    @property
    def token_width(self) -> int:
        return self._encoder.token_width

    def encode_queries(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> np.ndarray[Any, Any]:
        def encode(new: list[str]) -> Read:
            return self._encoder.encode_queries(new, progress), _nothing(new)

        return self._known("query", texts, encode, progress)[0]

    def encode_passages(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> np.ndarray[Any, Any]:
        def encode(new: list[str]) -> Read:
            return self._encoder.encode_passages(new, progress), _nothing(new)

        return self._known("passage", texts, encode, progress)[0]

    def read_queries(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> Read:
        def read(new: list[str]) -> Read:
            return self._encoder.read_queries(new, progress)

        return self._known("query, pieces", texts, read, progress)

    def read_passages(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> Read:
        def read(new: list[str]) -> Read:
            return self._encoder.read_passages(new, progress)

        return self._known("passage, pieces", texts, read, progress)

    def _known(
        self,
        side: str,
        texts: Sequence[str],
        encode: Callable[[list[str]], Read],
        progress: Progress | None,
    ) -> Read:
        keys = [
            sha256(f"{self.name}\0{side}\0{text}".encode()).digest() for text in texts
        ]
        found = {key: self._get(key) for key in keys}
        new = {k: t for k, t in zip(keys, texts, strict=True) if found[k] is None}
        for key, vector, tokens in zip(new, *encode(list(new.values())), strict=True):
            found[key] = vector, tokens
            self._store.execute(
                "INSERT OR REPLACE INTO texts VALUES (?, ?, ?)",
                (key, vector.astype("<f4").tobytes(), tokens.to_bytes()),
            )
        self._store.commit()
        if progress is not None:
            progress(len(texts))
        pairs = [pair for key in keys if (pair := found[key]) is not None]
        vectors = np.array([vector for vector, _ in pairs], np.float32)
        return (
            vectors.reshape(len(texts), self.dimension),
            [tokens for _, tokens in pairs],
        )

    def _get(self, key: bytes) -> tuple[np.ndarray[Any, Any], Tokens] | None:
        row = self._store.execute(
            "SELECT vector, tokens FROM texts WHERE key = ?", (key,)
        ).fetchone()
        if row is None:
            return None
        tokens = Tokens.from_bytes(row[1], self.token_width)
        return np.frombuffer(row[0], "<f4"), tokens


def _nothing(texts: Sequence[str]) -> list[Tokens]:
    return [no_tokens()] * len(texts)
