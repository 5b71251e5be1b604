"""BM25 over a changing set of rows, against the formula written out once more."""

from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.lexical import K1, MOST_REPEATS, B, LexicalIndex

WORDS = ["电池", "预警", "水稻", "plc", "wh/kg"]

counts = st.dictionaries(
    st.sampled_from(WORDS), st.sampled_from([0.5, 1.0, 2.0, 3.0]), max_size=5
)
queries = st.dictionaries(
    st.sampled_from([*WORDS, "没见过"]),
    st.sampled_from([0.5, 1.0, 2.0, 5.0]),
    max_size=4,
)


def naive(rows, query, size):
    """BM25 as the class's docstring says it, row by row."""
    scores = np.zeros(size)
    if not rows:
        return scores
    average = sum(sum(row.values()) for row in rows.values()) / len(rows) or 1.0
    for number, row in rows.items():
        for term, asked in query.items():
            if term in row:
                having = sum(term in other for other in rows.values())
                idf = log(1 + (len(rows) - having + 0.5) / (having + 0.5))
                length = K1 * (1 - B + B * sum(row.values()) / average)
                part = row[term] * (K1 + 1) / (row[term] + length)
                scores[number] += min(asked, MOST_REPEATS) * idf * part
    return scores


def index_of(rows):
    index = LexicalIndex()
    for number, row in rows.items():
        index.add(number, row)
    return index


def test_scores_are_those_worked_out_by_hand():
    index = index_of(
        {0: {"电池": 1.0}, 1: {"电池": 1.0, "预警": 2.0}, 2: {"水稻": 2.0}}
    )
    # N 3, lengths 1, 3, 2, average 2; «预警» in one row, idf ln(1 + 2.5/1.5).
    # Row 1: 2 · 2.2 / (2 + 1.2 · (0.25 + 0.75 · 1.5)) = 4.4 / 3.65
    scores = index.scores({"预警": 1.0}, 3)

    assert scores == pytest.approx([0, log(1 + 2.5 / 1.5) * 4.4 / 3.65, 0])
    assert scores.dtype == np.float32


def test_a_word_repeated_in_the_query_counts_twice_at_most():
    index = index_of({0: {"电池": 1.0}, 1: {"水稻": 1.0}})
    twice = index.scores({"电池": 2.0}, 2)

    assert index.scores({"电池": 9.0}, 2) == pytest.approx(twice)
    assert index.scores({"电池": 1.0}, 2) * 2 == pytest.approx(twice)


def test_an_index_of_nothing_answers_zero():
    index = LexicalIndex()
    assert index.scores({"电池": 1.0}, 3).tolist() == [0, 0, 0]
    assert index.scores({}, 0).shape == (0,)
    assert len(index) == 0


def test_a_row_without_words_scores_zero_and_counts_as_a_row():
    index = index_of({0: {}, 1: {"电池": 1.0}})
    assert index.scores({"电池": 1.0}, 2)[0] == 0
    assert index.idf("电池") == pytest.approx(log(1 + 1.5 / 1.5))


def test_a_row_number_is_not_given_twice():
    index = index_of({0: {"电池": 1.0}})
    with pytest.raises(ValueError, match="already there"):
        index.add(0, {"水稻": 1.0})


def test_an_index_that_lost_all_its_rows_still_answers():
    index = index_of({row: {"电池": 1.0} for row in range(200)})
    for row in range(200):
        index.remove(row)

    assert not index.scores({"电池": 1.0}, 200).any()
    index.add(200, {"电池": 1.0})
    assert np.flatnonzero(index.scores({"电池": 1.0}, 201)).tolist() == [200]


def test_a_row_number_used_again_brings_nothing_of_its_former_self():
    index = index_of({row: {"电池": 1.0, "预警": 1.0} for row in range(3)})
    index.scores({"电池": 1.0}, 3)
    index.remove(1)
    index.add(1, {"水稻": 1.0})

    assert index.scores({"电池": 1.0, "预警": 1.0}, 3)[1] == 0
    assert index.scores({"水稻": 1.0}, 3)[1] > 0


@settings(max_examples=100)
@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 30), counts), max_size=60),
    queries,
    st.integers(0, 100),
)
def test_scores_are_those_of_the_rows_present_whatever_came_and_went(
    steps, query, ballast
):
    """With ballast the postings were sorted before, or are sorted on the way."""
    index, rows = LexicalIndex(), {}
    for row in range(100, 100 + ballast):
        rows[row] = {WORDS[row % 5]: 1.0}
        index.add(row, rows[row])
    for comes, row, words in steps:
        if comes and row not in rows:
            rows[row] = words
            index.add(row, words)
        elif not comes and row in rows:
            del rows[row]
            index.remove(row)
        if row % 7 == 0:
            index.scores(query, 200)

    assert len(index) == len(rows)
    assert index.scores(query, 200) == pytest.approx(
        naive(rows, query, 200), abs=1e-4, rel=1e-4
    )


@settings(max_examples=50)
@given(st.lists(counts, min_size=1, max_size=40), queries, st.randoms())
def test_scores_do_not_depend_on_the_order_rows_came_in(words, query, random):
    rows = dict(enumerate(words))
    order = list(rows)
    random.shuffle(order)
    other = index_of({row: rows[row] for row in order})

    assert other.scores(query, len(rows)) == pytest.approx(
        index_of(rows).scores(query, len(rows)), abs=1e-5
    )


@settings(max_examples=60)
@given(st.lists(counts, min_size=1, max_size=20), queries)
def test_a_text_is_scored_alone_as_it_would_be_as_a_row(words, query):
    index = index_of(dict(enumerate(words)))
    scores = index.scores(query, len(words))
    for row, some in enumerate(words):
        assert index.score_of(query, some) == pytest.approx(scores[row], abs=1e-4)


def test_an_empty_index_scores_no_text():
    assert LexicalIndex().score_of({"电池": 1.0}, {"电池": 1.0}) == 0
