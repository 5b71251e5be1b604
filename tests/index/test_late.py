"""Late interaction: each word of a question looks for its own counterpart."""

from math import log1p

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.late import ASKING, Asking, PieceCounts, Tokens, no_tokens, scale

WIDTH = 4
NUMBERS = st.floats(-1, 1, width=32)
ROWS = st.lists(st.lists(NUMBERS, min_size=WIDTH, max_size=WIDTH), max_size=6)


def tokens(*rows, ids=None):
    vectors = np.array(rows, np.float32).reshape(len(rows), WIDTH)
    return Tokens.of(np.array(ids or range(len(rows)), np.int64), vectors)


AXES = np.eye(WIDTH)
RARE, COMMON = tokens(AXES[0], ids=[7]), tokens(AXES[1], ids=[8])
COUNTS = PieceCounts([COMMON, COMMON, COMMON, RARE])


@given(ROWS)
def test_bytes_give_back_what_was_stored(rows):
    stored = tokens(*rows)
    again = Tokens.from_bytes(stored.to_bytes(), WIDTH)
    assert np.array_equal(again.ids, stored.ids)
    assert np.array_equal(again.vectors, stored.vectors)


def test_torn_bytes_are_refused():
    with pytest.raises(ValueError, match="no pieces of 4"):
        Tokens.from_bytes(RARE.to_bytes()[:-1], WIDTH)


@given(ROWS.filter(any), st.floats(0.25, 4))
def test_the_length_of_a_vector_says_nothing(rows, times):
    filled = [row for row in rows if max(map(abs, row)) > 0.1]
    one = tokens(*filled)
    other = tokens(*(np.array(row) * times for row in filled))
    assert np.abs(one.vectors.astype(int) - other.vectors).max(initial=0) <= 1


def test_a_stored_vector_keeps_its_direction():
    drawn = np.random.default_rng(1).standard_normal((50, 64)).astype(np.float32)
    stored = Tokens.of(np.arange(50), drawn).vectors / scale(64)
    unit = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    assert (stored * unit).sum(1) == pytest.approx(1, abs=0.01)


def test_a_piece_counts_by_how_rare_it_is():
    assert COUNTS.idf(np.array([7], np.int32)) == pytest.approx(log1p(3.5 / 1.5))
    assert COUNTS.idf(np.array([8], np.int32)) == pytest.approx(log1p(1.5 / 3.5))
    assert COUNTS.idf(np.array([9999], np.int32)) == pytest.approx(log1p(4.5 / 0.5))


def test_the_score_is_the_weighted_mean_of_the_best_counterparts():
    question = Tokens.joined([RARE, COMMON])
    asking = Asking.of(question, COUNTS)
    rare, common = COUNTS.idf(question.ids) / COUNTS.idf(question.ids).sum()
    both = tokens(AXES[2], AXES[1], AXES[0])
    half = tokens(AXES[0] + AXES[2])

    scores = asking.scores([RARE, COMMON, both, half])

    assert scores == pytest.approx([rare, common, 1, rare / 2**0.5], abs=0.02)
    assert rare > common


def test_a_text_or_question_without_pieces_scores_nothing():
    scores = Asking.of(RARE, COUNTS).scores([no_tokens(WIDTH), RARE])
    assert scores == pytest.approx([0, 1], abs=0.02)
    assert Asking.of(no_tokens(WIDTH), COUNTS).scores([RARE]).tolist() == [0]
    assert Asking.of(RARE, PieceCounts([])).scores([]).tolist() == []


def test_a_long_question_asks_with_its_most_telling_pieces():
    many = [AXES[1]] * (2 * ASKING)
    question = Tokens.joined([tokens(*many, ids=[8] * len(many)), RARE])
    asking = Asking.of(question, COUNTS)
    assert len(asking.weights) == ASKING
    assert asking.weights.argmax() == ASKING - 1
    assert asking.weights.sum() == pytest.approx(1)


@given(ROWS.filter(len), ROWS.filter(len))
def test_scores_lie_between_minus_one_and_one_and_more_text_never_lowers(one, other):
    asking = Asking.of(tokens(*one), COUNTS)
    short, long = tokens(*other), tokens(*other, *one)
    low, high = asking.scores([short, long])
    assert -1.05 <= low <= high + 1e-5 <= 1.05
