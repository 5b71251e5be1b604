"""What all operations share: who calls, what is read, what is answered."""

import json
from datetime import timedelta
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from matchmaker import limiter
from models import ApiAnswer, ApiToken, Need, User, transaction
from models.states import IpWish, NeedStatus, Role, Secrecy

from ..conftest import NOW
from ..needs.forms import typed
from .conftest import PREFIX, Program, token_of

PROBLEM = "application/problem+json"


def body(**given):
    """A need as a program sends it: numbers are numbers, money is 分."""
    form = typed() | {
        "trl_expected": 7,
        "budget": 260_0000_00,
        "promise": True,
        "targets": ["摆幅 ≤350 mm", "泵送效率下降 ≤3%"],
        "public_targets": [],
    }
    return form | given


@pytest.fixture
def firm(make) -> User:
    return make.user(organisation_id=make.organisation().id)


def number_of(session, model):
    session.rollback()
    return session.scalar(select(func.count()).select_from(model))


def test_a_need_is_posted_read_and_changed(program, firm):
    mine = program(firm)
    made = mine.post("/needs", json=body())
    assert made.status_code == 201, made.text
    need = made.json
    assert need["status"] == NeedStatus.PENDING
    assert need["budget_low"] == 260_0000_00
    read = mine.get(f"/needs/{need['id']}")
    assert read.json == need
    changed = mine.put(
        f"/needs/{need['id']}",
        json=body(title="泵车臂架末端软管摆动过大"),
        headers={"If-Match": read.headers["ETag"]},
    )
    assert changed.status_code == 200, changed.text
    assert changed.json["title"] == "泵车臂架末端软管摆动过大"
    assert changed.json["version"] == need["version"] + 1


def test_an_edit_names_the_version_it_was_made_from(program, firm):
    mine = program(firm)
    need = mine.post("/needs", json=body()).json
    place = f"/needs/{need['id']}"
    bare = mine.put(place, json=body())
    assert (bare.status_code, bare.json["code"]) == (428, "api.if_match")
    old = mine.put(place, json=body(), headers={"If-Match": '"v99"'})
    assert (old.status_code, old.json["code"]) == (412, "api.stale")
    odd = mine.put(place, json=body(), headers={"If-Match": "*"})
    assert odd.status_code == 412


def test_what_is_known_is_not_sent_again(program, make):
    need = make.need()
    first = program().get(f"/needs/{need.id}")
    again = program().get(
        f"/needs/{need.id}", headers={"If-None-Match": first.headers["ETag"]}
    )
    assert (again.status_code, again.data) == (304, b"")


def test_without_a_token_one_is_a_visitor(program, make):
    seen, hidden = make.need(), make.need(secrecy=Secrecy.RESTRICTED)
    assert program().get(f"/needs/{seen.id}").json["contact"] is None
    assert program().get(f"/needs/{hidden.id}").status_code == 404
    refused = program().post("/needs", json=body())
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    assert refused.content_type == PROBLEM


def test_outsiders_learn_of_a_need_what_its_page_tells_them(program, make):
    facts = {"park": "麓谷新材料园", "ip_wish": IpWish.BUYER}
    open_ = program().get(f"/needs/{make.need(**facts).id}").json
    assert (open_["park"], open_["ip_wish"]) == ("麓谷新材料园", "buyer")
    masked = make.need(
        secrecy=Secrecy.MASKED, public_title="某储能产品", public_problem="略", **facts
    )
    told = program().get(f"/needs/{masked.id}").json
    assert (told["park"], told["ip_wish"], told["last_day"]) == (None, None, None)


def test_whose_need_it_is_learns_what_became_of_it(program, make, firm):
    home = firm.organisation_id
    back = make.need(
        organisation_id=home,
        status=NeedStatus.RETURNED,
        return_codes=["vague"],
        return_reason="写明温度",
    )
    read = program(firm).get(f"/needs/{back.id}").json
    assert (read["return_codes"], read["last_day"]) == (["vague"], None)
    need, call = make.need(organisation_id=home), make.call()
    make.linked(call, need)
    read = program(firm).get(f"/needs/{need.id}").json
    assert (read["calls"], read["last_day"]) == ([call.id], "2027-06-30")
    hidden = make.need(secrecy=Secrecy.MASKED, public_title="某", public_problem="略")
    make.linked(call, hidden)
    assert program(firm).get(f"/needs/{hidden.id}").json["calls"] == []


def test_the_browsers_cookie_opens_nothing(app, firm, login):
    answer = login(firm).post(PREFIX + "/needs", json=body())
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "ended",
    [
        {"revoked_at": NOW},
        {"expires_at": NOW - timedelta(days=999)},
    ],
)
def test_a_token_that_ended_opens_nothing(app, session, firm, make, ended):
    need = make.need()
    dead = Program(app.test_client(), token_of(session, firm, **ended))
    assert dead.get(f"/needs/{need.id}").status_code == 401


def test_a_token_ends_with_its_person(app, session, firm, make):
    mine = Program(app.test_client(), token_of(session, firm))
    assert mine.get("/needs/mine").status_code == 200
    other = make.organisation().id
    with transaction(session):
        session.get(User, firm.id).organisation_id = other
    assert mine.get("/needs/mine").status_code == 401
    with transaction(session):
        session.get(User, firm.id).active = False
    assert mine.get("/needs/mine").status_code == 401


def test_a_token_may_only_what_its_scopes_say(program, firm):
    reads = program(firm, ["needs:read"])
    assert reads.get("/needs/mine").status_code == 200
    refused = reads.post("/needs", json=body())
    assert (refused.status_code, refused.json["code"]) == (403, "api.scope")


def test_the_matrix_decides_as_for_the_pages(program, make):
    college = make.user(Role.UNIVERSITY, organisation_id=make.organisation().id)
    assert program(college).post("/needs", json=body()).status_code == 403


@pytest.mark.parametrize(
    ("sent", "status", "told"),
    [
        (b"{", 400, "JSON"),
        (b"\xff\xfe", 400, "UTF-8"),
        (b'{"title": "a", "title": "b"}', 400, "两次"),
        (b'{"title": NaN}', 400, "NaN"),
        (b'{"budget": 1' + b"0" * 5000 + b"}", 400, "过大"),
        (b"[" * 100_000, 400, "嵌套"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, 400, "嵌套"),
        (b"[]", 422, "object"),
        (b'"x"', 422, "object"),
    ],
)
def test_what_is_no_plain_json_is_refused(program, firm, sent, status, told):
    answer = program(firm).post("/needs", data=sent, content_type="application/json")
    assert answer.status_code == status
    assert told in answer.text


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"nickname": "x"}, "nickname"),
        ({"title": 5}, "title"),
        ({"budget": "260"}, "budget"),
        ({"budget": True}, "budget"),
        ({"budget": -1}, "budget"),
        ({"budget": 2**62}, "budget"),
        ({"trl_expected": "7"}, "trl_expected"),
        ({"targets": "一条"}, "targets"),
        ({"targets": [1]}, "targets/0"),
        ({"measures": [{"name": "摆幅", "size": 1}]}, "measures/0/size"),
        ({"secrecy": "secret"}, "secrecy"),
        ({"deadline": "明年"}, "deadline"),
        ({"deadline": "2027-02-31"}, "deadline"),
        ({"title": "坏\u0000字符在名称里"}, "title"),
        ({"contact": "\ud800"}, "contact"),
        ({"field": "XX"}, "field"),
        ({"promise": False}, "promise"),
    ],
)
def test_what_the_schema_refuses_is_named(program, session, firm, change, pointer):
    answer = program(firm).post(
        "/needs",
        data=json.dumps(body(**change)),
        content_type="application/json",
    )
    assert answer.status_code == 422, answer.text
    assert pointer in [error["pointer"] for error in answer.json["errors"]]
    assert number_of(session, Need) == 0


def test_a_form_is_no_json(program, firm):
    assert program(firm).post("/needs", data=typed()).status_code == 415


@pytest.mark.parametrize(
    "query",
    ["trl=abc", "trl=10", "sort=best", "limit=0", "limit=x", "cursor=x", "page=2",
     "colour=red", "fields=colour", "field=XX", "sort=newest&sort=trl"],
)  # fmt: skip
def test_a_parameter_that_makes_no_sense_is_refused(program, query):
    assert program().get(f"/needs?{query}").status_code == 422


def test_a_request_sent_twice_is_carried_out_once(program, session, firm):
    mine, key = program(firm), {"Idempotency-Key": str(uuid4())}
    first = mine.post("/needs", json=body(), headers=key)
    again = mine.post("/needs", json=body(), headers=key)
    assert (again.status_code, again.json) == (201, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["ETag"] == first.headers["ETag"]
    assert number_of(session, Need) == 1


def test_a_key_with_another_body_is_a_conflict(program, session, firm):
    mine, key = program(firm), {"Idempotency-Key": str(uuid4())}
    mine.post("/needs", json=body(), headers=key)
    other = mine.post("/needs", json=body(title="另一条完全不同的需求"), headers=key)
    assert (other.status_code, other.json["code"]) == (409, "api.key_reused")
    assert number_of(session, Need) == 1


def test_no_answer_follows_its_reader_to_another_home(program, session, firm, make):
    key = {"Idempotency-Key": str(uuid4())}
    assert program(firm).post("/needs", json=body(), headers=key).status_code == 201
    other = make.organisation().id
    with transaction(session):
        session.get(User, firm.id).organisation_id = other
    moved = program(session.get(User, firm.id))
    again = moved.post("/needs", json=body(), headers=key)
    assert (again.status_code, again.json["code"]) == (409, "api.key_reused")
    assert number_of(session, Need) == 1


def test_a_refused_request_leaves_its_key_free(program, session, firm):
    mine, key = program(firm), {"Idempotency-Key": str(uuid4())}
    assert mine.post("/needs", json=body(field="XX"), headers=key).status_code == 422
    assert mine.post("/needs", json=body(), headers=key).status_code == 201


def test_a_key_whose_answer_was_lost_is_told(program, session, firm):
    mine, key = program(firm), {"Idempotency-Key": str(uuid4())}
    mine.post("/needs", json=body(), headers=key)
    with transaction(session):
        session.scalars(select(ApiAnswer)).one().status = None
    again = mine.post("/needs", json=body(), headers=key)
    assert (again.status_code, again.json["code"]) == (409, "api.key_unanswered")
    assert number_of(session, Need) == 1


def test_two_at_once_under_one_key_make_one_record(app, session, firm):
    secret, key = token_of(session, firm), {"Idempotency-Key": str(uuid4())}
    start, found = Barrier(2, timeout=20), []

    def send() -> None:
        start.wait()
        mine = Program(app.test_client(), secret)
        found.append(mine.post("/needs", json=body(), headers=key).status_code)

    threads = [Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(found) in ([201, 201], [201, 409])
    assert number_of(session, Need) == 1


def test_a_list_is_read_on_to_its_end(program, make, indexed):
    ids = {make.need(title=f"储能预警{n}").id for n in range(7)}
    indexed()
    page = program().get("/needs?limit=3").json
    assert page["total"] == 7
    read = [one["id"] for one in page["items"]]
    make.need(title="读的时候新来的")
    indexed()
    while page["next"] is not None:
        page = program().get(f"/needs?limit=3&cursor={page['next']}").json
        read += [one["id"] for one in page["items"]]
    assert len(read) == len(set(read))
    assert ids <= set(read)


def test_a_line_of_a_list_tells_what_its_row_on_the_page_does(
    program, make, firm, indexed
):
    home = firm.organisation_id
    make.need(organisation_id=home)
    make.need(secrecy=Secrecy.MASKED, public_title="某储能", public_problem="略")
    item = make.achievement()
    make.call(issuer_id=home, closes_at=NOW - timedelta(days=1))
    indexed()
    masked, need = program().get("/needs").json["items"]
    assert need["amount_low"] == need["amount_high"] == 200_000_000
    assert masked["amount_low"] <= 200_000_000 < masked["amount_high"]
    assert (need["district"], need["trl"], need["modes"]) == ("岳麓区", 7, ["joint"])
    assert (need["deadline"], need["phase"]) == ("2027-06-30", None)
    [offer] = program().get("/achievements").json["items"]
    assert (offer["amount_high"], offer["trl_scale"]) == (item.price_fen, 9)
    assert offer["modes"] == ["licence", "joint"]
    [call] = program(firm).get("/calls/mine").json["items"]
    # The state is what somebody did, the phase what the clock says.
    assert (call["status"], call["phase"]) == ("open", "closed")
    assert (call["amount_low"], call["closes_at"]) == (
        500_000_000,
        "2026-11-22T04:00:00Z",
    )


def test_a_program_searches_within_the_allowance_of_the_pages(
    built_app, program, client, monkeypatch
):
    settings = built_app.config["SETTINGS"]
    few = settings.model_copy(update={"search_rate": "6/hour"})
    monkeypatch.setitem(built_app.config, "SETTINGS", few)
    monkeypatch.setattr(limiter, "enabled", True)
    limiter.reset()
    try:
        visitor = program()
        assert client.get("/search?q=电池").status_code == 200
        assert visitor.get("/search?q=电池").status_code == 200
        match = visitor.post("/match", json={"text": "电池过充报警"})
        assert match.status_code == 200
        assert match.headers["RateLimit-Remaining"] == "3"
        # Long enough to be worth as much as several.
        long = {"text": "电池过充后怎么报警" * 67}
        assert visitor.post("/match", json=long).status_code == 429
        for place in ("/needs", "/achievements", "/calls"):
            visitor.get(f"{place}?q=电池")
            listed = visitor.get(place)
            assert listed.status_code == 200
            assert listed.headers["RateLimit-Limit"] == "600"
        refused = visitor.get("/search?q=电池")
        assert (refused.status_code, refused.json["code"]) == (429, "http.429")
    finally:
        limiter.reset()


def test_fields_are_chosen(program, make, indexed):
    need = make.need()
    indexed()
    one = program().get(f"/needs/{need.id}?fields=title,status").json
    assert set(one) == {"id", "title", "status"}
    page = program().get("/needs?fields=title").json
    assert [set(item) for item in page["items"]] == [{"id", "title"}]


def test_refusals_are_told_in_english_too(program):
    zh, en = (
        program().get("/needs/999", headers={"Accept-Language": language})
        for language in ("zh-CN", "en-GB,en")
    )
    assert zh.json["title"] == "没有找到"
    assert en.json["title"] == "Not found"
    assert en.headers["Content-Language"] == "en"
    assert zh.json["code"] == en.json["code"] == "not_found"


def test_an_address_that_is_none_is_a_problem_too(program):
    for answer in (program().get("/nothing"), program().send("PATCH", "/needs")):
        assert answer.content_type == PROBLEM
        assert answer.status_code in (404, 405)


def test_a_secret_is_nowhere_in_the_tables(app, session, firm):
    secret = token_of(session, firm)
    row = session.scalars(select(ApiToken)).one()
    assert secret not in str([getattr(row, c.key) for c in row.__table__.columns])


@pytest.mark.one_database
def test_the_page_of_the_description_explains_each_code(client):
    page = client.get(PREFIX + "/docs").text
    for code in ("api.key_reused", "need.not_editable", "stale"):
        assert f'id="problem-{code}"' in page
    assert "Idempotency-Key" in page


@pytest.mark.one_database
def test_a_page_of_no_kind_there_is_is_not_found(client):
    answer = client.get(PREFIX + "/docs?kind=nothing")
    assert answer.status_code == 404
    assert "没有找到" in answer.text


def test_staff_without_the_second_step_that_is_asked_for_have_no_programs(
    app, make, program, monkeypatch
):
    """Neither by a token made before the second step was asked for."""
    caller = program(make.staff())
    firm = program(make.user())
    strict = app.config["SETTINGS"].model_copy(update={"require_two_step": True})
    monkeypatch.setitem(app.config, "SETTINGS", strict)
    answer = caller.get("/me")
    assert (answer.status_code, answer.json["code"]) == (403, "api.second_step")
    assert "两步验证" in answer.json["detail"]
    assert firm.get("/me").status_code == 200
