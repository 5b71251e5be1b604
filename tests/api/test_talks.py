"""Introductions for programs: asked for, answered, followed, and what stays hidden."""

import pytest
from sqlalchemy import select

from models import ApiAnswer, History
from models.states import Role, Secrecy

pytestmark = pytest.mark.one_database

PHONE = "0731-88001234"
KEY = {"Idempotency-Key": "one-and-the-same-key"}


@pytest.fixture
def firm(make):
    return make.user()


@pytest.fixture
def college(make):
    return make.user(Role.UNIVERSITY)


@pytest.fixture
def talks(make, firm, college):
    """Talks that wait for both sides."""
    return make.introduction(
        make.need(organisation_id=firm.organisation_id),
        make.achievement(organisation_id=college.organisation_id),
    )


def pointers(answer):
    assert answer.status_code == 422, answer.text
    return [one["pointer"] for one in answer.json["errors"]]


def test_talks_are_asked_for_answered_and_led_to_their_end(
    program, make, firm, college
):
    need = make.need(organisation_id=firm.organisation_id)
    item = make.achievement(organisation_id=college.organisation_id)
    asker, giver = program(firm), program(college)
    place = f"/achievements/{item.id}/introduction"
    for message in ({}, {"message": "短"}):
        assert pointers(asker.post(place, json=message)) == ["message"]
    body = {"own": need.id, "message": "想在我们的电池舱里试用。"}
    begun = asker.post(place, json=body)
    assert (begun.status_code, begun.json["is_new"]) == (201, True)
    assert asker.post(place, json=body).json["is_new"] is False
    id_ = begun.json["id"]

    seen = giver.get(f"/introductions/{id_}").json
    assert (seen["answering"], seen["side"]) == (True, "provider")
    assert seen["need"]["id"] == need.id
    answer = {"version": seen["version"], "interest": "interested"}
    line = giver.post(f"/introductions/{id_}/answer", json=answer).json
    assert (line["status"], line["stages"]) == ("talking", ["drafting", "failed"])
    late = giver.post(f"/introductions/{id_}/answer", json=answer)
    assert (late.status_code, late.json["code"]) == (409, "introduction.answered")

    note = {"kind": "meeting", "happened_on": "2026-11-20", "log_words": "谈了试用。"}
    assert giver.post(f"/introductions/{id_}/log", json=note).status_code == 201
    ahead = note | {"happened_on": "9999-01-01"}
    refused = giver.post(f"/introductions/{id_}/log", json=ahead)
    assert pointers(refused) == ["happened_on"]
    inside = note | {"is_internal": True}
    assert giver.post(f"/introductions/{id_}/log", json=inside).status_code == 403

    now = asker.get(f"/introductions/{id_}").json
    assert "谈了试用。" in [one["detail"] for one in now["log"]]
    assert all(one["at"].endswith("Z") for one in now["log"])
    end = {"version": now["version"], "to": "failed"}
    refused = asker.post(f"/introductions/{id_}/move", json=end)
    assert pointers(refused) == ["failed_code", "failed_words"]
    stale = asker.post(
        f"/introductions/{id_}/move", json={"version": 1, "to": "drafting"}
    )
    assert (stale.status_code, stale.json["code"]) == (409, "stale")
    moved = asker.post(
        f"/introductions/{id_}/move", json={"version": now["version"], "to": "drafting"}
    )
    assert moved.json["status"] == "drafting"


def test_staff_begin_assign_and_change_the_way(program, make):
    need, item = make.need(), make.achievement()
    manager = make.user(Role.MANAGER)
    staff = program(make.staff())
    assert pointers(staff.post("/introductions", json={"need": need.id})) == ["form"]
    gone = {"need": need.id, "achievement": 99}
    assert pointers(staff.post("/introductions", json=gone)) == ["achievement"]
    made = staff.post("/introductions", json={"need": need.id, "achievement": item.id})
    assert made.status_code == 201
    place = f"/introductions/{made.json['id']}"
    [one] = staff.get(f"{place}/managers").json["managers"]
    assert (one["id"], one["concerned"]) == (manager.id, False)
    body = {"version": made.json["version"], "manager": manager.id}
    line = staff.post(f"{place}/assign", json=body).json
    assert line["manager"] == manager.name
    way = {"version": line["version"], "route": "meeting", "route_words": "先见一面。"}
    assert staff.post(f"{place}/route", json=way).json["route"] == "meeting"
    assert program(manager).get(place).status_code == 200
    assert program(manager).get(f"{place}/managers").status_code == 403


def test_of_an_approved_pair_talks_begin_once(program, make):
    pair = make.suggestion(status="approved", decided_at=make.now)
    staff = program(make.staff())
    first = staff.post(f"/desk/{pair.id}/introduction", headers=KEY)
    again = staff.post(f"/desk/{pair.id}/introduction", headers=KEY)
    assert (again.status_code, again.json) == (201, first.json)
    waits = make.suggestion()
    refused = staff.post(f"/desk/{waits.id}/introduction")
    assert refused.json["code"] == "introduction.not_approved"


def test_lists_and_board_are_of_whom_it_concerns(program, make, talks, firm):
    other = make.introduction()
    mine = program(firm).get("/introductions").json
    assert [one["id"] for one in mine["items"]] == [talks.id]
    staff = program(make.staff())
    assert {one["id"] for one in staff.get("/introductions").json["items"]} == {
        talks.id,
        other.id,
    }
    board = staff.get("/introductions/board?manager=none").json["columns"]
    assert [one["total"] for one in board] == [2, 0, 0, 0, 0]
    assert program(firm).get(f"/introductions/{other.id}").status_code == 404
    assert program().get("/introductions").status_code == 401


@pytest.mark.parametrize(
    "query",
    ["manager=x", "manager=0000000001" + "9" * 30, "view=board", "status=new"],
)
def test_filters_that_make_no_sense_are_refused(program, make, query):
    assert program(make.staff()).get(f"/introductions?{query}").status_code == 422


def test_the_list_is_read_on_in_its_order(program, make):
    ids = [make.introduction().id for _ in range(5)]
    staff, read, place = program(make.staff()), [], ""
    while place is not None:
        more = place and f"&cursor={place}"
        page = staff.get(f"/introductions?limit=2&sort=newest{more}").json
        read += [one["id"] for one in page["items"]]
        place = page["next"]
    assert read == ids[::-1]


def test_contacts_come_by_reading_alone_and_every_reading_is_noted(
    program, session, make, talks, firm, college
):
    make.agreed(talks)
    mine, place = program(firm), f"/introductions/{talks.id}"
    opened = {"phone": PHONE, "by_mail": True, "agreed": True}
    bad = opened | {"agreed": False}
    assert pointers(mine.post(f"{place}/contact", json=bad)) == ["agreed"]
    answer = mine.post(f"{place}/contact", json=opened, headers=KEY)
    assert (answer.status_code, answer.data) == (204, b"")
    assert mine.get(f"{place}/contact").json["phone"] == PHONE
    assert PHONE not in mine.get(place).text
    theirs = program(college)
    assert PHONE not in theirs.get(place).text
    [read] = theirs.get(f"{place}/contacts").json["contacts"]
    assert (read["phone"], read["email"]) == (PHONE, firm.email)
    session.rollback()
    notes = session.scalars(select(History).where(History.action == "contact.read"))
    assert [row.actor_id for row in notes] == [college.id]
    # Not even a digest of the request: a telephone number is guessed from that.
    assert session.scalars(select(ApiAnswer)).all() == []
    assert mine.get(place).json["readings"][0]["who"] == college.name
    assert mine.send("DELETE", f"{place}/contact").status_code == 204
    assert theirs.get(f"{place}/contacts").json["contacts"] == []
    assert mine.get(f"{place}/contact").json["phone"] is None


def test_a_masked_need_opens_when_both_agreed(program, session, make, firm, college):
    secret = "湘江电厂的储能舱每周误报三次。"
    need = make.need(
        organisation_id=firm.organisation_id,
        secrecy=Secrecy.MASKED,
        problem=secret,
        public_title="储能产品验收",
        public_problem="需要在验收时判断电池状态。",
        public_targets=["判断时间尽量短"],
    )
    item = make.achievement(organisation_id=college.organisation_id)
    talks = make.introduction(need, item)
    theirs, place = program(college), f"/introductions/{talks.id}"
    seen = theirs.get(place).json
    assert (seen["title"], seen["evidence"]) == ("储能产品验收", None)
    # The band, not the sum.
    assert seen["need"]["budget_low"] < seen["need"]["budget_high"]
    firm_name = firm.organisation.name
    assert secret not in theirs.get(place).text
    assert firm_name not in theirs.get(place).text
    assert firm_name not in theirs.get("/introductions").text
    assert theirs.get("/introductions?q=湘江电厂").json["total"] == 0
    assert theirs.get(f"{place}/need").status_code == 403
    make.agreed(talks)
    assert theirs.get(place).json["seeker"] == firm_name
    assert theirs.get(f"{place}/need").json["problem"] == secret
    session.rollback()
    notes = session.scalars(
        select(History).where(History.action == "introduction.need_read")
    )
    assert [row.actor_id for row in notes] == [college.id]


def test_of_a_restricted_need_the_provider_learns_nothing_before_its_owner_agrees(
    program, make, firm, college
):
    need = make.need(organisation_id=firm.organisation_id, secrecy=Secrecy.RESTRICTED)
    item = make.achievement(organisation_id=college.organisation_id)
    talks = make.introduction(need, item, provider_knows=False)
    theirs, place = program(college), f"/introductions/{talks.id}"
    assert theirs.get(place).status_code == 404
    assert theirs.get("/introductions").json["total"] == 0
    assert (
        theirs.post(
            f"{place}/log",
            json={
                "kind": "note",
                "happened_on": "2026-11-20",
                "log_words": "问一问",
            },
        ).status_code
        == 404
    )
    mine = program(firm)
    yes = {"version": mine.get(place).json["version"], "interest": "interested"}
    assert mine.post(f"{place}/answer", json=yes).status_code == 200
    seen = theirs.get(place).json
    assert (seen["title"], seen["need"]["problem"]) == (need.title, None)
    assert theirs.get(f"{place}/need").json["problem"] == need.problem
