"""How much a program may ask for: requests, records, and what one body holds."""

import json
from time import monotonic

import pytest

from matchmaker import limiter

from .conftest import Program
from .test_core import PROBLEM, body, firm  # noqa: F401


@pytest.fixture
def allowance(app, monkeypatch):
    """Two requests a minute."""
    settings = app.config["SETTINGS"].model_copy(update={"api_rate": "2 per minute"})
    monkeypatch.setitem(app.config, "SETTINGS", settings)
    limiter.reset()
    monkeypatch.setattr(limiter, "enabled", True)
    yield
    limiter.reset()


@pytest.mark.usefixtures("allowance")
def test_guessed_tokens_share_the_allowance_of_their_address(app):
    guesses = [Program(app.test_client(), f"mmt_guess{n}") for n in range(3)]
    answers = [guess.get("/needs").status_code for guess in guesses]
    assert answers == [401, 401, 429]


@pytest.mark.usefixtures("allowance")
def test_each_token_has_an_allowance_of_its_own(program, firm):  # noqa: F811
    one, other = program(firm), program(firm)
    assert [one.get("/needs").status_code for _ in range(3)] == [200, 200, 429]
    answer = other.get("/needs")
    assert answer.status_code == 200
    assert answer.headers["RateLimit-Remaining"] == "1"


@pytest.mark.parametrize("limit", ["101", "00000101", "000001" + "9" * 30, "-1", "１"])
def test_no_more_records_than_there_may_be_are_asked_for(program, limit):
    assert program().get(f"/needs?limit={limit}").status_code == 422


@pytest.mark.parametrize("query", ["fields=title&fields=status", "limit=1&limit=2"])
def test_what_is_asked_for_once_comes_once(program, query):
    assert program().get(f"/needs?{query}").status_code == 422


LONG = "{" + ",".join(f'"a{n}":1' for n in range(60_000)) + ',"a59999":1}'


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("sent", "status", "told"),
    [
        (LONG, 400, "a59999"),
        (json.dumps({"text": "x", "targets": [1] * 300_000}), 400, "20000"),
        (json.dumps({"text": "x", "targets": [1] * 19_000}), 422, "targets/0"),
        ('{"text": 1e999}', 400, "过大"),
    ],
)
def test_no_body_keeps_the_platform_busy(program, sent, status, told):
    begun = monotonic()
    answer = program().post("/match", data=sent, content_type="application/json")
    assert answer.status_code == status
    assert told in answer.text
    assert len(answer.data) < 50_000
    assert monotonic() - begun < 5


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [
        ("zh,en;q=0.8", "zh-CN"),
        ("zh-TW,en;q=0.8", "zh-CN"),
        ("en-GB,zh;q=0.5", "en"),
        ("fr,en;q=0.5", "en"),
        ("en;q=0", "zh-CN"),
        ("fr", "zh-CN"),
    ],
)
@pytest.mark.one_database
def test_the_first_language_there_is_is_spoken(program, asked, spoken):
    answer = program().get("/needs/999", headers={"Accept-Language": asked})
    assert answer.headers["Content-Language"] == spoken


@pytest.mark.one_database
def test_a_compressing_proxy_may_weaken_the_mark(program, firm):  # noqa: F811
    mine = program(firm)
    need = mine.post("/needs", json=body())
    place, mark = f"/needs/{need.json['id']}", need.headers["ETag"]
    assert mine.get(place, headers={"If-None-Match": f"W/{mark}"}).status_code == 304
    again = mine.send("HEAD", place, headers={"If-None-Match": mark})
    assert again.status_code == 304
    changed = mine.put(place, json=body(), headers={"If-Match": f"W/{mark}"})
    assert changed.status_code == 200, changed.text


@pytest.mark.one_database
def test_the_root_refuses_as_what_is_below_it(client):
    answer = client.get("/api/v1")
    assert (answer.status_code, answer.content_type) == (404, PROBLEM)


@pytest.mark.one_database
def test_every_refusal_links_to_its_explanation(program, client, firm):  # noqa: F811
    mine = program(firm)
    page = client.get("/api/v1/docs").text
    for answer in (
        program().post("/needs"),
        program().get("/needs/999"),
        program().get("/nowhere"),
        program().send("PATCH", "/needs"),
        mine.get("/users"),
        mine.post("/needs", json={}),
        mine.post("/needs", data={"title": "x"}),
    ):
        assert answer.content_type == PROBLEM
        anchor = answer.json["type"].partition("#")[2]
        assert f'id="{anchor}"' in page
        assert "页面" not in answer.json["detail"]
