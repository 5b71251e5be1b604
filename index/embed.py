"""Computes what is stored of a text: its passages, terms and vectors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .encoder import Encoder
from .hybrid import Question
from .text import Passage, Source, passages, sentences, simplify, terms

Progress = Callable[[int], None]

# Two sentences of everyday speech say one thing, and each costs as long to encode
# as the whole of them.
LONG_QUESTION = 100


@dataclass(frozen=True, eq=False)
class Prepared:
    """A text ready to be stored or indexed; rows as in `hybrid.IndexedRecord`."""

    source: Source
    passages: list[Passage]
    terms: list[list[str]]
    vectors: NDArray[np.float16]
    questions: NDArray[np.float16]


def prepare(
    encoder: Encoder,
    sources: Sequence[Source],
    *,
    asks: Sequence[bool] | None = None,
    progress: Progress | None = None,
) -> list[Prepared]:
    """All of the texts at once, so that the encoder can batch like lengths.

    ``asks`` says which texts will ask as well as be found (unset: all of them);
    the others ask, if they must, with the vectors by which they are found.
    ``progress`` is told how many of `count_encodings` are done.
    """
    if not sources:
        return []
    cut = [passages(source) for source in sources]
    asking = [True] * len(cut) if asks is None else asks
    texts = [simplify(passage.text) for found in cut for passage in found]
    asked = np.repeat(np.array(asking, bool), [len(found) for found in cut])
    tell = progress or (lambda _: None)
    vectors = encoder.encode_passages(texts, progress=tell).astype(np.float16)
    questions = vectors.copy()
    if asked.any():
        questions[asked] = encoder.encode_queries(
            [text for text, wanted in zip(texts, asked, strict=True) if wanted],
            progress=lambda done: tell(len(texts) + done),
        )
    ends = np.cumsum([len(found) for found in cut])[:-1]
    parts = zip(
        sources, cut, np.split(vectors, ends), np.split(questions, ends), strict=True
    )
    return [
        Prepared(source, found, [terms(p.text) for p in found], vector, question)
        for source, found, vector, question in parts
    ]


def count_encodings(
    sources: Sequence[Source], asks: Sequence[bool] | None = None
) -> int:
    """How many passages `prepare` will encode."""
    asking = [True] * len(sources) if asks is None else asks
    return sum(
        len(passages(source)) * (2 if twice else 1)
        for source, twice in zip(sources, asking, strict=True)
    )


def question(encoder: Encoder, text: str) -> Question:
    """What a person typed, as a question; a long text also by its sentences."""
    plain = simplify(text)
    spans = sentences(plain) if len(plain) >= LONG_QUESTION else []
    pieces = [plain[start:end] for start, end in spans] if len(spans) > 1 else []
    vectors = encoder.encode_queries([plain, *pieces])
    return Question(
        vectors[0], vectors[1:] if pieces else vectors, Counter(terms(text))
    )
