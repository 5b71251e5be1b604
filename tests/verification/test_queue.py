"""The queue narrowed by kind, field and district: what a node looks at."""

from datetime import timedelta

from sqlalchemy import event

from matchmaker.verification.queue import Area, queue
from matchmaker.verification.schema import QueueQuery
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
    area = Area(fields=["NM"], districts=["浏阳市"])
    found = queue(session, make.staff(), QueueQuery(), area)
    assert {(row.item.field, row.item.district) for row in found.rows} == {
        ("NM", "岳麓区"),
        ("ES", "浏阳市"),
    }
    assert found.counts["kind"] == {"need": found.total}
    narrower = queue(session, make.staff(), QueueQuery(field=["NM"]), area)
    assert narrower.total == 1


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
