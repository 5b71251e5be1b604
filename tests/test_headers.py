"""What every answer carries so that browsers protect its reader."""

import re

import pytest

from models.states import Role

from .walk import ID, address, populate, rules

pytestmark = pytest.mark.one_database

ROLES = ["visitor", *(role.value for role in Role)]


@pytest.fixture(scope="module")
def asked():
    """What each reader was answered: one walk for all that is looked at."""
    return {}


@pytest.fixture(params=ROLES)
def answers(request, app, make, login, asked):
    """Every page of the site as one kind of reader gets it."""
    role = request.param
    if role not in asked:
        user = populate(make)[role]
        client = login(user) if user else app.test_client()
        asked[role] = [
            (str(rule), client.get(address(app, rule, ID)))
            for rule in rules(app, "GET")
        ]
    return role, asked[role]


def test_a_page_says_what_may_run_in_it(answers):
    for rule, answer in answers[1]:
        policy = answer.headers["Content-Security-Policy"]
        is_file = "attachment" in answer.headers.get("Content-Disposition", "")
        source = "'none'" if is_file else "'self'"
        assert f"default-src {source}" in policy, rule
        assert "unsafe" not in policy, rule
        assert ("sandbox" if is_file else "frame-ancestors 'none'") in policy, rule
        assert answer.headers["X-Content-Type-Options"] == "nosniff", rule
        assert answer.headers["Referrer-Policy"] == "same-origin", rule


def test_a_page_obeys_its_own_policy(answers):
    """Nothing inline and nothing from another host: it would be dead in a browser."""
    for rule, answer in answers[1]:
        if answer.mimetype != "text/html":
            continue
        assert not re.search(r"<style|<[^>]+\sstyle=", answer.text), rule
        assert not re.search(r"<[^>]+\son[a-z]+=", answer.text), rule
        assert not re.search(r"<script(?![^>]*\ssrc=)", answer.text), rule
        assert not re.search(r'(src|href|action)="(https?:)?//', answer.text), rule


def test_what_one_person_sees_stays_out_of_caches(answers):
    role, pages = answers
    for rule, answer in pages:
        if role != "visitor":
            assert answer.headers["Cache-Control"] == "private, no-store", rule
        assert "public" not in answer.headers.get("Cache-Control", ""), rule


def test_a_page_has_what_a_screen_reader_needs(answers):
    for rule, answer in answers[1]:
        if answer.status_code != 200 or answer.mimetype != "text/html":
            continue
        assert '<html lang="zh-CN">' in answer.text, rule
        assert len(re.findall(r"<h1[ >]", answer.text)) == 1, rule
        assert re.search(r"<title>[^<]*[\u4e00-\u9fff][^<]* — ", answer.text), rule
        ids = re.findall(r'\sid="([^"]+)"', answer.text)
        assert len(ids) == len(set(ids)), (rule, sorted(ids))
        for name in re.findall(r'<label[^>]* for="([^"]+)"', answer.text):
            assert name in ids, (rule, name)
