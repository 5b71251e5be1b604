"""The list pages: words, filters, order, pages, and what they cost."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from html import unescape

import pytest
from sqlalchemy import event

from matchmaker import limiter
from models.states import AchievementStatus, CallStatus, NeedStatus, Role, Secrecy

from ..conftest import NOW

LISTS = ("/needs", "/achievements", "/calls")
TOPICS = (
    "水稻抗病育种",
    "无人机航测",
    "药物缓释微球",
    "语音识别",
    "轴承润滑",
    "钢轨探伤",
)
MOST_QUERIES = 15


def titles(page: str) -> list[str]:
    """The titles of the rows, in order."""
    return re.findall(r'class="result-title"><a [^>]*>([^<]*)</a>', page)


def facet(page: str, label: str) -> str | None:
    """The count beside an option of a facet."""
    pattern = rf'facet-label">{label}</span>.*?facet-count number">(\d+)<'
    found = re.search(pattern, page)
    return found[1] if found else None


@contextmanager
def counted(app) -> Iterator[list[str]]:
    """The statements sent to the database meanwhile."""
    sent: list[str] = []

    def note(_c, _cursor, statement, *_rest) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            sent.append(statement)

    engine = app.extensions["db_engine"]
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def needs(make) -> None:
    """Six needs in three fields and two districts, the first the newest."""
    for number, title in enumerate(TOPICS):
        make.need(
            title=title,
            problem=f"现在的{title}做得不好,想找{title}的办法。",
            targets=[f"{title}准确率≥9{number}%"],
            field=("AG", "BD", "BM")[number % 3],
            district=("岳麓区", "宁乡市")[number % 2],
            budget_fen=(number + 1) * 100_000_000,
            deadline=date(2099, 12, 31) - timedelta(days=number),
            published_at=NOW - timedelta(days=number),
        )


def test_the_newest_stands_first(client, needs):
    assert titles(client.get("/needs").text) == list(TOPICS)


def test_a_list_can_be_ordered(client, needs):
    backwards = list(reversed(TOPICS))
    assert titles(client.get("/needs?sort=amount").text) == backwards
    assert titles(client.get("/needs?sort=deadline").text) == backwards


def test_facets_narrow_and_count(client, needs):
    page = client.get("/needs").text
    assert facet(page, "现代种业、智慧农业与食品") == "2"
    assert facet(page, "宁乡市") == "3"
    page = client.get("/needs?field=AG").text
    assert titles(page) == [TOPICS[0], TOPICS[3]]
    assert facet(page, "宁乡市") == "1"
    # A facet counts as if nothing were chosen in itself, so one can add to it.
    assert facet(page, "生物医药") == "2"
    both = client.get("/needs?field=AG&field=BM&district=宁乡市").text
    assert titles(both) == [TOPICS[3], TOPICS[5]]


def test_a_chosen_filter_can_be_taken_away(client, needs):
    page = unescape(client.get("/needs?q=&field=AG&field=BM&sort=amount").text)
    assert "技术领域：生物医药" in page
    assert 'class="chip chip-remove" href="?field=AG&sort=amount"' in page
    assert 'href="?sort=amount"' in page  # «全部清除»


def test_new_words_keep_the_filters(client, needs):
    page = client.get("/needs?field=AG&field=BM").text
    for code in ("AG", "BM"):
        assert f'<input type="hidden" name="field" value="{code}">' in page


def test_words_rank_and_mark_the_answer(client, needs, indexed):
    indexed()
    page = client.get("/needs?q=无人机航测").text
    assert titles(page)[0] == "无人机航测"
    assert "<mark>" in page
    assert "为什么是这一条" in page
    assert "用了同样的词" in page


def test_pages_follow_one_another(client, make):
    for number in range(23):
        make.need(title=f"第{number:02}号", published_at=NOW - timedelta(days=number))
    first = client.get("/needs?sort=newest")
    second = client.get("/needs?sort=newest&page=2")
    assert len(titles(first.text)) == 20
    assert titles(second.text) == ["第20号", "第21号", "第22号"]
    assert 'href="?sort=newest&amp;page=2"' in first.text
    missing = client.get("/needs?page=3")
    assert missing.status_code == 404
    assert "没有这一页" in missing.text


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("page", ["-1", "0", "x", "2", "99999999999"])
def test_a_page_that_is_not_there(client, path, page):
    answer = client.get(f"{path}?page={page}")
    assert answer.status_code == 404
    assert "没有这一页" in answer.text


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "query",
    [
        "field=ZZ",
        "sort=luck",
        "trl=99",
        "mode=gift",
        "stage=moon",
        "district=火星",
        "status=lost",
        "q=" + "电" * 2001,
        "q=%00",
    ],
)
def test_what_makes_no_sense_is_named_and_left_out(client, make, path, query):
    make.need(), make.achievement(), make.call()
    answer = client.get(f"{path}?{query}")
    assert answer.status_code == 422
    assert "这一项没有起作用" in answer.text
    assert len(titles(answer.text)) == 1


def test_stop_words_find_nothing_and_it_says_why(client, needs):
    answer = client.get("/needs?q=怎么办?有没有办法")
    assert answer.status_code == 200
    assert "这些词太笼统" in answer.text
    assert titles(answer.text) == []


def test_nothing_found_offers_a_way_on(client, needs):
    page = client.get("/needs?field=AI").text
    assert "没有符合条件的需求" in page
    assert "清除筛选" in page


@pytest.mark.parametrize("path", LISTS)
def test_an_empty_list_says_so(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert "还没有" in answer.text


def test_others_list_only_what_is_open(client, login, make):
    for status in NeedStatus:
        make.need(status=status, title=f"需求{status}")
    for status in AchievementStatus:
        make.achievement(status=status, title=f"成果{status}")
    for status in CallStatus:
        make.call(status=status, title=f"榜单{status}")
    make.need(secrecy=Secrecy.RESTRICTED, title="定向需求")
    for reader in (client, login(make.user()), login(make.user(Role.UNIVERSITY))):
        assert titles(reader.get("/needs").text) == ["需求published"]
        assert titles(reader.get("/needs?status=draft").text) == ["需求published"]
        assert titles(reader.get("/achievements").text) == ["成果published"]
        assert titles(reader.get("/calls").text) == ["榜单open"]
        assert "状态" not in reader.get("/needs").text


def test_staff_may_choose_the_state(login, make):
    for status in NeedStatus:
        make.need(status=status, title=f"需求{status}")
    staff = login(make.staff())
    page = staff.get("/needs").text
    assert titles(page) == ["需求published"]
    assert facet(page, "待审") == "1"
    assert facet(page, "草稿") is None
    assert titles(staff.get("/needs?status=pending").text) == ["需求pending"]
    assert titles(staff.get("/needs?status=draft").text) == []


def test_staff_find_a_restricted_need_by_its_words(login, client, make, indexed):
    for topic in TOPICS:
        make.need(title=topic, problem=f"想要{topic}。", targets=[])
    make.need(
        secrecy=Secrecy.RESTRICTED,
        title="玄铁剑脊开裂",
        problem="玄铁坯料入水开裂。",
        targets=[],
    )
    indexed()
    assert (
        titles(login(make.staff()).get("/needs?q=玄铁剑脊").text)[0] == "玄铁剑脊开裂"
    )
    assert "玄铁剑脊开裂" not in titles(client.get("/needs?q=玄铁剑脊").text)


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("query", ["", "?q=热失控", "?q=热失控&field=ES&mode=joint"])
def test_a_list_costs_few_queries(app, login, make, indexed, path, query):
    for _ in range(8):
        make.need(), make.achievement(), make.call()
    indexed()
    client = login(make.staff())
    client.get(path + query)  # the index is read once for the life of the process
    with counted(app) as sent:
        assert client.get(path + query).status_code == 200
    assert len(sent) <= MOST_QUERIES, "\n".join(sent)


def test_searching_is_limited_and_turning_pages_is_not(built_app, client, monkeypatch):
    settings = built_app.config["SETTINGS"]
    monkeypatch.setitem(
        built_app.config,
        "SETTINGS",
        settings.model_copy(update={"search_rate": "2/hour"}),
    )
    monkeypatch.setattr(limiter, "enabled", True)
    limiter.reset()
    try:
        statuses = [client.get(path).status_code for path in ("/search?q=电池",) * 3]
        assert statuses == [200, 200, 429]
        assert client.get("/needs?q=电池").status_code == 429
        assert client.get("/needs?page=1").status_code == 200
    finally:
        limiter.reset()
