"""Computes what is stored of a text: its passages, terms and vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .encoder import Encoder
from .hybrid import Question
from .lexical import weigh
from .text import Passage, Source, passages, sentences, simplify, terms

Progress = Callable[[int], None]


@dataclass(frozen=True, eq=False)
class Prepared:
    """A text ready to be stored or indexed; rows as in `hybrid.IndexedRecord`."""

    source: Source
    passages: list[Passage]
    terms: list[list[str]]
    vectors: NDArray[np.float16]
    questions: NDArray[np.float16]


def prepare(
    encoder: Encoder, sources: Sequence[Source], progress: Progress | None = None
) -> list[Prepared]:
    """All of the texts at once, so that the encoder can batch like lengths.

    ``progress`` is told how many of `count_encodings` are done.
    """
    cut = [passages(source) for source in sources]
    texts = [simplify(passage.text) for found in cut for passage in found]
    tell = progress or (lambda _: None)
    vectors = encoder.encode_passages(texts, progress=tell)
    questions = encoder.encode_queries(
        texts, progress=lambda done: tell(len(texts) + done)
    )
    ends = np.cumsum([len(found) for found in cut])
    parts = zip(
        sources,
        cut,
        np.split(vectors.astype(np.float16), ends[:-1]),
        np.split(questions.astype(np.float16), ends[:-1]),
        strict=True,
    )
    return [
        Prepared(source, found, [terms(p.text) for p in found], vector, question)
        for source, found, vector, question in parts
    ]


def count_encodings(sources: Sequence[Source]) -> int:
    """How many passages `prepare` will encode: each to be found, and to ask."""
    return 2 * sum(len(passages(source)) for source in sources)


def question(encoder: Encoder, text: str) -> Question:
    """What a person typed, as a question: the whole and its sentences."""
    plain = simplify(text)
    spans = sentences(plain)
    pieces = [plain[start:end] for start, end in spans] if len(spans) > 1 else []
    vectors = encoder.encode_queries([plain, *pieces])
    return Question(
        vectors[0], vectors[1:] if pieces else vectors, weigh([(terms(text), 1.0)])
    )
