"""The matches of a record: the page's, and only for whom the page shows them."""

import pytest

from models.states import AchievementStatus, NeedStatus, Role

pytestmark = pytest.mark.one_database

NOTHING = {"achievements": None, "calls": None}


@pytest.fixture
def firm(make):
    return make.user(organisation_id=make.organisation().id)


def test_an_own_need_has_its_matches_with_their_reasons(program, make, firm, indexed):
    need = make.need(organisation_id=firm.organisation_id)
    fits = make.achievement()
    indexed()
    found = program(firm).get(f"/needs/{need.id}/matches").json
    assert [one["id"] for one in found["achievements"]] == [fits.id]
    best = found["achievements"][0]
    assert best["kind"] == "achievement"
    assert 0 < best["probability"] <= 1
    assert best["sentences"]
    money = next(one for one in best["facts"] if one["name"] == "预算与报价")
    assert money["verdict"] == "met"
    assert found["calls"] == []


def test_they_are_those_of_its_page(program, make, firm, indexed, login):
    need = make.need(organisation_id=firm.organisation_id)
    for number in range(3):
        make.achievement(title=f"电池簇热失控早期预警系统{number}")
    indexed()
    found = program(firm).get(f"/needs/{need.id}/matches").json["achievements"]
    page = login(firm).get(f"/needs/{need.id}").text
    places = [page.index(f"/achievements/{one['id']}") for one in found]
    assert len(found) == 3
    assert places == sorted(places)


@pytest.mark.parametrize("status", [NeedStatus.DRAFT, NeedStatus.WITHDRAWN])
def test_what_is_not_asked_has_none(program, make, firm, indexed, status):
    need = make.need(organisation_id=firm.organisation_id, status=status)
    make.achievement()
    indexed()
    assert program(firm).get(f"/needs/{need.id}/matches").json == NOTHING


def test_others_read_the_need_but_not_its_matches(program, make, firm, indexed):
    need = make.need(organisation_id=firm.organisation_id)
    make.achievement()
    indexed()
    college = make.user(Role.UNIVERSITY, organisation_id=make.organisation().id)
    for caller in (program(), program(college)):
        assert caller.get(f"/needs/{need.id}/matches").json == NOTHING


def test_of_a_need_one_may_not_know_there_is_nothing(program, make, firm):
    draft = make.need(organisation_id=firm.organisation_id, status=NeedStatus.DRAFT)
    assert program().get(f"/needs/{draft.id}/matches").status_code == 404
    assert program().get("/needs/999/matches").status_code == 404


def test_an_achievement_and_a_call_have_each_other(program, make, indexed):
    item, call = make.achievement(), make.call()
    make.fillers(30)
    indexed()
    [found] = program().get(f"/achievements/{item.id}/matches").json["calls"]
    assert (found["id"], found["kind"]) == (call.id, "call")
    # The call asks, whichever was looked at.
    assert found["indicators"][0]["asked"] == call.goals[0]
    [found] = program().get(f"/calls/{call.id}/matches").json["achievements"]
    assert (found["id"], found["indicators"][0]["asked"]) == (item.id, call.goals[0])


def test_what_is_no_longer_on_offer_has_none(program, make):
    item = make.achievement(status=AchievementStatus.TRANSFERRED)
    place = f"/achievements/{item.id}/matches"
    assert program().get(place).json == {"calls": None}
    draft = make.achievement(status=AchievementStatus.DRAFT)
    assert program().get(f"/achievements/{draft.id}/matches").status_code == 404
