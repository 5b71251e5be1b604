"""Reciprocal-rank fusion, worked out by hand."""

import pytest

from index.fusion import reciprocal_rank_fusion


def test_a_row_gets_one_over_sixty_plus_its_rank_from_each_ranking():
    found = dict(reciprocal_rank_fusion([[7, 5], [5, 9]]))

    assert found == pytest.approx({5: 1 / 62 + 1 / 61, 7: 1 / 61, 9: 1 / 62})


def test_the_best_comes_first_and_ties_go_by_row():
    found = reciprocal_rank_fusion([[3, 1], [1, 3], [2]])
    # 1 and 3 have the same sum, 2 has 1/61 alone.
    assert [row for row, _ in found] == [1, 3, 2]


def test_nothing_ranked_is_nothing_fused():
    assert reciprocal_rank_fusion([]) == []
    assert reciprocal_rank_fusion([[], []]) == []
