"""The queue narrowed by kind, field and district: what a node looks at."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from matchmaker.errors import NotFound
from matchmaker.verification.queue import queue
from matchmaker.verification.schema import QueueQuery
from models import DictionaryEntry, transaction
from models.states import AchievementStatus, NeedStatus, OrganisationKind

from ..conftest import NOW


def fill(make):
    college = make.organisation(kind=OrganisationKind.UNIVERSITY, district="天心区")
    for field, district in (("ES", "岳麓区"), ("NM", "岳麓区"), ("ES", "浏阳市")):
        make.need(status=NeedStatus.PENDING, field=field, district=district)
    make.achievement(
        status=AchievementStatus.PENDING, field="ES", organisation_id=college.id
    )
    make.need(status=NeedStatus.DRAFT, field="ES")


def test_filters_narrow_together_and_each_counts_by_the_others(session, make):
    fill(make)
    found = queue(session, make.staff(), QueueQuery(field=["ES"], district=["岳麓区"]))
    assert found.total == len(found.rows) == 1
    assert found.counts["field"] == {"ES": 1, "NM": 1}
    assert found.counts["district"] == {"岳麓区": 1, "浏阳市": 1, "天心区": 1}
    assert found.counts["kind"] == {"need": 1}


def test_an_achievement_is_of_the_district_of_its_organisation(session, make):
    fill(make)
    (row,) = queue(session, make.staff(), QueueQuery(district=["天心区"])).rows
    assert row.kind == "achievement"


def test_a_node_has_what_is_of_its_fields_or_its_districts(session, make):
    fill(make)
    node = make.node(fields=["NM"], districts=["浏阳市"])
    at = {"node": str(node.id)}
    found = queue(session, make.staff(), QueueQuery(**at))
    assert {(row.item.field, row.item.district) for row in found.rows} == {
        ("NM", "岳麓区"),
        ("ES", "浏阳市"),
    }
    assert found.counts["kind"] == {"need": found.total}
    assert queue(session, make.staff(), QueueQuery(field=["NM"], **at)).total == 1


def test_each_node_counts_what_it_would_show_under_the_other_filters(session, make):
    fill(make)
    one = make.node(fields=["NM"], districts=["浏阳市"])
    two = make.node(fields=[], districts=["天心区"])
    none = make.node(fields=[], districts=[])
    at = {"node": str(one.id)}
    counts = queue(session, make.staff(), QueueQuery(kind=["need"], **at)).counts
    assert counts["node"][str(one.id)] == 2
    assert str(two.id) not in counts["node"]
    assert str(none.id) not in counts["node"]
    found = queue(session, make.staff(), QueueQuery(**at))
    assert found.counts["node"][str(two.id)] == 1
    # The other filters count within the node.
    assert found.counts["district"] == {"岳麓区": 1, "浏阳市": 1}


def test_ones_own_nodes_count_together_and_stand_first(session, make):
    fill(make)
    staff = make.staff()
    make.node(fields=["NM"], districts=[], staff=[staff])
    make.node(fields=[], districts=["天心区"], staff=[staff])
    found = queue(session, staff, QueueQuery(node="mine"))
    assert found.total == 2
    assert found.nodes.offered[0] == found.nodes.chosen
    assert found.counts["node"]["mine"] == 2
    # Somebody who works nowhere has nothing there, and is told so.
    assert queue(session, make.staff(), QueueQuery(node="mine")).total == 0


def test_a_node_pages_what_is_its_own(session, make):
    node = make.node(fields=["NM"], districts=[])
    for _ in range(23):
        make.need(status=NeedStatus.PENDING, field="NM")
        make.need(status=NeedStatus.PENDING, field="ES")
    at = {"node": str(node.id)}
    first = queue(session, make.staff(), QueueQuery(**at))
    second = queue(session, make.staff(), QueueQuery(page=2, **at))
    assert (first.total, first.pages, len(first.rows), len(second.rows)) == (
        23,
        2,
        20,
        3,
    )
    assert {row.item.field for row in (*first.rows, *second.rows)} == {"NM"}


def test_a_retired_node_has_nothing_and_one_that_is_not_there_is_not_found(
    session, make
):
    fill(make)
    gone = make.node(active=False)
    assert queue(session, make.staff(), QueueQuery(node=str(gone.id))).total == 0
    with pytest.raises(NotFound):
        queue(session, make.staff(), QueueQuery(node="999999"))


def test_choices_of_one_filter_add_up(session, make):
    fill(make)
    query = QueueQuery(kind=["need"], district=["岳麓区", "浏阳市"])
    assert queue(session, make.staff(), query).total == 3


def test_the_page_keeps_its_filters_through_a_decision(make, login):
    fill(make)
    client = login(make.staff())
    page = client.get("/verification?field=NM").text
    assert page.count('class="entry"') == 1
    assert 'publish?field=NM"' in page
    assert "没有待审的信息" in client.get("/verification?field=AG").text
    assert client.get("/verification?field=ZZ").status_code == 422
    assert client.get("/verification?kind=call").status_code == 422
    assert client.get("/verification?node=999999").status_code == 404
    assert client.get("/verification?node=x").status_code == 422


def test_the_queue_of_a_node_is_kept_through_decisions(make, login):
    fill(make)
    staff = make.staff()
    make.node(name="新材料分平台", fields=["NM"], districts=[], staff=[staff])
    client = login(staff)
    page = client.get("/verification").text
    # The link in the frame leads whoever works at a node to its queue.
    assert 'href="/verification?node=mine"' in page
    assert page.count('class="entry"') == 4
    page = client.get("/verification?node=mine").text
    assert page.count('class="entry"') == 1
    assert "我的节点（新材料分平台）" in page
    assert 'action="/verification/batch?node=mine"' in page
    item = re.search(r'name="items" value="([^"]+)"', page)[1]
    data = {"action": "return", "items": item, "codes": "", "reason": "请补充现状数据"}
    done = client.post("/verification/batch?node=mine", data=data).text
    assert "已退回 1 条" in done
    assert 'aria-current="true"' in done
    assert "这些条件下没有待审的信息" in done
    publish = re.search(r'action="(/verification/needs/\d+/publish\?node=mine)"', page)
    gone = client.post(publish[1], data={"version": 1})
    assert gone.status_code == 409


def test_nobody_is_sent_to_a_node_that_answers_for_nothing(make, login):
    staff = make.staff()
    make.node(fields=[], districts=[], staff=[staff])
    assert 'href="/verification"' in login(staff).get("/work").text


def test_the_words_of_the_filters_are_those_of_this_moment(make, login, session):
    fill(make)
    code = "district"
    entry = session.scalars(
        select(DictionaryEntry).where(
            DictionaryEntry.dictionary == code, DictionaryEntry.code == "浏阳市"
        )
    ).one()
    with transaction(session):
        entry.label, entry.active = "浏阳（旧）", False
    page = login(make.staff()).get("/verification?district=浏阳市").text
    assert "浏阳（旧）" in page
    assert page.count('class="entry"') == 1


def test_waits_are_told_in_working_days(make, login):
    # NOW is a Monday; the Thursday before it was two working days ago.
    make.need(status=NeedStatus.PENDING, updated_at=NOW - timedelta(days=4))
    page = login(make.staff()).get("/verification").text
    assert "个工作日" in page


def test_a_long_page_asks_few_queries(session, make, login):
    for _ in range(6):
        fill(make)
    client = login(make.staff())
    asked = []
    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    client.get("/verification")
    plain = [sql for sql in asked if sql.startswith("SELECT")]
    assert len([sql for sql in plain if "dictionary_entries" in sql]) <= 5
    assert len([sql for sql in plain if "FROM history" in sql]) <= 5
