"""The pages on which pairs are proposed."""

import re

import pytest
from sqlalchemy import select

from models import Proposal, Suggestion
from models.states import (
    OrganisationKind,
    RejectReason,
    Role,
    Secrecy,
    SuggestionStatus,
)

from .test_service import CHANGED, MASKED, WHY


@pytest.fixture
def manager(make):
    return make.user(Role.MANAGER, name="周经理")


@pytest.fixture
def need(make, manager):
    firm = make.organisation(name="湘江电池有限公司")
    make.mandate(manager, firm)
    return make.need(organisation_id=firm.id)


def test_a_manager_finds_the_other_side_proposes_and_sees_it_listed(
    make, login, indexed, session, manager, need
):
    item = make.achievement()
    make.fillers(3)
    indexed()
    session.execute(Suggestion.__table__.delete())
    session.commit()
    client = login(manager)
    page = client.get(f"/needs/{need.id}").text
    assert f'href="/needs/{need.id}/propose"' in page
    page = client.get(f"/needs/{need.id}/propose").text
    assert item.title in page
    bad = client.post(f"/needs/{need.id}/propose", data={"why": "好"})
    assert bad.status_code == 422
    assert "请从下面选一条" in bad.text
    assert "至少填写 10 个字" in bad.text
    data = {"other": item.id, "why": WHY}
    done = client.post(f"/needs/{need.id}/propose", data=data)
    assert done.location == "/proposals"
    listed = client.get("/proposals").text
    for words in (need.title, item.title, WHY, "湘江电池有限公司", "待审核"):
        assert words in listed
    again = client.get(f"/needs/{need.id}/propose").text
    assert "已在审核台" in again
    assert re.search(rf'value="{item.id}"[^>]* disabled', again)


def test_the_desk_shows_who_proposed_for_whom_and_why(
    make, login, session, manager, need
):
    item, staff = make.achievement(), make.staff()
    make.suggestion()
    data = {"other": item.id, "why": WHY}
    login(manager).post(f"/needs/{need.id}/propose", data=data)
    session.rollback()
    pair = session.scalars(select(Suggestion).join(Proposal)).one()
    client = login(staff)
    page = client.get(f"/desk/{pair.id}").text
    for words in ("人工提出", "周经理", "代表湘江电池有限公司", WHY):
        assert words in page
    listed = client.get("/desk?view=list").text
    assert listed.count('name="ids"') == 2
    only = client.get("/desk?view=list&by_hand=1").text
    assert only.count('name="ids"') == 1
    assert "人工提出的" in only


def test_a_rejected_pair_asks_what_is_different_and_the_desk_shows_both(
    make, login, session, manager, need
):
    item, staff = make.achievement(), make.staff(name="沈审核")
    pair = make.suggestion(need, item)
    client = login(staff)
    refusal = {"reason": RejectReason.NOT_READY.value}
    assert client.post(f"/desk/{pair.id}/reject", data=refusal).status_code == 303
    data = {"other": item.id, "why": WHY}
    url = f"/needs/{need.id}/propose"
    bad = login(manager).post(url, data=data)
    assert bad.status_code == 422
    assert "这一对曾被驳回" in bad.text
    assert 'name="changed"' in bad.text
    assert WHY in bad.text
    done = login(manager).post(url, data=data | {"changed": CHANGED})
    assert done.status_code == 303
    page = client.get(f"/desk/{pair.id}").text
    for words in (CHANGED, "成熟度不足", "沈审核"):
        assert words in page


def test_what_was_decided_stands_in_the_list_with_its_reason(
    make, login, session, manager, need
):
    item, staff = make.achievement(), make.staff()
    url = f"/needs/{need.id}/propose"
    login(manager).post(url, data={"other": item.id, "why": WHY})
    session.rollback()
    pair = session.scalars(select(Suggestion)).one()
    words = "内部看法，不给经理人看"
    refusal = {"reason": RejectReason.PRICE.value, "words": words}
    login(staff).post(f"/desk/{pair.id}/reject", data=refusal)
    client = login(manager)
    page = client.get("/proposals").text
    assert "价格不合" in page
    assert words not in page
    assert "您提出的配对没有通过" in client.get("/notices").text
    assert "没有这种状态的配对" in client.get("/proposals?state=approved").text


def test_an_achievement_is_proposed_to_a_need(make, login, indexed, manager, need):
    item = make.achievement()
    make.fillers(3)
    indexed()
    client = login(manager)
    page = client.get(f"/achievements/{item.id}/propose").text
    assert "只列出您代表的单位公开的需求" in page
    assert need.title in page
    data = {"other": need.id, "why": WHY}
    done = client.post(f"/achievements/{item.id}/propose", data=data)
    assert done.status_code in (303, 409)  # the matcher may have found it too


def test_nothing_on_the_way_tells_whose_a_masked_need_is(make, login, manager, need):
    """The firm's own manager gets the same page as for anybody's masked need."""
    title = {**MASKED, "title": "某储能客户验收"}
    theirs = make.need(id=70001, organisation_id=need.organisation_id, **title)
    others = make.need(id=70002, **title)
    item = make.achievement()
    client = login(manager)
    pages = []
    for one in (theirs, others):
        url = f"/needs/{one.id}/propose"
        pages.append(client.get(url).text.replace(str(one.id), "N"))
        answer = client.post(url, data={"other": item.id, "why": WHY})
        assert answer.status_code == 403
        assert client.get(f"/needs/{one.id}").status_code == 200
    token = re.compile(r'name="csrf_token" value="[^"]*"')
    assert token.sub("", pages[0]) == token.sub("", pages[1])


def test_a_hidden_record_answers_like_one_that_is_not_there(make, login, manager, need):
    item = make.achievement()
    hidden = make.need(secrecy=Secrecy.RESTRICTED, organisation_id=need.organisation_id)
    draft = make.achievement(status="draft")
    client = login(manager)
    for number in (hidden.id, 999_999, 10**12):
        assert client.get(f"/needs/{number}/propose").status_code == 404
        data = {"other": number, "why": WHY}
        posted = client.post(f"/achievements/{item.id}/propose", data=data)
        assert posted.status_code == (422 if number > 2**31 else 404)
    data = {"other": draft.id, "why": WHY}
    assert client.post(f"/needs/{need.id}/propose", data=data).status_code == 404
    assert login(make.user()).get(f"/needs/{need.id}/propose").status_code == 403


def test_a_manager_without_a_mandate_is_told_so(make, login):
    client = login(make.user(Role.MANAGER))
    need = make.need()
    assert "没有有效的委托" in client.get(f"/needs/{need.id}/propose").text
    assert "您还没有提出配对" in client.get("/proposals").text


def test_a_pair_that_waits_already_is_told_in_the_form(make, login, manager, need):
    college = make.organisation(kind=OrganisationKind.UNIVERSITY)
    item = make.achievement(organisation_id=college.id)
    make.suggestion(need, item, status=SuggestionStatus.PENDING)
    data = {"other": item.id, "why": WHY}
    answer = login(manager).post(f"/needs/{need.id}/propose", data=data)
    assert answer.status_code == 409
    assert "已经在审核台等待审核" in answer.text
