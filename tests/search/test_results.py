"""The search page over all kinds."""

import re
from html import unescape

import pytest

from models.states import Secrecy

from .test_lists import TOPICS, titles


@pytest.fixture
def world(make, indexed) -> None:
    """Needs, achievements and calls about six things."""
    for topic in TOPICS:
        make.need(title=f"求{topic}", problem=f"想要{topic}的办法。", targets=[])
        make.achievement(title=f"做{topic}", abstract=f"{topic}的方法。", indicators=[])
        make.call(title=f"榜{topic}", background=f"征集{topic}。", goals=[])
    indexed()


def test_one_search_finds_all_three_kinds(client, world):
    page = client.get("/search?q=无人机航测").text
    found = titles(page)
    assert {"求无人机航测", "做无人机航测", "榜无人机航测"} <= set(found)
    assert "<mark>" in page
    for path in ("/needs", "/achievements", "/calls"):
        assert f'href="{path}?q=' in page


def test_a_kind_can_be_chosen(client, world):
    found = titles(client.get("/search?q=无人机航测&kind=call").text)
    assert found[0] == "榜无人机航测"
    assert all(title.startswith("榜") for title in found)


def test_pages_of_a_kind_keep_the_kind_and_the_words(client, make, indexed):
    for number in range(25):
        make.need(title=f"热失控预警{number:02}", targets=[f"指标{number}"])
    for topic in TOPICS * 5:
        make.need(title=topic, problem=f"想要{topic}。", targets=[])
    indexed()
    words = {"q": "电池热失控预警", "kind": "need"}
    first = client.get("/search", query_string=words)
    link = re.search(r'rel="next" href="([^"]+)"', first.text)[1]
    second = client.get("/search" + unescape(link))
    assert "kind=need" in link
    assert second.status_code == 200
    assert not set(titles(first.text)) & set(titles(second.text))


def test_an_empty_search_invites(client):
    for path in ("/search", "/search?q=", "/search?q=%20%20"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "说出要解决的问题" in answer.text
        assert "试试" in answer.text


@pytest.mark.parametrize(
    "words", ["的了是在和", "怎么办?", "。,!?;:……", "有没有什么办法"]
)
def test_words_that_say_nothing_are_explained(client, world, words):
    answer = client.get("/search", query_string={"q": words})
    assert answer.status_code == 200
    assert "这些词太笼统" in answer.text
    assert titles(answer.text) == []


@pytest.mark.parametrize("query", ["q=" + "电" * 2001, "q=%00电池", "q=电池&kind=moon"])
def test_a_search_that_makes_no_sense_is_refused(client, world, query):
    answer = client.get(f"/search?{query}")
    assert answer.status_code == 422
    assert titles(answer.text) == []


@pytest.mark.parametrize("page", ["2", "-1", "x"])
def test_a_page_that_is_not_there(client, world, page):
    answer = client.get(f"/search?q=无人机航测&kind=need&page={page}")
    assert answer.status_code == 404


def test_what_was_typed_is_shown_as_text(client):
    answer = client.get("/search", query_string={"q": '"><script>alert(1)</script>'})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text


def test_traditional_characters_find_the_same(client, world):
    assert "做无人机航测" in titles(client.get("/search?q=無人機航測").text)


def test_a_masked_need_is_found_by_its_public_words_only(client, make, indexed):
    for topic in TOPICS:
        make.need(title=topic, problem=f"想要{topic}。", targets=[])
    make.need(
        secrecy=Secrecy.MASKED,
        title="玄铁剑脊开裂",
        problem="玄铁坯料入水开裂。",
        targets=[],
        public_title="某类锻件裂纹",
        public_problem="锻件热处理后出现裂纹。",
        public_targets=["裂纹更少"],
    )
    indexed()
    assert titles(client.get("/search?q=锻件裂纹").text)[0] == "某类锻件裂纹"
    page = client.get("/search?q=玄铁剑脊").text
    assert "坯料" not in page
    assert "剑脊开裂" not in page
    assert "<mark>" not in page
