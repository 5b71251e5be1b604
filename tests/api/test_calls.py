"""Calls through the interface: a life, who may what, and what is refused."""

from datetime import UTC, datetime, timedelta

import pytest

from models import Call, transaction
from models.states import CallStatus, Role, Secrecy

pytestmark = pytest.mark.one_database

OPENS, CLOSES = "2027-01-04T09:00:00+08:00", "2099-03-01T17:00:00+08:00"


def text(**given):
    """A whole call as a program sends it."""
    return {
        "title": "储能电站电芯热失控提前预警",
        "field": "ES",
        "background": "园区三座储能电站共有电芯四万余只，现有报警在起火前不足一分钟，"
        "去年误停机三次，每次损失约二十万元。",
        "goals": ["提前预警时间 ≥ 10 min", "误报率 ≤ 1%"],
        "funding": 300_0000_00,
        "mode": "single",
        "criteria": [
            {"name": "技术方案", "weight": 60, "words": "逐条有依据"},
            {"name": "团队与基础", "weight": 40},
        ],
        "promise": True,
    } | given


@pytest.fixture
def firm(make):
    return make.user(organisation_id=make.organisation().id)


def test_a_call_from_its_draft_to_its_end(program, make, firm):
    author, staff = program(firm), program(make.staff())
    made = author.post("/calls", json=text(draft=True, goals=[]))
    assert made.status_code == 201, made.text
    call = made.json
    assert call["status"] == "draft"
    assert call["funding"] == 300_0000_00
    place = f"/calls/{call['id']}"
    assert program().get(place).status_code == 404
    etag = {"If-Match": made.headers["ETag"]}
    changed = author.put(place, json=text(closes_at=CLOSES), headers=etag)
    assert changed.status_code == 200, changed.text
    assert changed.json["status"] == "argued"
    assert changed.json["closes_at"] == "2099-03-01T09:00:00Z"
    assert author.put(place, json=text(), headers=etag).status_code == 412
    said = {"expert": "湖南大学 李教授", "words": "目标可以检验"}
    assert staff.post(f"{place}/opinions", json=said).status_code == 201
    assert author.get(f"{place}/opinions").status_code == 403
    assert staff.get(f"{place}/opinions").json["items"][0]["words"] == said["words"]
    version = staff.get(place).json["version"]
    returned = staff.post(
        f"{place}/return", json={"version": version, "reason": "请写明应用场景"}
    )
    assert returned.json["return_reason"] == "请写明应用场景"
    again = author.get(place)
    etag = {"If-Match": again.headers["ETag"]}
    sent = author.put(place, json=text(), headers=etag).json
    seen = {"version": sent["version"]}
    assert author.post(f"{place}/approve", json=seen).status_code == 403
    passed = staff.post(f"{place}/approve", json=seen)
    assert passed.json["approved_at"] is not None
    seen = {"version": passed.json["version"]}
    opened = staff.post(f"{place}/open", json=seen | {"closes_at": CLOSES})
    assert opened.status_code == 200, opened.text
    assert program().get(place).json["phase"] == "open"
    whole = text(
        version=opened.json["version"],
        reason="按专家意见补充一条检验要求",
        closes_at=CLOSES,
        questions_until="2099-02-01T17:00:00+08:00",
        conditions="有第三方检测报告",
    )
    amended = staff.post(f"{place}/amend", json=whole)
    assert amended.status_code == 200, amended.text
    versions = program().get(f"{place}/versions").json["items"]
    assert [one["id"] for one in versions] == [2, 1]
    assert "conditions" in versions[0]["changed"]
    assert versions[1]["changed"] == []
    ended = staff.post(
        f"{place}/stop",
        json={"version": amended.json["version"], "reason": "发榜单位撤销了项目"},
    )
    assert ended.json["status"] == "stopped"
    assert program().get(place).json["end_reason"] == "发榜单位撤销了项目"


def test_the_lists_hold_what_the_pages_do(program, make, firm, indexed):
    own = make.call(issuer_id=firm.organisation_id, title="本单位的榜单预警")
    hidden = make.call(status=CallStatus.DRAFT, published_at=None)
    indexed()
    public = program().get("/calls").json
    assert [one["id"] for one in public["items"]] == [own.id]
    assert hidden.id not in [
        one["id"] for one in program(firm).get("/calls/mine").json["items"]
    ]
    assert program().get("/calls/mine").status_code == 401
    college = make.user(Role.UNIVERSITY, organisation_id=make.organisation().id)
    assert program(college).get("/calls/mine").status_code == 403


def test_feed_and_calendar_are_files(program, make):
    call = make.call()
    feed, dates = (
        program().get("/calls/feed.atom"),
        program().get("/calls/deadlines.ics"),
    )
    assert call.title in feed.text
    assert feed.content_type.startswith("application/atom+xml")
    assert dates.content_type.startswith("text/calendar")


def test_a_question_is_private_until_it_is_answered(program, make):
    call = make.call()
    college = make.user(Role.UNIVERSITY, organisation_id=make.organisation().id)
    mine, staff, place = program(college), program(make.staff()), f"/calls/{call.id}"
    asked = mine.post(
        f"{place}/questions", json={"question": "试验数据由谁来提供？可以公开吗"}
    )
    assert asked.status_code == 201, asked.text
    assert program().get(f"{place}/questions").json["total"] == 0
    assert mine.get(f"{place}/questions").json["total"] == 1
    known = staff.get(f"{place}/questions").json["items"][0]
    assert known["organisation"] == college.organisation.name
    answer = f"/questions/{known['id']}/answer"
    assert mine.post(answer, json={"answer": "由园区提供"}).status_code == 403
    assert staff.post(answer, json={"answer": "由园区提供"}).status_code == 200
    public = program().get(f"{place}/questions").json["items"][0]
    assert (public["answer"], public["organisation"]) == ("由园区提供", None)
    assert staff.post(answer, json={"answer": "再答一次"}).status_code == 409


def test_a_holder_is_invited_and_learns_of_its_own_invitation_alone(program, make):
    call, home = make.call(), make.organisation()
    college = make.user(Role.UNIVERSITY, organisation_id=home.id)
    item = make.achievement(organisation_id=home.id)
    staff, place = program(make.staff()), f"/calls/{call.id}"
    body = {"achievement": item.id}
    assert program(college).post(f"{place}/invitations", json=body).status_code == 403
    assert staff.post(f"{place}/invitations", json=body).status_code == 201
    assert staff.post(f"{place}/invitations", json=body).status_code == 409
    assert staff.get(f"{place}/invitations").json["total"] == 1
    assert program(college).get(f"{place}/invitations").status_code == 403
    assert program(college).get(place).json["invited"] is True
    assert program().get(place).json["invited"] is False


def test_a_restricted_need_behind_a_call_is_named_to_the_staff_alone(program, make):
    call, need = make.call(), make.need(secrecy=Secrecy.RESTRICTED)
    make.linked(call, need)
    assert program().get(f"/calls/{call.id}").json["needs"] == []
    assert program(make.staff()).get(f"/calls/{call.id}").json["needs"] == [need.id]


def test_a_call_before_it_is_opened_is_withdrawn_by_its_author(program, make, firm):
    mine = program(firm)
    call = mine.post("/calls", json=text()).json
    place = f"/calls/{call['id']}/withdraw"
    old = mine.post(place, json={"version": call["version"] + 1})
    assert (old.status_code, old.json["code"]) == (409, "changed_since_read")
    done = mine.post(place, json={"version": call["version"]})
    assert done.json["status"] == "withdrawn"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"opens_at": "2027-01-04 09:00"}, "opens_at"),
        ({"opens_at": "2027-01-04T09:00:00"}, "opens_at"),
        ({"opens_at": "9999-12-31T23:59:59-12:00"}, "opens_at"),
        ({"opens_at": "2027-02-31T09:00:00Z"}, "opens_at"),
        ({"opens_at": CLOSES, "closes_at": OPENS}, "closes_at"),
        ({"funding": 2**62}, "funding"),
        ({"funding": "300 万元"}, "funding"),
        ({"criteria": [{"name": "方案", "weight": 99}]}, "criteria"),
        ({"criteria": [{"name": "方案", "weight": 101}]}, "criteria/0/weight"),
        ({"needs": [2**31]}, "needs/0"),
        ({"needs": [7]}, "needs"),
        ({"max_awards": 21}, "max_awards"),
        ({"issuer_weight": 51}, "issuer_weight"),
        ({"goals": []}, "goals"),
        ({"promise": False}, "promise"),
    ],
)
def test_what_makes_no_call_is_named(program, session, firm, change, pointer):
    answer = program(firm).post("/calls", json=text(**change))
    assert answer.status_code == 422, answer.text
    assert pointer in [error["pointer"] for error in answer.json["errors"]]
    session.rollback()
    assert session.query(Call).count() == 0


def test_the_end_of_an_open_call_is_not_brought_forward(program, session, make):
    call, staff = make.call(), program(make.staff())
    with transaction(session):
        call.closes_at = datetime(2098, 1, 1, tzinfo=UTC)
        call.questions_until = call.closes_at - timedelta(days=7)
    body = text(
        version=call.version,
        reason="项目提前结束，园区另有安排",
        closes_at="2097-01-01T00:00:00Z",
        questions_until="2096-01-01T00:00:00Z",
    )
    answer = staff.post(f"/calls/{call.id}/amend", json=body)
    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json["errors"]] == ["closes_at"]
