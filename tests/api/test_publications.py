"""Lists for publication through the interface: composed by staff, read by everybody."""

from io import BytesIO

import pytest
from docx import Document
from openpyxl import load_workbook
from sqlalchemy import func, select, update

from matchmaker import limiter
from models import Need, PublicationList, User, transaction
from models.states import NeedStatus, PublicationState, Secrecy

from . import said

pytestmark = pytest.mark.one_database
HEAD = {
    "kind": "needs",
    "title": "2026 年第一批技术需求清单",
    "issuer": "长沙技术交易撮合平台",
}
ENGLISH = {"Accept-Language": "en"}
MASKED = {
    "secrecy": Secrecy.MASKED,
    "title": "湘江三号电池包的验收办法",
    "problem": "客户宁江汽车要求在验收时判断电池状态。",
    "public_title": "储能产品验收",
    "public_problem": "需要在验收时判断电池状态。",
    "public_targets": ["判断时间不超过一小时"],
}


@pytest.fixture
def staff(make) -> User:
    return make.staff()


def pointers(answer) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [error["pointer"] for error in answer.json["errors"]]


def compose(desk, **given):
    made = desk.post("/lists", json=HEAD | given)
    assert made.status_code == 201, made.text
    return made.json


def issue(desk, draft):
    seen = {name: draft[name] for name in ("version", "digest")}
    return desk.post(f"/lists/{draft['id']}/issue", json=seen)


def test_a_list_is_composed_issued_and_read_by_everybody(program, staff, make):
    need = make.need(title="电池热失控预警")
    make.need(**MASKED)
    desk, all_ = program(staff), program()
    draft = compose(desk, field=["ES"])
    place = f"/lists/{draft['id']}"
    assert (draft["state"], draft["code"], draft["entries"]) == ("draft", None, 2)
    assert draft["chosen"] == {
        "field": ["ES"],
        "district": [],
        "from_on": None,
        "until_on": None,
    }
    for path in (place, f"{place}/entries", f"{place}/word", f"{place}/sheet"):
        assert all_.get(path).status_code == 404
    assert all_.get("/lists").json["total"] == 0

    issued = issue(desk, draft)

    assert issued.status_code == 200, issued.text
    told = all_.get(place).json
    assert "需求清单〔" in told["code"]
    assert (told["entries"], told["unaltered"]) == (2, True)
    assert told["digest"] == draft["digest"]
    for name in ("chosen", "gone", "author", "created_at", "log"):
        assert told[name] is None
    assert issued.json["log"][0]["who"] == staff.name
    page = all_.get(f"{place}/entries?limit=1").json
    rest = all_.get(f"{place}/entries?limit=1&cursor={page['next']}").json
    both = {one["title"]: one for one in page["items"] + rest["items"]}
    assert both.keys() == {"电池热失控预警", "储能产品验收"}
    assert both["电池热失控预警"]["record_id"] == need.id
    text = all_.get(f"{place}/entries").text
    assert "宁江" not in text
    assert "湘江三号" not in text
    (line,) = all_.get("/lists?kind=needs&state=issued").json["items"]
    assert (line["id"], line["entries"]) == (draft["id"], 2)
    assert all_.get("/lists?kind=scenes").json["items"] == []
    assert told["title"] in all_.get("/lists/feed.atom").text


def test_an_issued_list_leaves_as_word_excel_and_csv(program, staff, make):
    make.need(title="电池热失控预警")
    desk = program(staff)
    draft = compose(desk)
    early = desk.get(f"/lists/{draft['id']}/word")
    assert (early.status_code, early.json["code"]) == (409, "publication.not_issued")
    issue(desk, draft)
    place, all_ = f"/lists/{draft['id']}", program()
    word = Document(BytesIO(all_.get(f"{place}/word").data))
    assert "电池热失控预警" in word.tables[0].rows[1].cells[1].text
    sheet = load_workbook(BytesIO(all_.get(f"{place}/sheet").data)).active
    assert "电池热失控预警" in [cell.value for cell in sheet["B"]]
    table = all_.get(f"{place}/sheet?format=csv")
    assert table.mimetype == "text/csv"
    assert "电池热失控预警" in table.data.decode("utf-8-sig")
    assert pointers(all_.get(f"{place}/sheet?format=pdf")) == ["format"]


@pytest.mark.parametrize("path", ["word", "sheet"])
def test_files_are_limited_as_those_of_the_pages(
    built_app, program, make, client, monkeypatch, path
):
    settings = built_app.config["SETTINGS"].model_copy(update={"export_rate": "3/hour"})
    monkeypatch.setitem(built_app.config, "SETTINGS", settings)
    monkeypatch.setattr(limiter, "enabled", True)
    made = make.publication(state=PublicationState.ISSUED)
    limiter.reset()
    try:
        places = [f"/lists/{made.id}/{path}"] * 4
        codes = [program().get(one).status_code for one in places[:2]]
        codes += [client.get(one).status_code for one in places[2:]]
        refused = program().get(places[0])
    finally:
        limiter.reset()
    assert codes == [200, 200, 200, 429]
    assert (refused.status_code, refused.mimetype) == (429, "application/problem+json")


def test_entries_are_put_in_order_and_left_out(program, staff, make):
    for title in ("甲需求的名称", "乙需求的名称", "丙需求的名称"):
        make.need(title=title)
    desk = program(staff)
    draft = compose(desk)
    place = f"/lists/{draft['id']}"
    read = desk.get(f"{place}/entries").json["items"]
    ids = {one["title"][0]: one["id"] for one in read}
    body = {
        "version": draft["version"],
        "entries": [ids["甲"], ids["乙"]],
        "places": [2, 1],
        "keep": [ids["甲"]],
    }
    arranged = desk.post(f"{place}/entries", json=body)
    assert arranged.json["entries"] == 2
    assert arranged.json["digest"] != draft["digest"]
    lines = desk.get(f"{place}/entries").json["items"]
    assert [(one["title"][0], one["included"]) for one in lines] == [
        ("乙", False),
        ("甲", True),
        ("丙", True),
    ]
    assert desk.post(f"{place}/entries", json=body).json["code"] == "stale"
    fresh = {"version": arranged.json["version"]}
    # Without places, and with too few: neither is a fault of ours.
    for wrong in ({"entries": [ids["甲"]]}, {"entries": [1, 2], "places": [1]}):
        answer = desk.post(f"{place}/entries", json=fresh | wrong, headers=ENGLISH)
        assert pointers(answer) == ["places"]
        assert not said.is_chinese(answer.text)
    odd = {"entries": [2**31], "places": [0], "keep": [0]}
    answer = desk.post(f"{place}/entries", json=fresh | odd)
    assert set(pointers(answer)) == {"entries/0", "keep/0"}


def test_a_draft_is_edited_gathered_anew_and_given_up(program, staff, make, session):
    make.need()
    desk = program(staff)
    place = f"/lists/{compose(desk)['id']}"
    etag = {"If-Match": desk.get(place).headers["ETag"]}
    head = {"title": "改过的清单名称", "issuer": "长沙市科技局", "field": ["BM"]}
    assert desk.put(place, json=head).status_code == 428
    changed = desk.put(place, json=head, headers=etag)
    assert changed.status_code == 200, changed.text
    assert (changed.json["title"], changed.json["entries"]) == ("改过的清单名称", 0)
    assert desk.put(place, json=head, headers=etag).status_code == 412
    assert desk.send("DELETE", place, headers=etag).status_code == 412
    empty = issue(desk, changed.json)
    assert (empty.status_code, empty.json["code"]) == (409, "publication.empty")
    make.need(field="BM")
    version = {"version": changed.json["version"]}
    assert desk.post(f"{place}/gather", json=version).json["entries"] == 1
    assert desk.send("DELETE", place).status_code == 428
    etag = {"If-Match": desk.get(place).headers["ETag"]}
    assert desk.send("DELETE", place, headers=etag).status_code == 204
    session.rollback()
    assert session.scalar(select(func.count(PublicationList.id))) == 0


def test_what_changed_since_it_was_read_is_not_issued(program, staff, make, session):
    need = make.need(title="随后定向的需求")
    make.need(title="公开的需求")
    desk = program(staff)
    draft = compose(desk)
    with transaction(session):
        session.execute(
            update(Need).where(Need.id == need.id).values(secrecy=Secrecy.RESTRICTED)
        )
    late = issue(desk, draft)
    assert (late.status_code, late.json["code"]) == (409, "publication.changed")
    told = desk.get(f"/lists/{draft['id']}").json
    assert (told["entries"], told["gone"]) == (1, 1)
    assert "随后定向" not in desk.get(f"/lists/{draft['id']}/entries").text


def test_a_record_that_was_hidden_later_is_named_no_more(program, staff, make, session):
    need = make.need()
    desk = program(staff)
    draft = compose(desk)
    issue(desk, draft)
    with transaction(session):
        session.execute(
            update(Need).where(Need.id == need.id).values(status=NeedStatus.WITHDRAWN)
        )
    (line,) = program().get(f"/lists/{draft['id']}/entries").json["items"]
    assert (line["record_id"], line["title"]) == (None, need.title)


def test_a_withdrawn_list_is_told_of_and_not_read(program, staff, make):
    make.need(title="写错的需求")
    desk, all_ = program(staff), program()
    draft = compose(desk, foreword="说明里也写错了一句。")
    place, version = f"/lists/{draft['id']}", issue(desk, draft).json["version"]
    assert all_.get(place).json["foreword"] == "说明里也写错了一句。"
    short = desk.post(f"{place}/withdraw", json={"version": version, "words": "错"})
    assert pointers(short) == ["words"]
    body = {"version": version, "words": "第一条的指标写错了"}
    done = desk.post(f"{place}/withdraw", json=body)
    assert done.json["state"] == "withdrawn"
    told = all_.get(place).json
    assert told["withdrawn_words"] == "第一条的指标写错了"
    for name in ("foreword", "entries", "digest", "unaltered"):
        assert told[name] is None
    assert desk.get(place).json["foreword"] == "说明里也写错了一句。"
    assert all_.get(f"{place}/entries").json == {"items": [], "total": 0, "next": None}
    for file in ("word", "sheet"):
        gone = all_.get(f"{place}/{file}", headers=ENGLISH)
        assert (gone.status_code, gone.json["code"]) == (409, "publication.withdrawn")
        assert not said.is_chinese(gone.text)
    assert "写错的需求" in desk.get(f"{place}/entries").text
    again = desk.post(f"{place}/withdraw", json=body)
    assert (again.status_code, again.json["code"]) == (409, "publication.not_issued")


def test_a_correction_is_unknown_until_it_is_issued(program, staff, make):
    make.need()
    desk, all_ = program(staff), program()
    old = compose(desk)
    issue(desk, old)
    new = desk.post(f"/lists/{old['id']}/replace")
    assert (new.status_code, new.json["replaces"]) == (201, old["id"])
    place, number = f"/lists/{old['id']}", new.json["id"]
    assert desk.get(place).json["replaced_by"] == number
    assert all_.get(place).json["replaced_by"] is None
    twice = desk.post(f"{place}/replace")
    assert (twice.status_code, twice.json["code"]) == (409, "publication.has_successor")
    issue(desk, new.json)
    told = all_.get(place).json
    assert (told["state"], told["replaced_by"]) == ("withdrawn", number)
    assert "第2号代替" in told["withdrawn_words"]


def test_drafts_are_for_staff_and_stand_first(program, staff, make):
    issued = make.publication(state=PublicationState.ISSUED)
    draft = make.publication()
    firm = program(make.user(organisation_id=make.organisation().id))
    page = program(staff).get("/lists?limit=1").json
    rest = program(staff).get(f"/lists?limit=1&cursor={page['next']}").json
    assert [page["items"][0]["id"], rest["items"][0]["id"]] == [draft.id, issued.id]
    assert [one["id"] for one in firm.get("/lists").json["items"]] == [issued.id]
    assert firm.get("/lists?state=draft").json["total"] == 0


def test_only_staff_compose(program, make):
    draft = make.publication()
    issued = make.publication(state=PublicationState.ISSUED)
    etag = {"If-Match": '"v1"'}
    head = {name: HEAD[name] for name in ("title", "issuer")}
    for user in (make.user(organisation_id=make.organisation().id), make.user()):
        theirs = program(user)
        assert theirs.post("/lists", json=HEAD).status_code == 403
        for one in (draft, issued):
            place, seen = f"/lists/{one.id}", {"version": one.version}
            words = seen | {"words": "有一条内容写错了"}
            digest = seen | {"digest": "0" * 64}
            for answer in (
                theirs.put(place, json=head, headers=etag),
                theirs.send("DELETE", place, headers=etag),
                theirs.post(f"{place}/gather", json=seen),
                theirs.post(f"{place}/entries", json=seen),
                theirs.post(f"{place}/issue", json=digest),
                theirs.post(f"{place}/withdraw", json=words),
                theirs.post(f"{place}/replace"),
            ):
                assert answer.status_code == 403, answer.text
    assert program().post("/lists", json=HEAD).status_code == 401


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"title": "甲"}, "title"),
        ({"title": "1234"}, "title"),
        ({"kind": "people"}, "kind"),
        ({"from_on": "昨天"}, "from_on"),
        ({"from_on": "0001-01-01"}, "from_on"),
        ({"until_on": "9999-12-31"}, "until_on"),
        ({"from_on": "2026-11-02", "until_on": "2026-11-01"}, "until_on"),
        ({"field": ["ES", "XX"]}, "field"),
        ({"field": "ES"}, "field"),
        ({"field": ["ES"] * 101}, "field"),
        ({"district": ["没有区"]}, "district"),
        ({"kind": "achievements", "district": ["岳麓区"]}, "district"),
        ({"version": 1}, "version"),
    ],
)
def test_wrong_input_is_named_and_nothing_is_kept(
    program, staff, make, session, wrong, pointer
):
    make.need()
    answer = program(staff).post("/lists", json=HEAD | wrong, headers=ENGLISH)
    assert pointers(answer) == [pointer]
    assert not said.is_chinese(answer.text)
    session.rollback()
    assert session.scalar(select(func.count(PublicationList.id))) == 0
