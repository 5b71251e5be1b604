"""Texts to unit vectors: any sentence-transformers model, and a small one for tests."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import numpy as np

from .late import Tokens
from .loading import Precision, identity, load, token_axes
from .threads import limit_threads

if TYPE_CHECKING:
    pass

Progress = Callable[[int], None]
T = TypeVar("T")
# Vectors (n, d) of texts and the word pieces of each.
Read = tuple[np.ndarray, list[Tokens]]

# A batch holds this many bytes of text, some 700 tokens: 6 abstracts or 50 titles.
# Much more is slower: it outgrows the processor's cache.
BATCH_BYTES = 3_000
CACHED_QUERIES = 2_048
# More than this is bulk work, which would only push out what people ask again.
REMEMBERED_AT_ONCE = 64


class Encoder(Protocol):
    """What the index needs of an encoder."""

    @property
    def name(self) -> str:
        """Stored beside each vector; other weights or prompts have another name."""

    @property
    def dimension(self) -> int: ...

    def encode_queries(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> np.ndarray:
        """Vectors of what is asked: (n, dimension) float32, rows of length 1.

        ``progress`` as below. A few texts at a time are remembered.
        """

    def encode_passages(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> np.ndarray:
        """Vectors of what is found: (n, dimension) float32, rows of length 1.

        ``progress`` is told from time to time how many texts are done so far.
        """

    @property
    def token_width(self) -> int:
        """How many numbers the vector of a word piece has."""

    def read_queries(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> Read:
        """`encode_queries`, and the word pieces of each text beside it."""

    def read_passages(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> Read:
        """`encode_passages`, and the word pieces of each text beside it."""


class SentenceEncoder:
    """Any model sentence-transformers can load, from a folder or the hub.

    A prompt of None means the model's own, an empty one none at all. Safe to call
    from several threads.

    ``threads`` is how many batches are computed at a time, each by one thread.
    Sharing out every product instead comes nearly to a standstill when another
    process wants the same cores (4 texts a second, this way 17), and it leaves
    threads that a fork loses.
    """

    def __init__(
        self,
        model: str,
        *,
        query_prompt: str | None = None,
        passage_prompt: str | None = None,
        threads: int = 1,
        precision: Precision = "auto",
    ) -> None:
        limit_threads(1)
        self._threads = threads
        self._model = load(model, precision)
        own = self._model.prompts
        self._query_prompt = _first(query_prompt, own.get("query"))
        self._passage_prompt = _first(
            passage_prompt, own.get("passage"), own.get("document")
        )
        self._name = identity(
            model, self._model, self._query_prompt, self._passage_prompt
        )
        self._dimension = int(self._model.get_embedding_dimension() or 0)
        self._axes = token_axes(model, self._dimension)
        self._tokenizer_lock = threading.Lock()
        self._cache = _Cache[np.ndarray](CACHED_QUERIES)
        self._read_cache = _Cache[tuple[np.ndarray, Tokens]](CACHED_QUERIES)
        self._frames: dict[str, tuple[int, int]] = {}

    @property
    def name(self) -> str:
        return self._name

    @property
    def dimension(self) -> int:
        return self._dimension

    @property
    def precision(self) -> str:
        """The type the model computes in: ``float32`` or ``bfloat16``."""
        return str(self._model.dtype).removeprefix("torch.")

    def encode_queries(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> np.ndarray:
        if len(texts) > REMEMBERED_AT_ONCE:
            return self._encode(texts, self._query_prompt, progress)
        known = {text: self._cache.get(text) for text in texts}
        new = [text for text, vector in known.items() if vector is None]
        vectors = self._encode(new, self._query_prompt, None)
        for text, vector in zip(new, vectors, strict=True):
            self._cache.put(text, vector.copy())
            known[text] = vector
        return self._rows([known[text] for text in texts])

    def read_queries(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> Read:
        if len(texts) > REMEMBERED_AT_ONCE:
            return self._read(texts, self._query_prompt, progress)
        known = {text: self._read_cache.get(text) for text in texts}
        new = [text for text, found in known.items() if found is None]
        vectors, tokens = self._read(new, self._query_prompt, None)
        for text, vector, pieces in zip(new, vectors, tokens, strict=True):
            known[text] = vector.copy(), pieces
            self._read_cache.put(text, (vector.copy(), pieces))
        pairs = [pair for text in texts if (pair := known[text]) is not None]
        return self._rows([pair[0] for pair in pairs]), [pair[1] for pair in pairs]

    def _rows(self, vectors: Sequence[np.ndarray | None]) -> np.ndarray:
        return np.array(vectors, np.float32).reshape(len(vectors), self._dimension)

    def encode_passages(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> np.ndarray:
        return self._encode(texts, self._passage_prompt, progress)

    @property
    def token_width(self) -> int:
        return int(self._axes.shape[1])

    def read_passages(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> Read:
        return self._read(texts, self._passage_prompt, progress)

    def _encode(
        self, texts: Sequence[str], prompt: str, progress: Progress | None
    ) -> np.ndarray:
        vectors = np.empty((len(texts), self._dimension), np.float32)
        for rows, found, _ in self._all(texts, prompt, progress, tokens=False):
            vectors[rows] = found
        return vectors

    def _read(
        self, texts: Sequence[str], prompt: str, progress: Progress | None
    ) -> Read:
        vectors = np.empty((len(texts), self._dimension), np.float32)
        tokens: dict[int, Tokens] = {}
        for rows, found, pieces in self._all(texts, prompt, progress, tokens=True):
            vectors[rows] = found
            tokens.update(zip(rows, pieces, strict=True))
        return vectors, [tokens[row] for row in range(len(texts))]

    def _all(
        self,
        texts: Sequence[str],
        prompt: str,
        progress: Progress | None,
        *,
        tokens: bool,
    ) -> Iterator[tuple[list[int], np.ndarray, list[Tokens]]]:
        """Rows with their vectors and, if asked for, their word pieces."""
        clean = [_clean(text) for text in texts]
        groups = list(batches([len(text.encode()) for text in clean], BATCH_BYTES))
        done = 0
        for rows, (found, pieces) in self._each(groups, clean, prompt, tokens):
            yield rows, found, pieces
            done += len(rows)
            if progress is not None:
                progress(done)

    def _each(
        self, groups: list[list[int]], texts: list[str], prompt: str, tokens: bool
    ) -> Iterator[tuple[list[int], Read]]:
        """What each group of rows gives, in the order of the groups."""

        def forward(rows: list[int]) -> Read:
            return self._forward([texts[row] for row in rows], prompt, tokens)

        if self._threads == 1 or len(groups) < 2:
            yield from ((rows, forward(rows)) for rows in groups)
            return
        with ThreadPoolExecutor(self._threads) as pool:
            yield from zip(groups, pool.map(forward, groups), strict=True)

    def _forward(self, texts: list[str], prompt: str, tokens: bool) -> Read:
        """One batch through the model: (n, d) float32, rows of length 1."""
        import torch

        # The tokenizer keeps its padding in itself, so one thread at a time.
        with self._tokenizer_lock:
            features = self._model.preprocess(texts, prompt=prompt or None)
            before, after = self._frame(prompt) if tokens else (0, 0)
        with torch.inference_mode():
            output = self._model(features)
            vectors = unit_rows(output["sentence_embedding"].float().numpy())
        if not tokens:
            return vectors, []
        ids = features["input_ids"].numpy()
        states = output["token_embeddings"].float().numpy()
        pieces = []
        for row, mask in enumerate(features["attention_mask"].numpy()):
            real = np.flatnonzero(mask)
            own = real[before : len(real) - after]
            wide = unit_rows(states[row, own]) @ self._axes
            pieces.append(Tokens.of(ids[row, own], wide))
        return vectors, pieces

    def _frame(self, prompt: str) -> tuple[int, int]:
        """How many pieces that are not of the text stand before and after it."""
        if prompt not in self._frames:
            tokenizer: Any = self._model.tokenizer
            special = tokenizer("")["input_ids"]
            opening = {tokenizer.bos_token_id, tokenizer.cls_token_id} - {None}
            first = 1 if special and special[0] in opening else 0
            own = tokenizer(prompt, add_special_tokens=False)["input_ids"]
            self._frames[prompt] = first + len(own), len(special) - first
        return self._frames[prompt]


class _Cache(Generic[T]):
    """What the most recent queries gave; safe to use from several threads."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._found: OrderedDict[str, T] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, text: str) -> T | None:
        with self._lock:
            if text in self._found:
                self._found.move_to_end(text)
            return self._found.get(text)

    def put(self, text: str, found: T) -> None:
        with self._lock:
            self._found[text] = found
            self._found.move_to_end(text)
            while len(self._found) > self._size:
                self._found.popitem(last=False)


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    """Scale each row to length 1; a row without direction becomes the first axis."""
    vectors = np.nan_to_num(vectors, nan=0.0, posinf=0.0, neginf=0.0)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[lengths[:, 0] < 1e-12, 0] = 1.0
    lengths[lengths < 1e-12] = 1.0
    return np.asarray(vectors / lengths, np.float32)


def batches(sizes: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Row numbers in groups of like size, longest first.

    A group is padded to its longest, so that times the number of rows stays within
    the budget. Longest first, so a text too long for memory shows at the start.
    """
    order = sorted(range(len(sizes)), key=lambda row: (-sizes[row], row))
    group: list[int] = []
    for row in order:
        if group and (len(group) + 1) * max(sizes[group[0]], 1) > budget:
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def _clean(text: str) -> str:
    """The text without what a tokenizer refuses: NUL and halves of a character."""
    text = text.replace("\0", "").encode("utf-8", "replace").decode()
    # A model without prompt or special tokens would be given no token at all.
    return text if text.strip() else "."


def _first(*prompts: str | None) -> str:
    return next((prompt for prompt in prompts if prompt is not None), "")
