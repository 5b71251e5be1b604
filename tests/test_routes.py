"""Every address: who gets in, and that nothing breaks for anybody."""

import re
from html import unescape

import pytest
from flask import Flask
from werkzeug.routing import Rule

from models.states import Role

from .walk import ID, NOBODYS, address, populate, rules

pytestmark = pytest.mark.one_database

# What a visitor may open. Everything else asks for a sign-in.
OPEN = {
    "home.index",
    "home.health",
    "boards.overview",
    "accounts.sign_in",
    "accounts.forgot",
    "accounts.forgot_sent",
    "accounts.reset_password",
    "registrations.register",
    "registrations.sent",
    "registrations.confirm",
    "registrations.confirmed",
    "registrations.correct",
    "organisations.accept",
    "experts.join",
    "mail.mine",
    "subscriptions.stop_by_link",
    "search.results",
    "needs.browse",
    "needs.show",
    "achievements.browse",
    "achievements.show",
    "calls.browse",
    "calls.show",
    "results.show",
    "receipts.check",
    "calls.feed",
    "calls.deadlines",
    "call_versions.index",
    "attachments.download",
    "publications.index",
    "publications.show",
    "publications.word",
    "publications.sheet",
    "publications.feed",
    "needs.feed",
    "achievements.feed",
    "api.describe",
    "api.docs",
}
# A POST that anybody may send: signing in, and signing out when one already is.
# What comes with the link of a mail asks for the link instead.
OPEN_POSTS = {
    "accounts.sign_in",
    "accounts.sign_out",
    "accounts.forgot",
    "accounts.reset_password",
    "registrations.register",
    "registrations.confirm",
    "registrations.correct",
    "organisations.accept",
    "experts.join",
    "results.object",
    "receipts.check",
    # Their signed token says what they may do.
    "subscriptions.stop_by_link",
    "subscriptions.restart_by_link",
}
NUMBERS = (ID, NOBODYS, 0, 2**31, 10**30)
# What a number does to an address is no matter of roles, as long as they may enter.
FAR_NUMBERS_BY = {"visitor", "enterprise", "admin"}
# 409: a page that changes what may not be changed any more.
ANSWERS = {200, 302, 303, 403, 404, 409}
ANSWERS_TO_POST = ANSWERS | {204, 422}


def test_the_open_list_names_addresses_that_exist(app: Flask):
    assert {rule.endpoint for rule in rules(app, "GET")} >= OPEN


def test_an_address_asks_a_visitor_to_sign_in_or_is_on_the_open_list(app, client, make):
    populate(make)
    for method in ("GET", "POST"):
        for rule in rules(app, method):
            if rule.endpoint in (OPEN if method == "GET" else OPEN_POSTS):
                continue
            answer = client.open(address(app, rule, ID), method=method)
            assert answer.status_code == 302, (method, str(rule))
            assert answer.location.startswith("/sign-in"), (method, str(rule))


def test_a_form_without_its_token_is_refused(app, make, login, monkeypatch):
    users = populate(make)
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    for user in users.values():
        client = login(user) if user else app.test_client()
        for rule in rules(app, "POST"):
            answer = client.post(address(app, rule, ID), data={"reason": "其他原因"})
            assert answer.status_code == 400, str(rule)
            assert "请返回上一页刷新" in answer.text


def numbers(rule: Rule, role: str) -> tuple[int, ...]:
    if not rule.arguments:
        return NUMBERS[:1]
    return NUMBERS if role in FAR_NUMBERS_BY else NUMBERS[:2]


@pytest.mark.parametrize("role", ["visitor", *(role.value for role in Role)])
def test_no_address_breaks_for_anybody(app, make, login, role):
    user = populate(make)[role]
    client = login(user) if user else app.test_client()
    for rule in rules(app, "GET"):
        for number in numbers(rule, role):
            answer = client.get(address(app, rule, number))
            assert answer.status_code in ANSWERS, (role, str(rule), number)
            if number != ID and user is not None:
                assert answer.status_code in (403, 404), (role, str(rule), number)


@pytest.mark.parametrize("role", ["visitor", *(role.value for role in Role)])
def test_no_post_breaks_for_anybody(app, make, login, role):
    user = populate(make)[role]
    for rule in rules(app, "POST"):
        # Anew each time: it may sign out.
        client = login(user) if user else app.test_client()
        for number in numbers(rule, role):
            answer = client.post(address(app, rule, number), data={})
            assert answer.status_code in ANSWERS_TO_POST, (role, str(rule), number)


@pytest.mark.parametrize("role", ["visitor", *(role.value for role in Role)])
def test_every_link_and_form_of_a_page_leads_somewhere(app, make, login, role):
    """No dead link or button: what a page offers its reader, the reader may open."""
    user = populate(make)[role]
    client = login(user) if user else app.test_client()
    seen: set[str] = set()
    waiting = ["/"]
    while waiting:
        path = waiting.pop()
        page = path.partition("?")[0]
        if page in seen:
            continue
        seen.add(page)
        answer = client.get(path)
        assert answer.status_code in (200, 302, 303), (role, path)
        if answer.mimetype == "text/html":  # not a file to download
            waiting += links(answer.text)


def links(html: str) -> list[str]:
    """The pages of ours that the text links to."""
    found = (unescape(href) for href in re.findall(r'<a [^>]*href="([^"#]+)"', html))
    return [href for href in found if href.startswith("/")]
