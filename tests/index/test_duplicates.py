"""Records that say the same are told from records about one subject."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import copies
from index import embed, evaluate
from index.duplicates import (
    SAME_FROM,
    WORDS_FROM,
    Level,
    Likeness,
    duplicates,
    has_same_figures,
    likenesses,
    resemblance,
    same_passages,
)
from index.hybrid import Shelf
from index.text import Source
from index.written import written_alike
from models.conditions import OneOf

from . import corpus

ROOT = Path(__file__).parents[2]
WRITTEN = Path(__file__).parent / "data" / "duplicates.jsonl"

# Traditional and wide letters, figures, Latin words: all that copies differ by.
TEXTS = st.text(
    alphabet="电池热失控预警臺電髮后後面麵锂鋰ＡaBb１２3.℃㎜α的 ", max_size=60
)
MARKS = st.lists(
    st.sampled_from("，。；：、！？（）《》“”,.;:!?()-— \n\t"), max_size=20
)


# -- Resemblance of words ----------------------------------------------------------


@given(TEXTS, TEXTS)
def test_resemblance_is_symmetric_and_between_0_and_1(left, right):
    value = resemblance(left, right)
    assert value == resemblance(right, left)
    assert 0 <= value <= 1


@given(TEXTS)
def test_a_text_resembles_itself_wholly(text):
    assert resemblance(text, text) == 1


@given(TEXTS, TEXTS, MARKS, st.randoms())
def test_punctuation_changes_nothing(left, right, marks, chance):
    letters = list(left)
    for mark in marks:
        letters.insert(chance.randint(0, len(letters)), mark)
    marked = "".join(letters)

    assert written_alike(marked) == written_alike(left)
    assert resemblance(marked, right) == resemblance(left, right)


@given(TEXTS, TEXTS, TEXTS)
def test_the_order_of_long_parts_matters_little(left, middle, right):
    parts = [part * 4 for part in (left, middle, right)]
    whole = "".join(parts)
    turned = "".join(reversed(parts))
    # Only the pieces across the two seams differ.
    seams = 4 / max(1, len(written_alike(whole)) - 2)
    assert resemblance(whole, turned) >= 1 - seams - 1e-9


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("電池熱失控，提前預警！", "电池热失控 提前预警"),
        ("Ｂｅｔａ沸石，１２ＭＰａ", "beta沸石 12mpa"),
        ("预警提前时间≥10 min", "预警提前时间≥25.5 min"),
        ("误报率<=1%", "误报率≤3％"),
    ],
    ids=["traditional", "width and case", "figures", "signs"],
)
def test_what_copies_differ_by_is_not_seen(left, right):
    assert resemblance(left, right) == 1


def test_part_of_a_text_resembles_the_whole_but_a_title_alone_does_not():
    text = "".join(chr(0x4E00 + number * 7) for number in range(200))
    assert resemblance(text[:100], text) == 1
    assert resemblance(text[:10], text) < 0.2


@pytest.mark.parametrize("empty", ["", "，。！"])
def test_nothing_resembles_nothing_only(empty):
    assert resemblance(empty, "，") == 1
    assert resemblance(empty, "电池热失控") == 0


# -- Levels ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("likeness", "level"),
    [
        (Likeness(SAME_FROM, None), Level.SAME),
        (Likeness(SAME_FROM, -1.0), Level.SAME),
        (Likeness(WORDS_FROM, None), Level.SUSPECTED),
        (Likeness(WORDS_FROM - 0.01, None), None),
        (Likeness(0.3, 8.0), Level.SUSPECTED),
        (Likeness(0.5, 2.0), None),
        (Likeness(0.0, 5.0), None),
    ],
)
def test_words_or_words_and_meaning_decide(likeness, level):
    assert likeness.level is level


def test_an_introduction_in_common_does_not_stand_in_for_the_subject():
    assert Likeness(0.2, 3.0).score == Likeness(0.5, 3.0).score


# -- On a shelf --------------------------------------------------------------------


@pytest.fixture
def shelf():
    shelf = Shelf(corpus.ENCODER.dimension)
    for record in corpus.fillers(60, start=100):
        shelf.put(record)
    return shelf


def test_copies_are_found_and_the_record_itself_is_not(shelf):
    for number in (1, 2, 3):
        shelf.put(corpus.record(number, corpus.BATTERY))
    found = duplicates(corpus.record(2, corpus.BATTERY), shelf)

    assert [one.record_id for one in found] == [1, 3]
    assert {one.level for one in found} == {Level.SAME}


def test_what_does_not_meet_the_condition_is_not_found(shelf):
    shelf.put(corpus.record(1, corpus.BATTERY, status="withdrawn"))
    shelf.put(corpus.record(2, corpus.BATTERY, status="published"))
    condition = OneOf("status", ("published",))
    found = duplicates(corpus.record(3, corpus.BATTERY), shelf, condition)
    assert [one.record_id for one in found] == [2]


def test_two_records_are_as_alike_from_either_side(shelf):
    left, right = corpus.record(1, corpus.BATTERY), corpus.record(2, corpus.ANSWER)
    for record in (left, right):
        shelf.put(record)
    [one] = likenesses(left, [right], shelf)
    [other] = likenesses(right, [left], shelf)
    assert one.share == other.share
    assert one.level == other.level


def test_how_records_ask_changes_nothing_of_how_alike_they_are(shelf):
    left, right = corpus.record(1, corpus.BATTERY), corpus.record(2, corpus.ANSWER)
    shelf.put(right)
    found, near = likenesses(left, [right], shelf), duplicates(left, shelf)
    turned = replace(left, questions=-left.questions)
    asking = shelf_of_asking(shelf)
    other = asking.get(2)
    assert likenesses(turned, [other], asking) == found
    assert duplicates(turned, asking) == near


def shelf_of_asking(shelf):
    """The same records, each asking for the opposite of what it says."""
    asking = Shelf(corpus.ENCODER.dimension)
    for id_ in shelf.ids():
        record = shelf.get(id_)
        asking.put(replace(record, questions=-record.questions))
    return asking


def test_no_more_than_the_limit_are_looked_at(shelf):
    for number in range(1, 41):
        shelf.put(corpus.record(number, corpus.BATTERY))
    found = duplicates(corpus.record(7, corpus.BATTERY), shelf, limit=10)
    assert len(found) == 10
    assert 7 not in {one.record_id for one in found}


def test_an_empty_shelf_has_nothing():
    shelf = Shelf(corpus.ENCODER.dimension)
    assert duplicates(corpus.record(1, corpus.BATTERY), shelf) == []
    assert likenesses(corpus.record(1, corpus.BATTERY), [], shelf) == []


def test_passages_of_both_are_quoted_as_they_stand_on_the_left():
    left = corpus.record(1, corpus.BATTERY)
    altered = Source(
        "另一个题目",
        "現有煙感報警太晚！磷酸铁锂电池簇过充后，温度上升很快,现有烟感报警太晚。",
        ("预警提前时间≥15 min", "误报率≤1%"),
    )
    [quote] = same_passages(left, corpus.record(2, altered))
    assert quote == "磷酸铁锂电池簇过充后温度上升很快,现有烟感报警太晚。"


def test_figures_are_compared_as_they_stand():
    assert has_same_figures("10 min, 1%", "１０ min，1%")
    assert has_same_figures("10 min", "10 min, 98%")
    assert not has_same_figures("10 min, 1%", "12 min, 1%")
    assert not has_same_figures("1.5", "15")


# -- With the real encoder, on real texts ------------------------------------------

FEW = 45


@pytest.fixture(scope="module")
def bench(remembering):
    """Shelves of some of the sample, and every pair that is about those."""
    data = evaluate.read([ROOT / "data" / "sample"])
    made = [json.loads(line) for line in WRITTEN.read_text("utf-8").splitlines()]
    shelves, pairs = {}, []
    for kind in copies.KINDS:
        records = data.records[kind]
        about = {row["of"] for row in made if row["of"] in records}
        rest = [name for name in sorted(records) if name not in about][
            :: len(records) // FEW
        ]
        names = sorted(about | set(rest))
        shelf = Shelf(remembering.dimension)
        for record in prepared(remembering, kind, [records[name] for name in names]):
            shelf.put(record)
        shelves[kind] = shelf, names
        rows = [row for row in made if row["of"] in records]
        texts = [Source(r["title"], r["body"], tuple(r["points"])) for r in rows]
        copied = prepared(remembering, kind, texts, 1000)
        for row, record in zip(rows, copied, strict=True):
            pairs.append((row, record, shelf.get(names.index(row["of"]))))
    return shelves, pairs


def prepared(encoder, kind, texts, first=0):
    """Records that ask for nothing: what is like them does not hang on how they ask."""
    found = embed.prepare(encoder, texts, asks=[False] * len(texts))
    return [
        one.indexed(kind, number, facts={"status": "published"})
        for number, one in enumerate(found, first)
    ]


@pytest.mark.encoder
def test_reworded_copies_are_told_from_other_needs_of_the_same_scene(bench):
    shelves, pairs = bench
    copies_, others, wrong = [], [], []
    for row, record, original in pairs:
        shelf, _ = shelves[record.kind]
        [likeness] = likenesses(record, [original], shelf)
        (copies_ if row["same"] else others).append(likeness.score)
        if not row["same"] and likeness.level is not None:
            wrong.append((row["of"], round(likeness.score, 2)))

    assert len(copies_) >= 40
    assert len(others) >= 20
    assert wrong == []
    # How many reach the level hangs on the size of the shelf; that copies stand
    # above near misses does not.
    above = [copy > other for copy in copies_ for other in others]
    assert sum(above) > 0.75 * len(above)


@pytest.mark.encoder
def test_the_index_proposes_the_original_of_a_reworded_copy(bench):
    shelves, pairs = bench
    for row, record, original in pairs:
        if not row["same"]:
            continue
        shelf, _ = shelves[record.kind]
        found = shelf.rank(record.likeness(), limit=5)
        assert original.id in {hit.record_id for hit in found}, row["of"]
