"""A list as a file is what its pages show this reader, whole, and runs nothing."""

from __future__ import annotations

import csv
import io
import tracemalloc
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import insert, select

from matchmaker import limiter, policies
from matchmaker.search import export, service
from matchmaker.search.schema import ListQuery
from matchmaker.sheets.tables import Form
from models import History, Need
from models.outbox import RecordType
from models.states import NeedStatus, Role, Secrecy

from ..conftest import NOW
from .test_lists import titles

MASKED = {
    "secrecy": Secrecy.MASKED,
    "public_title": "某企业的脱敏需求",
    "public_problem": "公开的问题文字。",
    "public_targets": ["公开的指标"],
}
NEEDS, ACHIEVEMENTS, CALLS = "/needs", "/achievements", "/calls"


def rows(data: bytes, form: str) -> list[dict[str, Any]]:
    if form == "csv":
        assert data.startswith(b"\xef\xbb\xbf")
        return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    head, *lines = load_workbook(BytesIO(data)).active.iter_rows(values_only=True)
    return [dict(zip(head, line, strict=True)) for line in lines]


def exported(client, path: str, form: str = "xlsx", **sent: Any) -> list[dict]:
    answer = client.post(f"{path}/export", data=sent | {"format": form})
    assert answer.status_code == 200, answer.text
    assert f".{form}" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "private, no-store"
    return rows(answer.data, form)


@pytest.fixture
def city(make):
    """Needs of every secrecy and state with a firm of their own, and the others."""
    firm = make.organisation(name="长沙示例储能有限公司")
    for status in NeedStatus:
        for secrecy in Secrecy:
            make.need(
                organisation_id=firm.id,
                status=status,
                title=f"{status}的{secrecy}需求",
                **(MASKED if secrecy is Secrecy.MASKED else {"secrecy": secrecy}),
            )
    make.achievement(), make.achievement(title="轴承润滑", field="NM")
    make.call(), make.call(title="轴承润滑榜单", field="NM")
    return firm


@pytest.mark.one_database
@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize("role", [Role.ENTERPRISE, Role.STAFF])
@pytest.mark.parametrize("path", [NEEDS, ACHIEVEMENTS, CALLS])
@pytest.mark.parametrize("filters", [{}, {"field": "ES"}, {"sort": "amount"}])
def test_it_is_what_the_page_shows(city, make, login, form, role, path, filters):
    client = login(make.user(role))
    page = client.get(path, query_string=filters).text
    names = [one["名称"] for one in exported(client, path, form, **filters)]
    assert names == titles(page)
    assert names


@pytest.mark.one_database
@pytest.mark.parametrize("form", list(Form))
def test_who_may_not_read_more_gets_the_public_text_and_a_band(city, make, login, form):
    masked, public = {}, {}
    for who in (make.user(), make.staff()):
        found = exported(login(who), NEEDS, form)
        assert not any("restricted" in one["名称"] for one in found) or who.is_staff
        for one in found:
            (public if "public需求" in one["名称"] else masked)[who.role] = one
    outside = masked[Role.ENTERPRISE]
    assert outside["名称"] == "某企业的脱敏需求"
    assert outside["要解决的问题"] == "公开的问题文字。"
    assert outside["希望达到的指标"] == "公开的指标"
    assert city.name not in str(outside)
    assert outside["使用场景"] in ("", None)
    assert outside["预算（万元）"] in ("", None)
    assert outside["预算说明"] == "数百万元"
    assert public[Role.ENTERPRISE]["单位"] == city.name
    assert float(public[Role.ENTERPRISE]["预算（万元）"]) == 200


@pytest.mark.one_database
def test_a_list_of_ones_own_holds_the_own_alone_in_every_state(city, make, login):
    make.need(title="别人的需求")
    client = login(make.user(organisation_id=city.id))
    own = exported(client, f"{NEEDS}/mine")
    assert len(own) == len(NeedStatus) * len(Secrecy)
    assert {one["单位"] for one in own} == {city.name}
    assert {one["预算（万元）"] for one in own} == {200}
    drafts = exported(client, f"{NEEDS}/mine", status="draft")
    assert {one["状态"] for one in drafts} == {"草稿"}
    found = exported(client, f"{NEEDS}/mine", q="draft的masked")
    assert [one["名称"] for one in found] == ["draft的masked需求"]
    college = make.user(Role.UNIVERSITY)
    make.achievement(title="自己的成果", organisation_id=college.organisation_id)
    mine = exported(login(college), f"{ACHIEVEMENTS}/mine")
    assert [one["名称"] for one in mine] == ["自己的成果"]
    assert exported(login(make.user()), f"{CALLS}/mine") == []


@pytest.mark.one_database
def test_days_and_money_are_such_in_both_forms(make, login):
    make.need(budget_fen=123_456_789, is_demo=True, deadline=date(2027, 6, 30))
    client = login(make.user())
    [sheet] = exported(client, NEEDS)
    assert sheet["预算（万元）"] == pytest.approx(123.456789)
    assert sheet["截止日期"].date() == date(2027, 6, 30)
    assert sheet["示例"] == "示例"
    [line] = exported(client, NEEDS, "csv")
    assert line["预算（万元）"] == "123.456789"
    assert line["截止日期"] == "2027-06-30"
    assert line["发布日期"] == "2026-11-23"
    make.call(opens_at=datetime.fromisoformat("2026-01-01T00:00+08:00"))
    assert str(exported(client, CALLS)[0]["揭榜开始"]) == "2026-01-01 00:00:00"
    assert exported(client, CALLS, "csv")[0]["揭榜开始"] == "2026-01-01 00:00"


@pytest.mark.one_database
@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "+8613", "-2", "＝cmd|' /C'!A0"])
def test_no_text_of_anybody_becomes_a_formula(make, login, form, text):
    make.need(title=text, problem=text, targets=[text])
    make.achievement(title=text, inventors=text)
    make.call(title=text, goals=[text])
    client = login(make.user())
    for path, names in (
        (NEEDS, ("名称", "要解决的问题", "希望达到的指标")),
        (ACHIEVEMENTS, ("名称", "完成人")),
        (CALLS, ("名称", "揭榜目标")),
    ):
        [row] = exported(client, path, form)
        assert {row[name] for name in names} == {f"'{text}"}


@pytest.mark.one_database
def test_the_page_offers_it_with_its_filters_to_who_is_signed_in(
    city, make, login, client
):
    assert "export" not in client.get("/needs").text
    assert client.post("/needs/export").location.startswith("/sign-in")
    html = login(make.user()).get("/needs?field=ES&sort=deadline").text
    form = html[html.index('action="/needs/export"') :]
    assert 'name="field" value="ES"' in form
    assert 'name="sort" value="deadline"' in form
    assert form.index('value="xlsx"') < form.index('value="csv"')


@pytest.mark.one_database
def test_it_is_noted_with_its_filters(city, make, login, session):
    user = make.user()
    exported(login(user), NEEDS, "csv", field="ES")
    session.rollback()
    [note] = session.scalars(
        select(History).where(History.action == "need.list_exported")
    )
    assert note.actor_id == user.id
    assert note.changes == {"field": [None, "ES"], "format": [None, "csv"]}


@pytest.mark.one_database
@pytest.mark.parametrize(
    "sent", [{"format": "pdf"}, {"field": "nonsense"}, {"q": "怎么"}]
)
def test_what_makes_no_sense_is_refused_and_not_noted(make, login, session, sent):
    answer = login(make.user()).post("/needs/export", data=sent)
    assert answer.status_code == 422
    session.rollback()
    assert not session.scalars(select(History)).all()


@pytest.mark.one_database
def test_exports_are_limited(built_app, make, login, monkeypatch):
    settings = built_app.config["SETTINGS"].model_copy(update={"export_rate": "2/hour"})
    monkeypatch.setitem(built_app.config, "SETTINGS", settings)
    monkeypatch.setattr(limiter, "enabled", True)
    limiter.reset()
    client = login(make.user())
    try:
        paths = (NEEDS, ACHIEVEMENTS, CALLS)
        codes = [client.post(f"{path}/export").status_code for path in paths]
        assert codes == [200, 200, 429]
    finally:
        limiter.reset()


def test_words_rank_it_and_a_cut_is_told(app, make, session, indexed, monkeypatch):
    user = make.user()
    for title in ("电池热失控预警", "水稻抗病育种", "电池热失控的早期报警"):
        make.need(title=title, problem=f"现在的{title}做得不好", targets=[title])
    indexed()
    index = app.extensions["live_index"]
    query, kind = ListQuery(q="电池热失控预警"), RecordType.NEED
    page = service.browse(session, index, user, kind, query, now=NOW)
    monkeypatch.setattr(service, "DEEPEST", len(page.rows))
    monkeypatch.setattr(export, "DEEPEST", len(page.rows))
    file = export.write(session, index, user, kind, query, Form.CSV, now=NOW)
    note, head, *lines = csv.reader(io.StringIO(file.read().decode("utf-8-sig")))
    assert note[0].startswith("按关键词检索，只列出最接近的")
    assert [one[head.index("名称")] for one in lines] == [
        row.item.title for row in page.rows
    ]


def test_rows_are_of_one_moment(app, make, session, indexed, monkeypatch):
    """A need withdrawn while the file is written is as it was; so is all of it."""
    user = make.user()
    for number in range(4):
        make.need(title=f"需求{number}", published_at=NOW - timedelta(days=number))
    indexed()
    index, kind = app.extensions["live_index"], RecordType.NEED
    monkeypatch.setattr(export, "AT_ONCE", 1)
    read = export.load

    def slowly(own, *args, **named):
        found = read(own, *args, **named)
        with app.extensions["db_sessions"]() as other:
            for need in other.scalars(select(Need)):
                need.title = "后来的名称"
            other.commit()
        return found

    monkeypatch.setattr(export, "load", slowly)
    file = export.write(session, index, user, kind, ListQuery(), Form.CSV, now=NOW)
    lines = csv.DictReader(io.StringIO(file.read().decode("utf-8-sig")))
    assert [one["名称"] for one in lines] == [f"需求{number}" for number in range(4)]


@pytest.mark.one_database
@pytest.mark.parametrize("form", list(Form))
def test_a_long_list_needs_no_more_memory_than_a_short_one(
    app, make, session, indexed, form
):
    user, index, kind = make.user(), app.extensions["live_index"], RecordType.NEED
    first = make.need(problem="长" * 2000)
    table = Need.__table__
    values = dict(session.execute(select(table)).mappings().one())
    values.pop("id")
    session.execute(insert(table), [values | {"code": None}] * 4999)
    session.commit()
    own = policies.owned(make.user(organisation_id=first.organisation_id), kind)

    def peak() -> int:
        tracemalloc.start()
        file = export.write(
            session, index, user, kind, ListQuery(), form, base=own, now=NOW
        )
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        written = file.seek(0, io.SEEK_END)
        assert written > (10_000_000 if form is Form.CSV else 100_000)
        return most

    # 5,000 texts of 2,000 characters are 20 MB as strings alone.
    assert peak() < 14_000_000
