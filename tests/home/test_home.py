"""The first page: counts that a reader may know, and what waits for whom."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from matchmaker.home import service
from matchmaker.search.live import live_index
from models import Need
from models.states import (
    AchievementStatus,
    CallStatus,
    NeedStatus,
    Role,
    Secrecy,
)

from ..conftest import NOW


def test_the_counts_are_of_what_is_open_and_may_be_known(session, make):
    owner = make.user()
    make.need()
    make.need(status=NeedStatus.SOLVED)
    make.need(status=NeedStatus.PENDING)
    make.need(secrecy=Secrecy.RESTRICTED, organisation_id=owner.organisation_id)
    make.achievement()
    make.achievement(status=AchievementStatus.DRAFT)
    make.call()
    make.call(status=CallStatus.AWARDED)

    def counts(user):
        return service.front(session, live_index(), user, now=NOW).counts

    assert counts(None) == service.Counts(1, 1, 1)
    assert counts(make.user()) == service.Counts(1, 1, 1)
    assert counts(owner) == service.Counts(2, 1, 1)
    assert counts(make.staff()) == service.Counts(2, 1, 1)


def test_the_newest_come_first_and_only_a_few(session, make):
    needs = [
        make.need(published_at=NOW + timedelta(minutes=n))
        for n in range(service.NEWEST + 2)
    ]
    secret = make.need(secrecy=Secrecy.RESTRICTED, published_at=NOW + timedelta(days=1))
    found = [
        need.id for need in service.front(session, live_index(), None, now=NOW).needs
    ]
    assert found == [need.id for need in reversed(needs)][: service.NEWEST]
    assert (
        service.front(session, live_index(), make.staff(), now=NOW).needs[0].id
        == secret.id
    )


def test_a_masked_need_stands_there_in_its_public_words(make, client, login):
    need = make.need(
        secrecy=Secrecy.MASKED,
        title="内部名称甲",
        public_title="公开名称乙",
        public_problem="公开的说明。",
    )
    for page in (client.get("/").text, login(make.user()).get("/").text):
        assert "公开名称乙" in page
        assert "岳麓区某先进储能与新能源企业" in page
        assert "内部名称甲" not in page
    assert "内部名称甲" in login(make.staff()).get("/").text
    assert need.public_title == "公开名称乙"


def test_the_first_page_counts_and_invites(make, client):
    firm = make.organisation(is_demo=True)
    make.need(title="压铸件远端发脆", is_demo=True, organisation_id=firm.id)
    make.call(title="储能预警揭榜")
    page = client.get("/").text
    assert 'action="/search"' in page
    assert "压铸件远端发脆" in page
    assert "储能预警揭榜" in page
    assert 'class="demo"' in page
    assert "都是虚构的，不是真实信息" in page
    assert "待办" not in page


def test_the_year_is_told_in_one_line_against_the_newest_target(client):
    page = client.get("/").text
    assert "2026 年技术合同认定登记成交额 0 万元" in page
    assert "2024 年目标 1400 亿元，完成 0.0%" in page
    assert '<progress max="1" value="0.0000"' in page


def test_an_empty_platform_says_so(client):
    page = client.get("/").text
    assert "还没有公开的需求" in page
    assert "现在没有揭榜中的榜单" in page


def test_the_first_page_begins_with_what_waits_for_its_reader(make, login):
    person = make.user()
    own = {"organisation_id": person.organisation_id}
    make.need(status=NeedStatus.RETURNED, title="被退回的那一条", **own)
    make.need(status=NeedStatus.RETURNED, title="别家被退回的")
    page = login(person).get("/").text
    assert "被退回的那一条" in page
    assert "去修改" in page
    assert "别家被退回的" not in page
    assert page.index("待办") < page.index("最新需求")


@pytest.mark.parametrize("role", list(Role))
def test_the_first_page_says_when_nothing_waits(make, login, role):
    assert "没有待办" in login(make.user(role)).get("/").text


def test_a_monitor_learns_that_all_is_well(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_the_first_page_asks_few_queries(session, make, client):
    for _ in range(4):
        make.need()
        make.call()
    client.get("/")  # the first page of a process reads the columns
    asked = []
    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    client.get("/")
    assert len([sql for sql in asked if sql.startswith("SELECT")]) <= 8
    assert session.get(Need, 0) is None
