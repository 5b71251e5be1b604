"""Masks over the facts of records: what each question of a condition selects."""

import pytest

from index.facts import Facts
from models.conditions import (
    EVERYTHING,
    NOTHING,
    AtLeastOne,
    Between,
    Every,
    Includes,
    OneOf,
)
from models.states import Mode, NeedStatus

ROWS = [
    {"status": "published", "trl": 7, "modes": ["licence", "joint"], "owner": 1},
    {"status": "pending", "trl": None, "modes": [], "owner": 2},
    {"status": "published", "trl": 3, "modes": ["open_licence"], "owner": 2},
    {"status": "withdrawn"},
]


@pytest.fixture
def facts():
    table = Facts()
    for row, given in enumerate(ROWS):
        table.put(row, given)
    return table


def rows(condition, table):
    return [row for row, is_in in enumerate(condition.mask(table)) if is_in]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (EVERYTHING, [0, 1, 2, 3]),
        (NOTHING, []),
        (OneOf("status", ("published",)), [0, 2]),
        (OneOf("status", (NeedStatus.PUBLISHED, NeedStatus.PENDING)), [0, 1, 2]),
        (OneOf("status", ()), []),
        (OneOf("status", ("never heard of",)), []),
        (OneOf("owner", (2,)), [1, 2]),
        (OneOf("trl", (7, 3)), [0, 2]),
        (Between("trl"), [0, 2]),
        (Between("trl", low=4), [0]),
        (Between("trl", high=3), [2]),
        (Between("trl", 8, 2), []),
        (Includes("modes", ("licence",)), [0]),
        (Includes("modes", (Mode.OPEN_LICENCE, Mode.JOINT)), [0, 2]),
        (Includes("modes", ()), []),
        (OneOf("unknown fact", ("published",)), []),
        (Between("unknown fact", 1), []),
        (Includes("unknown fact", ("x",)), []),
        (Every((OneOf("status", ("published",)), Between("trl", 4))), [0]),
        (AtLeastOne((OneOf("owner", (1,)), OneOf("status", ("withdrawn",)))), [0, 3]),
        (Every((EVERYTHING, NOTHING)), []),
        (AtLeastOne((EVERYTHING, NOTHING)), [0, 1, 2, 3]),
    ],
)
def test_a_condition_selects_the_rows_it_names(facts, condition, expected):
    assert rows(condition, facts) == expected


def test_a_dropped_row_meets_no_condition(facts):
    facts.drop(0)

    assert rows(EVERYTHING, facts) == [1, 2, 3]
    assert rows(OneOf("status", ("published",)), facts) == [2]
    assert rows(Includes("modes", ("licence",)), facts) == []


def test_a_row_put_again_keeps_nothing_of_what_it_was(facts):
    facts.put(0, {"status": "pending"})

    assert rows(OneOf("owner", (1,)), facts) == []
    assert rows(Between("trl"), facts) == [2]
    assert rows(OneOf("status", ("pending",)), facts) == [0, 1]


def test_a_fact_first_heard_of_late_is_missing_in_the_earlier_rows(facts):
    for row in range(4, 600):
        facts.put(row, {"status": "published", "stage": "lab"})

    assert rows(OneOf("stage", ("lab",)), facts) == list(range(4, 600))
    assert rows(OneOf("status", ("published",)), facts) == [0, 2, *range(4, 600)]
    assert not EVERYTHING.mask(facts)[600:].any()


def test_asking_changes_nothing(facts):
    mask = EVERYTHING.mask(facts)
    mask[:] = False
    assert rows(EVERYTHING, facts) == [0, 1, 2, 3]


def test_an_empty_table_selects_nothing():
    assert rows(EVERYTHING, Facts()) == []
    assert rows(OneOf("status", ("published",)), Facts()) == []
