"""Pages of subscriptions, and the link in the mail."""

import re
from html import unescape
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from flask import Flask
from sqlalchemy import select

from matchmaker.mail import letters
from matchmaker.subscriptions import links
from models import Finding, Mail, Subscription, transaction
from models.outbox import RecordType
from models.states import Frequency, Role

from ..conftest import NOW
from ..walk import forms


def offered(html: str) -> dict[str, str]:
    """The form of a page that saves its search, as it would be sent."""
    [form] = [form for form in forms(html) if form.action == "/subscriptions"]
    return dict(form.values)


def the_only(session) -> Subscription:
    session.rollback()
    return session.scalars(select(Subscription)).one()


def test_what_a_list_shows_is_what_is_watched(login, make, session):
    make.need()
    client = login(make.user(Role.UNIVERSITY))
    page = client.get("/needs?q=电池预警&district=岳麓区&field=ES&sort=amount&page=1")
    sent = offered(page.text)
    assert sent.pop("csrf_token") is not None
    assert sent == {
        "kind": "need",
        "q": "电池预警",
        "district": "岳麓区",
        "field": "ES",
        "frequency": "instant",
    }
    answer = client.post("/subscriptions", data=sent | {"by_mail": "1"})
    assert answer.location == "/subscriptions"
    one = the_only(session)
    assert one.query == {"q": "电池预警", "field": ["ES"], "district": ["岳麓区"]}
    assert one.by_mail
    page = client.get("/subscriptions").text
    assert "已订阅「电池预警 · 需求 · 先进储能与新能源 · 岳麓区」" in page
    shown = client.get(f"/subscriptions/{one.id}").text
    [url] = re.findall(r'href="(/needs\?[^"]+)"', shown)
    assert client.get(unescape(url)).status_code == 200


def test_a_search_of_everything_is_watched_by_its_words(login, make, session):
    client = login(make.user())
    sent = offered(client.get("/search?q=电池过充后怎么提前报警").text)
    client.post("/subscriptions", data=sent)
    one = the_only(session)
    assert (one.record_type, one.query) == (None, {"q": "电池过充后怎么提前报警"})


@pytest.mark.parametrize(
    "path",
    [
        "/needs?q=怎么办",
        "/needs?status=pending",
        "/needs?field=ZZ",
        "/search",
        "/needs/mine",
    ],
)
def test_what_cannot_be_watched_is_not_offered(login, make, path):
    user = make.user() if "mine" in path else make.staff()
    assert 'action="/subscriptions"' not in login(user).get(path).text


def test_a_visitor_is_led_to_sign_in_and_back(client):
    page = client.get("/needs?q=电池").text
    [link] = re.findall(r'href="(/sign-in\?next=[^"]+)"', page)
    [back] = parse_qs(urlsplit(unescape(link)).query)["next"]
    assert unquote(back) == "/needs?q=电池"
    assert client.post("/subscriptions", data={"q": "x"}).status_code == 302


@pytest.mark.parametrize("data", [{}, {"q": "的"}, {"achievement_id": "9" * 30}])
def test_a_wrong_form_is_refused_in_words(login, make, session, data):
    answer = login(make.user()).post("/subscriptions", data=data)
    assert answer.status_code == 422
    assert session.scalars(select(Subscription)).all() == []


def test_notify_me_is_on_the_page_of_buyers(login, make, session):
    user = make.user(Role.UNIVERSITY)
    item = make.achievement(organisation_id=user.organisation_id)
    client, url = login(user), f"/achievements/{item.id}/buyers"
    sent = offered(client.get(url).text)
    assert sent["achievement_id"] == str(item.id)
    assert client.post("/subscriptions", data=sent).status_code == 303
    page = client.get(url).text
    assert "有新的需求需要这项成果时会通知您" in page
    assert 'name="achievement_id"' not in page
    assert f"谁需要「{item.title[:10]}" in client.get("/subscriptions").text


def test_changing_stopping_starting_and_deleting(login, make, session):
    one = make.subscription()
    client, url = login(one.user), f"/subscriptions/{one.id}"
    client.post(url, data={"frequency": "weekly", "by_mail": "1"})
    assert (the_only(session).frequency, the_only(session).by_mail) == (
        Frequency.WEEKLY,
        True,
    )
    assert client.post(url, data={"frequency": "hourly"}).status_code == 422
    client.post(f"{url}/stop")
    assert the_only(session).stopped_at is not None
    assert "已停止的" in client.get("/subscriptions").text
    client.post(f"{url}/resume")
    assert the_only(session).stopped_at is None
    other = login(make.user())
    for path in ("", "/stop", "/resume", "/delete"):
        assert other.post(url + path, data={}).status_code == 404
    assert other.get(url).status_code == 404
    client.post(f"{url}/delete")
    session.rollback()
    assert session.scalars(select(Subscription)).all() == []


def test_the_page_of_one_lists_what_it_found(login, make, session):
    one, need = make.subscription(), make.need()
    with transaction(session):
        session.add(
            Finding(
                subscription_id=one.id,
                user_id=one.user_id,
                record_type=RecordType.NEED,
                record_id=need.id,
                found_at=NOW,
                told_at=NOW,
            )
        )
    page = login(one.user).get(f"/subscriptions/{one.id}").text
    assert f'href="/needs/{need.id}"' in page
    assert "1</span> 条" in login(one.user).get("/subscriptions").text


# -- the link in a mail ---------------------------------------------------


@pytest.fixture
def mailed(app: Flask, session, make, indexed) -> tuple[Subscription, str]:
    """A subscription that sent a mail, and the address in it that stops it."""
    one = make.subscription(by_mail=True)
    make.need()
    indexed()
    mail = session.scalars(select(Mail)).one()
    settings = app.config["SETTINGS"]
    letter = letters.letter(mail, settings)
    [url] = re.findall(r"停止，不用登录：(\S+)", letter.text)
    header = letters.message(mail, settings)["List-Unsubscribe"]
    assert header == f"<{url}>"
    assert "token" not in mail.facts
    return one, url.removeprefix(settings.base_url)


def test_one_click_stops_it_without_signing_in(client, session, mailed):
    _, url = mailed
    page = client.get(url)
    assert page.status_code == 200
    assert "订阅已停止" in page.text
    assert the_only(session).stopped_at is not None
    assert client.get(url).status_code == 200
    [form] = [form for form in forms(page.text) if form.method == "post"]
    answer = client.post(form.action, data=dict(form.values))
    assert "订阅已恢复" in answer.text
    assert the_only(session).stopped_at is None


def test_looking_at_the_link_does_not_stop_it(client, session, mailed):
    _, url = mailed
    assert client.head(url).status_code == 200
    assert the_only(session).stopped_at is None


def test_a_mail_program_may_stop_it_without_a_form(
    app, client, session, mailed, monkeypatch
):
    """RFC 8058: a POST to the address in the header, no cookie, no token of a form."""
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    answer = client.post(mailed[1], data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert the_only(session).stopped_at is not None


@pytest.mark.parametrize("change", ["", "x", "1", "eyJ", "\x00", "令牌"])
def test_a_link_that_is_not_ours_does_nothing(client, session, mailed, change):
    _, url = mailed
    wrong = change + links.token(1, "another key") if change != "" else ""
    answer = client.get(urlsplit(url).path, query_string={"token": wrong})
    assert answer.status_code == 404
    answer = client.post("/subscriptions/restart", data={"token": wrong})
    assert answer.status_code == 404
    assert the_only(session).stopped_at is None


def test_the_link_of_one_is_not_that_of_another(app, client, session, make, mailed):
    one, _ = mailed
    other = make.subscription()
    key = app.config["SETTINGS"].key()
    client.get(links.stop_path(other.id, key))
    session.rollback()
    assert session.get_one(Subscription, other.id).stopped_at is not None
    assert session.get_one(Subscription, one.id).stopped_at is None


def test_the_link_of_what_was_deleted_says_so(app, client):
    key = app.config["SETTINGS"].key()
    assert client.get(links.stop_path(12345, key)).status_code == 404
