"""The pages of the dictionaries; what changes there shows everywhere at once."""

import pytest
from sqlalchemy import select

from models import DictionaryEntry
from models.fields import DISTRICTS, FIELDS
from models.states import Role

from ..test_bad_input import BAD, SCRIPT, is_plain_refusal


@pytest.fixture
def admin(make, login):
    return login(make.user(Role.ADMIN))


@pytest.fixture(autouse=True)
def _built_in():
    yield
    for vocabulary in (FIELDS, DISTRICTS):
        vocabulary.hold(())


def number(session, code):
    session.rollback()
    query = select(DictionaryEntry.id).where(DictionaryEntry.code == code)
    return session.scalar(query)


def test_a_renamed_district_and_field_show_on_the_pages_of_needs(
    admin, client, make, session
):
    need = make.need(district="长沙县", field="NM")
    for code, label in (("长沙县", "星沙区"), ("NM", "先进材料")):
        url = f"/admin/dictionaries/{number(session, code)}"
        assert admin.post(url, data={"label": label}).status_code == 303
    page = client.get(f"/needs/{need.id}").text
    assert "星沙区" in page
    assert "先进材料" in page
    assert "长沙县" not in page
    assert "星沙区" in client.get("/needs").text
    # The code still finds it.
    assert need.title in client.get("/needs?district=长沙县&field=NM").text


def test_another_process_learns_of_it_by_itself(admin, client, make, session):
    make.need(field="NM")
    url = f"/admin/dictionaries/{number(session, 'NM')}"
    admin.post(url, data={"label": "先进材料"})
    FIELDS.hold(())  # as a process that has not asked since
    assert "先进材料" in client.get("/needs").text


def test_a_retired_field_is_refused_for_new_records_and_kept_for_old(
    admin, make, login, session, client
):
    need = make.need(field="NM")
    firm = login(make.user())
    assert 'value="NM"' in firm.get("/needs/new").text
    admin.post(f"/admin/dictionaries/{number(session, 'NM')}/retire")
    assert 'value="NM"' not in firm.get("/needs/new").text
    answer = firm.post("/needs/new", data={"field": "NM", "action": "submit"})
    assert answer.status_code == 422
    assert "该技术领域已停用，请另选一个" in answer.text
    assert "新材料" in client.get(f"/needs/{need.id}").text
    assert need.title in client.get("/needs?field=NM").text


def test_an_admin_adds_orders_and_restores(admin, session):
    add = "/admin/dictionaries/add"
    page = admin.get("/admin/dictionaries?name=aim").text
    assert "平台不预设内容" in page
    for code in ("a1", "a2"):
        data = {"dictionary": "aim", "code": code, "label": f"目标{code}"}
        assert admin.post(add, data=data).status_code == 303
    again = admin.post(add, data=data)
    assert again.status_code == 422
    assert "已有同名的条目" in again.text
    second = number(session, "a2")
    moved = admin.post(f"/admin/dictionaries/{second}/move", data={"direction": "up"})
    assert moved.status_code == 303
    page = admin.get("/admin/dictionaries?name=aim").text
    assert page.index("目标a2") < page.index("目标a1")
    for step in ("retire", "restore"):
        answer = admin.post(f"/admin/dictionaries/{second}/{step}")
        assert answer.status_code == 303


def test_a_stale_form_shows_both_and_can_be_sent_again(admin, session):
    url = f"/admin/dictionaries/{number(session, 'ES')}"
    admin.post(url, data={"label": "储能"})
    late = admin.post(url, data={"label": "电池", "seen": "of another time"})
    assert late.status_code == 409
    assert "储能" in late.text
    assert 'value="电池"' in late.text


@pytest.mark.parametrize("name", BAD)
def test_nothing_typed_breaks_a_form(admin, make, name):
    row, value = make.entry(), BAD[name]
    both = {"code": value, "label": value}
    for url, data in (
        (
            "/admin/dictionaries/add",
            {"dictionary": "aim"} | both,
        ),
        ("/admin/dictionaries/add", {"dictionary": value, "code": "x", "label": "y"}),
        (f"/admin/dictionaries/{row.id}", {"label": value, "advice": value}),
        (f"/admin/dictionaries/{row.id}/move", {"direction": value}),
        ("/admin/holidays/add", {"day": value, "name": value, "is_working": value}),
    ):
        try:
            answer = admin.post(url, data=data)
        except UnicodeEncodeError:
            continue  # the test client itself cannot send it
        assert is_plain_refusal(answer), (url, answer.status_code)
        assert SCRIPT not in answer.text


def test_an_unknown_dictionary_is_not_found(admin):
    assert admin.get("/admin/dictionaries?name=nothing").status_code == 404


def test_the_calendar_is_kept_by_year(admin):
    data = {"day": "2099-10-01", "name": "国庆节"}
    made = admin.post("/admin/holidays/add", data=data)
    assert made.location.endswith("year=2099")
    page = admin.get("/admin/holidays?year=2099").text
    assert "国庆节" in page
    assert "还没有登记" in admin.get("/admin/holidays?year=2098").text
    assert admin.get("/admin/holidays?year=abc").status_code == 200
