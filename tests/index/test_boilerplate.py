"""What a firm writes in all of its records does not make them one."""

from dataclasses import replace

import pytest

from benchmarks import copies
from index import evaluate
from index.boilerplate import MANY, OWNER, boilerplate, has, without
from index.duplicates import Level, duplicates, likenesses, resemblance, whole
from index.hybrid import IndexedRecord, Shelf
from index.text import Source, reference
from index.written import written_alike
from models.outbox import Part, RecordType

from ..filler import filler
from . import corpus
from .test_duplicates import ROOT, prepared

NEED = RecordType.NEED
INTRODUCTION = copies.OF_ITSELF
FIRM = {OWNER: 7, "status": "published"}


def of_firm(number: int, source: Source, **facts: object) -> IndexedRecord:
    return corpus.record(number, copies.introduced(source), NEED, **FIRM | facts)


def topic(number: int) -> Source:
    title, body, points = filler(number)
    return Source(title, body, tuple(points))


def needs(count: int) -> list[IndexedRecord]:
    """Needs of one firm, each of another subject, ids from 1."""
    return [of_firm(n, topic(n * 13)) for n in range(1, count + 1)]


def levels(record, others):
    shelf = corpus.shelf_of(*others, *corpus.fillers(60, start=100))
    return [one.level for one in likenesses(record, others, shelf)]


def test_the_paragraph_of_a_firm_is_told_by_its_records():
    first, *rest = needs(4)
    common = boilerplate(first, rest)
    assert written_alike("".join(common)) != ""
    assert all(one in written_alike(INTRODUCTION) for one in common)
    assert sum(map(len, common)) > 0.8 * len(written_alike(INTRODUCTION))
    assert all(has(one, common) for one in rest)
    assert not has(corpus.record(9, corpus.BATTERY, NEED, **FIRM), common)


def test_records_that_have_it_in_common_are_not_one():
    first, *rest = needs(4)
    assert levels(first, rest) == [None] * 3
    # It is what would make them one.
    strangers = [replace(one, facts={"status": "published"}) for one in rest]
    assert None not in levels(first, strangers)


def test_a_record_over_again_is_still_found_among_them():
    first, *rest = needs(4)
    again = of_firm(9, topic(13))
    assert levels(first, [again, *rest]) == [Level.SAME, None, None, None]
    shelf = corpus.shelf_of(again, *rest, *corpus.fillers(60, start=100))
    assert [one.record_id for one in duplicates(first, shelf)] == [9]


def test_a_firm_with_fewer_records_has_no_paragraph_yet():
    first, *rest = needs(MANY - 1)
    assert boilerplate(first, rest) == frozenset()
    assert boilerplate(first, []) == frozenset()


def test_copies_of_one_record_are_one_record():
    many = [of_firm(n, topic(13)) for n in range(1, 6)]
    assert boilerplate(many[0], many[1:]) == frozenset()
    assert levels(many[0], many[1:]) == [Level.SAME] * 4


def test_what_other_firms_write_is_no_paragraph_of_this_one():
    first, *rest = needs(4)
    others = [replace(one, facts=FIRM | {OWNER: one.id}) for one in rest]
    assert boilerplate(first, others) == frozenset()


def test_figures_that_were_updated_leave_it_the_same_paragraph():
    first, *rest = needs(4)
    body = copies.introduced(topic(13)).body.replace("8.6亿", "9.1亿")
    newer = corpus.record(9, replace(topic(13), body=body), NEED, **FIRM)
    assert boilerplate(newer, [first, *rest]) == boilerplate(first, rest)


def test_without_it_the_rest_is_as_it_was():
    first, *rest = needs(4)
    common = boilerplate(first, rest)
    left = without(first, common)
    kept = [p for p in left.passages if p.part is not Part.WHOLE]
    assert kept == [p for p in first.passages if p in kept]
    assert len(left.passages) == len(left.terms) == len(left.vectors)
    assert left.text_hash != first.text_hash
    assert resemblance(whole(left), topic(13).whole) > 0.9
    assert without(first, frozenset()).passages[1:] == first.passages[1:]


@pytest.mark.encoder
def test_with_the_real_encoder_copies_stand_above_near_misses(remembering):
    """Needs reworded by hand and others of the same scene, all of one firm."""
    data = evaluate.read([ROOT / "data" / "sample"])
    pairs = [pair for pair in copies.of_one_firm(data) if pair.how != "two drawn"]
    chosen = [p for p in pairs if p.same][:6] + [p for p in pairs if not p.same][:6]
    shelf = Shelf(remembering.dimension)
    for record in prepared(remembering, NEED, reference()):
        shelf.put(record)
    texts = [text for pair in chosen for text in (pair.text, pair.kept) if text]
    firm = [
        replace(one, facts=FIRM) for one in prepared(remembering, NEED, texts, 1000)
    ]
    left, right = firm[::2], firm[1::2]
    measured = {True: [], False: []}
    for place, pair in enumerate(chosen):
        others = [right[place], *(right[place - back] for back in (2, 4, 6))]
        likeness, *_ = likenesses(left[place], others, shelf)
        measured[pair.same].append(likeness)
        strangers = [replace(one, facts={}) for one in others]
        [today, *_] = likenesses(left[place], strangers, shelf)
        assert today.level is not None
    assert [one.level for one in measured[False]] == [None] * 6
    least = min(one.score for one in measured[True])
    assert least > max(one.score for one in measured[False])
