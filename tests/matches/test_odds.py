"""A probability in words, with its reasons; never a percentage, never to outsiders."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.approval import shipped
from matchmaker.labels import odds
from matchmaker.matches.odds import explained
from models import Suggestion
from models.states import SuggestionStatus


@pytest.mark.parametrize(
    ("probability", "words"),
    [
        (0.0001, "不到 1 成"),
        (0.1, "约 1 成"),
        (0.68, "约 7 成"),
        (0.94, "约 9 成"),
        (0.96, "9 成以上"),
        (0.9999, "9 成以上"),
    ],
)
def test_a_probability_is_said_in_tenths(probability, words):
    assert odds(probability) == words


@given(st.floats(0, 1))
def test_no_probability_is_said_as_a_percentage_or_as_certain(probability):
    assert not re.search(r"%|\.|10|0 成", odds(probability))


def pair(features, ranker="judged-1"):
    known = {"probability": 0.7, "features": features, "ranker": ranker}
    return Suggestion(evidence={}, **known)


def test_the_reasons_are_what_the_pair_is_above_and_below_the_average_in():
    features = {
        "whole": 5.0,
        "coverage": 0.0,
        "same_field": 1.0,
        "readiness_gap": 3.0,
        "met": 0.5,
    }
    found = explained(shipped(), pair(features))
    assert found.words == "约 7 成"
    assert set(found.pros) == {"有指标达到要求", "整体意思接近", "同一技术领域"}
    assert found.cons[0] == "成熟度有差距"


def test_what_another_ranker_told_is_not_explained_by_this_one():
    found = explained(shipped(), pair({"whole": 9.0}, ranker="learned-1"))
    assert (found.pros, found.cons) == ([], [])


def missed(must):
    row = {"asked": "误报率 ≤ 0.1 %", "claimed": "误报率0.6%", "note": ""}
    return {"indicators": [row | {"verdict": "unmet", "must": must}]}


@pytest.mark.parametrize("ranker", [shipped().name, "learned-1"])
def test_a_must_that_is_missed_is_the_first_reason_against(ranker):
    made = pair({"readiness_gap": 3.0}, ranker=ranker)
    made.evidence = missed(must=True)
    assert explained(shipped(), made).cons[0] == "必须指标不满足"
    for must in (False, None):
        made.evidence = missed(must)
        assert "必须指标不满足" not in explained(shipped(), made).cons


def test_the_desk_calls_a_missed_must_by_its_name_and_a_missed_wish_by_its_own(
    make, login
):
    client = login(make.staff())
    for must, words in ((True, "必须指标不满足"), (False, "期望指标不满足")):
        made = make.suggestion(evidence=make.suggestion().evidence | missed(must))
        page = client.get(f"/desk/{made.id}").text
        assert words in page
        assert ("必须" if must else "期望") + "</span> 误报率 ≤ 0.1 %" in page
    page = client.get("/desk?view=list").text
    assert "</span> 必须指标不满足" in page
    assert "</span> 期望指标不满足" in page
    assert "</span> 不满足" not in page


def test_the_desk_says_the_odds_and_why(make, login):
    features = {"whole": 5.0, "coverage": 4.0, "same_field": 1.0}
    made = make.suggestion(features=features, probability=0.68, ranker=shipped().name)
    client = login(make.staff())
    for address in (f"/desk/{made.id}", "/desk?view=list"):
        page = client.get(address).text
        assert "约 7 成" in page
        assert "整体意思接近" in page
    assert "68" not in client.get(f"/desk/{made.id}").text


def test_an_enterprise_reads_reasons_and_no_odds(make, login):
    owner = make.user()
    need = make.need(organisation_id=owner.organisation_id)
    made = make.suggestion(
        need, probability=0.68, status=SuggestionStatus.APPROVED, decided_at=make.now
    )
    client = login(owner)
    for address in ("/matches", f"/matches/{made.id}", f"/needs/{need.id}"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert "预计通过率" not in answer.text
        assert "成以上" not in answer.text
        assert "0.68" not in answer.text
