"""Pages of lists: who sees and does what, and what leaves."""

import re
from io import BytesIO
from xml.etree import ElementTree as Xml

import pytest
from docx import Document
from openpyxl import load_workbook
from sqlalchemy import select, update

from matchmaker.publications import finding
from models import Need, PublicationList, transaction
from models.states import PublicationState, Secrecy

ATOM = "{http://www.w3.org/2005/Atom}"
HEAD = {
    "kind": "needs",
    "title": "2026 年第一批技术需求清单",
    "issuer": "长沙技术交易撮合平台",
}


@pytest.fixture
def staff(make, login):
    return login(make.staff())


def compose(client, **given):
    answer = client.post("/lists/new", data=HEAD | given)
    assert answer.status_code == 303, answer.text
    return answer.location


def issue(client, address):
    page = client.get(address).text
    found = dict(re.findall(r'name="(version|digest)" value="([^"]+)"', page))
    return client.post(f"{address}/issue", data=found)


def test_compose_issue_and_everybody_takes_it_away(client, make, staff, session):
    make.need(title="电池热失控预警")
    address = compose(staff)
    assert client.get(address).status_code == 404
    assert "电池热失控预警" not in client.get("/lists").text

    assert issue(staff, address).status_code == 303

    page = client.get(address).text
    assert re.search(r"需求清单〔\d{4}〕第1号", page)
    assert "电池热失控预警" in page
    assert "内容与发布时一致" in page
    assert HEAD["title"] in client.get("/lists").text
    assert HEAD["title"] in client.get("/").text
    word = client.get(f"{address}/word")
    assert (
        "电池热失控预警" in Document(BytesIO(word.data)).tables[0].rows[1].cells[1].text
    )
    sheet = load_workbook(BytesIO(client.get(f"{address}/sheet").data)).active
    assert "电池热失控预警" in [cell.value for cell in sheet["B"]]
    table = client.get(f"{address}/sheet?format=csv")
    assert "电池热失控预警" in table.data.decode("utf-8-sig")
    assert client.get(f"{address}/sheet?format=pdf").status_code == 422
    feed = Xml.fromstring(client.get("/lists/feed.atom").data)
    (entry,) = feed.findall(f"{ATOM}entry")
    assert HEAD["title"] in entry.findtext(f"{ATOM}title")


def test_a_link_leads_to_a_record_only_while_it_is_visible(
    client, make, staff, session
):
    need = make.need(title="会撤回的需求")
    address = compose(staff)
    issue(staff, address)
    assert f'href="/needs/{need.id}"' in client.get(address).text
    with transaction(session):
        session.execute(
            update(Need).where(Need.id == need.id).values(status="withdrawn")
        )

    page = client.get(address).text

    assert "会撤回的需求" in page
    assert f'href="/needs/{need.id}"' not in page


def test_a_withdrawn_list_is_told_of_and_not_handed_out(client, make, staff):
    make.need(title="写错的需求")
    address = compose(staff, foreword="说明里也写错了一句。")
    issue(staff, address)
    assert "说明里也写错了" in client.get(address).text
    version = re.search(r'name="version" value="(\d+)"', staff.get(address).text)[1]
    short = staff.post(f"{address}/withdraw", data={"version": version, "words": "错"})
    assert short.status_code == 422
    assert "至少填写 5 个字" in short.text

    data = {"version": version, "words": "第一条的指标写错了"}
    assert staff.post(f"{address}/withdraw", data=data).status_code == 303

    page = client.get(address).text
    assert "第一条的指标写错了" in page
    assert "写错的需求" not in page
    assert "说明里也写错了" not in page
    assert "说明里也写错了" not in client.get("/lists/feed.atom").text
    assert "说明里也写错了" in staff.get(address).text
    assert client.get(f"{address}/word").status_code == 409
    assert client.get(f"{address}/sheet").status_code == 409
    assert "已撤回" in client.get("/lists").text
    assert "写错的需求" in staff.get(address).text
    assert HEAD["title"] not in client.get("/").text


def test_what_changed_after_the_preview_is_shown_again(make, staff, session):
    need = make.need(title="随后定向的需求")
    make.need(title="公开的需求")
    address = compose(staff)
    page = staff.get(address).text
    found = dict(re.findall(r'name="(version|digest)" value="([^"]+)"', page))
    with transaction(session):
        session.execute(
            update(Need).where(Need.id == need.id).values(secrecy=Secrecy.RESTRICTED)
        )

    answer = staff.post(f"{address}/issue", data=found)

    assert answer.status_code == 409
    assert "请重新看一遍" in answer.text
    page = staff.get(address).text
    assert "随后定向的需求" not in page
    assert "有 1 条不再公开" in page
    assert session.scalar(select(PublicationList.state)) is PublicationState.DRAFT


def test_wrong_input_is_named_and_nothing_is_kept(make, staff, session):
    make.need()
    for wrong, words in (
        ({"title": "甲"}, "至少填写 4 个字"),
        ({"kind": "people"}, "请从所列选项中选择"),
        ({"from_on": "昨天"}, "请填写日期"),
        ({"from_on": "2026-11-02", "until_on": "2026-11-01"}, "不能早于开始的日期"),
        ({"field": ["ES", "XX"]}, "没有这个技术领域"),
        ({"district": ["没有区"]}, "没有这个区县"),
    ):
        answer = staff.post("/lists/new", data=HEAD | wrong)
        assert answer.status_code == 422, wrong
        assert words in answer.text, wrong
    assert session.scalar(select(PublicationList.id)) is None
    address = compose(staff)
    for wrong in (
        {"version": "1", "entries": ["1"], "places": [], "keep": []},
        {"version": "1", "entries": ["1"], "places": ["-4"]},
        {"version": "x"},
    ):
        answer = staff.post(f"{address}/entries", data=wrong)
        assert answer.status_code == 422, wrong
    assert staff.post(f"{address}/issue", data={"version": "1"}).status_code == 422


def test_the_list_of_lists_leaves_with_the_readers_sight(client, make, login):
    draft = make.publication(title="还没有发布的草稿")
    issued = make.publication(state=PublicationState.ISSUED)
    firm, staff = login(make.user()), login(make.staff())

    theirs = firm.post("/lists/export", data={"format": "csv"}).data.decode()
    ours = staff.post("/lists/export", data={"format": "csv"}).data.decode()

    assert finding.code(issued) in theirs
    assert draft.title not in theirs
    assert finding.code(issued) in ours
    assert draft.title in ours
    assert client.post("/lists/export").status_code == 302


def test_the_lists_are_filtered(client, make):
    made = make.publication(state=PublicationState.ISSUED)
    other = make.publication(make.achievement(), state=PublicationState.ISSUED)
    page = client.get("/lists?kind=achievements").text
    assert other.title in page
    assert made.title not in page
    assert "没有符合条件的清单" in client.get("/lists?kind=scenes").text
    assert client.get("/lists?kind=none").status_code == 422


def test_an_issued_list_has_no_form_to_edit_it(make, staff):
    made = make.publication(state=PublicationState.ISSUED)
    assert staff.get(f"/lists/{made.id}/edit").status_code == 409
    draft = make.publication()
    page = staff.get(f"/lists/{draft.id}/edit")
    assert page.status_code == 200
    assert draft.title in page.text


def test_a_correction_begins_as_a_draft_and_the_old_list_says_what_replaced_it(
    client, make, staff
):
    make.need()
    old = compose(staff)
    issue(staff, old)
    new = staff.post(f"{old}/replace").location
    assert "发布时，代替并撤回" in staff.get(new).text
    issue(staff, new)
    page = client.get(old).text
    assert "第2号代替" in page
    assert f'href="{new}"' in page
