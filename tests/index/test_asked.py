"""A question that was put aside asks the same again."""

import numpy as np
import pytest

from index import embed
from index.asked import pack, unpack
from index.hashing import HashingEncoder


@pytest.mark.parametrize(
    "words",
    [
        "电池过充后怎么提前报警？",
        "压铸件远端发脆，铆接就裂。" * 12,
        "x",
        "🔋",
    ],
)
def test_it_is_the_same_question(words):
    asked = embed.question(HashingEncoder(), words)
    again = unpack(pack(asked), words)
    assert np.array_equal(again.whole, asked.whole)
    assert np.array_equal(again.pieces, asked.pieces)
    assert again.terms == asked.terms
    assert np.array_equal(again.tokens.ids, asked.tokens.ids)
    assert np.array_equal(again.tokens.vectors, asked.tokens.vectors)
    assert again.key
    assert again.key != unpack(pack(asked), words + "。").key
