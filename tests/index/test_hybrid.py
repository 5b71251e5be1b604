"""Shelves of records: what is found, in which order, by whom."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.hybrid import HybridIndex, Shelf
from index.text import Source
from models.conditions import NOTHING, AtLeastOne, OneOf
from models.outbox import Audience, RecordType

from .corpus import ANSWER, BATTERY, ENCODER, fillers, question, record, shelf_of

NEED, ACHIEVEMENT = RecordType.NEED, RecordType.ACHIEVEMENT
WORDS = "电池热失控预警"


@pytest.fixture(scope="module")
def farm():
    return fillers(40)


@pytest.fixture(scope="module")
def asked():
    return record(500, BATTERY, NEED).question()


def ids(hits):
    return [hit.record_id for hit in hits]


def scores(hits):
    return {hit.record_id: hit.score for hit in hits}


# -- Putting and taking out ------------------------------------------------------


def test_the_record_that_answers_comes_first(farm, asked):
    shelf = shelf_of(*farm, record(99, ANSWER))
    hits = shelf.rank(asked, limit=10)

    assert hits[0].record_id == 99
    assert hits[0].score > hits[1].score + 1
    assert sum(hits[0].parts.values()) == pytest.approx(hits[0].score, abs=1e-3)
    assert len(shelf) == 41


def test_each_word_counts_once_for_each_time_it_is_written():
    found = record(1, Source("电池预警", "电池安全。", ("电池寿命",))).counts
    assert (found["电池"], found["预警"], found["寿命"]) == (3, 1, 1)
    assert all(found.values())


def test_a_record_put_again_is_found_by_its_new_words_only(farm):
    shelf = shelf_of(*farm, record(99, ANSWER))
    before = shelf.rank(question(WORDS), limit=1)
    shelf.put(record(99, Source("钢轨探伤", "轮对与钢轨的裂纹识别。", ())))

    assert before[0].record_id == 99
    assert shelf.lexical.scores({"失控": 1.0}, 200).max() == 0
    assert scores(shelf.rank(question(WORDS), limit=50))[99] < before[0].score - 1
    assert shelf.rank(question("钢轨裂纹"), limit=1)[0].record_id == 99
    assert len(shelf) == 41


def test_a_dropped_record_is_found_no_more(farm, asked):
    shelf = shelf_of(*farm, record(99, ANSWER))
    shelf.drop(99)
    shelf.drop(99)

    assert shelf.get(99) is None
    assert 99 not in ids(shelf.rank(asked, limit=100))
    assert shelf.ids() == list(range(1, 41))


def test_a_dropped_record_leaves_no_trace_in_any_score(farm, asked):
    never = shelf_of(*farm)
    once = shelf_of(*farm[:20], record(99, ANSWER), *farm[20:])
    once.rank(asked, limit=5)
    once.drop(99)

    expected = scores(never.rank(asked, limit=100))
    assert scores(once.rank(asked, limit=100)) == pytest.approx(expected, abs=1e-4)


# -- Two sides -------------------------------------------------------------------


def test_outsiders_search_the_public_words_and_staff_the_full_ones(farm):
    index = HybridIndex(ENCODER.dimension)
    for one in fillers(20, kind=NEED):
        index.put(NEED, one.id, [one])
    full = record(99, BATTERY, NEED, Audience.INSIDE)
    public = record(99, Source("安全监测", "某设备监测。", ()), NEED, Audience.OUTSIDE)
    index.put(NEED, 99, [full, public])

    inside, outside = (index.shelves[NEED, side] for side in (True, False))
    assert outside.lexical.idf("失控") == outside.lexical.idf("没有这个词")
    assert inside.lexical.idf("失控") < inside.lexical.idf("没有这个词")
    assert index.get(NEED, 99, inside=False) is public
    assert index.get(NEED, 99, inside=True) is full
    best = index.rank(question(WORDS), NEED, inside=True, limit=1)
    assert best[0].record_id == 99
    seen = scores(index.rank(question(WORDS), NEED, inside=False, limit=50))
    assert seen[99] < best[0].score - 1


def test_a_record_for_insiders_stands_on_no_other_shelf():
    index = HybridIndex(ENCODER.dimension)
    index.put(NEED, 1, [record(1, BATTERY, NEED, Audience.INSIDE)])

    assert len(index.shelves[NEED, True]) == 1
    assert len(index.shelves[NEED, False]) == 0
    assert index.rank(question(WORDS), NEED, inside=False, limit=5) == []


def test_a_record_that_became_restricted_leaves_the_outside_shelf():
    index = HybridIndex(ENCODER.dimension)
    everyone = record(1, BATTERY, NEED)
    index.put(NEED, 1, [everyone])
    index.put(NEED, 1, [replace(everyone, audience=Audience.INSIDE)])
    assert index.get(NEED, 1, inside=False) is None

    index.put(NEED, 1, [])
    assert index.get(NEED, 1, inside=True) is None


# -- Conditions ------------------------------------------------------------------


def test_a_condition_holds_inside_the_search_not_after_it():
    """The one allowed record is last of 700: no cut before the filter finds it."""
    copies = [
        replace(record(1, ANSWER), id=n, facts={"field": "ES"}) for n in range(1, 701)
    ]
    lone = record(900, Source("黄桃采摘", "果园里的梯子。", ()), field="AG")
    shelf = shelf_of(*copies, lone)
    hits = shelf.rank(question(WORDS), OneOf("field", ("AG",)), limit=5)

    assert ids(hits) == [900]


def test_a_score_is_the_same_whatever_the_filter(farm, asked):
    shelf = shelf_of(*farm, record(99, ANSWER, status="pending"))
    free = scores(shelf.rank(asked, limit=100))
    narrow = scores(shelf.rank(asked, OneOf("status", ("pending",)), limit=100))

    assert list(narrow) == [99]
    assert narrow[99] == pytest.approx(free[99], abs=1e-4)


def test_what_a_record_once_was_allows_nothing(farm, asked):
    """The row of its former self is still there, and must meet no condition."""
    shelf = shelf_of(*farm, record(99, ANSWER, status="published", owner=1))
    shelf.put(record(99, ANSWER, status="pending", owner=1))
    published = OneOf("status", ("published",))

    for condition in (published, AtLeastOne((published, OneOf("owner", (2,))))):
        assert 99 not in ids(shelf.rank(asked, condition, limit=100))
    assert shelf.rank(asked, NOTHING, limit=100) == []


@settings(max_examples=30)
@given(st.sets(st.integers(1, 40), max_size=12))
def test_exactly_the_allowed_records_are_ranked(allowed):
    shelf = _FARM_SHELF
    hits = shelf.rank(question(WORDS), OneOf("number", tuple(allowed)), limit=100)
    assert set(ids(hits)) == allowed


_FARM_SHELF = shelf_of(*(replace(one, facts={"number": one.id}) for one in fillers(40)))


# -- Order -----------------------------------------------------------------------


def test_the_ranking_does_not_depend_on_the_order_records_came_in(farm, asked):
    records = [*farm, record(99, ANSWER), record(98, BATTERY)]
    first = shelf_of(*records).rank(asked, limit=100)
    shuffled = list(records)
    np.random.default_rng(3).shuffle(shuffled)
    edited = shelf_of(*shuffled)
    for one in farm[:15]:
        edited.put(one)
    second = edited.rank(asked, limit=100)

    assert ids(first) == ids(second)
    assert scores(first) == pytest.approx(scores(second), abs=1e-4)


def test_one_record_five_hundred_times_comes_in_the_order_of_ids(farm, asked):
    """More copies than candidates, so that the cut, too, must go by id."""
    copies = [replace(record(1, ANSWER), id=n) for n in range(1001, 1501)]
    shuffled = list(copies)
    np.random.default_rng(3).shuffle(shuffled)
    straight = shelf_of(*farm, *copies).rank(asked, limit=120)
    mixed = shelf_of(*shuffled, *farm).rank(asked, limit=120)

    assert ids(straight) == list(range(1001, 1121))
    assert ids(mixed) == ids(straight)


def test_the_limit_and_the_floor_cut_the_end_off(farm, asked):
    shelf = shelf_of(*farm, record(99, ANSWER))
    everything = shelf.rank(asked, limit=100)
    some = shelf.rank(asked, limit=7)
    above = shelf.rank(asked, limit=100, floor=everything[3].score)

    assert ids(some) == ids(everything)[:7]
    assert set(ids(above)) == {
        h.record_id for h in everything if h.score >= above[-1].score
    }
    assert 4 <= len(above) < len(everything)
    assert shelf.rank(asked, limit=100, floor=1e9) == []


# -- Little to go by -------------------------------------------------------------


def test_an_empty_index_finds_nothing(asked):
    index = HybridIndex(ENCODER.dimension)
    for kind in RecordType:
        for inside in (True, False):
            assert index.rank(asked, kind, inside=inside, limit=5) == []
            assert index.get(kind, 1, inside=inside) is None


@pytest.mark.parametrize("text", ["", " ", "我们希望", "98", "🔋", "\x00", "，。"])
def test_a_question_without_terms_is_answered_by_meaning_alone(farm, text):
    hits = shelf_of(*farm).rank(question(text), limit=5)

    assert len(hits) == 5
    assert all(hit.parts["lexical"] == 0 for hit in hits)
    assert np.isfinite([hit.score for hit in hits]).all()


def test_a_shelf_of_one_record_has_no_spread_to_measure_by(asked):
    hits = shelf_of(record(99, ANSWER)).rank(asked, limit=5)

    assert ids(hits) == [99]
    assert hits[0].parts["whole"] == hits[0].parts["coverage"] == 0


def test_a_record_of_a_title_alone_can_be_found_and_can_ask(farm):
    bare = record(99, Source(WORDS, "", ()))
    shelf = shelf_of(*farm, bare)

    assert shelf.rank(question(WORDS), limit=1)[0].record_id == 99
    assert shelf.rank(bare.question(), limit=1)[0].record_id == 99


def test_a_record_is_compared_as_the_search_would_score_it(farm, asked):
    shelf = shelf_of(*farm, record(99, ANSWER))
    found = scores(shelf.rank(asked, limit=100))
    for one in (record(99, ANSWER), farm[6]):
        assert shelf.compare(asked, one).score == pytest.approx(found[one.id], abs=1e-3)


def test_a_record_beside_the_shelf_is_compared_with_what_is_on_it(farm, asked):
    shelf = shelf_of(*farm)
    found = shelf.compare(asked, record(99, ANSWER))

    assert found.record_id == 99
    assert found.score > shelf.rank(asked, limit=1)[0].score + 1
    assert shelf.get(99) is None


def test_on_an_empty_shelf_a_comparison_says_nothing(asked):
    found = shelf_of().compare(asked, record(99, ANSWER))
    assert (found.record_id, found.score) == (99, 0)


def test_those_who_would_ask_are_found_with_the_score_of_their_question(farm):
    index = HybridIndex(ENCODER.dimension)
    for one in [*farm, record(99, ANSWER)]:
        index.put(ACHIEVEMENT, one.id, [one])
    for one in [*fillers(20, kind=NEED), record(500, BATTERY, NEED)]:
        index.put(NEED, one.id, [one])
    mine = index.get(ACHIEVEMENT, 99, inside=True)
    assert mine is not None
    [best] = index.rank_askers(mine, NEED, inside=True, limit=1)
    asked = record(500, BATTERY, NEED).question()
    forward = scores(index.rank(asked, ACHIEVEMENT, inside=True, limit=5))

    assert best.record_id == 500
    assert best.score == pytest.approx(forward[99], abs=1e-3)
    above = index.rank_askers(mine, NEED, inside=True, limit=9, floor=best.score + 1)
    assert above == []


def test_a_shelf_of_a_few_is_measured_against_the_reference(asked):
    """The first achievement of all can be told from what is usual at large."""
    reference = fillers(32)
    shelf = Shelf(ENCODER.dimension, lambda: reference)
    shelf.put(record(99, ANSWER))
    shelf.put(record(98, Source("黄桃采摘", "果园里的梯子。", ())))
    hits = shelf.rank(asked, limit=5)

    assert [hit.record_id for hit in hits] == [99, 98]
    assert hits[0].parts["whole"] > 2
    assert abs(hits[1].parts["whole"]) < 2


def test_what_is_usual_is_forgotten_when_the_shelf_changes(farm, asked):
    """A question that is asked again meets the shelf as it is by then."""
    grown = shelf_of(*farm[:10])
    grown.rank(asked, limit=5)
    for one in (*farm[10:], record(99, ANSWER)):
        grown.put(one)

    fresh = scores(shelf_of(*farm, record(99, ANSWER)).rank(asked, limit=50))
    assert scores(grown.rank(asked, limit=50)) == pytest.approx(fresh, abs=1e-4)
