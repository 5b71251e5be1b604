"""A condition means the same to the database and to the search index."""

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from index.facts import Facts
from index.text import facts
from matchmaker import policies
from models import TABLES, Achievement, Need, User, transaction
from models.conditions import (
    AtLeastOne,
    Between,
    Every,
    Includes,
    OneOf,
)
from models.fields import DISTRICTS, FIELDS
from models.outbox import RecordType
from models.states import (
    AchievementStatus,
    Mode,
    NeedStatus,
    Ownership,
    Role,
    Secrecy,
    Stage,
)

NEED, ACHIEVEMENT = RecordType.NEED, RecordType.ACHIEVEMENT
SOME_ROWS = 60

# Codes one of which is part of another, and one that nothing has.
MODES = [
    *(mode.value for mode in (Mode.LICENCE, Mode.OPEN_LICENCE, Mode.JOINT)),
    "nobody_does",
]
NUMBERS = st.none() | st.integers(0, 10)
CHOICES = {
    NEED: {
        "status": [state.value for state in NeedStatus],
        "secrecy": [*(level.value for level in Secrecy), "unheard_of"],
        "field": ["ES", "EM", "XX"],
        "district": [*list(DISTRICTS)[:3], "火星"],
    },
    ACHIEVEMENT: {
        "status": [state.value for state in AchievementStatus],
        "field": ["ES", "EM", "XX"],
        "stage": [stage.value for stage in Stage],
    },
}
LEVEL = {NEED: "trl_expected", ACHIEVEMENT: "trl"}
LIST = {NEED: "cooperation", ACHIEVEMENT: "modes"}


def conditions(kind):
    """Any condition over the facts of ``kind``, a few levels deep."""
    words = [
        st.lists(st.sampled_from(values), max_size=3).map(
            lambda some, name=name: OneOf(name, tuple(some))
        )
        for name, values in CHOICES[kind].items()
    ]
    lists = st.lists(st.sampled_from(MODES), max_size=2)
    simple = st.one_of(
        *words,
        st.builds(Between, st.just(LEVEL[kind]), NUMBERS, NUMBERS),
        st.lists(st.integers(1, 10), max_size=2).map(
            lambda some: OneOf(LEVEL[kind], tuple(some))
        ),
        lists.map(lambda some: Includes(LIST[kind], tuple(some))),
    )
    return st.recursive(
        simple,
        lambda inner: st.builds(
            lambda cls, some: cls(tuple(some)),
            st.sampled_from([Every, AtLeastOne]),
            st.lists(inner, max_size=3),
        ),
        max_leaves=6,
    )


@pytest.fixture
def rows(session, make):
    """Needs and achievements in every state, with gaps in their facts."""
    random = Random(5)
    homes = [make.organisation().id for _ in range(3)]
    shared = {"version": 1, "created_at": make.now, "updated_at": make.now}
    needs, achievements = [], []
    for number in range(SOME_ROWS):
        secrecy = random.choice(list(Secrecy))
        masked = "公开" if secrecy is Secrecy.MASKED else None
        common = shared | {
            "title": f"{number}",
            "field": random.choice([*FIELDS][:3]),
            "organisation_id": random.choice(homes),
        }
        level = random.choice([None, *range(1, 10)])
        codes = random.sample([mode.value for mode in Mode], random.randrange(4))
        need = {
            "status": random.choice(list(NeedStatus)),
            "secrecy": secrecy,
            "problem": "-",
            "targets": [],
            "public_title": masked,
            "public_problem": masked,
            "district": random.choice(list(DISTRICTS)[:3]),
            "trl_expected": level,
            "cooperation": codes,
        }
        achievement = {
            "status": random.choice(list(AchievementStatus)),
            "inventors": "-",
            "abstract": "-",
            "indicators": [],
            "trl": level or 4,
            "stage": random.choice(list(Stage)),
            "ip": [],
            "ownership": Ownership.UNIT,
            "modes": codes,
        }
        needs.append(common | need)
        achievements.append(common | achievement)
    with transaction(session):
        session.execute(insert(Need), needs)
        session.execute(insert(Achievement), achievements)
    return session


def by_mask(session, condition, kind):
    table, ids = Facts(), []
    for row, record in enumerate(session.scalars(select(TABLES[kind]))):
        table.put(row, facts(record, kind))
        ids.append(record.id)
    mask = condition.mask(table)
    return {id_ for row, id_ in enumerate(ids) if mask[row]}


def by_sql(session, condition, kind):
    query = select(TABLES[kind].id).where(policies.where(condition, kind))
    return set(session.scalars(query))


@pytest.mark.parametrize("kind", [NEED, ACHIEVEMENT])
def test_the_database_and_the_index_select_the_same_records(rows, kind):
    @settings(
        max_examples=60,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
        database=None,
    )
    @given(conditions(kind))
    def holds(condition):
        assert by_sql(rows, condition, kind) == by_mask(rows, condition, kind)

    holds()


@pytest.mark.parametrize("kind", [NEED, ACHIEVEMENT])
@pytest.mark.parametrize("role", [None, *Role])
def test_what_a_person_may_see_is_the_same_in_both(rows, kind, role):
    user = None
    if role is not None:
        home = rows.scalar(select(Need.organisation_id))
        user = User(role=role, organisation_id=home, active=True)
    condition = policies.visible(user, kind)
    found = by_sql(rows, condition, kind)

    assert found == by_mask(rows, condition, kind)
    assert 0 < len(found) < SOME_ROWS


def test_a_code_within_another_is_not_taken_for_it(rows):
    wanted = Includes("modes", (Mode.LICENCE.value,))
    found = by_sql(rows, wanted, ACHIEVEMENT)
    table = {row.id: row.modes for row in rows.scalars(select(Achievement))}

    assert found == {id_ for id_, modes in table.items() if "licence" in modes}
    assert any(
        "open_licence" in modes and "licence" not in modes for modes in table.values()
    )
