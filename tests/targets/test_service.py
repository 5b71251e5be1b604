"""Targets, facts and definitions: entered, copied, changed by two, never silently."""

from datetime import date

import pytest
from sqlalchemy import func, select

from matchmaker.errors import Conflict, Forbidden, Invalid
from matchmaker.schema import parse
from matchmaker.targets import service
from matchmaker.targets.schema import DefinitionInput, YearInput, read, typed
from models import Definition, History, YearFact, YearTarget
from models.states import Role, TargetIndicator, Unit

from ..conftest import NOW

YI = 10**10
TURNOVER = TargetIndicator.TURNOVER


@pytest.fixture
def admin(make):
    return make.user(Role.ADMIN)


def form(session, admin, year, **given):
    """The form of the year as it stands, with some fields typed anew."""
    seen = service.sheet(session, admin, year).seen
    return parse(YearInput, {"year": str(year), "seen": seen} | given)


def plan_of(session, year):
    return service.plan(session, year, date(year, 12, 31))


def test_the_plan_of_2024_is_there_from_the_start(session):
    plan = plan_of(session, 2024)
    assert plan.targets_of == 2024
    values = {indicator: row.value for indicator, row in plan.targets.items()}
    assert values[TURNOVER] == 1400 * YI
    assert values[TargetIndicator.GDP_SHARE] == 860
    assert values[TargetIndicator.NEEDS] == 300
    assert set(values) == set(plan.definitions) == set(TargetIndicator)


def test_a_year_without_targets_is_held_against_the_newest_that_has_some(session):
    assert plan_of(session, 2026).targets_of == 2024
    assert plan_of(session, 2020).targets_of == 2024


def test_what_is_entered_is_stored_in_whole_units_and_noted(session, admin):
    given = {
        "target_turnover": "1,500.5",
        "target_gdp_share": "8.65%",
        "target_needs": "320",
        "target_needs_source": "工作要点",
        "fact_gdp": "16000亿元",
    }
    data = form(session, admin, 2026, **given)
    assert service.save(session, admin, data, now=NOW) == 4
    plan = plan_of(session, 2026)
    assert plan.targets[TURNOVER].value == 1500 * YI + YI // 2
    assert plan.targets[TargetIndicator.GDP_SHARE].value == 865
    assert plan.targets[TargetIndicator.NEEDS].source == "工作要点"
    assert plan.facts == {"gdp": 16000 * YI}
    rows = session.scalars(select(History).order_by(History.id)).all()
    assert [row.action for row in rows] == ["target.set"] * 3 + ["fact.set"]
    assert rows[0].changes["value"] == [None, 1500 * YI + YI // 2]
    assert rows[0].changes["year"] == [None, 2026]


def test_saving_the_same_again_changes_and_notes_nothing(session, admin):
    data = form(session, admin, 2026, target_needs="320")
    service.save(session, admin, data, now=NOW)
    before = session.scalar(select(func.count(History.id)))
    again = form(session, admin, 2026, target_needs="320")
    assert service.save(session, admin, again, now=NOW) == 0
    assert session.scalar(select(func.count(History.id))) == before


def test_what_is_emptied_is_taken_away_with_a_note(session, admin):
    data = form(session, admin, 2026, target_needs="320")
    service.save(session, admin, data, now=NOW)
    emptied = form(session, admin, 2026, target_needs="")
    assert service.save(session, admin, emptied, now=NOW) == 1
    assert plan_of(session, 2026).targets_of == 2024
    last = session.scalars(select(History).order_by(History.id.desc())).first()
    assert last.action == "target.removed"
    assert last.changes["value"] == [320, None]


def test_the_second_of_two_is_told_and_nothing_of_his_is_kept(session, make, admin):
    mine = form(session, admin, 2026, target_needs="320")
    other = make.user(Role.ADMIN)
    theirs = form(session, other, 2026, fact_gdp="16000")
    service.save(session, other, theirs, now=NOW)
    with pytest.raises(Conflict, match=r"target\.changed"):
        service.save(session, admin, mine, now=NOW)
    assert (
        session.scalars(select(YearTarget).where(YearTarget.year == 2026)).all() == []
    )


def test_a_change_of_a_figure_that_was_there_is_a_conflict_too(session, make, admin):
    mine = form(session, admin, 2024, target_needs="310")
    other = form(session, make.user(Role.ADMIN), 2024, target_needs="305")
    service.save(session, admin, other, now=NOW)
    with pytest.raises(Conflict):
        service.save(session, admin, mine, now=NOW)


def test_the_targets_of_the_year_before_are_offered_and_copied(session, admin):
    assert service.sheet(session, admin, 2026).copy_from == 2024
    assert service.copy(session, admin, 2026, now=NOW) == 2024
    plan = plan_of(session, 2026)
    assert plan.targets_of == 2026
    assert plan.targets[TURNOVER].value == 1400 * YI
    assert "沿用 2024 年" in plan.targets[TURNOVER].source
    assert service.sheet(session, admin, 2026).copy_from is None
    with pytest.raises(Conflict, match=r"target\.nothing_to_copy"):
        service.copy(session, admin, 2026, now=NOW)


def test_there_is_nothing_to_copy_before_the_first_year(session, admin):
    assert service.sheet(session, admin, 2020).copy_from is None
    with pytest.raises(Conflict):
        service.copy(session, admin, 2020, now=NOW)


DEFINITION = {
    "indicator": "local_conversion",
    "name": "按份数的本地转化率",
    "method": "local_share_of_contracts",
    "words": "买卖双方都在长沙的合同份数 ÷ 卖方在长沙的合同份数。",
    "from_on": "2026-07-01",
}


def test_a_definition_takes_the_place_of_the_one_before_from_its_day_on(session, admin):
    local = TargetIndicator.LOCAL_CONVERSION
    service.define(session, admin, parse(DefinitionInput, DEFINITION), now=NOW)
    old = service.in_force(session, date(2026, 6, 30))[local]
    new = service.in_force(session, date(2026, 7, 1))[local]
    assert old.method == "local_share_of_sales"
    assert (new.method, new.author_id) == ("local_share_of_contracts", admin.id)
    # What was before any definition stands by the first.
    assert service.in_force(session, date(2019, 1, 1))[local].id == old.id
    last = session.scalars(select(History).order_by(History.id.desc())).first()
    assert last.action == "definition.added"


def test_two_definitions_of_one_day_are_refused_in_words(session, admin):
    data = parse(DefinitionInput, DEFINITION)
    service.define(session, admin, data, now=NOW)
    number = session.scalar(select(func.count(Definition.id)))
    with pytest.raises(Invalid) as refused:
        service.define(session, admin, data, now=NOW)
    assert "自这一天起" in refused.value.fields["from_on"]
    assert session.scalar(select(func.count(Definition.id))) == number


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"method": "recognised_total"}, "method"),  # fen for a share
        ({"method": "make_it_up"}, "method"),
        ({"indicator": "luck"}, "indicator"),
        ({"words": ""}, "words"),
        ({"from_on": "1026-01-01"}, "from_on"),
        ({"from_on": "tomorrow"}, "from_on"),
    ],
)
def test_a_definition_that_makes_no_sense_names_its_field(change, field):
    with pytest.raises(Invalid) as refused:
        parse(DefinitionInput, DEFINITION | change)
    assert list(refused.value.fields) == [field]


@pytest.mark.parametrize(
    ("text", "unit", "stored"),
    [
        ("1400", Unit.FEN, 1400 * YI),
        (" 1,400.25 亿元 ", Unit.FEN, 1400 * YI + YI // 4),
        ("１４００", Unit.FEN, 1400 * YI),
        ("0.0000000001", Unit.FEN, 1),
        ("8.6", Unit.BASIS_POINTS, 860),
        ("8.6％", Unit.BASIS_POINTS, 860),
        ("300", Unit.COUNT, 300),
        ("0", Unit.COUNT, 0),
        ("", Unit.COUNT, None),
    ],
)
def test_a_figure_is_read_exactly(text, unit, stored):
    assert read(text, unit) == stored
    assert typed(stored, unit) == typed(read(typed(stored, unit), unit), unit)


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("target_turnover", "-5"),
        ("target_turnover", "1e9"),
        ("target_turnover", "一千四百"),
        ("target_turnover", "99999999"),
        ("fact_gdp", "0.00000000001"),
        ("target_gdp_share", "8.655"),
        ("target_needs", "3.5"),
        ("target_needs", "9" * 40),
        ("target_needs_source", "源" * 201),
    ],
)
def test_a_figure_that_is_none_names_its_field(field, text):
    with pytest.raises(Invalid) as refused:
        parse(YearInput, {"year": "2026", field: text})
    assert list(refused.value.fields) == [field]


@pytest.mark.parametrize("role", [Role.STAFF, Role.ENTERPRISE, Role.MANAGER])
def test_only_an_admin_governs_the_targets(session, make, admin, role):
    user = make.user(role)
    data = form(session, admin, 2026, fact_gdp="1")
    definition = parse(DefinitionInput, DEFINITION)
    for act in (
        lambda: service.sheet(session, user, 2026),
        lambda: service.save(session, user, data, now=NOW),
        lambda: service.copy(session, user, 2026, now=NOW),
        lambda: service.define(session, user, definition, now=NOW),
        lambda: service.definitions(session, user),
    ):
        with pytest.raises(Forbidden):
            act()
    assert session.scalar(select(func.count(YearFact.id))) == 0
