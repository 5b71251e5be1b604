"""The work list through HTTP, its number on every page, and what staff may look at."""

import re

import pytest
from sqlalchemy import delete, select

from matchmaker.work import observations
from matchmaker.work import web as work_web
from models import Holiday, Observation, transaction
from models.states import NeedStatus, Role, SuggestionStatus

from ..conftest import NOW


def number_of(page: str) -> str:
    found = re.search(r'href="/work".*?</a>', page, re.DOTALL)
    assert found is not None
    return re.sub(r"<[^>]+>", "", found[0])


def test_the_list_names_what_waits_and_the_way_to_deal_with_it(make, login):
    person = make.user()
    need = make.need(
        status=NeedStatus.RETURNED,
        title="泵车臂架末端抖动",
        organisation_id=person.organisation_id,
    )
    client = login(person)
    page = client.get("/work").text
    assert f'href="/needs/{need.id}"' in page
    assert "被退回的需求" in page
    assert "去修改" in page
    for path in ("/work", "/", "/needs", "/profile"):
        assert "1条" in number_of(client.get(path).text), path


def test_opening_a_result_takes_it_off_the_list(make, login):
    person = make.user()
    pair = make.suggestion(
        make.need(organisation_id=person.organisation_id),
        status=SuggestionStatus.APPROVED,
        decided_at=NOW,
    )
    client = login(person)
    assert f'href="/matches/{pair.id}"' in client.get("/work").text
    assert client.get(f"/matches/{pair.id}").status_code == 200
    assert "没有待办" in client.get("/work").text
    assert "条" not in number_of(client.get("/work").text)


def test_looking_at_the_buyers_takes_them_off_the_list(make, login):
    person = make.user(Role.UNIVERSITY)
    item = make.achievement(organisation_id=person.organisation_id)
    make.suggestion(achievement=item, status=SuggestionStatus.APPROVED)
    client = login(person)
    page = client.get("/work").text
    assert f'href="/achievements/{item.id}/buyers"' in page
    assert client.get(f"/achievements/{item.id}/buyers").status_code == 200
    assert "没有待办" in client.get("/work").text


def test_a_kind_of_work_is_narrowed_to_or_refused(make, login):
    client = login(make.staff())
    make.need(status=NeedStatus.PENDING, title="待审的一条")
    make.suggestion(make.need(title="一对里的需求"))
    page = client.get("/work?source=submitted_needs").text
    assert "待审的一条" in page
    assert "一对里的需求" not in page
    assert client.get("/work?source=draft_needs").status_code == 404
    assert client.get("/work?source=nonsense").status_code == 422
    assert "这些条件下没有待办" in client.get("/work?source=put_off_pairs").text


def test_a_visitor_signs_in_first(client):
    assert client.get("/work").status_code == 302


def test_staff_see_how_many_duplicates_and_groups_there_may_be(
    app, make, session, login, indexed
):
    staff = make.staff()
    text = {"title": "泵车臂架末端抖动", "problem": "臂架末端软管上下摆动超过一米。"}
    make.need(**text)
    make.need(status=NeedStatus.PENDING, **text)
    indexed()
    index = app.extensions["live_index"]
    observations.refresh(session, index, now=NOW)
    observations.refresh(session, index, now=NOW)
    found = {one.name: one.number for one in session.scalars(select(Observation))}
    assert found["duplicates"] == 1
    assert set(found) == {"duplicates", "groups"}
    assert "条待审信息疑似重复" in login(staff).get("/work").text
    assert "疑似重复" not in login(make.user()).get("/work").text


def test_without_staff_nothing_is_counted(app, make, session):
    make.user()
    observations.refresh(session, app.extensions["live_index"], now=NOW)
    assert session.scalars(select(Observation)).all() == []


@pytest.mark.parametrize(("role", "told"), [(Role.ADMIN, True), (Role.STAFF, False)])
def test_an_administrator_is_told_of_a_year_without_holidays(
    make, session, login, role, told, monkeypatch
):
    monkeypatch.setattr(work_web, "utcnow", lambda: NOW)
    client = login(make.user(role))
    assert "还没有录入" not in client.get("/work").text
    with transaction(session):
        session.execute(delete(Holiday))
    assert ("2026 年的节假日和调休还没有录入" in client.get("/work").text) is told


def test_staff_narrow_their_list_to_a_node_and_to_a_kind_within_it(make, login):
    staff = make.staff()
    make.node(name="浏阳分平台", districts=["浏阳市"], fields=[], staff=[staff])
    make.need(status=NeedStatus.PENDING, title="浏阳的一条", district="浏阳市")
    make.need(status=NeedStatus.PENDING, title="岳麓的一条")
    page = login(staff).get("/work?node=mine").text
    assert "浏阳的一条" in page
    assert "岳麓的一条" not in page
    assert "我的节点（浏阳分平台）" in page
    assert 'href="/work?node=mine&amp;source=submitted_needs"' in page
    assert login(make.user()).get("/work?node=mine").status_code == 404
    assert "节点" not in login(make.user()).get("/work").text
