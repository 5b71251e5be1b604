"""The model of the probability of approval: its features and its fit."""

from dataclasses import replace
from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.approval import (
    FEATURES,
    IGNORANT,
    NAMES,
    ApprovalModel,
    Side,
    calibrate,
    features,
    fit,
    modes_fit,
    shares,
    shipped,
    side,
)
from index.indicators import Judgement
from index.requirements import Requirement
from models.states import Mode, SuggestionKind

PAIR = SuggestionKind.NEED_ACHIEVEMENT
NEED_CALL = SuggestionKind.NEED_CALL
ES = Side("ES")
TEXT = {"whole": 2.5, "coverage": 1.5, "lexical": 30.0}

values = st.floats(-5, 5, allow_nan=False)
rows = st.fixed_dictionaries(dict.fromkeys(NAMES, values))
labelled = st.lists(st.tuples(rows, st.booleans()), min_size=1, max_size=12)


def known(asks=ES, answers=ES, *, kind=PAIR, text=TEXT, verdicts=()):
    blank = Requirement("误报率≤1%")
    judged = [
        Judgement(blank, 0, blank.text, (0, 0), None, None, None, verdict, "")
        for verdict in verdicts
    ]
    return features(kind, text, asks, answers, shares(judged))


# -- Features --------------------------------------------------------------------


def test_a_pair_has_every_feature_and_a_text_feature_not_known_is_none():
    found = known()
    assert tuple(found) == NAMES == tuple(FEATURES)
    assert (found["whole"], found["lexical"], found["late"]) == (2.5, 30.0, 0.0)
    assert known(text={"late": 3.0})["late"] == 3.0


@pytest.mark.parametrize(
    ("asks", "answers", "gap"),
    [(7, 5, 2), (7, 7, 0), (5, 9, 0), (9, 1, 5), (None, 3, 0), (7, None, 0)],
)
def test_readiness_counts_the_levels_missing(asks, answers, gap):
    found = known(Side("ES", readiness=asks), Side("ES", readiness=answers))
    assert found["readiness_gap"] == gap


@pytest.mark.parametrize(
    ("budget", "price", "excess"),
    [
        (100, 100, 0),
        (100, 20, 0),
        (100, 200, log(2)),
        (1, 10**9, 2),
        (None, 5, 0),
        (5, None, 0),
    ],
)
def test_price_counts_what_is_above_the_budget(budget, price, excess):
    found = known(Side("ES", money=budget), Side("ES", money=price))
    assert found["price_excess"] == pytest.approx(excess)


def test_the_money_of_a_need_and_a_call_is_not_compared():
    found = known(Side("ES", money=1), Side("ES", money=10**9), kind=NEED_CALL)
    assert found["price_excess"] == 0
    assert (found["is_need_call"], found["is_call_achievement"]) == (1, 0)


@pytest.mark.parametrize(
    ("sought", "offered", "fits"),
    [
        ({Mode.LICENCE}, {Mode.LICENCE, Mode.JOINT}, True),
        ({Mode.LICENCE}, {Mode.OPEN_LICENCE}, True),
        ({Mode.OPEN_LICENCE}, {Mode.LICENCE}, False),
        ({Mode.JOINT}, {Mode.TRANSFER}, False),
        (set(), {Mode.TRANSFER}, None),
        ({Mode.JOINT}, set(), None),
    ],
)
def test_modes_fit_where_one_sought_is_offered(sought, offered, fits):
    sought, offered = frozenset(sought), frozenset(offered)
    assert modes_fit(sought, offered) is fits
    found = known(Side("ES", modes=sought), Side("ES", modes=offered))
    assert found["modes_fit"] == (0.5 if fits is None else float(fits))


def test_indicators_count_by_share_and_a_part_counts_half():
    found = known(verdicts=["met", "partial", "unmet", "unknown"])
    assert (found["met"], found["unmet"]) == (0.375, 0.25)
    assert known()["met"] == known()["unmet"] == 0


def test_records_of_the_tables_make_sides(make):
    need, achievement, call = make.need(), make.achievement(), make.call()
    assert side(need) == Side("ES", 7, 200_000_000, frozenset({Mode.JOINT}))
    both = frozenset({Mode.LICENCE, Mode.JOINT})
    assert side(achievement) == Side("ES", 7, 80_000_000, both)
    assert side(call) == Side("ES", None, 500_000_000, frozenset())


# -- The shipped model -----------------------------------------------------------


def test_the_shipped_model_rates_a_near_pair_above_a_far_one():
    model = shipped()
    near = known(text={"whole": 5.0, "coverage": 5.0, "lexical": 60.0})
    far = known(Side("ES"), Side("AG"), text={"whole": 0.5, "coverage": 0.3})
    assert model.probability(near) > 0.8
    assert model.probability(far) < model.least < model.probability(near)
    assert set(model.weights) == set(model.typical) == set(NAMES)
    assert ApprovalModel.from_json(model.as_json()) == model


def test_contributions_add_up_to_the_distance_from_an_average_pair():
    model, pair = shipped(), known(verdicts=["met"])
    total = sum(model.contributions(pair).values())
    assert total == pytest.approx(model.logit(pair) - model.logit(model.typical))


# -- The fit ---------------------------------------------------------------------


def distance(one, other):
    names = [*NAMES]
    apart = [one.weights[name] - other.weights[name] for name in names]
    return float(np.abs([*apart, one.bias - other.bias]).max())


def test_without_decisions_the_prior_stands():
    assert distance(fit([], [], prior=shipped()), shipped()) == 0


@given(labelled)
def test_a_probability_lies_strictly_between_0_and_1(sample):
    some, labels = zip(*sample, strict=True)
    model = fit(some, labels)
    for value in (*model.probabilities(some), model.probability(some[0])):
        assert 0 < value < 1


@given(labelled, st.randoms(use_true_random=False))
def test_the_order_of_the_decisions_does_not_matter(sample, random):
    model = fit(*zip(*sample, strict=True))
    mixed = list(sample)
    random.shuffle(mixed)
    assert distance(fit(*zip(*mixed, strict=True)), model) < 1e-6


@given(labelled, st.integers(2, 5))
def test_a_decision_said_again_counts_for_more(sample, times):
    some, labels = zip(*sample, strict=True)
    once = fit(some, labels)
    again = fit([*some, *[some[0]] * times], [*labels, *[labels[0]] * times])
    before, after = once.probability(some[0]), again.probability(some[0])
    assert after >= before - 1e-9 if labels[0] else after <= before + 1e-9


@given(labelled, st.integers(2, 5))
def test_a_weight_counts_as_that_many_decisions(sample, times):
    some, labels = zip(*sample, strict=True)
    weighed = fit(some, labels, [times, *[1] * (len(some) - 1)])
    repeated = fit(
        [*some, *[some[0]] * (times - 1)], [*labels, *[labels[0]] * (times - 1)]
    )
    assert distance(weighed, repeated) < 1e-6


@given(labelled)
def test_a_stronger_pull_stays_nearer_to_the_prior(sample):
    some, labels = zip(*sample, strict=True)
    prior = shipped()

    def away(model):
        sizes = np.array([*(size for size, _, _ in FEATURES.values()), 1])
        apart = [model.weights[name] - prior.weights[name] for name in NAMES]
        return float(np.linalg.norm(sizes * [*apart, model.bias - prior.bias]))

    pulled = [away(fit(some, labels, prior=prior, pull=p)) for p in (0.5, 5, 500)]
    assert pulled[0] >= pulled[1] - 1e-9 >= pulled[2] - 2e-9
    assert pulled[2] < 0.5


def test_many_decisions_overcome_the_prior():
    generator = np.random.default_rng(3)
    truth = replace(IGNORANT, weights=IGNORANT.weights | {"met": 4.0}, bias=-2.0)
    some = [{"met": float(generator.random())} for _ in range(20_000)]
    labels = (generator.random(20_000) < truth.probabilities(some)).tolist()
    learnt = fit(some, labels, prior=shipped())
    assert learnt.weights["met"] == pytest.approx(4.0, abs=0.5)
    assert learnt.bias == pytest.approx(-2.0, abs=0.3)


def test_decisions_that_one_feature_tells_apart_do_not_run_away():
    """Without a prior the weight would grow without end."""
    some = [{"whole": 1.0}] * 50 + [{"whole": -1.0}] * 50
    model = fit(some, [True] * 50 + [False] * 50)
    assert 1 < model.weights["whole"] < 10


@given(labelled)
def test_no_weight_goes_against_its_meaning(sample):
    for prior in (IGNORANT, shipped()):
        model = fit(*zip(*sample, strict=True), prior=prior)
        for name, (_, sign, _) in FEATURES.items():
            assert model.weights[name] * sign >= 0, name


def test_a_missed_indicator_never_speaks_for_a_pair():
    some = [{"unmet": 1.0}] * 30 + [{"unmet": 0.0}] * 30
    assert fit(some, [True] * 30 + [False] * 30).weights["unmet"] == 0
    assert fit(some, [False] * 30 + [True] * 30).weights["unmet"] < -1


def test_rows_and_labels_of_different_number_are_refused():
    with pytest.raises(ValueError, match="differ"):
        fit([{}], [True, False])


def test_logits_too_sure_of_themselves_are_put_right():
    generator = np.random.default_rng(5)
    logits = generator.normal(0, 2, 4000)
    labels = (generator.random(4000) < 1 / (1 + np.exp(-logits))).tolist()
    slope, shift = calibrate(3 * logits + 1, labels)
    assert slope == pytest.approx(1 / 3, abs=0.03)
    assert shift == pytest.approx(-1 / 3, abs=0.08)
    stretched = shipped().stretched(slope, shift)
    pair = known()
    assert stretched.logit(pair) == pytest.approx(slope * shipped().logit(pair) + shift)
