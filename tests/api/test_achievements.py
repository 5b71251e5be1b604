"""Achievements, their buyers and their files through the interface."""

import io

import pytest
from sqlalchemy import func, select

from models import Achievement
from models.states import AchievementStatus, Role, Secrecy

from ..achievements.forms import TYPED

pytestmark = pytest.mark.one_database

NAMES = (
    "title",
    "field",
    "inventors",
    "abstract",
    "applications",
    "stage",
    "ownership",
    "modes",
)


def body(**given):
    """An achievement as a program sends it: numbers are numbers, money is 分."""
    rows = {
        "indicators": ["局部动刚度提高4.1倍", "支承预变形≤8 μm"],
        "trl": 4,
        "ip": [{"type": "发明专利", "status": "授权", "count": 2}],
        "price": 50_0000_00,
        "promise": True,
    }
    return {name: TYPED[name] for name in NAMES} | rows | given


@pytest.fixture
def college(make):
    return make.user(Role.UNIVERSITY)


def put(program, item, **given):
    return program.put(
        f"/achievements/{item['id']}",
        json=body(**given),
        headers={"If-Match": f'"v{item["version"]}"'},
    )


def test_an_achievement_is_posted_changed_and_withdrawn(program, college):
    mine = program(college)
    made = mine.post("/achievements", json=body(draft=True))
    assert made.status_code == 201, made.text
    item = made.json
    assert item["status"] == AchievementStatus.DRAFT
    assert (item["trl"], item["price"]) == (4, 50_0000_00)
    assert item["ip"][0] == {
        "type": "发明专利",
        "status": "授权",
        "count": 2,
        "number": None,
        "family": None,
    }
    assert program().get(f"/achievements/{item['id']}").status_code == 404
    changed = put(mine, item, title="磁流变随形支承铣削夹具")
    assert changed.status_code == 200, changed.text
    assert changed.json["status"] == AchievementStatus.PENDING
    assert put(mine, item).status_code == 412
    read = mine.get(f"/achievements/{item['id']}").json
    assert read["title"] == "磁流变随形支承铣削夹具"
    gone = mine.post(f"/achievements/{item['id']}/withdraw")
    assert gone.json["status"] == AchievementStatus.WITHDRAWN
    again = mine.post(f"/achievements/{item['id']}/withdraw")
    assert (again.status_code, again.json["code"]) == (409, "illegal_move")


def test_shares_are_numbers_that_add_up(program, college):
    owners = [{"name": "甲大学", "share": 33.5}, {"name": "乙公司", "share": 66.5}]
    mine = program(college)
    made = mine.post("/achievements", json=body(ownership="shared", owners=owners))
    assert made.json["owners"] == owners
    owners[0]["share"] = 30
    wrong = mine.post("/achievements", json=body(ownership="shared", owners=owners))
    assert [error["pointer"] for error in wrong.json["errors"]] == ["owners"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"price": "50"}, "price"),
        ({"price": 2**62}, "price"),
        ({"trl": 14}, "trl"),
        ({"trl_scale": 2**62}, "trl_scale"),
        ({"trl_proof_on": "2999-01-01"}, "trl_proof_on"),
        ({"ip": [{"type": "发明专利", "status": "授权", "count": 0}]}, "ip/0/count"),
        ({"ip": [{"type": "发明专利", "status": "授权", "size": 1}]}, "ip/0/size"),
        ({"owners": [{"name": "甲大学", "share": 100}]}, "owners"),
        ({"modes": ["gift"]}, "modes/0"),
        ({"modes": []}, "modes"),
        ({"abstract": "坏\u0000字符" * 20}, "abstract"),
        ({"pilot_wanted": "1"}, "pilot_wanted"),
        ({"colour": "red"}, "colour"),
        ({"promise": False}, "promise"),
    ],
)
def test_what_makes_no_sense_is_named(program, session, college, change, pointer):
    answer = program(college).post("/achievements", json=body(**change))
    assert answer.status_code == 422, answer.text
    assert pointer in [error["pointer"] for error in answer.json["errors"]]
    assert session.scalar(select(func.count()).select_from(Achievement)) == 0


def test_only_a_college_posts_and_only_its_own_changes(program, make, college):
    firm = program(make.user())
    assert firm.post("/achievements", json=body()).status_code == 403
    item = program(college).post("/achievements", json=body()).json
    assert put(firm, item).status_code == 404
    published = make.achievement()
    seen = {"id": published.id, "version": published.version}
    assert put(program(college), seen).status_code == 403


def test_why_it_was_returned_is_for_its_holder(program, make, college):
    item = make.achievement(
        organisation_id=college.organisation_id, return_reason="请补充指标"
    )
    path = f"/achievements/{item.id}"
    assert program(college).get(path).json["return_reason"] == "请补充指标"
    told = program().get(path).json
    assert (told["return_reason"], told["last_day"]) == (None, None)


def test_what_is_on_offer_is_marked_and_renewed(program, make, college):
    home = college.organisation_id
    taken = make.achievement(organisation_id=home)
    mine = program(college)
    answer = mine.post(f"/achievements/{taken.id}/transferred")
    assert answer.json["status"] == AchievementStatus.TRANSFERRED
    old = make.achievement(organisation_id=home, status=AchievementStatus.EXPIRED)
    answer = mine.post(f"/achievements/{old.id}/renew")
    assert answer.json["status"] == AchievementStatus.PUBLISHED
    assert answer.json["last_day"] > "2026"
    assert mine.post(f"/achievements/{old.id}/renew").status_code == 409


def test_lists_show_what_the_pages_show(program, make, college, indexed):
    make.achievement(title="别家已发布的成果")
    make.achievement(
        organisation_id=college.organisation_id,
        title="自己的草稿",
        status=AchievementStatus.DRAFT,
    )
    indexed()
    mine = program(college)
    titles = [one["title"] for one in mine.get("/achievements").json["items"]]
    assert titles == ["别家已发布的成果"]
    titles = [one["title"] for one in mine.get("/achievements/mine").json["items"]]
    assert titles == ["自己的草稿"]


def test_buyers_of_a_masked_need_are_not_named(program, make, college, indexed):
    item = make.achievement(organisation_id=college.organisation_id)
    need = make.need(
        secrecy=Secrecy.MASKED,
        public_title="储能电站电池热失控提前预警",
        public_problem="磷酸铁锂电池簇过充后温度上升很快,现有烟感报警太晚。",
        public_targets=["预警提前时间≥10 min"],
    )
    make.fillers(30)
    indexed()
    found = program(college).get(f"/achievements/{item.id}/buyers")
    assert found.json["matched"]
    assert [one["id"] for one in found.json["needs"]] == [need.id]
    [line] = [one for one in found.json["needs"][0]["facts"] if "预算" in one["name"]]
    assert line["left"] == "数百万元"
    assert need.organisation.name not in found.text
    [line] = found.json["organisations"]
    assert (line["known"], line["need_ids"]) == (False, [need.id])
    other = program(make.user(Role.UNIVERSITY))
    assert other.get(f"/achievements/{item.id}/buyers").status_code == 403


def file(data=b"measured\n", name="检测报告.txt"):
    return {
        "data": {"file": (io.BytesIO(data), name)},
        "content_type": "multipart/form-data",
    }


def test_a_file_is_added_opened_fetched_and_removed(program, make, college):
    item = make.achievement(organisation_id=college.organisation_id)
    mine, path = program(college), f"/achievements/{item.id}/attachments"
    made = mine.post(path, **file())
    assert made.status_code == 201, made.text
    one = made.json
    assert (one["name"], one["size"], one["public"]) == ("检测报告.txt", 9, False)
    place = f"/attachments/{one['id']}"
    assert mine.get(place).data == b"measured\n"
    assert program().get(place).status_code == 404
    assert program().get(path).json["items"] == []
    opened = mine.post(f"{place}/public", json={"public": True})
    assert opened.json["public"]
    assert mine.get(path).json["items"] == [opened.json]
    assert program(make.user()).send("DELETE", place).status_code in (403, 404)
    assert mine.send("DELETE", place).status_code == 204
    assert mine.get(place).status_code == 404


def test_a_file_may_be_larger_than_a_body_and_no_more(program, make, college, settings):
    item = make.achievement(organisation_id=college.organisation_id)
    mine, path = program(college), f"/achievements/{item.id}/attachments"
    assert mine.post(path, **file(b"x" * 1_200_000)).status_code == 201
    large = file(b"x" * (settings.attachment_bytes + 200_000))
    assert mine.post(path, **large).status_code == 413
    assert program().post(path, **file(b"x" * 1_200_000)).status_code == 401
    bare = mine.post(path, data={"other": "x"}, content_type="multipart/form-data")
    assert [error["pointer"] for error in bare.json["errors"]] == ["file"]
    assert mine.post(path, json={}).status_code == 415
    wrong = mine.post(path, **file(b"MZ\x90\x00", "程序.exe"))
    assert wrong.status_code == 422


def test_files_of_talks_and_contracts_are_for_who_takes_part(program, make):
    contract = make.contract()
    row = make.attachment(contract)
    path = f"/contracts/{contract.id}/attachments"
    staff, stranger = program(make.staff()), program(make.user())
    assert [one["id"] for one in staff.get(path).json["items"]] == [row.id]
    assert stranger.get(path).status_code == 404
    assert stranger.send("DELETE", f"/attachments/{row.id}").status_code == 404
