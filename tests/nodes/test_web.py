"""The pages of nodes and mandates."""

import pytest
from sqlalchemy import select

from models import Mandate, Node
from models.states import NeedStatus, OrganisationKind, Role


@pytest.fixture
def admin(make, login):
    return login(make.user(Role.ADMIN))


def form(**given):
    return {"kind": "branch", "name": "岳麓分平台", "position": "1"} | given


def root_id(session):
    return session.scalar(select(Node.id).where(Node.parent_id.is_(None)))


def test_an_admin_builds_moves_and_retires(admin, session, make):
    body = make.organisation(kind=OrganisationKind.SERVICE_BODY)
    made = admin.post("/nodes/new", data=form(parent=root_id(session), fields=["ES"]))
    assert made.status_code == 303
    page = admin.get(made.location).text
    assert "岳麓分平台" in page
    assert "先进储能与新能源" in page
    session.rollback()
    branch = session.scalars(select(Node).where(Node.name == "岳麓分平台")).one()
    made = admin.post(
        "/nodes/new",
        data=form(
            kind="body", name="服务机构甲", parent=branch.id, organisation=body.name
        ),
    )
    assert made.status_code == 303
    refused = admin.post(f"/nodes/{branch.id}/retire")
    assert refused.status_code == 409
    assert "请先移走或停用它们" in refused.text
    edit = f"/nodes/{branch.id}/edit"
    session.rollback()
    part = session.scalars(select(Node).where(Node.name == "服务机构甲")).one()
    refused = admin.post(edit, data=form(parent=part.id, version=1))
    assert refused.status_code == 422
    assert "不能移到自己或自己的下级之下" in refused.text
    assert f'<option value="{part.id}"' not in admin.get(edit).text


def test_a_refused_form_keeps_what_was_typed(admin, session):
    answer = admin.post(
        "/nodes/new", data=form(name="总平台", parent=root_id(session), fields=["AI"])
    )
    assert answer.status_code == 422
    assert "已有同名的节点" in answer.text
    assert 'value="AI" checked' in answer.text.replace("\n", "").replace("  ", " ")


def test_the_second_editor_sees_what_is_stored(admin, make):
    node = make.node(name="甲")
    data = form(parent=node.parent_id, version=1)
    assert admin.post(f"/nodes/{node.id}/edit", data=data).status_code == 303
    late = admin.post(f"/nodes/{node.id}/edit", data=data | {"name": "我的名称"})
    assert late.status_code == 409
    assert "岳麓分平台" in late.text
    assert 'value="我的名称"' in late.text
    assert (
        admin.post(
            f"/nodes/{node.id}/edit", data=data | {"name": "我的名称", "version": 2}
        ).status_code
        == 303
    )


def test_staff_see_their_node_and_what_waits(make, login):
    staff = make.staff()
    node = make.node(name="岳麓节点", staff=[staff])
    need = make.need(title="泵车臂架末端晃动", status=NeedStatus.PENDING)
    client = login(staff)
    page = client.get("/nodes").text
    assert "我的节点" in page
    assert "新增节点" not in page
    page = client.get(f"/nodes/{node.id}").text
    assert need.title in page
    assert f'href="/needs/{need.id}"' in page


def test_staff_enter_and_end_a_mandate_and_the_manager_sees_it(make, login, session):
    manager, firm = make.user(Role.MANAGER), make.organisation(name="湘江电池有限公司")
    staff = login(make.staff())
    data = {"manager": manager.id, "organisation": firm.name, "from_on": "2026-11-01"}
    bad = staff.post("/mandates/new", data=data | {"from_on": "今天"})
    assert bad.status_code == 422
    assert "请填写日期" in bad.text
    assert staff.post("/mandates/new", data=data).status_code == 303
    assert "湘江电池有限公司" in login(manager).get("/mandates").text
    session.rollback()
    mandate_id = session.scalar(select(Mandate.id))
    bad = staff.post(f"/mandates/{mandate_id}/end", data={"until_on": "2026-10-01"})
    assert bad.status_code == 422
    assert "结束日期不能早于开始日期" in bad.text
    done = staff.post(f"/mandates/{mandate_id}/end", data={"until_on": "2026-11-02"})
    assert done.status_code == 303
    assert "已结束" in login(manager).get("/mandates").text
    assert "湘江电池" not in login(make.user(Role.MANAGER)).get("/mandates").text
