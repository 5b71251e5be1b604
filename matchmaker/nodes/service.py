"""Keep the tree of nodes, and tell what waits at each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from models import Node, Organisation, User, transaction
from models.session import lock
from models.states import NodeKind, OrganisationKind, Role

from .. import policies
from ..errors import Conflict, Invalid, NotFound
from ..history import service as history
from ..verification import queue as verification
from ..verification.schema import QueueQuery
from .duties import Duties, duties, nodes
from .schema import LARGEST_ID, NodeEdit, NodeInput


@dataclass(frozen=True)
class Row:
    """A node in the tree: how deep it stands, what it answers for, what waits."""

    node: Node
    depth: int
    duties: Duties
    waiting: int


def tree(session: Session, user: User) -> list[Row]:
    """The tree with what waits for verification at each node."""
    policies.require(user, "node.read")
    every = nodes(session)
    waiting = verification.waiting_at(session, user, [duties(node) for node in every])
    return [
        Row(node, sum(1 for _ in node.ancestors()), duties(node), number)
        for node, number in zip(every, waiting, strict=True)
    ]


def find(session: Session, user: User, node_id: int) -> Node:
    """A node; raises `NotFound`."""
    policies.require(user, "node.read")
    node = session.get(Node, node_id) if node_id <= LARGEST_ID else None
    if node is None:
        raise NotFound("node")
    return node


def waiting(session: Session, user: User, node: Node, page: int) -> verification.Queue:
    """The submissions that wait for verification among what the node answers for."""
    policies.require(user, "node.read")
    query = QueueQuery(node=str(node.id), page=max(page, 1))
    return verification.queue(session, user, query)


def create(session: Session, actor: User, data: NodeInput, *, now: datetime) -> Node:
    """Add a node to the tree; the first of all is the platform itself."""
    with transaction(session):
        policies.require(actor, "node.govern")
        _refuse_name(session, data.name, None)
        node = Node(
            kind=data.kind,
            name=data.name,
            position=data.position,
            districts=_in_order(data.districts),
            fields=_in_order(data.fields),
            parent=_parent(session, data, None),
            organisation=_body(session, data),
            staff=_staff(session, data),
            created_at=now,
        )
        session.add(node)
        session.flush()
        history.record(
            session,
            actor,
            "node.created",
            node,
            now=now,
            changes={name: [None, value] for name, value in _told(node).items()},
        )
    return node


def edit(
    session: Session, actor: User, node_id: int, data: NodeEdit, *, now: datetime
) -> Node:
    """Change a node or move it; raises `Conflict` «stale» for an older version."""
    with transaction(session):
        policies.require(actor, "node.govern")
        _hold_tree(session)
        node = find(session, actor, node_id)
        lock(session, node)
        if node.version != data.version:
            raise Conflict("stale")
        if (node.kind is NodeKind.PLATFORM) != (data.kind is NodeKind.PLATFORM):
            raise Invalid({"kind": "总平台的类型不能改变，其他节点也不能改为总平台"})
        _refuse_name(session, data.name, node)
        before = _told(node)
        # In one piece: each flush would be a version.
        with session.no_autoflush:
            node.kind, node.name, node.position = data.kind, data.name, data.position
            node.districts = _in_order(data.districts)
            node.fields = _in_order(data.fields)
            node.parent = _parent(session, data, node)
            node.organisation = _body(session, data)
            node.staff = _staff(session, data)
        after = _told(node)
        changes = {
            name: [before[name], after[name]]
            for name in after
            if before[name] != after[name]
        }
        if changes:
            # Who works there stands in another table; the version counts it too.
            flag_modified(node, "name")
            session.flush()
            action = "node.moved" if "parent" in changes else "node.edited"
            history.record(session, actor, action, node, now=now, changes=changes)
    return node


def retire(session: Session, actor: User, node_id: int, *, now: datetime) -> Node:
    """Take a node out of use; it keeps its place, and answers for nothing."""
    with transaction(session):
        node = _to_switch(session, actor, node_id)
        if node.kind is NodeKind.PLATFORM:
            raise Conflict("node.is_platform")
        if any(part.active for part in node.parts):
            raise Conflict("node.has_parts")
        if node.active:
            node.active = False
            history.record(session, actor, "node.retired", node, now=now)
    return node


def restore(session: Session, actor: User, node_id: int, *, now: datetime) -> Node:
    """Put a retired node to use again."""
    with transaction(session):
        node = _to_switch(session, actor, node_id)
        if node.parent is not None and not node.parent.active:
            raise Conflict("node.parent_retired")
        if not node.active:
            node.active = True
            history.record(session, actor, "node.restored", node, now=now)
    return node


def staff_to_choose(session: Session) -> Sequence[User]:
    """Those who may work at a node."""
    query = (
        select(User)
        .where(User.role.in_((Role.STAFF, Role.ADMIN)), User.active)
        .order_by(User.name, User.id)
    )
    return session.scalars(query).all()


def _to_switch(session: Session, actor: User, node_id: int) -> Node:
    policies.require(actor, "node.govern")
    _hold_tree(session)
    return find(session, actor, node_id)


def _hold_tree(session: Session) -> None:
    """Two moves at once, each harmless, could make a ring: one waits."""
    root = session.scalar(select(Node).where(Node.parent_id.is_(None)))
    if root is not None:
        lock(session, root)


def _refuse_name(session: Session, name: str, node: Node | None) -> None:
    other = session.scalar(select(Node).where(Node.name == name))
    if other is not None and other is not node:
        raise Invalid({"name": "已有同名的节点，请换一个名称"})


def _parent(session: Session, data: NodeInput, node: Node | None) -> Node | None:
    if data.kind is NodeKind.PLATFORM:
        root = session.scalar(select(Node).where(Node.parent_id.is_(None)))
        if root is not None and root is not node:
            raise Invalid({"kind": "已有总平台，只能有一个"})
        return None
    if data.parent is None:
        raise Invalid({"parent": "请选择上级节点"})
    parent = session.get(Node, data.parent)
    if parent is None:
        raise Invalid({"parent": "没有这个节点，请从列表中选择"})
    if node is not None and not node.may_move_under(parent):
        raise Invalid({"parent": "不能移到自己或自己的下级之下，请另选上级"})
    if not parent.active and (node is None or node.parent is not parent):
        raise Invalid({"parent": "该上级节点已停用，请另选"})
    return parent


def _body(session: Session, data: NodeInput) -> Organisation | None:
    if data.kind is not NodeKind.BODY:
        return None
    if not data.organisation:
        raise Invalid({"organisation": "请填写服务机构登记的名称"})
    found = session.scalar(
        select(Organisation).where(Organisation.name == data.organisation)
    )
    if found is None:
        raise Invalid({"organisation": "平台上没有这个单位，请填写登记的全称"})
    if found.kind is not OrganisationKind.SERVICE_BODY:
        raise Invalid({"organisation": "该单位不是服务机构，请核对单位类型"})
    return found


def _staff(session: Session, data: NodeInput) -> list[User]:
    allowed = {user.id: user for user in staff_to_choose(session)}
    if set(data.staff) - set(allowed):
        raise Invalid({"staff": "所选人员中有人不是在用的平台工作人员，请重新选择"})
    return [allowed[id_] for id_ in sorted(set(data.staff))]


def _in_order(codes: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(codes))


def _told(node: Node) -> dict[str, Any]:
    """The node as its history tells it."""
    return {
        "kind": str(node.kind),
        "name": node.name,
        "parent": node.parent.name if node.parent else None,
        "position": node.position,
        "districts": list(node.districts),
        "fields": list(node.fields),
        "organisation": node.organisation.name if node.organisation else None,
        "staff": [user.name for user in node.staff],
    }
