"""Measures against examples worked out by hand."""

from math import isnan, log, log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import metrics
from index.metrics import (
    interval,
    ndcg,
    pair_order,
    recall,
    reciprocal_rank,
    success,
)

GRADES = {"a": 3, "b": 2, "c": 1, "x": 0}


def test_ndcg_is_gain_over_the_best_possible_gain():
    # Gains 7, 3, 1; the ranking has c at 1, a at 3.
    ranking = ["c", "other", "a"]
    expected = (1 / log2(2) + 7 / log2(4)) / (7 / log2(2) + 3 / log2(3) + 1 / log2(4))

    assert ndcg(ranking, GRADES) == pytest.approx(expected)
    assert ndcg(["a", "b", "c"], GRADES) == pytest.approx(1)
    assert ndcg(["x", "other"], GRADES) == 0
    assert ndcg([], GRADES) == 0


def test_ndcg_looks_no_deeper_than_k_on_either_side():
    assert ndcg(["other", "a"], GRADES, k=1) == 0
    assert ndcg(["a", "other"], GRADES, k=1) == pytest.approx(1)
    many = {f"i{n}": 3 for n in range(20)}
    assert ndcg([f"i{n}" for n in range(10)], many, k=10) == pytest.approx(1)


def test_recall_is_the_share_of_useful_items_found():
    assert recall(["a", "x", "b"], GRADES, 1) == 0.5
    assert recall(["a", "x", "b"], GRADES, 3) == 1
    # Grade 1 is worth reading, not useful.
    assert recall(["c", "x"], GRADES, 2) == 0


def test_success_asks_for_one_useful_item():
    assert success(["x", "b"], GRADES, 1) == 0
    assert success(["x", "b"], GRADES, 2) == 1
    assert success(["c"], GRADES, 5) == 0


def test_the_reciprocal_rank_is_that_of_the_first_useful_item():
    assert reciprocal_rank(["c", "x", "b", "a"], GRADES) == pytest.approx(1 / 3)
    assert reciprocal_rank(["c", "x", "b"], GRADES, k=2) == 0
    assert reciprocal_rank([], GRADES) == 0


def test_pair_order_counts_useful_items_before_false_friends():
    grades = {"a": 3, "b": 2, "c": 1, "x": 0, "y": 0}
    # (a,x) right, (a,y) right, (b,x) wrong, (b,y) right: y is not ranked at all.
    assert pair_order(["a", "x", "b"], grades) == 0.75
    # Neither is ranked: nothing says that the useful one came first.
    assert pair_order(["a"], grades) == 0.5
    assert pair_order([], grades) == 0


@pytest.mark.parametrize(
    "value",
    [
        ndcg(["a"], {"a": 0}),
        ndcg(["a"], {}),
        recall(["a"], {"a": 1}, 5),
        success(["a"], {"a": 1}, 5),
        reciprocal_rank(["a"], {"a": 1}),
        pair_order(["a"], {"a": 3}),
        pair_order(["x"], {"x": 0}),
    ],
)
def test_where_there_is_nothing_to_find_there_is_no_figure(value):
    assert isnan(value)


def test_an_interval_is_the_same_each_time_and_holds_the_mean():
    values = [0.1, 0.4, 0.9, 1.0, float("nan"), 0.7]
    mean, low, high = interval(values)

    assert mean == pytest.approx(0.62)
    assert low < mean < high
    assert interval(values) == (mean, low, high)
    assert interval(values, seed=8) != (mean, low, high)
    assert interval(values[:4] + values[5:]) == (mean, low, high)


def test_an_interval_of_one_value_or_of_none():
    assert interval([0.5]) == (0.5, 0.5, 0.5)
    assert all(isnan(value) for value in interval([]))
    assert all(isnan(value) for value in interval([float("nan")]))


@given(
    st.permutations(["a", "b", "c", "x", "o1", "o2"]),
    st.integers(1, 8),
)
def test_every_measure_lies_between_nothing_and_all(ranking, k):
    for value in (
        ndcg(ranking, GRADES, k),
        recall(ranking, GRADES, k),
        success(ranking, GRADES, k),
        reciprocal_rank(ranking, GRADES, k),
        pair_order(ranking, GRADES),
    ):
        assert 0 <= value <= 1 + 1e-9


# -- Probabilities ---------------------------------------------------------------


def test_probabilities_that_come_true_are_reliable():
    told = [0.25] * 4 + [0.75] * 4
    truth = [True, False, False, False, True, True, True, False]
    found = metrics.reliability(told, truth, 4)
    assert (found.error, found.brier) == (0, pytest.approx(0.1875))
    assert [(one.low, one.count, one.observed) for one in found.bins] == [
        (0.25, 4, 0.25),
        (0.75, 4, 0.75),
    ]


def test_what_is_told_too_high_shows_as_error():
    found = metrics.reliability([0.9, 1.0], [False, False], 10)
    assert found.error == pytest.approx(0.95)
    assert len(found.bins) == 1


def test_of_nothing_no_reliability_is_known():
    found = metrics.reliability([], [])
    assert found.bins == []
    assert isnan(found.error)
    with pytest.raises(ValueError, match="differ"):
        metrics.reliability([0.5], [])


def test_log_loss_and_auc():
    assert metrics.log_loss([0.5, 0.5], [True, False]) == pytest.approx(log(2))
    assert metrics.log_loss([1.0], [False]) > 20
    assert metrics.auc([0.1, 0.4, 0.4, 0.9], [False, True, False, True]) == 0.875
    assert isnan(metrics.auc([0.3], [True]))
    assert isnan(metrics.log_loss([], []))


def test_the_interval_of_a_share_narrows_with_the_number():
    assert metrics.wilson(0, 0) == (0, 1)
    few, many = metrics.wilson(5, 10), metrics.wilson(500, 1000)
    assert few[0] < many[0] < 0.5 < many[1] < few[1]
    assert metrics.wilson(0, 5)[0] == 0
    assert metrics.wilson(5, 5)[1] == 1
