"""The one formula: bounds, weights, order, monotony, and how ties are told apart."""

from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from matchmaker.panels.scoring import (
    Criterion,
    Scored,
    expert_points,
    hundredths,
    outliers,
    ranking,
    sheet_points,
    shown,
    spread,
    total_points,
)

POINTS = st.integers(0, 100)


@st.composite
def reviews(draw):
    """Criteria whose weights sum to 100, bids with sheets, an issuer's weight."""
    number = draw(st.integers(1, 5))
    cuts = sorted(draw(st.sets(st.integers(1, 99), min_size=number - 1)))[: number - 1]
    edges = [0, *cuts, 100]
    pairs = pairwise(edges)
    criteria = [Criterion(f"标准{i}", b - a) for i, (a, b) in enumerate(pairs)]
    row = st.lists(POINTS, min_size=len(criteria), max_size=len(criteria))
    has_views = draw(st.booleans())
    bids = [
        Scored(
            number,
            draw(st.lists(row, min_size=1, max_size=5)),
            draw(POINTS) if has_views else None,
        )
        for number in range(draw(st.integers(1, 6)))
    ]
    return criteria, bids, draw(st.integers(0, 50))


@given(reviews())
def test_points_stay_within_the_scores_they_come_from(world):
    criteria, bids, weight = world
    assert sum(one.weight for one in criteria) == 100
    for bid in bids:
        scores = [score for sheet in bid.sheets for score in sheet]
        given_ = scores + ([] if bid.issuer is None else [bid.issuer])
        assert min(scores) <= expert_points(bid.sheets, criteria) <= max(scores)
        assert min(given_) <= total_points(bid, criteria, weight) <= max(given_)


@given(reviews(), st.data())
def test_a_better_score_never_makes_a_total_worse(world, data):
    criteria, bids, weight = world
    bid = bids[0]
    sheets = [list(sheet) for sheet in bid.sheets]
    row = data.draw(st.integers(0, len(sheets) - 1))
    column = data.draw(st.integers(0, len(criteria) - 1))
    before = total_points(bid, criteria, weight)
    step = data.draw(st.integers(0, 100 - sheets[row][column]))
    sheets[row][column] += step
    after = total_points(Scored(0, sheets, bid.issuer), criteria, weight)
    # By exactly what its weights say.
    share = Fraction(criteria[column].weight, 100 * len(sheets))
    if bid.issuer is not None:
        share *= Fraction(100 - weight, 100)
    assert after - before == step * share


@given(reviews(), st.randoms(use_true_random=False))
def test_the_order_of_bids_and_of_sheets_does_not_matter(world, random):
    criteria, bids, weight = world
    mixed = [
        Scored(b.bid_id, random.sample(b.sheets, len(b.sheets)), b.issuer) for b in bids
    ]
    random.shuffle(mixed)
    assert ranking(mixed, criteria, weight) == ranking(bids, criteria, weight)


@given(reviews())
def test_ranks_fall_with_the_totals_and_only_what_is_alike_shares_one(world):
    criteria, bids, weight = world
    found = ranking(bids, criteria, weight)
    heaviest = max(range(len(criteria)), key=lambda place: criteria[place].weight)
    keys = [(one.total, one.experts, one.means[heaviest]) for one in found]
    assert keys == sorted(keys, reverse=True)
    for one, key in zip(found, keys, strict=True):
        assert one.rank == 1 + sum(other > key for other in keys)
        shares_total = sum(other.total == one.total for other in found) > 1
        assert bool(one.tie) == shares_total
        assert one.tie.startswith("并列") == (keys.count(key) > 1)


def test_weights_are_respected_to_the_hundredth():
    criteria = [Criterion("技术", 60), Criterion("团队", 40)]
    assert sheet_points([90, 80], criteria) == 86
    bid = Scored(1, [[90, 80], [80, 70], [71, 70]], 100)
    assert shown(hundredths(expert_points(bid.sheets, criteria))) == "77.53"
    [one] = ranking([bid], criteria, 20)
    assert shown(one.total) == "82.03"
    assert [shown(mean) for mean in one.means] == ["80.33", "73.33"]


def test_ties_are_told_apart_by_the_experts_then_by_the_heaviest_criterion():
    criteria = [Criterion("技术", 60), Criterion("团队", 40)]
    by_experts = ranking(
        [Scored(1, [[80, 80]], 80), Scored(2, [[90, 90]], 70)], criteria, 50
    )
    assert [one.bid_id for one in by_experts] == [2, 1]
    assert by_experts[0].tie == "综合得分相同，按专家平均分排先后"
    by_weight = ranking([Scored(1, [[80, 80]]), Scored(2, [[82, 77]])], criteria, 0)
    assert [one.bid_id for one in by_weight] == [2, 1]
    assert "技术" in by_weight[0].tie
    alike = ranking([Scored(2, [[80, 80]]), Scored(1, [[80, 80]])], criteria, 0)
    assert [(one.bid_id, one.rank) for one in alike] == [(1, 1), (2, 1)]


def test_an_outlier_is_far_from_the_median_and_counts_all_the_same():
    points = [Fraction(80), Fraction(82), Fraction(60)]
    assert outliers(points) == {2}
    assert outliers([Fraction(80), Fraction(66), Fraction(81)]) == set()
    assert outliers([Fraction(80), Fraction(65), Fraction(81)]) == {1}
    assert outliers([]) == set()
    assert spread(points) == 22
