"""Too many wrong passwords, a forgotten one, and the second step."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from sqlalchemy import select

from matchmaker.accounts import reset, service, sessions, two_step
from matchmaker.accounts.passwords import hashed
from matchmaker.accounts.schema import (
    CodeInput,
    EmailOnly,
    NewPassword,
    PasswordOnly,
    SignInInput,
)
from matchmaker.errors import Conflict, Forbidden, Invalid
from matchmaker.schema import parse
from models import Mail, OneTimeToken, RecoveryCode, SignInFailure, UserSession

from ..conftest import NOW

GOOD, NEW = "horse battery 93", "another horse 12"


@pytest.fixture
def person(make):
    return make.user(email="li@example.com", password_hash=hashed(GOOD))


@pytest.fixture
def clerk(make):
    return make.staff(email="staff@example.com", password_hash=hashed(GOOD))


def sign_in(session, email="li@example.com", password=GOOD, now=NOW):
    data = SignInInput(email=email, password=password)
    return service.sign_in(session, data, now=now)


def refused(session, **given):
    with pytest.raises(Invalid) as refusal:
        sign_in(session, **given)
    return refusal.value.fields["form"]


def fail(session, times, email="li@example.com", now=NOW):
    return [
        refused(session, email=email, password="wrong", now=now) for _ in range(times)
    ]


@pytest.mark.parametrize("email", ["li@example.com", "nobody@example.com"])
def test_five_failures_lock_an_email_known_or_not(session, person, email):
    words = fail(session, 5, email)
    assert words[:4] == [service.WRONG] * 4
    assert "暂停登录到 12:15" in words[4], "the city's time, a quarter of an hour on"
    assert refused(session, email=email) == words[4], "even with the right password"


def test_a_lock_ends_by_itself(session, person):
    fail(session, 5)
    later = NOW + timedelta(minutes=15)
    assert sign_in(session, now=later).id == person.id
    assert session.scalar(select(SignInFailure)) is None


def test_a_success_or_a_pause_starts_the_count_anew(session, person):
    fail(session, 4)
    sign_in(session)
    assert fail(session, 4)[-1] == service.WRONG
    later = NOW + timedelta(minutes=16)
    assert fail(session, 1, now=later) == [service.WRONG]


def test_failures_are_forgotten_after_a_day(session, person):
    fail(session, 1, "nobody@example.com")
    fail(session, 1, now=NOW + timedelta(days=1, seconds=1))
    assert session.scalars(select(SignInFailure.email)).all() == ["li@example.com"]


# -- a forgotten password -----------------------------------------------------


def ask(session, email="li@example.com", now=NOW):
    return reset.ask(session, parse(EmailOnly, {"email": email}), now=now)


def set_new(session, secret, new=NEW, repeated="", now=NOW):
    data = NewPassword(new=new, repeated=repeated or new)
    return reset.set_new(session, secret, data, now=now)


def test_the_link_of_the_mail_sets_a_new_password_once(session, person):
    key = sessions.start(session, person, agent="", address="", now=NOW)
    fail(session, 5)
    secret = ask(session, "  LI＠Example.COM ").facts["token"]
    set_new(session, secret)

    assert sign_in(session, password=NEW).id == person.id, "the lock is lifted"
    assert sessions.find(session, key, idle=timedelta(days=9), now=NOW) is None
    with pytest.raises(Conflict, match=r"link\.used"):
        set_new(session, secret)


def test_a_link_ends_with_its_hour_and_with_the_next_link(session, person):
    first = ask(session).facts["token"]
    second = ask(session).facts["token"]
    with pytest.raises(Conflict, match=r"link\.used"):
        set_new(session, first)
    with pytest.raises(Conflict, match=r"link\.expired"):
        set_new(session, second, now=NOW + timedelta(hours=1))
    with pytest.raises(Conflict, match=r"link\.unknown"):
        set_new(session, "nonsense")
    assert sign_in(session).id == person.id


def test_a_refused_new_password_does_not_spend_the_link(session, person):
    secret = ask(session).facts["token"]
    for new, repeated, field in (
        ("12345", "", "new"),
        ("li@example.com", "", "new"),
        (NEW, "another horse 13", "repeated"),
    ):
        with pytest.raises(Invalid) as refusal:
            set_new(session, secret, new, repeated)
        assert field in refusal.value.fields
    set_new(session, secret)


def test_the_table_cannot_open_a_link(session, person):
    secret = ask(session).facts["token"]
    assert session.scalars(select(OneTimeToken.token_hash)).one() != secret


def test_nobody_is_pestered_with_mails(session, person):
    for email in (person.email, "nobody@example.com"):
        mails = [ask(session, email) for _ in range(5)]
        assert [mail is not None for mail in mails] == [True] * 3 + [False] * 2
    assert ask(session, now=NOW + timedelta(hours=1, seconds=1)) is not None


def test_who_has_an_account_shows_only_in_the_mail(client, session, person):
    answers = [
        client.post("/password/forgot", data={"email": email})
        for email in (person.email, "nobody@example.com")
    ]
    assert len({(a.status_code, a.location, a.text) for a in answers}) == 1
    session.rollback()
    kinds = session.scalars(select(Mail.kind).order_by(Mail.id)).all()
    assert kinds == ["password_reset", "no_account"]


def test_a_password_is_reset_through_the_pages(client, session, person, app):
    client.post("/password/forgot", data={"email": person.email})
    session.rollback()
    secret = session.scalars(select(Mail)).one().facts["token"]
    address = f"/password/reset?token={secret}"
    assert person.email in client.get(address).text
    form = {"token": secret, "new": NEW, "repeated": NEW}
    weak = client.post("/password/reset", data=form | {"new": "1"})
    assert weak.status_code == 422
    assert client.post("/password/reset", data=form).location == "/sign-in"
    again = client.post("/password/reset", data=form)
    assert again.status_code == 404
    assert "已经用过" in again.text
    assert 'href="/password/forgot"' in again.text
    assert client.get(address).status_code == 404


# -- the second step ----------------------------------------------------------


@pytest.fixture
def secret():
    return two_step.new_secret()


def now_code(secret, now=NOW):
    return pyotp.TOTP(secret).at(now)


def turn_on(session, clerk, secret):
    data = CodeInput(code=now_code(secret))
    return two_step.turn_on(session, clerk, secret, data, now=NOW)


def check(session, clerk, code, now=NOW):
    two_step.check(session, clerk, parse(CodeInput, {"code": code}), now=now)


def test_it_begins_with_a_right_code_and_is_for_staff(session, clerk, secret, make):
    with pytest.raises(Invalid):
        two_step.turn_on(session, clerk, secret, CodeInput(code="000000"), now=NOW)
    assert clerk.totp_since is None
    with pytest.raises(Forbidden):
        turn_on(session, make.user(), secret)
    assert len(set(turn_on(session, clerk, secret))) == 10
    with pytest.raises(Conflict):
        turn_on(session, clerk, secret)


def test_a_code_is_taken_once_and_near_its_time(session, clerk, secret):
    turn_on(session, clerk, secret)
    with pytest.raises(Invalid):
        check(session, clerk, now_code(secret))
    later = NOW + timedelta(seconds=60)
    check(session, clerk, now_code(secret, later - timedelta(seconds=30)), later)
    with pytest.raises(Invalid):
        check(session, clerk, now_code(secret, later - timedelta(seconds=90)), later)


def test_a_spare_code_is_taken_once_however_it_is_written(session, clerk, secret):
    codes = turn_on(session, clerk, secret)
    check(session, clerk, codes[0].lower().replace("-", " "))
    with pytest.raises(Invalid):
        check(session, clerk, codes[0])
    assert two_step.codes_left(session, clerk) == 9
    stored = session.scalars(select(RecoveryCode.code_hash)).all()
    assert not set(stored) & {code.replace("-", "") for code in codes}


def test_wrong_codes_lock_like_wrong_passwords(session, clerk, secret):
    codes = turn_on(session, clerk, secret)
    for _ in range(4):
        with pytest.raises(Invalid, match="invalid"):
            check(session, clerk, "000000")
    with pytest.raises(Invalid) as refusal:
        check(session, clerk, "000000")
    assert "暂停登录" in refusal.value.fields["form"]
    with pytest.raises(Invalid):
        check(session, clerk, codes[0])


def test_it_is_left_only_with_the_password(session, clerk, secret):
    old = turn_on(session, clerk, secret)
    with pytest.raises(Invalid):
        two_step.turn_off(session, clerk, PasswordOnly(password="guess"), now=NOW)
    new = two_step.renew_codes(session, clerk, PasswordOnly(password=GOOD), now=NOW)
    assert not set(old) & set(new)
    with pytest.raises(Invalid):
        check(session, clerk, old[0])
    two_step.turn_off(session, clerk, PasswordOnly(password=GOOD), now=NOW)
    assert clerk.totp_secret is None
    assert two_step.codes_left(session, clerk) == 0


def test_staff_sign_in_with_password_and_code(client, session, clerk, secret):
    codes = turn_on(session, clerk, secret)
    form = {"email": clerk.email, "password": GOOD, "next": "/desk"}
    first = client.post("/sign-in", data=form)
    assert first.location == "/sign-in/code?next=/desk"
    assert client.get("/profile").status_code == 302, "not signed in yet"
    wrong = client.post("/sign-in/code", data={"code": "123"})
    assert wrong.status_code == 422
    done = client.post("/sign-in/code", data={"code": codes[0], "next": "/desk"})
    assert done.location == "/desk"
    assert client.get("/profile").status_code == 200


def test_the_code_is_asked_for_only_after_the_password(client, clerk):
    answer = client.get("/sign-in/code")
    assert urlsplit(answer.location).path == "/sign-in"
    assert client.post("/sign-in/code", data={"code": "1"}).status_code == 302


def test_a_new_password_in_between_asks_for_a_new_beginning(
    client, session, clerk, secret
):
    codes = turn_on(session, clerk, secret)
    client.post("/sign-in", data={"email": clerk.email, "password": GOOD})
    service.set_password(session, clerk.email, NEW, now=NOW)
    answer = client.post("/sign-in/code", data={"code": codes[0]})
    assert urlsplit(answer.location).path == "/sign-in"


def test_it_is_set_up_on_its_page(login, session, clerk, make):
    assert login(make.user()).get("/profile/two-step").status_code == 403
    client = login(clerk)
    assert "开始设置" in client.get("/profile/two-step").text
    client.post("/profile/two-step/start")
    page = client.get("/profile/two-step").text
    assert "<svg" in page.partition('class="qr"')[2]
    with client.session_transaction() as browser:
        secret = browser["new_secret"]
    assert secret in page
    assert client.post("/profile/two-step/confirm", data={}).status_code == 422
    code = pyotp.TOTP(secret).now()
    done = client.post("/profile/two-step/confirm", data={"code": code})
    assert done.text.count("<li><code>") == 10
    assert "<li><code>" not in client.get("/profile/two-step").text


def test_where_it_is_required_nothing_opens_before_it(
    app, login, clerk, make, monkeypatch
):
    strict = app.config["SETTINGS"].model_copy(update={"require_two_step": True})
    monkeypatch.setitem(app.config, "SETTINGS", strict)
    assert login(clerk).get("/desk").location == "/profile/two-step"
    assert login(clerk).get("/profile/two-step").status_code == 200
    assert login(clerk).post("/profile/two-step/start").status_code == 303
    assert login(make.user()).get("/needs").status_code == 200


def test_the_picture_holds_the_secret_and_the_name(secret):
    totp = pyotp.TOTP(secret)
    address = totp.provisioning_uri(name="a@example.com", issuer_name=two_step.ISSUER)
    assert parse_qs(urlsplit(address).query)["secret"] == [secret]
    assert two_step.picture(secret, "a@example.com").startswith("<svg")


# -- sessions -----------------------------------------------------------------


def test_sessions_are_listed_and_ended_from_elsewhere(app, session, person):
    here, there = app.test_client(), app.test_client()
    form = {"email": person.email, "password": GOOD}
    agent = {"User-Agent": "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"}
    here.post("/sign-in", data=form)
    there.post("/sign-in", data=form, headers=agent)
    page = here.get("/profile/sessions").text
    assert "Firefox · Windows" in page
    assert page.count("本机") == 1
    session.rollback()
    rows = session.scalars(select(UserSession).order_by(UserSession.id)).all()
    assert here.post(f"/profile/sessions/{rows[1].id}/end").status_code == 303
    assert there.get("/profile").status_code == 302
    assert here.get("/profile").status_code == 200


def test_another_persons_session_is_not_there(login, session, make, person):
    sessions.start(session, person, agent="", address="", now=NOW)
    number = session.scalars(select(UserSession.id)).one()
    stranger = login(make.user())
    assert stranger.post(f"/profile/sessions/{number}/end").status_code == 404


def test_all_others_end_at_once(app, person):
    clients = [app.test_client() for _ in range(3)]
    for client in clients:
        client.post("/sign-in", data={"email": person.email, "password": GOOD})
    clients[0].post("/profile/sessions/end-others")
    answers = [client.get("/profile").status_code for client in clients]
    assert answers == [200, 302, 302]


def test_signing_out_ends_the_session_for_a_stolen_cookie_too(app, client, person):
    client.post("/sign-in", data={"email": person.email, "password": GOOD})
    with client.session_transaction() as browser:
        stolen = dict(browser)
    client.post("/sign-out")
    thief = app.test_client()
    with thief.session_transaction() as browser:
        browser.update(stolen)
    assert thief.get("/profile").status_code == 302


def test_a_session_not_used_for_long_is_over(session, person):
    key = sessions.start(session, person, agent="", address="", now=NOW)
    idle = timedelta(days=14)
    just = NOW + idle - timedelta(seconds=1)
    assert sessions.find(session, key, idle=idle, now=just) is not None
    assert sessions.find(session, key, idle=idle, now=NOW + idle) is None
