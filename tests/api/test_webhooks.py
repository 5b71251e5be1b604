"""Hooks through the interface: who keeps them, and who governs them."""

import pytest
from sqlalchemy import func, select

from matchmaker.webhooks import events, keeping
from models import ApiAnswer, User, Webhook, WebhookDelivery
from models.states import (
    DeliveryState,
    OrganisationRole,
    Role,
    WebhookStop,
)

from ..factories import SITE_KEY
from . import said

pytestmark = pytest.mark.one_database
ADDRESS = "https://hooks.example.com/in?token=abcdefghijkl"
HOOK = {
    "name": "项目部系统",
    "format": "json",
    "address": ADDRESS,
    "events": ["need_published", "contract_signed"],
}
ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def lead(make) -> User:
    make.webhook_host("hooks.example.com")
    return make.user(
        organisation_id=make.organisation().id, org_role=OrganisationRole.MANAGER
    )


@pytest.fixture
def admin(make) -> User:
    return make.user(Role.ADMIN)


def pointers(answer) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [error["pointer"] for error in answer.json["errors"]]


def secret_of(session, hook_id: int) -> str:
    session.rollback()
    return keeping.opened(session.get_one(Webhook, hook_id).secret, SITE_KEY)


def test_a_hook_is_made_and_its_secret_told_this_once(program, lead, session):
    mine = program(lead)
    made = mine.post("/webhooks", json=HOOK)
    assert made.status_code == 201, made.text
    assert "no-store" in made.headers["Cache-Control"]
    hook = made.json
    assert hook["secret"] == secret_of(session, hook["id"])
    assert hook["address"] == "https://hooks.example.com/in?token=…ijkl"
    assert hook["events"] == ["contract_signed", "need_published"]
    for place in ("/webhooks", f"/webhooks/{hook['id']}"):
        text = mine.get(place).text
        assert hook["secret"] not in text
        assert "abcdefghijkl" not in text
        assert "项目部系统" in text


def test_the_secret_is_kept_under_no_key(program, lead, session):
    mine, key = program(lead), {"Idempotency-Key": "hook-of-ours-1"}
    first = mine.post("/webhooks", json=HOOK, headers=key).json
    again = mine.post("/webhooks", json=HOOK, headers=key)
    assert (again.status_code, again.json["id"]) == (201, first["id"])
    assert first["secret"]
    assert again.json["secret"] is None
    place = f"/webhooks/{first['id']}/secret"
    new = mine.post(place, headers={"Idempotency-Key": "secret-anew-1"}).json
    assert new["secret"] not in (None, first["secret"])
    assert new["secret"] == secret_of(session, first["id"])
    assert session.scalar(select(func.count(ApiAnswer.id))) == 0
    assert session.scalar(select(func.count(Webhook.id))) == 1
    bad = mine.post("/webhooks", json=HOOK, headers={"Idempotency-Key": "short"})
    assert pointers(bad) == ["Idempotency-Key"]


def test_a_robot_has_no_secret_of_ours(program, lead):
    mine = program(lead)
    body = HOOK | {"format": "wecom", "address": "https://hooks.example.com/s?key=abc"}
    made = mine.post("/webhooks", json=body).json
    assert made["secret"] is None
    refused = mine.post(f"/webhooks/{made['id']}/secret", headers=ENGLISH)
    assert (refused.status_code, refused.json["code"]) == (409, "webhook.no_secret")
    assert not said.is_chinese(refused.text)


def test_what_may_be_heard_of_is_listed(program, lead, make):
    ours = program(lead).get("/webhooks/events?limit=100").json
    theirs = program(make.staff()).get("/webhooks/events?limit=100").json
    for told, platform in ((ours, False), (theirs, True)):
        assert events.may_hear(
            [one["event"] for one in told["items"]], platform=platform
        )
        assert told["total"] == len(told["items"]) > 10
    assert {"need_published", "need_submitted"} & {
        one["event"] for one in ours["items"]
    } == {"need_published"}


def test_a_hook_is_edited_at_the_version_that_was_read(program, lead, session):
    mine = program(lead)
    number = mine.post("/webhooks", json=HOOK).json["id"]
    before = secret_of(session, number)
    place = f"/webhooks/{number}"
    etag = {"If-Match": mine.get(place).headers["ETag"]}
    body = {"name": "改过的名称", "events": ["need_expired"]}
    assert mine.put(place, json=body).status_code == 428
    changed = mine.put(place, json=body, headers=etag)
    assert changed.status_code == 200, changed.text
    assert (changed.json["name"], changed.json["version"]) == ("改过的名称", 2)
    assert changed.json["address"].endswith("…ijkl")
    assert secret_of(session, number) == before
    assert mine.put(place, json=body, headers=etag).status_code == 412
    odd = mine.put(place, json=body, headers={"If-Match": '"v0"'})
    assert odd.status_code == 412
    fresh = {"If-Match": changed.headers["ETag"]}
    assert pointers(mine.put(place, json=body | {"format": "json"}, headers=fresh)) == [
        "format"
    ]


def test_a_test_message_is_written_and_the_log_tells_of_it(program, lead, make):
    mine, hook = program(lead), make.webhook(lead.organisation_id)
    place = f"/webhooks/{hook.id}"
    sent = mine.post(f"{place}/test")
    assert sent.status_code == 201
    assert (sent.json["event"], sent.json["state"]) == ("webhook.test", "waiting")
    for _ in range(2):
        make.message(hook, state=DeliveryState.SENT, attempts=1, status_code=200)
    first = mine.get(f"{place}/messages?limit=2").json
    rest = mine.get(f"{place}/messages?limit=2&cursor={first['next']}").json
    assert (first["total"], len(rest["items"]), rest["next"]) == (3, 1, None)
    assert rest["items"][0]["id"] == sent.json["id"]
    assert rest["items"][0]["retry_at"] is None  # nothing failed yet
    assert "title" not in rest["items"][0]
    for _ in range(4):
        mine.post(f"{place}/test")
    late = mine.post(f"{place}/test")
    assert (late.status_code, late.json["code"]) == (409, "webhook.too_many_tests")


def test_a_message_is_sent_again(program, lead, make, session):
    message = make.message(
        make.webhook(lead.organisation_id),
        state=DeliveryState.FAILED,
        attempts=10,
        last_error="对方答复 HTTP 500",
        status_code=500,
    )
    place = f"/webhooks/messages/{message.id}/resend"
    again = program(lead).post(place)
    assert again.json["state"] == "waiting"
    assert again.json["reference"] == message.reference
    session.rollback()
    row = session.get_one(WebhookDelivery, message.id, populate_existing=True)
    assert (row.state, row.attempts) == (DeliveryState.WAITING, 0)


def test_on_off_and_delete(program, lead, make, session):
    mine, hook = program(lead), make.webhook(lead.organisation_id)
    place = f"/webhooks/{hook.id}"
    assert mine.post(f"{place}/off").json["stopped_why"] == "owner"
    message = make.message(hook, state=DeliveryState.FAILED)
    off = mine.post(f"/webhooks/messages/{message.id}/resend")
    assert (off.status_code, off.json["code"]) == (409, "webhook.off")
    assert mine.post(f"{place}/on").json["stopped_why"] is None
    assert mine.send("DELETE", place).status_code == 204
    assert mine.get(place).status_code == 404
    assert mine.get("/webhooks").json["items"] == []
    session.rollback()
    assert session.scalar(select(func.count(WebhookDelivery.id))) == 0


def test_nobody_reaches_the_hooks_of_others(program, lead, admin, make):
    hook = make.webhook(lead.organisation_id)
    message = make.message(hook)
    other = make.user(
        organisation_id=make.organisation().id, org_role=OrganisationRole.MANAGER
    )
    for person in (other, make.staff(), admin):
        theirs = program(person)
        assert theirs.get(f"/webhooks/{hook.id}").status_code == 404
        assert theirs.get(f"/webhooks/{hook.id}/messages").status_code == 404
        assert theirs.post(f"/webhooks/{hook.id}/secret").status_code == 404
        assert theirs.send("DELETE", f"/webhooks/{hook.id}").status_code == 404
        again = theirs.post(f"/webhooks/messages/{message.id}/resend")
        assert again.status_code == 404
        assert theirs.get("/webhooks").json["total"] == 0
    member = program(make.user(organisation_id=lead.organisation_id))
    assert member.get("/webhooks").status_code == 403
    assert member.get("/webhooks/events").status_code == 403
    assert member.post("/webhooks", json=HOOK).status_code == 403
    assert program().get("/webhooks").status_code == 401
    for path in ("/webhooks/all", "/webhooks/hosts"):
        assert program(lead).get(path).status_code == 403
        assert program(make.staff()).get(path).status_code == 403


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"name": "甲"}, "name"),
        ({"format": "teams"}, "format"),
        ({"address": ""}, "address"),
        ({"address": "ftp://hooks.example.com/"}, "address"),
        ({"address": "https://网址.example.com/"}, "address"),
        ({"address": "https://me:pw@hooks.example.com/"}, "address"),
        ({"address": "https://hooks.example.com/#a"}, "address"),
        ({"address": "https://hooks.example.com:99999/"}, "address"),
        ({"address": "https://0x7f.1/"}, "address"),
        ({"address": "https://elsewhere.example.net/"}, "address"),
        ({"format": "dingtalk"}, "address"),
        ({"events": []}, "events"),
        ({"events": ["bid_submitted"]}, "events"),
        ({"events": ["need_published"] * 201}, "events"),
        ({"events": "need_published"}, "events"),
        ({"signing": "x" * 201}, "signing"),
        ({"form_key": "x"}, "form_key"),
    ],
)
def test_wrong_input_is_named_and_nothing_is_made(
    program, lead, session, wrong, pointer
):
    answer = program(lead).post("/webhooks", json=HOOK | wrong, headers=ENGLISH)
    assert pointers(answer) == [pointer]
    assert not said.is_chinese(answer.text)
    session.rollback()
    assert session.scalar(select(func.count(Webhook.id))) == 0


def test_no_more_than_ten(program, lead, make):
    for _ in range(10):
        make.webhook(lead.organisation_id)
    answer = program(lead).post("/webhooks", json=HOOK)
    assert (answer.status_code, answer.json["code"]) == (409, "webhook.too_many")


def test_the_administrator_sees_whose_there_are_and_stops_one(
    program, admin, lead, make
):
    hook = make.webhook(lead.organisation_id, address=ADDRESS, name="某推送")
    make.webhook(name="平台的")
    office, owner = program(admin), program(lead)
    first = office.get("/webhooks/all?limit=1").json
    rest = office.get(f"/webhooks/all?limit=1&cursor={first['next']}").json
    assert (first["total"], rest["next"]) == (2, None)
    assert first["items"][0]["organisation"] is None
    (line,) = rest["items"]
    assert line["organisation"] == lead.organisation.name
    assert line.keys().isdisjoint({"address", "events", "secret"})
    place = f"/webhooks/{hook.id}"
    assert office.post(f"{place}/stop").json["stopped_why"] == "admin"
    barred = owner.post(f"{place}/on")
    assert (barred.status_code, barred.json["code"]) == (
        409,
        "webhook.stopped_by_admin",
    )
    assert owner.post(f"{place}/stop").status_code == 403
    assert owner.post(f"{place}/release").status_code == 403
    assert office.post(f"{place}/release").json["stopped_why"] == "owner"
    assert owner.post(f"{place}/on").json["stopped_why"] is None


def test_the_administrator_says_which_hosts(program, admin, lead, make):
    office = program(admin)
    body = {"pattern": "10.1.2.3:8080", "allows_http": True}
    made = office.post("/webhooks/hosts", json=body)
    assert made.status_code == 201
    assert made.json["allows_private"] is False
    again = office.post("/webhooks/hosts", json=body | {"allows_private": True})
    assert (again.json["id"], again.json["allows_private"]) == (made.json["id"], True)
    lines = office.get("/webhooks/hosts?limit=100").json["items"]
    by_id = {one["id"]: one["pattern"] for one in lines}
    assert by_id[made.json["id"]] == "10.1.2.3:8080"
    assert None in by_id  # those of the settings
    place = f"/webhooks/hosts/{made.json['id']}"
    assert program(lead).send("DELETE", place).status_code == 403
    assert office.send("DELETE", place).status_code == 204
    assert office.send("DELETE", place).status_code == 404
    for wrong in ("*.com", "a b", "hooks.example.com/path", ""):
        answer = office.post("/webhooks/hosts", json={"pattern": wrong})
        assert pointers(answer) == ["pattern"]
    typed = office.post("/webhooks/hosts", json={"pattern": "a.b", "allows_http": "1"})
    assert pointers(typed) == ["allows_http"]


def test_a_hook_stopped_by_itself_says_why(program, lead, make):
    hook = make.webhook(lead.organisation_id, stopped_why=WebhookStop.FAILURES)
    told = program(lead).get(f"/webhooks/{hook.id}").json
    assert told["stopped_why"] == "failures"
