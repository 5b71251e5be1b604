"""Texts to unit vectors: any sentence-transformers model, and a small one for tests."""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeVar

import numpy as np
from safetensors.numpy import load_file

from .late import Tokens
from .memory import give_back_memory, without_scoring
from .threads import limit_threads

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Precision = Literal["auto", "float32", "bfloat16"]
Progress = Callable[[int], None]
T = TypeVar("T")
# Vectors (n, d) of texts and the word pieces of each.
Read = tuple[np.ndarray, list[Tokens]]

# A batch holds this many bytes of text, some 700 tokens: 6 abstracts or 50 titles.
# Much more is slower: it outgrows the processor's cache.
BATCH_BYTES = 3_000
CACHED_QUERIES = 2_048
LENGTH_STEP = 8
HASHED_PIECES = 1 << 15
# What a word piece is carried over to, where the model's folder names no axes.
TOKEN_AXES = "token_axes.safetensors"
RANDOM_AXES = 128
# More than this is bulk work, which would only push out what people ask again.
REMEMBERED_AT_ONCE = 64

# A model named like this could be on the hub; see `_is_path` for what speaks against.
_HUB_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")


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


class EncoderMissing(RuntimeError):
    """There is no usable model where the settings point."""


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
        self._model = _load(model, precision)
        own = self._model.prompts
        self._query_prompt = _first(query_prompt, own.get("query"))
        self._passage_prompt = _first(
            passage_prompt, own.get("passage"), own.get("document")
        )
        self._name = _identity(
            model, self._model, self._query_prompt, self._passage_prompt
        )
        self._dimension = int(self._model.get_embedding_dimension() or 0)
        self._axes = _token_axes(model, self._dimension)
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


def _token_axes(model: str, dimension: int) -> np.ndarray:
    """(d, w) float32: what carries a word piece over to its stored width.

    Those of the model's folder, or else axes drawn at random, the same everywhere:
    stored pieces of one encoder must be comparable wherever they were computed.
    """
    file = Path(model).expanduser() / TOKEN_AXES
    if file.is_file():
        return np.asarray(load_file(file)["axes"], np.float32)
    width = min(RANDOM_AXES, dimension)
    drawn = np.random.default_rng(dimension).standard_normal((dimension, width))
    return np.asarray(drawn / np.sqrt(width), np.float32)


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


def _is_path(model: str) -> bool:
    """Whether a name means a folder here, so that the hub is never asked for it."""
    path = Path(model).expanduser()
    return (
        path.exists()
        or path.is_absolute()
        or not _HUB_NAME.fullmatch(model)
        or model.startswith((".", "instance/"))
        or (len(path.parts) > 1 and path.parent.is_dir())
    )


def _load(model: str, precision: Precision) -> SentenceTransformer:
    """The model ready to compute; a folder is read without touching the network."""
    local = _is_path(model)
    if local:
        _require_folder(Path(model).expanduser())
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    import torch

    with without_scoring():
        from sentence_transformers import SentenceTransformer
    from transformers.utils.logging import disable_progress_bar

    from index.packed import can_pack, pack_linear_layers
    from index.table import leave_in_file

    disable_progress_bar()  # type: ignore[no-untyped-call]
    dtype = torch.bfloat16 if _wants_bfloat16(precision) else torch.float32
    try:
        loaded = SentenceTransformer(
            str(Path(model).expanduser()) if local else model,
            device="cpu",
            local_files_only=local,
            model_kwargs={"dtype": dtype},
        ).eval()
    except OSError as error:
        raise EncoderMissing(f"无法加载编码器 {model}:{error}") from error
    _round_lengths(loaded)
    if can_pack(dtype):
        pack_linear_layers(loaded)
    if local:
        file = Path(model).expanduser() / "model.safetensors"
        leave_in_file(loaded, file, prefix="0.model.")
    give_back_memory()
    return loaded


def _round_lengths(model: SentenceTransformer) -> None:
    """Pad every text to a multiple of `LENGTH_STEP` tokens.

    Each new length makes torch prepare, and keep, the products of that shape: some
    100 MB after a few hundred queries, and some milliseconds for each.
    """
    first: Any = model[0]
    longest = model.max_seq_length
    if hasattr(first, "processing_kwargs") and longest and longest % LENGTH_STEP == 0:
        given = first.processing_kwargs.get("text", {})
        first.processing_kwargs["text"] = {"pad_to_multiple_of": LENGTH_STEP} | given


def _require_folder(folder: Path) -> None:
    whole = (folder / "modules.json").is_file() and any(folder.rglob("*.safetensors"))
    if not whole:
        raise EncoderMissing(
            f"编码器目录 {folder} 不存在或不完整;请先运行 make encoder"
        )


def _wants_bfloat16(precision: Precision) -> bool:
    """Auto means bfloat16 where the processor multiplies it itself.

    There it is faster for short and long texts alike, at a cosine of 0.9999 with
    float32; elsewhere it is emulated and many times slower.
    """
    if precision != "auto":
        return precision == "bfloat16"
    import torch

    able = torch.cpu.get_capabilities()
    return any(able.get(flag) for flag in ("avx512_bf16", "amx_bf16"))


def _identity(model: str, loaded: Any, *prompts: str) -> str:
    """A short name for model and prompts: ``multilingual-e5-small@0123456789ab``."""
    folder = Path(model).expanduser()
    digest = hashlib.sha256(json.dumps(prompts).encode())
    label = folder.name
    if folder.is_dir():
        digest.update(_fingerprint(folder))
        manifest = folder / "manifest.json"
        if manifest.is_file():
            label = json.loads(manifest.read_text("utf-8")).get("model", label)
    else:
        label = model
        revision = getattr(loaded[0].model.config, "_commit_hash", None)
        digest.update(f"{model}@{revision}".encode())
    return f"{label}@{digest.hexdigest()[:12]}"


def _fingerprint(folder: Path) -> bytes:
    """Digest of every file that can change a vector."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".json", ".safetensors", ".txt", ".model", ".bin", ".py"}:
            digest.update(path.relative_to(folder).as_posix().encode())
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.digest()
