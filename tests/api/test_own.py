"""What is one's own, through the interface: account, organisation, notices, work."""

import json

import pytest
from sqlalchemy import select

from matchmaker import limiter
from matchmaker.api import openapi
from matchmaker.notices import service as notices
from models import Invitation, Mail, Notice, User, transaction
from models.outbox import RecordType
from models.states import NeedStatus, OrganisationRole, Role

from ..conftest import NOW

pytestmark = pytest.mark.one_database


@pytest.fixture
def manager(make) -> User:
    home = make.organisation().id
    return make.user(organisation_id=home, org_role=OrganisationRole.MANAGER)


def pointers(answer) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [error["pointer"] for error in answer.json["errors"]]


def test_a_token_tells_whom_it_acts_for(program, manager, make):
    mine = program(manager, ["me:read", "needs:read"])
    told = mine.get("/me").json
    assert (told["id"], told["email"]) == (manager.id, manager.email)
    assert told["organisation"]["name"] == manager.organisation.name
    assert told["scopes"] == ["me:read", "needs:read"]
    assert mine.put("/me", json={"name": "新的姓名"}).status_code == 403
    assert program().get("/me").status_code == 401
    assert program(make.staff()).get("/me").json["organisation"] is None


def test_one_changes_ones_own_name(program, manager):
    mine = program(manager)
    assert mine.put("/me", json={"name": "新的姓名"}).json["name"] == "新的姓名"
    assert pointers(mine.put("/me", json={"name": ""})) == ["name"]
    assert pointers(mine.put("/me", json={"name": "甲", "role": "admin"})) == ["role"]


def test_the_first_page_tells_what_it_tells_everybody(program, make, indexed):
    make.need()
    make.call()
    indexed()
    told = program().get("/home").json
    assert (told["needs"], told["achievements"], told["calls"]) == (1, 0, 1)
    assert told["newest_needs"][0]["title"] == "储能电站电池热失控提前预警"
    assert told["turnover"]["year"] >= 2026
    codes = program().get("/codes").json
    assert {"code": "ES", "label": "先进储能与新能源", "offered": True} in codes[
        "fields"
    ]
    reasons = {one["name"]: one for one in codes["lists"]}
    assert {"field", "district"}.isdisjoint(reasons)
    assert reasons["introduction_failed"]["title"] == "对接未成原因"
    declined = {one["code"] for one in reasons["introduction_declined"]["codes"]}
    assert {"not_fitting", "price", "other"} <= declined
    assert codes["enumerations"]["NeedStatus"]["draft"] == "草稿"


def test_every_code_of_the_description_has_its_word(program):
    """As far as people read one, too."""
    words = program().get("/codes").json["enumerations"]
    described = json.loads(openapi.document())["components"]["schemas"]
    told = {
        name: set(schema["enum"]) - words[name].keys()
        for name, schema in described.items()
        if "enum" in schema and name in words
    }
    assert {"NeedStatus", "CallPhase", "Mode", "RejectReason"} <= told.keys()
    assert {name: codes for name, codes in told.items() if codes} == {}


def test_a_manager_invites_and_takes_back(program, manager, session):
    mine = program(manager)
    sent = {"email": "New.Colleague@example.com", "org_role": "operator"}
    made = mine.post("/organisation/invitations", json=sent)
    assert made.status_code == 201, made.text
    assert made.json["email"] == "new.colleague@example.com"
    letter = session.scalars(select(Mail)).one()
    assert letter.facts["token"] not in made.text
    assert mine.get("/organisation").json["invitations"] == [made.json]
    place = f"/organisation/invitations/{made.json['id']}/withdraw"
    assert mine.post(place).status_code == 204
    assert mine.post(place).json["code"] == "invitation.closed"
    session.rollback()
    assert session.scalars(select(Invitation)).one().withdrawn_at is not None
    wrong = mine.post("/organisation/invitations", json=sent | {"email": "nobody"})
    assert pointers(wrong) == ["email"]


def test_invitations_are_not_sent_without_end(program, manager, built_app, monkeypatch):
    settings = built_app.config["SETTINGS"].model_copy(
        update={"sign_in_rate": "2 per hour"}
    )
    monkeypatch.setitem(built_app.config, "SETTINGS", settings)
    monkeypatch.setattr(limiter, "enabled", True)
    limiter.reset()
    mine = program(manager)
    try:
        answers = [
            mine.post(
                "/organisation/invitations",
                json={"email": f"somebody{n}@example.com", "org_role": "reader"},
            )
            for n in range(3)
        ]
        assert [one.status_code for one in answers] == [201, 201, 429]
        assert mine.get("/organisation").status_code == 200
    finally:
        limiter.reset()


def test_a_manager_decides_what_members_may(program, manager, make):
    home = manager.organisation_id
    other = make.user(organisation_id=home)
    mine, place = program(manager), f"/organisation/members/{other.id}"
    answer = mine.post(f"{place}/role", json={"org_role": "reader"})
    assert answer.json["org_role"] == "reader"
    assert not mine.post(f"{place}/close").json["active"]
    assert program(other).get("/organisation").status_code == 401
    assert mine.post(f"{place}/reopen").json["active"]
    own = f"/organisation/members/{manager.id}/close"
    assert mine.post(own).json["code"] == "member.not_yourself"
    stranger = make.user().id
    path = f"/organisation/members/{stranger}/close"
    assert mine.post(path).status_code == 404


def test_a_plain_member_reads_and_does_no_more(program, manager, make):
    home = manager.organisation_id
    make.invitation(home, manager.id)
    member = make.user(organisation_id=home, org_role=OrganisationRole.OPERATOR)
    its = program(member)
    told = its.get("/organisation").json
    assert (told["leads"], told["invitations"]) == (False, [])
    place = f"/organisation/members/{manager.id}"
    assert its.post(f"{place}/role", json={"org_role": "reader"}).status_code == 403
    assert its.post(f"{place}/close").status_code == 403
    assert program(make.staff()).get("/organisation").status_code == 403


@pytest.fixture
def told(session, manager, make):
    need = make.need(organisation_id=manager.organisation_id)
    with transaction(session):
        for n in range(3):
            notices.queue(
                session,
                [manager.id],
                "need_published",
                now=NOW,
                title=f"第 {n} 条",
                need_id=need.id,
            )
    return need


def test_notices_are_read_one_by_one_and_all(program, manager, told, session):
    mine = program(manager)
    page = mine.get("/notices?unread=true&limit=2").json
    assert (page["total"], len(page["items"])) == (3, 2)
    first = page["items"][0]
    assert first["words"] == "您的需求已发布:第 2 条"
    assert first["page"] == f"/needs/{told.id}"
    assert mine.post(f"/notices/{first['id']}/read").json["read_at"]
    assert mine.get("/notices?unread=true").json["total"] == 2
    rest = mine.get(f"/notices?unread=true&limit=2&cursor={page['next']}").json
    assert [one["words"] for one in rest["items"]] == ["您的需求已发布:第 0 条"]
    assert mine.post("/notices/read-all").json == {"marked": 2}
    session.rollback()
    assert not session.scalars(select(Notice).where(Notice.read_at.is_(None))).all()


def test_anothers_notice_is_not_there(program, told, session, make):
    number = session.scalars(select(Notice.id)).first()
    other = program(make.user())
    assert other.post(f"/notices/{number}/read").status_code == 404
    assert other.get("/notices").json["total"] == 0
    assert other.get("/notices?unread=yes").status_code == 422


def test_a_search_is_watched_changed_stopped_and_forgotten(program, manager):
    mine = program(manager)
    asked = {"kind": "achievement", "q": "热失控预警", "field": ["ES"]}
    made = mine.post("/subscriptions", json=asked)
    assert made.status_code == 201, made.text
    assert made.json["query"] == {"q": "热失控预警", "field": ["ES"]}
    place = f"/subscriptions/{made.json['id']}"
    changed = mine.post(place, json={"frequency": "weekly", "by_mail": True})
    assert (changed.json["frequency"], changed.json["by_mail"]) == ("weekly", True)
    again = mine.post("/subscriptions", json=asked)
    assert again.json["id"] == made.json["id"]
    assert mine.post(f"{place}/stop").json["stopped_at"]
    assert mine.post(f"{place}/resume").json["stopped_at"] is None
    assert mine.get("/subscriptions").json["items"][0]["found"] == 0
    assert mine.get(f"{place}/findings").json["items"] == []
    assert mine.send("DELETE", place).status_code == 204
    assert mine.get(place).status_code == 404


def test_a_subscription_asks_something_and_is_ones_own(program, manager, make):
    mine = program(manager)
    assert pointers(mine.post("/subscriptions", json={})) == ["form"]
    wrong = mine.post("/subscriptions", json={"kind": "need", "trl": [0]})
    assert pointers(wrong) == ["trl/0"]
    theirs = f"/subscriptions/{make.subscription().id}"
    assert mine.get(theirs).status_code == 404
    assert mine.get(f"{theirs}/findings").status_code == 404
    assert mine.post(f"{theirs}/stop").status_code == 404
    assert mine.send("DELETE", theirs).status_code == 404


def test_a_holder_watches_for_buyers(program, make):
    college = make.user(Role.UNIVERSITY)
    item = make.achievement(organisation_id=college.organisation_id)
    path = f"/achievements/{item.id}/subscription"
    made = program(college).post(path, json={"frequency": "daily"})
    assert made.json["kind"] == RecordType.NEED
    assert made.json["achievement_id"] == item.id
    found = program(college).get(f"/achievements/{item.id}/buyers").json
    assert found["subscription_id"] == made.json["id"]
    assert program(make.user()).post(path, json={}).status_code == 403


def test_what_waits_is_listed_for_whom_it_waits(program, manager, make):
    home = manager.organisation_id
    for n in range(3):
        make.need(
            organisation_id=home, status=NeedStatus.RETURNED, title=f"退回的需求{n}"
        )
    mine = program(manager)
    page = mine.get("/work?limit=2").json
    assert (page["total"], len(page["items"])) == (3, 2)
    rest = mine.get(f"/work?limit=2&cursor={page['next']}").json
    assert (len(rest["items"]), rest["next"]) == (1, None)
    titles = {one["title"] for one in page["items"] + rest["items"]}
    assert titles == {f"退回的需求{n}" for n in range(3)}
    line = page["items"][0]
    assert line["page"] == f"/needs/{line['id']}"
    counts = mine.get("/work-counts").json
    of_source = {one["source"]: one["number"] for one in counts["sources"]}
    assert of_source[line["source"]] == 3
    assert counts["observed"] == []
    assert program(make.user()).get("/work").json["total"] == 0
    assert mine.get("/work?source=nothing").status_code == 422
    assert mine.get("/work?node=1").status_code == 404
