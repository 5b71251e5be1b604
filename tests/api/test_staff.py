"""The desks of the platform's staff through the interface."""

import pytest
from sqlalchemy import func, select

from models import Contract, Mail, Need, Organisation, User
from models.states import (
    AchievementStatus,
    ImportState,
    MailState,
    NeedStatus,
    RegistrationState,
    Role,
)

from ..ledger.conftest import imports  # noqa: F401
from ..ledger.sheets import book, row

pytestmark = pytest.mark.one_database
LEDGER = "/ledger/imports"


@pytest.fixture
def staff(make) -> User:
    return make.staff()


def pointers(answer) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [error["pointer"] for error in answer.json["errors"]]


def test_submissions_are_listed_published_and_returned(program, staff, make):
    need = make.need(status=NeedStatus.PENDING)
    item = make.achievement(status=AchievementStatus.PENDING)
    desk = program(staff)
    page = desk.get("/verification?limit=1").json
    assert page["total"] == 2
    rest = desk.get(f"/verification?limit=1&cursor={page['next']}").json
    lines = {one["kind"]: one for one in page["items"] + rest["items"]}
    assert (lines["need"]["id"], lines["achievement"]["id"]) == (need.id, item.id)
    version = {"version": lines["need"]["version"]}
    done = desk.post(f"/verification/needs/{need.id}/publish", json=version)
    assert done.json["status"] == NeedStatus.PUBLISHED
    late = desk.post(f"/verification/needs/{need.id}/publish", json=version)
    assert (late.status_code, late.json["code"]) == (409, "already_handled")
    place = f"/verification/achievements/{item.id}/return"
    sent = {"version": lines["achievement"]["version"]}
    assert pointers(desk.post(place, json=sent)) == ["reason"]
    back = desk.post(place, json=sent | {"reason": "请补充已达到的指标"})
    assert back.json["status"] == AchievementStatus.RETURNED
    assert desk.get("/verification").json["total"] == 0


def test_several_are_decided_each_by_itself(program, staff, make, session):
    needs = [make.need(status=NeedStatus.PENDING) for _ in range(3)]
    chosen = [{"kind": "need", "id": one.id, "version": one.version} for one in needs]
    chosen[2]["version"] += 1
    desk = program(staff)
    told = desk.post("/verification/publish", json={"items": chosen}).json
    assert [one["done"] for one in told["outcomes"]] == [True, True, False]
    assert told["outcomes"][2]["code"] == "changed_since_read"
    assert "修改" in told["outcomes"][2]["words"]
    session.rollback()
    states = session.scalars(select(Need.status).order_by(Need.id)).all()
    assert states == [NeedStatus.PUBLISHED, NeedStatus.PUBLISHED, NeedStatus.PENDING]
    chosen[2]["version"] -= 1
    back = desk.post(
        "/verification/return",
        json={"items": chosen[2:], "reason": "请写明需要达到的指标"},
    )
    assert back.json["done"] == 1
    assert pointers(desk.post("/verification/publish", json={"items": []})) == ["items"]
    wrong = [{"kind": "call", "id": 1, "version": 1}]
    assert pointers(desk.post("/verification/publish", json={"items": wrong})) == [
        "items/0/kind"
    ]


def test_only_staff_verify(program, make):
    need = make.need(status=NeedStatus.PENDING)
    firm = program(make.user(organisation_id=need.organisation_id))
    sent = {"version": need.version}
    assert firm.get("/verification").status_code == 403
    path = f"/verification/needs/{need.id}/publish"
    assert firm.post(path, json=sent).status_code == 403
    chosen = {"items": [{"kind": "need", "id": need.id} | sent]}
    assert firm.post("/verification/publish", json=chosen).status_code == 403
    stranger = program(make.user())
    assert stranger.post(path, json=sent).status_code == 404


def test_a_registration_is_read_and_approved(program, staff, make, session):
    made = make.registration(name="申请人甲")
    desk = program(staff)
    [line] = desk.get("/registrations").json["items"]
    assert (line["id"], line["name"]) == (made.id, "申请人甲")
    one = desk.get(f"/registrations/{made.id}").json
    assert one["credit_code"] == made.credit_code
    assert "password" not in str(one)
    path = f"/registrations/{made.id}/approve"
    stale = desk.post(path, json={"version": one["version"] + 1})
    assert stale.json["code"] == "changed_since_read"
    opened = desk.post(path, json={"version": one["version"]})
    assert opened.status_code == 200, opened.text
    session.rollback()
    user = session.get_one(User, opened.json["user_id"])
    assert user.email == made.email
    assert session.get_one(Organisation, user.organisation_id).name == (
        made.organisation_name
    )
    assert desk.get("/registrations?state=approved").json["total"] == 1
    assert desk.get("/registrations?state=odd").status_code == 422


def test_a_registration_is_returned_with_what_to_change(program, staff, make):
    made = make.registration()
    desk, path = program(staff), f"/registrations/{made.id}/return"
    sent = {"version": made.version}
    assert pointers(desk.post(path, json=sent | {"reason": "短"})) == ["reason"]
    back = desk.post(path, json=sent | {"reason": "请填写营业执照上的全称"})
    assert back.json["state"] == RegistrationState.RETURNED
    assert back.json["reason"] == "请填写营业执照上的全称"
    firm = program(make.user())
    assert firm.get("/registrations").status_code == 403
    assert firm.get(f"/registrations/{made.id}").status_code == 404


def test_letters_are_listed_without_their_secrets(program, staff, make):
    make.mail()
    secret = make.mail(
        kind="invitation",
        facts={
            "token": "geheim",
            "path": "/invitation",
            "inviter": "甲",
            "organisation": "乙",
            "role": "丙",
            "days": 7,
        },
        state=MailState.FAILED,
    )
    desk = program(staff)
    assert desk.get("/mail").json["total"] == 2
    assert [one["id"] for one in desk.get("/mail?state=failed").json["items"]] == [
        secret.id
    ]
    for reader in (desk, program(make.user(Role.ADMIN))):
        shown = reader.get(f"/mail/{secret.id}")
        assert shown.json["text"] is None
        assert "geheim" not in shown.text
    assert desk.get("/mail?state=lost").status_code == 422
    assert program(make.user()).get(f"/mail/{secret.id}").status_code == 403


def test_a_letter_is_sent_again(program, make, session):
    letter = make.mail(state=MailState.FAILED, kind="notice", attempts=1)
    admin = program(make.user(Role.ADMIN))
    again = admin.post(f"/mail/{letter.id}/retry")
    assert again.json["state"] == MailState.WAITING
    assert again.json["text"].startswith("请登录查看") or again.json["text"]
    session.rollback()
    assert session.get_one(Mail, letter.id).done_at is None
    assert admin.post(f"/mail/{2**31 - 1}/retry").status_code == 404


def sent(*rows, name="台账.xlsx"):
    return {
        "data": {"file": (book(*rows), name)},
        "content_type": "multipart/form-data",
    }


def test_a_ledger_goes_in(program, imports, session):  # noqa: F811
    desk = program(imports.actor)
    made = desk.post(LEDGER, **sent(row(1), row(2)))
    assert made.status_code == 201, made.text
    assert made.json["state"] == ImportState.CHECKING
    path = f"{LEDGER}/{made.json['id']}"
    early = desk.post(f"{path}/start", json={})
    assert (early.status_code, early.json["code"]) == (409, "import.not_checked")
    imports.work(made.json["id"])
    checked = desk.get(path).json
    none = {"changed": 0, "same": 0, "suspect": 0, "error": 0}
    assert checked["found"] == none | {"new": 2}
    assert [one["outcome"] for one in checked["rows"]] == ["new", "new"]
    assert desk.post(f"{path}/start", json={}).json["state"] == ImportState.RUNNING
    imports.work(made.json["id"])
    done = desk.get(path).json
    assert (done["state"], done["added"]) == (ImportState.DONE, 2)
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Contract)) == 2
    assert desk.get(LEDGER).json["items"][0]["id"] == made.json["id"]
    assert desk.get(f"{LEDGER}/template").data[:2] == b"PK"


def test_wrong_rows_are_told_skipped_or_cancelled(program, imports):  # noqa: F811
    desk = program(imports.actor)
    bad = row(2, **{"合同成交总额(万元)": "很多"})
    run = desk.post(LEDGER, **sent(row(1), bad)).json
    imports.work(run["id"])
    path = f"{LEDGER}/{run['id']}"
    told = desk.get(path).json
    [wrong] = [one for one in told["rows"] if one["outcome"] == "error"]
    assert wrong["row"] == 3
    assert wrong["errors"]
    assert desk.post(f"{path}/start", json={}).json["code"] == "import.has_errors"
    assert told["has_workbook"]
    assert desk.get(f"{path}/errors").data[:2] == b"PK"
    assert desk.post(f"{path}/cancel").json["state"] == ImportState.CANCELLED
    begun = desk.post(f"{path}/start", json={"skip_errors": True})
    assert begun.json["state"] == ImportState.RUNNING


def test_headings_are_said_what_they_stand_for(program, imports):  # noqa: F811
    desk = program(imports.actor)
    run = desk.post(LEDGER, **sent(row(1))).json
    imports.work(run["id"])
    path = f"{LEDGER}/{run['id']}"
    told = desk.get(path).json
    mapping = told["mapping"]
    unknown = desk.post(
        f"{path}/headings", json={"mapping": mapping | {"没有的列": "name"}}
    )
    assert pointers(unknown) == ["mapping"]
    assert "没有的列" in unknown.text
    twice = dict(mapping) | {"备注": next(iter(mapping.values()))}
    wrong = desk.post(f"{path}/headings", json={"mapping": twice})
    assert pointers(wrong) == ["mapping"]
    fine = desk.post(f"{path}/headings", json={"mapping": mapping})
    assert fine.json["state"] == ImportState.CHECKING


def test_a_file_that_is_no_ledger_is_refused_later(program, imports):  # noqa: F811
    desk = program(imports.actor)
    data = {"file": (book(), "台账.xlsx")}
    bare = desk.post(LEDGER, data={}, content_type="multipart/form-data")
    assert pointers(bare) == ["file"]
    run = desk.post(LEDGER, data=data, content_type="multipart/form-data").json
    imports.work(run["id"])
    path = f"{LEDGER}/{run['id']}"
    assert desk.get(path).status_code == 200
    assert desk.get(f"{path}/errors").json["code"] == "import.no_errors"


def test_only_staff_import(program, make):
    firm = program(make.user())
    run = make.import_run()
    assert firm.get(LEDGER).status_code == 403
    assert firm.post(LEDGER, **sent(row(1))).status_code == 403
    assert firm.get(f"{LEDGER}/{run.id}").status_code in (403, 404)
    assert firm.post(f"{LEDGER}/{run.id}/cancel").status_code in (403, 404)
