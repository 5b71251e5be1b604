"""Computes what is stored of a text: its passages, terms and vectors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.outbox import Audience, RecordType

from .encoder import Encoder, Read, unit_rows
from .hybrid import IndexedRecord, Question
from .late import Tokens, no_tokens
from .text import Passage, Source, passages, sentences, simplify, terms, windows

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
    tokens: Tokens

    def indexed(
        self,
        kind: RecordType,
        record_id: int,
        audience: Audience = Audience.EVERYONE,
        facts: Mapping[str, Any] | None = None,
    ) -> IndexedRecord:
        """The text as a record of the index."""
        return IndexedRecord(
            kind=kind,
            id=record_id,
            audience=audience,
            text_hash=self.source.hash,
            passages=self.passages,
            terms=self.terms,
            vectors=self.vectors,
            questions=self.questions,
            facts=facts or {},
            tokens=self.tokens,
        )


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
    asking = [True] * len(cut) if asks is None else list(asks)
    tell = progress or (lambda _: None)
    found = _encode(encoder.read_passages, encoder.encode_passages, cut, tell)
    done = _count(cut)
    who = [number for number, wanted in enumerate(asking) if wanted]
    asked = _encode(
        _without_pieces(encoder.encode_queries),
        encoder.encode_queries,
        [cut[number] for number in who],
        lambda more: tell(done + more),
    )
    questions = dict(zip(who, asked, strict=True))
    return [
        Prepared(
            source,
            cut[number],
            [terms(passage.text) for passage in cut[number]],
            vectors,
            questions[number][0] if number in questions else vectors,
            tokens,
        )
        for number, (source, (vectors, tokens)) in enumerate(
            zip(sources, found, strict=True)
        )
    ]


def _without_pieces(encode: Callable[..., NDArray[np.float32]]) -> Callable[..., Read]:
    """A record asks by its vectors alone."""

    def read(texts: Sequence[str], progress: Progress) -> Read:
        return encode(texts, progress=progress), [no_tokens()] * len(texts)

    return read


def _encode(
    read: Callable[..., Read],
    encode: Callable[..., NDArray[np.float32]],
    texts: Sequence[list[Passage]],
    progress: Progress,
) -> list[tuple[NDArray[np.float16], Tokens]]:
    """Of each text the vectors of its passages, the whole first, and its pieces.

    The whole is read in windows, to its end however long; its vector is the mean
    of theirs, each counting by its length.
    """
    wholes = [windows(simplify(some[0].text)) if some else [] for some in texts]
    parts = [[simplify(p.text) for p in some[1:]] for some in texts]
    flat = [window for text in wholes for window in text]
    vectors, pieces = read(flat, progress=progress)
    others = encode(
        [part for some in parts for part in some],
        progress=lambda done: progress(len(flat) + done),
    )
    found, window, part = [], 0, 0
    for text, some in zip(wholes, parts, strict=True):
        mine = slice(window, window + len(text))
        whole, tokens = _joined(text, vectors[mine], pieces[mine])
        together = np.concatenate([whole, others[part : part + len(some)]])
        found.append((together.astype(np.float16), tokens))
        window, part = mine.stop, part + len(some)
    return found


def _joined(
    text: Sequence[str], vectors: NDArray[np.float32], pieces: Sequence[Tokens]
) -> tuple[NDArray[np.float32], Tokens]:
    """(1, d) the vector of all windows together, and their pieces in a row."""
    if len(text) < 2:
        return vectors, pieces[0] if pieces else no_tokens()
    sizes = np.array([len(window) for window in text], np.float32)
    return unit_rows((sizes @ vectors)[None]), Tokens.joined(pieces)


def count_encodings(
    sources: Sequence[Source], asks: Sequence[bool] | None = None
) -> int:
    """How many texts `prepare` will encode."""
    asking = [True] * len(sources) if asks is None else asks
    return sum(
        _count([passages(source)]) * (2 if twice else 1)
        for source, twice in zip(sources, asking, strict=True)
    )


def _count(texts: Sequence[list[Passage]]) -> int:
    return sum(
        len(windows(simplify(some[0].text))) + len(some) - 1 for some in texts if some
    )


def question(encoder: Encoder, text: str) -> Question:
    """What a person typed, as a question; a long text also by its sentences."""
    plain = simplify(text)
    spans = sentences(plain) if len(plain) >= LONG_QUESTION else []
    pieces = [plain[start:end] for start, end in spans] if len(spans) > 1 else []
    wholes = windows(plain)
    whole, tokens = _joined(wholes, *encoder.read_queries(wholes))
    vectors = encoder.encode_queries(pieces) if pieces else whole
    return Question(whole[0], vectors, Counter(terms(text)), tokens)
