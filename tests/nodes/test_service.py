"""The tree of nodes: its shape, its duties, and what waits at each."""

import pytest
from sqlalchemy import select

from matchmaker.errors import Conflict, Forbidden, Invalid, NotFound
from matchmaker.nodes import service
from matchmaker.nodes.duties import NO_DUTIES, duties, duties_of, nodes
from matchmaker.nodes.schema import NodeEdit, NodeInput
from matchmaker.schema import parse
from models import History, Need, Node, User, transaction
from models.states import (
    AchievementStatus,
    NeedStatus,
    NodeKind,
    OrganisationKind,
    Role,
)

from ..conftest import NOW


@pytest.fixture
def admin(make) -> User:
    return make.user(Role.ADMIN)


def typed(**given) -> NodeInput:
    values = {"kind": "branch", "name": "岳麓分平台", "districts": ["岳麓区"]}
    return parse(NodeInput, values | given)


def edited(node: Node, **given) -> NodeEdit:
    values = {
        "kind": node.kind.value,
        "name": node.name,
        "parent": node.parent_id or "",
        "position": node.position,
        "districts": node.districts,
        "fields": node.fields,
        "staff": [user.id for user in node.staff],
        "version": node.version,
    }
    return parse(NodeEdit, values | given)


def platform(session) -> Node:
    return session.scalars(select(Node).where(Node.parent_id.is_(None))).one()


def names(rows) -> list[str]:
    return [row.node.name for row in rows]


def test_the_tree_comes_as_one_platform_and_five_unnamed_branches(session, make):
    rows = service.tree(session, make.staff())
    assert [row.node.kind for row in rows] == [NodeKind.PLATFORM] + [
        NodeKind.BRANCH
    ] * 5
    assert [row.depth for row in rows] == [0, 1, 1, 1, 1, 1]
    # Nobody told us what they are, so they answer for nothing and nobody is there.
    assert not any(row.node.districts or row.node.fields for row in rows)
    assert not any(row.node.staff or row.node.organisation for row in rows)
    assert all("待命名" in row.node.name for row in rows[1:])


def test_a_node_is_added_under_its_parent_and_noted(session, make, admin):
    staff = make.staff()
    root = platform(session)
    node = service.create(
        session, admin, typed(parent=root.id, staff=[staff.id]), now=NOW
    )
    assert (node.parent, node.districts, node.staff) == (root, ["岳麓区"], [staff])
    row = session.scalars(select(History).where(History.action == "node.created")).one()
    assert row.changes["name"] == [None, "岳麓分平台"]
    assert row.changes["staff"] == [None, [staff.name]]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"parent": None}, "parent"),
        ({"parent": 999_999}, "parent"),
        ({"kind": "platform"}, "kind"),
        ({"kind": "body"}, "organisation"),
        ({"kind": "body", "organisation": "没有这一家"}, "organisation"),
        ({"name": "总平台"}, "name"),
        ({"staff": [999_999]}, "staff"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_field(session, admin, given, field):
    root = platform(session)
    with pytest.raises(Invalid) as refusal:
        service.create(session, admin, typed(**{"parent": root.id} | given), now=NOW)
    assert list(refusal.value.fields) == [field]
    assert len(nodes(session)) == 6


def test_a_service_body_is_an_organisation_of_that_kind(session, make, admin):
    firm = make.organisation()
    body = make.organisation(kind=OrganisationKind.SERVICE_BODY)
    given = {"kind": "body", "parent": platform(session).id}
    with pytest.raises(Invalid, match="invalid"):
        service.create(session, admin, typed(**given, organisation=firm.name), now=NOW)
    node = service.create(
        session, admin, typed(**given, organisation=body.name), now=NOW
    )
    assert node.organisation == body


def test_only_staff_in_office_work_at_a_node(session, make, admin):
    for person in (make.user(), make.staff(active=False), make.user(Role.MANAGER)):
        with pytest.raises(Invalid):
            service.create(
                session,
                admin,
                typed(parent=platform(session).id, staff=[person.id]),
                now=NOW,
            )


def test_a_move_takes_the_parts_along(session, make, admin):
    one, two = make.node(name="甲节点"), make.node(name="乙节点")
    part = make.node(name="甲的下级", parent_id=one.id)
    service.edit(session, admin, one.id, edited(one, parent=two.id), now=NOW)
    session.refresh(part)
    assert [node.name for node in part.ancestors()] == ["甲节点", "乙节点", "总平台"]
    row = session.scalars(select(History).where(History.action == "node.moved")).one()
    assert row.changes == {"parent": ["总平台", "乙节点"]}


@pytest.mark.parametrize("place", ["itself", "its part", "a part of its part"])
def test_no_node_comes_under_itself(session, make, admin, place):
    one = make.node(name="甲节点")
    two = make.node(name="乙节点", parent_id=one.id)
    three = make.node(name="丙节点", parent_id=two.id)
    target = {"itself": one, "its part": two, "a part of its part": three}[place]
    with pytest.raises(Invalid) as refusal:
        service.edit(session, admin, one.id, edited(one, parent=target.id), now=NOW)
    assert "自己的下级" in refusal.value.fields["parent"]
    session.refresh(one)
    assert one.parent == platform(session)


def test_the_platform_stays_the_root(session, admin):
    root = platform(session)
    branch = root.parts[0]
    for data in (
        edited(root, kind="branch", parent=branch.id),
        edited(root, kind="body"),
    ):
        with pytest.raises(Invalid):
            service.edit(session, admin, root.id, data, now=NOW)
    with pytest.raises(Invalid):
        service.edit(
            session, admin, branch.id, edited(branch, kind="platform"), now=NOW
        )


def test_the_second_of_two_editors_is_told(session, make, admin):
    node = make.node()
    mine = edited(node, name="我的名称")
    service.edit(session, admin, node.id, edited(node, name="别人的名称"), now=NOW)
    with pytest.raises(Conflict, match="stale"):
        service.edit(session, admin, node.id, mine, now=NOW)
    assert session.get_one(Node, node.id).name == "别人的名称"


def test_a_change_of_staff_alone_is_a_change(session, make, admin):
    node, person = make.node(), make.staff()
    mine = edited(node, position=3)
    service.edit(session, admin, node.id, edited(node, staff=[person.id]), now=NOW)
    with pytest.raises(Conflict, match="stale"):
        service.edit(session, admin, node.id, mine, now=NOW)


def test_a_node_with_parts_in_use_is_not_retired(session, make, admin):
    one = make.node()
    part = make.node(parent_id=one.id)
    with pytest.raises(Conflict, match=r"node\.has_parts"):
        service.retire(session, admin, one.id, now=NOW)
    service.retire(session, admin, part.id, now=NOW)
    service.retire(session, admin, one.id, now=NOW)
    with pytest.raises(Conflict, match=r"node\.parent_retired"):
        service.restore(session, admin, part.id, now=NOW)
    service.restore(session, admin, one.id, now=NOW)
    assert service.restore(session, admin, part.id, now=NOW).active


def test_the_platform_is_never_retired(session, admin):
    with pytest.raises(Conflict, match=r"node\.is_platform"):
        service.retire(session, admin, platform(session).id, now=NOW)


def test_only_an_admin_changes_the_tree(session, make):
    staff, node = make.staff(), make.node()
    for work in (
        lambda: service.create(session, staff, typed(parent=node.id), now=NOW),
        lambda: service.edit(session, staff, node.id, edited(node), now=NOW),
        lambda: service.retire(session, staff, node.id, now=NOW),
        lambda: service.restore(session, staff, node.id, now=NOW),
    ):
        with pytest.raises(Forbidden):
            work()


def test_a_node_that_is_not_there_is_not_found(session, make):
    for number in (0, 999_999, 10**12):
        with pytest.raises(NotFound):
            service.find(session, make.staff(), number)


def test_duties_are_ones_own_or_those_of_the_parts(session, make):
    one = make.node(districts=[], fields=[])
    make.node(parent_id=one.id, districts=["岳麓区"], fields=[])
    gone = make.node(parent_id=one.id, districts=["雨花区"], fields=[], active=False)
    make.node(parent_id=one.id, districts=[], fields=["ES"])
    found = duties(one)
    assert (found.districts, found.fields) == ({"岳麓区"}, {"ES"})
    assert not found.everything
    assert duties(platform(session)).everything
    assert duties(gone) == NO_DUTIES


def test_the_nodes_of_a_person_count_together(session, make):
    staff = make.staff()
    assert duties_of(session, staff) is None
    make.node(districts=["岳麓区"], fields=[], staff=[staff])
    make.node(districts=[], fields=["AI"], staff=[staff])
    make.node(districts=["雨花区"], fields=[], staff=[staff], active=False)
    found = duties_of(session, staff)
    assert (found.districts, found.fields) == ({"岳麓区"}, {"AI"})


def test_a_node_sees_what_waits_in_its_districts_or_fields(session, make):
    staff = make.staff()
    node = make.node(districts=["岳麓区"], fields=["AI"])
    waits = {"status": NeedStatus.PENDING}
    here = make.need(district="岳麓区", field="ES", **waits)
    ours = make.need(district="雨花区", field="AI", **waits)
    make.need(district="雨花区", field="ES", **waits)
    make.need(district="岳麓区", field="ES")  # published already
    make.need(district="岳麓区", field="ES", status=NeedStatus.DRAFT)
    home = make.organisation(kind=OrganisationKind.UNIVERSITY, district="岳麓区")
    away = make.organisation(kind=OrganisationKind.UNIVERSITY, district="雨花区")
    pending = {"status": AchievementStatus.PENDING, "field": "ES"}
    local = make.achievement(organisation_id=home.id, **pending)
    make.achievement(organisation_id=away.id, **pending)

    found = service.waiting(session, staff, node, 1)
    assert {(row.kind, row.item.id) for row in found.rows} == {
        ("need", here.id),
        ("need", ours.id),
        ("achievement", local.id),
    }
    assert found.total == 3
    by_name = {row.node.name: row.waiting for row in service.tree(session, staff)}
    assert by_name[node.name] == 3
    assert by_name["总平台"] == 5


def test_the_longest_wait_stands_first(session, make):
    node = make.node()
    first = make.need(status=NeedStatus.PENDING)
    second = make.need(status=NeedStatus.PENDING)
    with transaction(session):
        for need_id, day in ((first.id, 2), (second.id, 1)):
            session.add(
                History(
                    at=NOW.replace(day=day),
                    action="need.submitted",
                    record_type=Need.__tablename__,
                    record_id=need_id,
                    changes={},
                )
            )
    rows = service.waiting(session, make.staff(), node, 1).rows
    assert [row.item.id for row in rows] == [second.id, first.id]


def test_members_and_managers_see_no_tree(session, make):
    for role in (Role.ENTERPRISE, Role.UNIVERSITY, Role.MANAGER):
        with pytest.raises(Forbidden):
            service.tree(session, make.user(role))
