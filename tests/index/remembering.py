"""The real encoder where it is not what is tested: a text is read once in a run."""

import hashlib
import os
import pickle
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from index.encoder import Progress, Read, SentenceEncoder
from index.late import Tokens


class RememberingEncoder:
    """What any process of this run read before comes from a file of that run."""

    def __init__(self, encoder: SentenceEncoder, folder: Path) -> None:
        self._encoder, self._folder = encoder, folder
        self.name, self.dimension = encoder.name, encoder.dimension
        self.token_width = encoder.token_width

    def encode_queries(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> np.ndarray:
        return self._read("queries", texts, progress)[0]

    def encode_passages(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> np.ndarray:
        return self._read("passages", texts, progress)[0]

    def read_queries(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> Read:
        return self._read("queries", texts, progress)

    def read_passages(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> Read:
        return self._read("passages", texts, progress)

    def _read(
        self, prompt: str, texts: Sequence[str], progress: Progress | None
    ) -> Read:
        files = {text: self._file(prompt, text) for text in texts}
        new = [text for text, file in files.items() if not file.exists()]
        read = getattr(self._encoder, f"read_{prompt}")
        for text, vector, tokens in zip(new, *read(new), strict=True):
            _write(files[text], (vector, tokens))
        found: list[tuple[np.ndarray, Tokens]] = [
            pickle.loads(files[text].read_bytes()) for text in texts
        ]
        if progress is not None:
            progress(len(texts))
        vectors = np.array([vector for vector, _ in found], np.float32)
        return vectors.reshape(len(found), self.dimension), [one for _, one in found]

    def _file(self, prompt: str, text: str) -> Path:
        return self._folder / hashlib.sha256(f"{prompt} {text}".encode()).hexdigest()


def _write(file: Path, found: tuple[np.ndarray, Tokens]) -> None:
    """Another process may write the same at the same time, or read it."""
    part = file.with_suffix(f".{os.getpid()}")
    part.write_bytes(pickle.dumps(found))
    part.replace(file)
