"""What administrators keep, through the interface."""

import pytest
from sqlalchemy import select

from models import DictionaryEntry, History, Node, OutboxTask, User
from models.states import Role

pytestmark = pytest.mark.one_database


@pytest.fixture
def admin(make) -> User:
    make.user(Role.ADMIN)  # somebody is left, whatever a test does
    return make.user(Role.ADMIN)


def pointers(answer) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [error["pointer"] for error in answer.json["errors"]]


def test_accounts_are_found_changed_closed_and_opened(program, admin, make):
    person = make.user(Role.STAFF, name="张找得到")
    desk, path = program(admin), f"/users/{person.id}"
    found = desk.get("/users", query_string={"q": "找得到"}).json
    assert [one["id"] for one in found["items"]] == [person.id]
    one = desk.get(path).json
    assert (one["roles"], one["may_change"]) == (["staff", "admin"], True)
    changed = desk.post(f"{path}/role", json={"role": "admin", "reason": "接任"})
    assert changed.json["role"] == "admin"
    unfit = desk.post(f"{path}/role", json={"role": "enterprise", "reason": "试试"})
    assert pointers(unfit) == ["role"]
    assert pointers(desk.post(f"{path}/close", json={"reason": "x"})) == ["reason"]
    assert not desk.post(f"{path}/close", json={"reason": "离职"}).json["active"]
    assert desk.post(f"{path}/reopen").json["active"]
    own = f"/users/{admin.id}/close"
    assert desk.post(own, json={"reason": "离职"}).status_code == 403


def test_a_long_list_of_accounts_is_read_on(program, admin, make):
    for n in range(5):
        make.user(Role.STAFF, name=f"同事{n}")
    desk, read, cursor = program(admin), [], {}
    while True:
        page = desk.get("/users", query_string={"limit": 3, "q": "同事"} | cursor).json
        read += [one["name"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert read == [f"同事{n}" for n in range(5)]
    assert page["total"] == 5


def test_accounts_are_for_administrators(program, make):
    for user in (make.staff(), make.user()):
        other = program(user)
        assert other.get("/users").status_code == 403
        assert other.get(f"/users/{user.id}").status_code == 403
        assert other.get("/audit").status_code == 403
        assert other.get("/system").status_code == 403
        assert other.get("/dictionaries").status_code == 403
        assert other.get("/holidays").status_code == 403


def node(**given):
    return {
        "kind": "branch",
        "name": "岳麓分平台",
        "districts": ["岳麓区"],
        "fields": [],
    } | given


def test_a_node_is_made_moved_retired_and_restored(program, admin, make, session):
    parent = make.node().parent_id
    desk = program(admin)
    made = desk.post("/nodes", json=node(parent=parent, staff=[admin.id]))
    assert made.status_code == 201, made.text
    one = made.json
    assert one["duties"] == {
        "everything": False,
        "districts": ["岳麓区"],
        "fields": [],
    }
    path = f"/nodes/{one['id']}"
    tag = {"If-Match": desk.get(path).headers["ETag"]}
    changed = desk.put(path, json=node(parent=parent, name="新名称"), headers=tag)
    assert (changed.json["name"], changed.json["staff"]) == ("新名称", [])
    old = desk.put(path, json=node(parent=parent, name="晚了"), headers=tag)
    assert (old.status_code, old.json["code"]) == (412, "api.stale")
    odd = desk.put(path, json=node(parent=parent), headers={"If-Match": "*"})
    assert odd.status_code == 412
    assert desk.put(path, json=node(parent=parent)).status_code == 428
    assert not desk.post(f"{path}/retire").json["active"]
    assert desk.post(f"{path}/restore").json["active"]
    listed = desk.get("/nodes").json["items"]
    assert one["id"] in [each["id"] for each in listed]
    session.rollback()
    assert session.get_one(Node, one["id"]).name == "新名称"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"parent": 2**31}, "parent"),
        ({"parent": 2**31 - 1}, "parent"),
        ({"staff": [2**31 - 1]}, "staff"),
        ({"staff": [0]}, "staff/0"),
        ({"districts": ["火星"]}, "districts"),
        ({"position": -1}, "position"),
        ({"kind": "body"}, "organisation"),
        ({"kind": "moon"}, "kind"),
        ({"version": 1}, "version"),
    ],
)
def test_a_node_that_makes_no_sense_is_refused(program, admin, make, change, pointer):
    parent = make.node().parent_id
    answer = program(admin).post("/nodes", json=node(parent=parent) | change)
    assert pointers(answer) == [pointer]


def test_mandates_are_entered_listed_and_ended(program, admin, make):
    manager, firm = make.user(Role.MANAGER), make.organisation(name="委托方公司")
    desk = program(admin)
    given = {"manager": manager.id, "organisation": firm.name, "from_on": "2026-01-01"}
    made = desk.post("/mandates", json=given)
    assert made.status_code == 201, made.text
    assert made.json["held"]
    again = desk.post("/mandates", json=given)
    assert pointers(again) == ["from_on"]
    theirs = program(manager).get("/mandates").json["items"]
    assert [one["organisation"] for one in theirs] == ["委托方公司"]
    other = program(make.user(Role.MANAGER))
    assert other.get("/mandates").json["total"] == 0
    path = f"/mandates/{made.json['id']}/end"
    assert other.post(path, json={"until_on": "2026-02-01"}).status_code in (403, 404)
    ended = desk.post(path, json={"until_on": "2026-02-01"})
    assert (ended.json["until_on"], ended.json["held"]) == ("2026-02-01", False)
    assert pointers(desk.post(path, json={"until_on": "2025-01-01"})) == ["until_on"]


def test_entries_of_a_dictionary_are_kept(program, admin, session):
    desk = program(admin)
    names = [one["name"] for one in desk.get("/dictionaries").json["items"]]
    assert "need_return" in names
    given = {"dictionary": "need_return", "code": "vague", "label": "说得不清楚"}
    made = desk.post("/dictionary-entries", json=given)
    assert made.status_code == 201, made.text
    one, path = made.json, f"/dictionary-entries/{made.json['id']}"
    renamed = desk.put(path, json={"label": "没有说清楚", "seen": one["seen"]})
    assert renamed.json["label"] == "没有说清楚"
    late = desk.put(path, json={"label": "晚了", "seen": one["seen"]})
    assert late.status_code == 409
    up = desk.post(f"{path}/move", json={"direction": "up"})
    assert up.json["position"] == one["position"] - 1
    assert not desk.post(f"{path}/retire").json["active"]
    assert desk.post(f"{path}/restore").json["active"]
    assert desk.get(path).json["label"] == "没有说清楚"
    query = {"dictionary": "need_return", "limit": 100}
    entries = desk.get("/dictionary-entries", query_string=query).json["items"]
    assert one["id"] in [each["id"] for each in entries]
    assert pointers(desk.post("/dictionary-entries", json=given)) == ["code"]
    wrong = given | {"dictionary": "nothing"}
    assert pointers(desk.post("/dictionary-entries", json=wrong)) == ["dictionary"]
    assert desk.get("/dictionary-entries").status_code == 422
    session.rollback()
    assert session.get_one(DictionaryEntry, one["id"]).active


def test_holidays_are_entered_and_taken_out(program, admin):
    desk = program(admin)
    made = desk.post("/holidays", json={"day": "2098-10-01", "name": "国庆节"})
    assert made.status_code == 201, made.text
    assert desk.get("/holidays?year=2098").json["items"] == [made.json]
    again = desk.post("/holidays", json={"day": "2098-10-01", "name": "国庆节"})
    assert pointers(again) == ["day"]
    far = desk.post("/holidays", json={"day": "9999-10-01", "name": "国庆节"})
    assert pointers(far) == ["day"]
    assert desk.get("/holidays?year=99999").status_code == 422
    path = f"/holidays/{made.json['id']}"
    assert desk.send("DELETE", path).status_code == 204
    assert desk.send("DELETE", path).status_code == 404


def test_the_log_is_read_on_while_it_grows(program, admin, make):
    desk, person = program(admin), make.staff()
    path = f"/users/{person.id}"
    for _ in range(3):
        desk.post(f"{path}/close", json={"reason": "离职"})
        desk.post(f"{path}/reopen")
    query = {"record": "users", "number": person.id, "limit": 2}
    page = desk.get("/audit", query_string=query).json
    assert (page["total"], len(page["items"])) == (6, 2)
    desk.post(f"{path}/close", json={"reason": "离职"})
    read = [one["id"] for one in page["items"]]
    while page["next"]:
        more = query | {"cursor": page["next"]}
        page = desk.get("/audit", query_string=more).json
        read += [one["id"] for one in page["items"]]
    assert len(read) == len(set(read)) == 6
    assert read == sorted(read, reverse=True)
    line = page["items"][-1]
    assert (line["who"], line["action"]) == (admin.name, "user.deactivated")
    for wrong in ("number=0", "from_on=1000-01-01", "colour=red", "cursor=x"):
        assert desk.get(f"/audit?{wrong}").status_code == 422


def test_the_log_keeps_what_is_not_public(program, admin, make, session):
    college = make.user(Role.UNIVERSITY)
    item = make.achievement(organisation_id=college.organisation_id, status="draft")
    program(college).post(f"/achievements/{item.id}/withdraw")
    told = program(admin).get("/audit?record=achievements")
    assert told.json["total"] == 1
    assert item.title not in told.text
    assert session.scalars(select(History.action)).all() == ["achievement.withdrawn"]


def test_index_and_tasks_are_looked_at_and_mended(program, admin, make, session):
    need = make.need()
    task = make.failed_task(need)
    desk = program(admin)
    told = desk.get("/system?check=true").json
    assert told["index"]["dimension"] > 0
    assert told["differences"]["unencoded"] >= 1
    assert task.id in [one["id"] for one in told["failed"]]
    assert desk.get("/system").json["differences"] is None
    assert desk.post(f"/system/tasks/{task.id}/retry").status_code == 204
    session.rollback()
    assert session.get_one(OutboxTask, task.id).retry_at < task.created_at.replace(
        year=2100
    )
    assert desk.post("/system/repair").json["queued"] >= 1
    assert desk.post(f"/system/tasks/{2**31 - 1}/retry").status_code == 404
