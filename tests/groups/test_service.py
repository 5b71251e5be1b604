"""Groups of needs as staff see them, and that nobody else does."""

import pytest

from index import groups
from matchmaker.errors import Forbidden
from matchmaker.groups import service
from matchmaker.groups.schema import GroupQuery
from matchmaker.groups.service import propose
from models.states import NeedStatus, Role, Secrecy, SuggestionStatus

HEAT = {
    "title": "电池热失控提前预警",
    "problem": "磷酸铁锂电池簇过充后温度上升很快,现有烟感报警太晚。",
    "targets": ["预警提前时间≥10 min"],
}
OTHER = {
    "title": "园区电池热失控早期报警",
    "problem": "园区电池簇过充后温度上升很快,烟感报警太晚,要在热失控前预警。",
    "targets": ["预警提前时间≥15 min"],
}
PEACH = {
    "title": "黄桃采后冷藏保鲜",
    "problem": "黄桃采摘后三天变软,冷藏车里烂掉两成。",
    "targets": ["货架期≥7 d"],
}


@pytest.fixture
def index(app):
    return app.extensions["live_index"]


@pytest.fixture
def see(session, index, make):
    """What staff see, afresh."""
    staff = make.staff()

    def look(user=staff, **query):
        session.rollback()
        return propose(session, index, user, GroupQuery(**query))

    return look


def titles(found):
    return [[need.title for need in group.needs] for group in found.rows]


def test_alike_needs_of_two_firms_are_one_group(make, indexed, see):
    make.need(**HEAT, budget_fen=100_000_000, district="岳麓区")
    make.need(**OTHER, budget_fen=150_000_000, district="长沙县")
    make.need(**PEACH, field="AG")
    indexed()
    found = see()
    [group] = found.rows

    assert titles(found) == [[HEAT["title"], OTHER["title"]]]
    assert group.organisations == 2
    assert group.districts == ["岳麓区", "长沙县"]
    assert group.budget == ("250", "万元")
    assert group.open_budgets == 0
    assert "失控" in group.name
    for part in group.name.split("、"):
        assert part in group.terms or part in HEAT["title"] + OTHER["title"]
    assert found.total == 1
    assert found.all_compared


def test_a_budget_left_open_is_said(make, indexed, see):
    make.need(**HEAT, budget_fen=None)
    make.need(**OTHER, budget_fen=1_200_000_000_000)
    indexed()
    [group] = see().rows

    assert group.budget == ("120.00", "亿元")
    assert group.open_budgets == 1


def test_two_needs_of_one_firm_are_no_group(make, indexed, see):
    home = make.organisation().id
    make.need(**HEAT, organisation_id=home)
    make.need(**OTHER, organisation_id=home)
    indexed()
    assert see().rows == []


@pytest.mark.parametrize("status", [s for s in NeedStatus if s != "published"])
def test_only_published_needs_are_grouped(make, indexed, see, status):
    make.need(**HEAT)
    make.need(**OTHER, status=status)
    indexed()
    assert see().total == 0


def test_the_full_text_of_a_masked_or_restricted_need_counts(make, indexed, see):
    make.need(**HEAT, secrecy=Secrecy.RESTRICTED)
    make.need(
        **OTHER,
        secrecy=Secrecy.MASKED,
        public_title="某问题",
        public_problem="某设备的某个问题。",
        public_targets=[],
    )
    indexed()
    assert titles(see()) == [[HEAT["title"], OTHER["title"]]]


def test_the_reason_quotes_sentences_and_names_shared_achievements(make, indexed, see):
    left, right = make.need(**HEAT), make.need(**OTHER)
    make.fillers(40)
    answer = make.achievement()
    indexed()
    for need in (left, right):
        make.suggestion(need, answer)
    [group] = see().rows

    assert [(item.id, count) for item, count in group.answers] == [(answer.id, 2)]
    [pair] = group.pairs
    assert pair.quotes[0] in (HEAT["problem"], *HEAT["targets"])
    assert pair.words


def test_a_rejected_suggestion_is_no_shared_achievement(make, indexed, see):
    left, right = make.need(**HEAT), make.need(**OTHER)
    answer = make.achievement()
    indexed()
    make.suggestion(left, answer)
    make.suggestion(right, answer, status=SuggestionStatus.REJECTED)
    [group] = see().rows
    assert group.answers == []


def test_fields_filter_and_are_counted(make, indexed, see):
    make.need(**HEAT, field="ES")
    make.need(**OTHER, field="EM")
    indexed()

    assert see().fields == {"ES": 1, "EM": 1}
    assert see(field=["EM"]).total == 1
    assert see(field=["AG"]).total == 0
    assert see(field=["AG"]).fields == {"ES": 1, "EM": 1}


def test_an_edit_is_seen_at_once(make, indexed, see, session):
    make.need(**HEAT)
    make.need(**OTHER)
    indexed()
    assert see().total == 1
    late = make.need(**OTHER | {"title": "储能舱电池热失控早期报警"})
    indexed()

    assert late.id in {need.id for group in see().rows for need in group.needs}


def test_only_the_newest_are_compared(make, indexed, see, monkeypatch):
    monkeypatch.setattr(service, "MOST_NEEDS", 2)
    make.need(**HEAT)
    make.need(**OTHER)
    make.need(**PEACH)
    indexed()
    found = see()

    assert found.total == 0
    assert not found.all_compared
    assert found.compared == 2


@pytest.mark.parametrize("role", [Role.ENTERPRISE, Role.UNIVERSITY])
def test_it_is_for_staff_alone(make, see, role):
    with pytest.raises(Forbidden):
        see(make.user(role))


def test_the_same_needs_give_the_same_groups(make, indexed, see):
    for number in range(4):
        make.need(**HEAT | {"title": f"{HEAT['title']}{number}"})
    indexed()
    first = titles(see())

    assert first == titles(see())
    assert len(first[0]) == 4 <= groups.LARGEST
