"""Which sentence answers, which stand beside each other, which words are shared."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.explain import (
    MOST_PAIRS,
    MOST_TERMS,
    PAIR_FLOOR,
    answer,
    likeness,
    pairs,
    points,
    segments,
    shared_terms,
)
from index.hybrid import HybridIndex
from index.lexical import LexicalIndex
from index.text import Source
from models.outbox import Part, RecordType

from .corpus import ANSWER, BATTERY, ENCODER, fillers, question, record

NEED, ACHIEVEMENT = RecordType.NEED, RecordType.ACHIEVEMENT


@pytest.fixture(scope="module")
def index():
    index = HybridIndex(ENCODER.dimension)
    for kind in (NEED, ACHIEVEMENT):
        for one in fillers(40, kind=kind):
            index.put(kind, one.id, [one])
    index.put(NEED, 98, [record(98, BATTERY, NEED)])
    index.put(ACHIEVEMENT, 99, [record(99, ANSWER)])
    return index


# -- The answer ------------------------------------------------------------------


def test_the_sentence_that_says_it_is_the_answer():
    text = Source(
        "综合能源平台",
        "平台接入园区的光伏与充电桩。电池热失控前十分钟给出预警。系统支持国产操作系统。",
        (),
    )
    found = answer(record(1, text), question("电池热失控预警"))

    assert found is not None
    assert found.text == "电池热失控前十分钟给出预警。"
    assert text.body[found.start : found.end] == found.text


def test_a_target_can_be_the_answer():
    found = answer(record(1, BATTERY), question("误报率"))
    assert found is not None
    assert (found.part, found.text) == (Part.POINT, "误报率≤1%")


def test_a_bare_title_answers_with_nothing():
    assert answer(record(1, Source("热失控预警", "", ())), question("预警")) is None


# -- Pairs -----------------------------------------------------------------------


def test_sentences_that_speak_of_the_same_stand_beside_each_other(index):
    left, right = record(98, BATTERY, NEED), record(99, ANSWER)
    found = pairs(left, right, index, inside=True)

    assert found
    assert ("误报率≤1%", "误报率0.6%") in [(p.left.text, p.right.text) for p in found]
    values = [pair.nearness for pair in found]
    assert values == sorted(values, reverse=True)
    assert min(values) >= PAIR_FLOOR
    assert len(found) <= MOST_PAIRS
    for side in ("left", "right"):
        quoted = [getattr(pair, side) for pair in found]
        assert len({(p.part, p.position) for p in quoted}) == len(quoted)


def test_texts_about_different_things_give_no_pairs(index):
    right = record(97, Source("合唱编曲", "民歌合唱的配器与排演。", ("曲目十二首",)))
    assert pairs(record(98, BATTERY, NEED), right, index, inside=True) == []


def test_a_bare_title_gives_no_pairs(index):
    bare = record(97, Source("热失控预警", "", ()))
    assert pairs(bare, record(99, ANSWER), index, inside=True) == []
    assert pairs(record(99, ANSWER), bare, index, inside=True) == []


@pytest.mark.parametrize("there", [(), (NEED,), (ACHIEVEMENT,)])
def test_a_shelf_with_nothing_to_compare_with_says_nothing(there):
    """The first need of all is looked at before its own shelf holds a record."""
    index = HybridIndex(ENCODER.dimension)
    for kind in there:
        index.put(kind, 1, [record(1, Source("黄桃", "", ()), kind)])
    left, right = record(98, BATTERY, NEED), record(99, ANSWER)

    assert pairs(left, right, index, inside=False) == []


# -- Likeness --------------------------------------------------------------------


def test_likeness_is_the_cosine_of_the_stored_vectors():
    left, right = record(1, BATTERY), record(2, ANSWER)
    mine, theirs = points(left), points(right)
    found = likeness(left, right, mine, theirs)

    assert [left.passages[row].text for row in mine] == list(BATTERY.points)
    assert found.shape == (2, 2)
    one, other = left.vectors[mine[0]], right.vectors[theirs[1]]
    expected = float(one.astype(np.float32) @ other.astype(np.float32))
    assert found[0, 1] == pytest.approx(expected, abs=1e-6)
    assert likeness(left, right, [], theirs).shape == (0, 2)


# -- Terms -----------------------------------------------------------------------


def lexical_of(*rows):
    index = LexicalIndex()
    for number, words in enumerate(rows):
        index.add(number, dict.fromkeys(words, 1.0))
    return index


def test_shared_words_are_told_rarest_first_and_longest_only():
    left = record(1, Source("半导体与电池", "", ()))
    right = record(2, Source("半导体用于电池", "", ()))
    lexical = lexical_of(["电池"], ["电池"], ["半导体"], ["导体"])
    found = shared_terms(left, right, lexical)

    words = [term for term, _ in found]
    assert words == ["半导体", "电池"]
    assert found[0][1] == pytest.approx(lexical.idf("半导体"))
    assert shared_terms(right, left, lexical) == found


def test_texts_without_a_common_word_share_none():
    left, right = record(1, Source("黄桃", "", ())), record(2, Source("轴承", "", ()))
    assert shared_terms(left, right, LexicalIndex()) == []


def test_no_more_shared_words_are_told_than_people_read():
    words = " ".join(f"word{number}" for number in range(30))
    both = record(1, Source("题", words, ()))
    assert len(shared_terms(both, both, LexicalIndex())) == MOST_TERMS


# -- Marked pieces ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("电池热失控", ["失控"], [("电池热", False), ("失控", True)]),
        ("电池电池", ["电池"], [("电池电池", True)]),
        ("用PLC控制", ["plc"], [("用", False), ("PLC", True), ("控制", False)]),
        ("鋰電池", ["电池"], [("鋰", False), ("電池", True)]),
        ("a.c abc", ["a.c"], [("a.c", True), (" abc", False)]),
        ("机器学习", ["学习", "机器学习"], [("机器学习", True)]),
        ("没有", ["别的"], [("没有", False)]),
        ("没有", [], [("没有", False)]),
        ("没有", [""], [("没有", False)]),
        ("", ["电池"], []),
    ],
)
def test_words_are_marked_where_they_stand(text, words, expected):
    assert segments(text, words) == expected


@given(
    st.text(st.sampled_from("电池PLCplc熱热失控İß.*(\n 🔋"), max_size=40),
    st.lists(st.text(st.sampled_from("电池plc热.*("), max_size=3), max_size=4),
)
def test_the_pieces_put_together_are_the_text(text, words):
    found = segments(text, words)

    assert "".join(piece for piece, _ in found) == text
    assert all(piece for piece, _ in found)
    marks = [marked for _, marked in found]
    assert all(one != other for one, other in pairwise(marks))
