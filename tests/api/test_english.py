"""Whatever a program may be refused, it is told in English as well."""

import re

import pytest

from matchmaker import handlers
from matchmaker.api import english
from models.states import NeedStatus, Role, Secrecy

from . import said
from .test_core import body

# Codes that are no conflict: the words of `handlers` for them stand there in full.
OTHER_CODES = {"not_found", "forbidden", "invalid", "encoder_missing", "busy", "csrf"}
# What refuses in the words of another refusal, which is found where that one is made.
PASSES_ON = {
    "matchmaker.achievements.schema.written_as_its_kind_is",
    "matchmaker.contracts.web.export_rows",
    "matchmaker.panels.api.propose",
    "matchmaker.panels.reviews.api._read",
    "matchmaker.panels.schema.read_result",
    "matchmaker.schema._read_money",
    "matchmaker.search.web.export_list",
    "matchmaker.webhooks.schema._address",
    "matchmaker.webhooks.schema._pattern",
    "matchmaker.webhooks.service._aim",
}
NAMED = re.compile(r"\{(\w+)\}")


@pytest.fixture(scope="module")
def refusals():
    """Each place that refuses, with the templates of its words."""
    return list(said.source().refusals())


@pytest.fixture(scope="module")
def messages(refusals):
    """Every template of a message about a field there is in the source."""
    amounts = said.source().table("matchmaker.money", "MESSAGES")
    words = [found for _, found in refusals]
    told = set().union(*words, amounts, said.source().facts())
    return told - english.PARTS.keys()


def test_the_words_of_every_refusal_are_found(refusals):
    assert {place for place, words in refusals if not words} == PASSES_ON


def test_every_message_has_its_english(messages):
    assert not sorted(messages - english.MESSAGES.keys())


def test_no_message_is_left_over(messages):
    assert not sorted(english.MESSAGES.keys() - messages)


def test_every_part_stands_in_the_source():
    assert not sorted(english.PARTS.keys() - said.source().literals())


def test_every_code_has_its_english():
    asked = {*handlers.CONFLICTS, *handlers.UNAVAILABLE, *handlers.API_WORDS}
    http = {f"http.{status}" for status in handlers.HTTP_WORDS}
    assert english.DETAILS.keys() == asked | http | OTHER_CODES
    assert english.TITLES.keys() == handlers.HTTP_WORDS.keys()


def test_details_tell_the_same_facts():
    words = handlers.CONFLICTS | handlers.UNAVAILABLE | handlers.API_WORDS
    words |= {f"http.{code}": pair[1] for code, pair in handlers.HTTP_WORDS.items()}
    differ = [
        code
        for code, zh in words.items()
        if sorted(NAMED.findall(zh)) != sorted(NAMED.findall(english.DETAILS[code]))
    ]
    assert not differ


def test_messages_hold_the_same_places():
    differ = [
        zh
        for zh, en in (english.MESSAGES | english.PARTS).items()
        if sorted(NAMED.findall(en)) != [str(n) for n in range(zh.count("{}"))]
    ]
    assert not differ


def test_every_message_is_recognised_as_itself():
    """A template that says less does not take the words of one that says more."""
    for zh, en in english.MESSAGES.items():
        parts = [f"x{n}" for n in range(zh.count("{}"))]
        assert english.field(zh.replace("{}", "{}").format(*parts)) == en.format(*parts)


@pytest.mark.parametrize("table", ["DETAILS", "MESSAGES", "PARTS", "TITLES"])
def test_the_english_is_no_chinese(table):
    told = getattr(english, table).values()
    units = re.compile("[亿万]?元")  # as an amount must be written
    assert [one for one in told if said.is_chinese(units.sub("", one))] == []


@pytest.mark.parametrize(
    ("zh", "en"),
    [
        ("请填写此项", "required"),
        ("第 3 行：最多 200 个字，请精简", "row 3: at most 200 characters"),
        ("应为文字（string）", "must be a string"),
        ("应为下列之一：a、b", "must be one of a, b"),
        ("请填写承诺值和依据", "the promised value and its evidence is required"),
        (
            "「创新性」的评分：请填写 0 到 100 的整数",
            "«创新性», score: must be a whole number from 0 to 100",
        ),
        ("谁也没有写过的话", "谁也没有写过的话"),
    ],
)
def test_what_is_put_into_a_message_is_told_too(zh, en):
    assert english.field(zh) == en


def test_a_fact_in_words_is_told_too():
    told = english.detail("bid.too_late", "", {"closed": "2026年12月1日 17:00 前"})
    assert "until 2026-12-1 17:00 (Beijing time);" in told


def test_a_status_without_words_of_its_own_is_told_by_its_kind():
    assert english.detail("http.414", "", {}) == english.DETAILS["http.400"]
    assert english.detail("http.507", "", {}) == english.DETAILS["http.500"]


ENGLISH = {"Accept-Language": "en"}


def _firm(make):
    return make.user(organisation_id=make.organisation().id)


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("method", "path", "given", "status"),
    [
        ("GET", "/needs/999", {}, 404),
        ("GET", "/nowhere", {}, 404),
        ("PATCH", "/needs", {}, 405),
        ("GET", "/needs?limit=0", {}, 422),
        ("GET", "/needs?field=XX&colour=red", {}, 422),
        ("GET", "/needs?fields=colour", {}, 422),
        ("GET", "/needs?cursor=x", {}, 422),
        ("GET", "/search", {}, 422),
        ("POST", "/needs", {"data": b"{"}, 400),
        ("POST", "/needs", {"data": b'{"a": 1, "a": 2}'}, 400),
        ("POST", "/needs", {"json": {}}, 422),
        ("POST", "/needs", {"json": {"title": 5, "x": 1, "budget": -1}}, 422),
        ("POST", "/needs", {"json": {"measures": [{"comparator": "most"}]}}, 422),
        ("POST", "/needs", {"json": {}, "headers": {"Idempotency-Key": "a"}}, 422),
        ("POST", "/match", {"json": {"text": "…………"}}, 422),
        ("POST", "/needs", {"form": True}, 415),
        ("POST", "/needs", {"data": b"x" * 40_000_000}, 413),
    ],
)
def test_refusals_hold_no_chinese(program, make, method, path, given, status):
    given = dict(given)
    headers = ENGLISH | given.pop("headers", {})
    if given.pop("form", False):
        given["data"] = {"title": "x"}
    elif "data" in given:
        given["content_type"] = "application/json"
    answer = program(_firm(make)).send(method, path, headers=headers, **given)
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Language"] == "en"
    assert not said.is_chinese(answer.text)


@pytest.mark.one_database
def test_refusals_of_services_hold_no_chinese(program, make):
    firm = _firm(make)
    need = make.need(
        organisation_id=firm.organisation_id,
        status=NeedStatus.SOLVED,
        secrecy=Secrecy.PUBLIC,
    )
    mine, place = program(firm), f"/needs/{need.id}"
    college = make.user(Role.UNIVERSITY, organisation_id=make.organisation().id)
    refused = [
        (409, mine.post(f"{place}/withdraw", headers=ENGLISH)),
        (409, mine.post(f"{place}/renew", headers=ENGLISH)),
        (428, mine.put(place, json=body(), headers=ENGLISH)),
        (403, program(college).post("/needs", json={}, headers=ENGLISH)),
        (403, program(firm, ["search:read"]).post("/needs", headers=ENGLISH)),
        (401, program().post("/needs", headers=ENGLISH)),
    ]
    for status, answer in refused:
        assert answer.status_code == status, answer.text
        assert not said.is_chinese(answer.text)
