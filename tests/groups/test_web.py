"""The page «需求归并»."""

import re

import pytest

from models.states import Role

from .test_service import HEAT, OTHER, PEACH


@pytest.fixture
def staff(make, login):
    return login(make.staff())


def test_staff_find_the_page_from_the_navigation(staff):
    assert 'href="/desk/groups"' in staff.get("/").text


def test_a_group_is_shown_with_its_members_and_budget(make, indexed, staff):
    left = make.need(**HEAT, budget_fen=100_000_000)
    make.need(**OTHER, budget_fen=None)
    indexed()
    page = staff.get("/desk/groups").text

    assert HEAT["title"] in page
    assert OTHER["title"] in page
    assert f'href="/needs/{left.id}"' in page
    assert "合计 100 万元（另有 1 条面议）" in page
    assert "2 条，来自 2 家单位" in page


def test_without_groups_the_page_says_why(make, indexed, staff):
    make.need(**PEACH)
    indexed()
    assert "还没有可以归并的需求" in staff.get("/desk/groups").text
    assert "这些领域里没有可以归并的需求" in staff.get("/desk/groups?field=AG").text


def test_a_group_becomes_a_call_with_its_needs(make, indexed, staff):
    needs = [make.need(**HEAT), make.need(**OTHER)]
    indexed()
    page = staff.get("/desk/groups").text
    ids = re.findall(r'name="need" value="(\d+)"', page)
    assert set(map(int, ids)) == {need.id for need in needs}

    form = staff.get("/calls/new", query_string={"need": ids}).text
    assert set(re.findall(r'name="needs" value="(\d+)"', form)) == set(ids)
    for need in needs:
        assert need.problem in form


def test_a_field_stays_in_the_address(make, indexed, staff):
    make.need(**HEAT, field="ES")
    make.need(**OTHER, field="EM")
    indexed()
    page = staff.get("/desk/groups?field=ES").text

    assert HEAT["title"] in page
    assert 'href="/desk/groups?field=ES&amp;field=EM"' in page
    assert "取消条件" in page


def test_a_page_or_field_that_is_not_there(make, indexed, staff):
    make.need(**HEAT)
    make.need(**OTHER)
    indexed()
    page = staff.get("/desk/groups?page=9")
    assert page.status_code == 404
    assert "没有这一页" in page.text
    assert staff.get("/desk/groups?field=XX").status_code == 422
    assert staff.get("/desk/groups?page=0").status_code == 422


@pytest.mark.parametrize("role", [Role.ENTERPRISE, Role.UNIVERSITY])
def test_nobody_else_gets_it(make, login, role):
    client = login(make.user(role))
    assert client.get("/desk/groups").status_code == 403
    assert "/desk/groups" not in client.get("/").text
