"""A question put aside: a saved search is asked again of every new record."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from io import BytesIO

import numpy as np

from .hybrid import Question
from .late import Tokens
from .text import terms


def pack(question: Question) -> bytes:
    """What the encoder made of the words; `unpack` reads it."""
    buffer = BytesIO()
    np.savez(
        buffer,
        whole=question.whole,
        pieces=question.pieces,
        ids=question.tokens.ids,
        tokens=question.tokens.vectors,
    )
    return buffer.getvalue()


def unpack(blob: bytes, words: str) -> Question:
    """The question again, as `embed.question` made it of the same words.

    It bears a key: what is usual for it on a shelf is computed once.
    """
    with np.load(BytesIO(blob), allow_pickle=False) as parts:
        return Question(
            parts["whole"],
            parts["pieces"],
            Counter(terms(words)),
            Tokens(parts["ids"], parts["tokens"]),
            key=f"words:{sha256(words.encode()).hexdigest()}",
        )
