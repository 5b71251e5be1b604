"""Sign-in, sign-out and the profile through HTTP."""

import pytest
from sqlalchemy import select

from matchmaker import limiter
from matchmaker.accounts import service
from matchmaker.accounts.schema import NewUser
from models import User, transaction
from models.states import Role

from ..conftest import NOW
from ..walk import plain

GOOD = "horse battery 93"


@pytest.fixture
def person(session) -> User:
    data = NewUser(
        email="zhang@example.com",
        name="张三",
        role=Role.ENTERPRISE,
        organisation="湘江测试有限公司",
        password=GOOD,
    )
    return service.add_user(session, data, now=NOW)


def send(client, password: str = GOOD, **more: str):
    form = {"email": "zhang@example.com", "password": password}
    return client.post("/sign-in", data=form | more)


def test_a_person_signs_in_and_reads_who_they_are(client, person):
    answer = send(client)
    assert (answer.status_code, answer.location) == (303, "/")

    page = client.get("/profile").text
    for words in ("张三", "zhang@example.com", "企业", "湘江测试有限公司"):
        assert words in page


def test_the_session_cookie_is_not_for_scripts_or_other_sites(client, person):
    cookie = send(client).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_signing_in_keeps_nothing_of_the_session_before(client, person):
    with client.session_transaction() as before:
        before["planted"] = "by somebody else"
    send(client)
    with client.session_transaction() as after:
        assert "planted" not in after
        assert after["_fresh"] is True


def test_a_wrong_password_keeps_the_email_and_not_the_password(client, person):
    answer = send(client, "wrong <b>password</b>")
    assert answer.status_code == 422
    assert service.WRONG in answer.text
    assert 'value="zhang@example.com"' in answer.text
    assert "wrong" not in answer.text
    assert client.get("/profile").status_code == 302


def test_an_unknown_email_gets_the_same_page_as_a_wrong_password(client, person):
    wrong = plain(send(client, "not the password").text)
    unknown = send(client, "not the password", email="nobody@example.com").text
    assert plain(unknown).replace("nobody@", "zhang@") == wrong


def test_an_empty_form_names_both_fields(client):
    answer = client.post("/sign-in", data={})
    assert answer.status_code == 422
    assert 'href="#email"' in answer.text
    assert 'href="#password"' in answer.text


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "/\\evil.example/",
        "\\\\evil.example/",
        "/\t/evil.example/",
        "http:evil.example",
        "javascript:alert(1)",
        "/nowhere-here",
        "/sign-out",
        "/sign-in",
        "/needs\r\nSet-Cookie: a=b",
        "profile",
        "/" + "/" * 3000,
        "//[",
    ],
)
def test_an_address_that_is_no_page_of_ours_is_not_followed(client, person, target):
    answer = send(client, next=target)
    assert (answer.status_code, answer.location) == (303, "/")


def test_a_page_that_asked_for_sign_in_is_returned_to(client, person):
    refused = client.get("/notices?page=2")
    assert refused.status_code == 302
    form = client.get(refused.location).text
    assert 'name="next" value="/notices?page=2"' in form
    assert send(client, next="/notices?page=2").location == "/notices?page=2"


def test_who_is_signed_in_is_not_asked_again(client, person):
    send(client)
    answer = client.get("/sign-in?next=/notices")
    assert (answer.status_code, answer.location) == (303, "/notices")


def test_a_signed_out_person_is_a_visitor(client, person):
    send(client)
    assert client.post("/sign-out").status_code == 303
    assert client.get("/profile").status_code == 302
    assert client.get("/sign-out").status_code == 405


def test_the_sign_in_page_says_how_to_get_an_account(client):
    page = client.get("/sign-in").text
    assert "由平台工作人员" in page
    assert 'href="/register"' in page
    assert 'href="/password/forgot"' in page


def test_a_closed_account_neither_signs_in_nor_goes_on(client, session, person):
    send(client)
    with transaction(session):
        session.get_one(User, person.id).active = False
    assert client.get("/profile").status_code == 302
    assert send(client).status_code == 422


def test_a_changed_password_ends_the_other_sessions(app, client, person):
    elsewhere = app.test_client()
    send(client)
    send(elsewhere)
    new = "another horse 12"
    answer = client.post(
        "/profile", data={"current": GOOD, "new": new, "repeated": new}
    )
    assert answer.status_code == 303
    assert "密码已修改" in client.get("/profile").text
    assert elsewhere.get("/profile").status_code == 302
    assert send(elsewhere, new).status_code == 303


def test_a_refused_new_password_is_told_at_its_field(client, person):
    send(client)
    answer = client.post(
        "/profile", data={"current": GOOD, "new": "12345", "repeated": "1"}
    )
    assert answer.status_code == 422
    assert "密码至少 10 个字符" in answer.text
    assert 'href="#new"' in answer.text
    assert "12345" not in answer.text


def test_guessing_is_slowed_down(client, person, app, session):
    rate = app.config["SETTINGS"].sign_in_rate
    allowed = int(rate.split()[0])
    limiter.reset()
    limiter.enabled = True
    try:
        answers = [
            client.post("/sign-in", data={}).status_code for _ in range(allowed + 1)
        ]
        assert answers == [422] * allowed + [429]
        assert client.get("/sign-in").status_code == 200
    finally:
        limiter.enabled = False
        limiter.reset()
    assert session.scalar(select(User.active)) is True
