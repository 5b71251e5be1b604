"""Nodes and mandates, for programs."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from models import Mandate, Node, utcnow
from models.states import NodeKind, OrganisationKind

from ..accounts.current import signed_in
from ..api.answers import Output, Place, Slice
from ..api.operations import Operations
from ..api.parts import numbered
from ..db import db
from ..labels import today
from ..schema import Input
from . import mandates as mandate_service
from . import service
from .duties import Duties, duties
from .schema import (
    LABELS,
    MandateEnd,
    MandateInput,
    MandateQuery,
    NodeEdit,
    NodeInput,
)

operations = Operations("nodes", "节点和委托")


class PersonLine(Output):
    """Somebody who works at a node."""

    id: int
    name: str


class DutiesOut(Output):
    """What a node answers for, with what its parts do where it says nothing itself."""

    everything: bool
    districts: list[str]
    fields: list[str]


class NodeOut(Output):
    """A node; ``districts`` and ``fields`` are its own.

    ``waiting`` submissions of what it answers for wait for verification; see
    «verification» with ``node``.
    """

    labels: ClassVar[dict[str, str]] = LABELS

    id: int
    version: int
    kind: NodeKind
    name: str
    parent_id: int | None
    position: int
    districts: list[str]
    fields: list[str]
    organisation: str | None
    staff: list[PersonLine]
    active: bool
    duties: DutiesOut
    waiting: int


class MandateOut(Output):
    """A technology manager speaks for an organisation; ``held`` whether today."""

    id: int
    manager_id: int
    manager: str
    manager_organisation: str | None
    organisation_id: int
    organisation: str
    kind: OrganisationKind
    district: str | None
    from_on: date
    until_on: date | None
    held: bool


class NodesQuery(Input):
    """With ``active``, only the nodes that are in use, or only those that are not."""

    active: bool | None = None


def _node(node: Node, its: Duties, waiting: int) -> NodeOut:
    return NodeOut(
        id=node.id,
        version=node.version,
        kind=node.kind,
        name=node.name,
        parent_id=node.parent_id,
        position=node.position,
        districts=list(node.districts),
        fields=list(node.fields),
        organisation=node.organisation.name if node.organisation else None,
        staff=[PersonLine.model_validate(user) for user in node.staff],
        active=node.active,
        duties=DutiesOut(
            everything=its.everything,
            districts=sorted(its.districts),
            fields=sorted(its.fields),
        ),
        waiting=waiting,
    )


def shown(node: Node) -> NodeOut:
    """The node as its page shows it."""
    waiting = service.waiting(db.session, signed_in(), node, 1)
    return _node(node, duties(node), waiting.total)


@operations.get("/nodes", ("nodes.index", "nodes.export"), "全部节点")
def index(query: NodesQuery, place: Place) -> Slice[NodeOut]:
    """上级在前，下级在后。"""
    rows = service.tree(db.session, signed_in())
    if query.active is not None:
        rows = [row for row in rows if row.node.active is query.active]
    return place.whole(rows, lambda row: _node(row.node, row.duties, row.waiting))


@operations.get("/nodes/<int:node_id>", "nodes.show", "一个节点")
def show(node_id: int) -> NodeOut:
    return shown(service.find(db.session, signed_in(), node_id))


@operations.post("/nodes", "nodes.new", "新增节点", status=201)
def create(body: NodeInput) -> NodeOut:
    return shown(service.create(db.session, signed_in(), body, now=utcnow()))


@operations.put("/nodes/<int:node_id>", "nodes.edit", "修改或移动节点")
def edit(node_id: int, body: NodeInput, version: int) -> NodeOut:
    # Checked already but for the version, which may be none that ever was.
    data = NodeEdit.model_construct(**dict(body), version=version)
    return shown(service.edit(db.session, signed_in(), node_id, data, now=utcnow()))


@operations.post("/nodes/<int:node_id>/retire", "nodes.retire", "停用节点")
def retire(node_id: int) -> NodeOut:
    return shown(service.retire(db.session, signed_in(), node_id, now=utcnow()))


@operations.post("/nodes/<int:node_id>/restore", "nodes.restore", "恢复节点")
def restore(node_id: int) -> NodeOut:
    return shown(service.restore(db.session, signed_in(), node_id, now=utcnow()))


def _mandate(one: Mandate) -> MandateOut:
    home = one.manager.organisation
    return MandateOut(
        id=one.id,
        manager_id=one.manager_id,
        manager=one.manager.name,
        manager_organisation=home.name if home else None,
        organisation_id=one.organisation_id,
        organisation=one.organisation.name,
        kind=one.organisation.kind,
        district=one.organisation.district,
        from_on=one.from_on,
        until_on=one.until_on,
        held=one.holds_on(today(utcnow())),
    )


@operations.get(
    "/mandates", ("nodes.mandates", "nodes.export_mandates"), "技术经理人的委托"
)
def mandates(query: MandateQuery, place: Place) -> Slice[MandateOut]:
    """技术经理人读到的是自己代表的单位。"""

    def read(part: Any) -> Any:
        day = today(utcnow())
        found = mandate_service.listed(db.session, signed_in(), query, day, part)
        return found.items, found.total

    return numbered(place, read, _mandate)


@operations.post("/mandates", "nodes.new_mandate", "登记委托", status=201)
def create_mandate(body: MandateInput) -> MandateOut:
    made = mandate_service.create(db.session, signed_in(), body, now=utcnow())
    return _mandate(made)


@operations.post("/mandates/<int:mandate_id>/end", "nodes.end_mandate", "结束委托")
def end_mandate(mandate_id: int, body: MandateEnd) -> MandateOut:
    ended = mandate_service.end(db.session, signed_in(), mandate_id, body, now=utcnow())
    return _mandate(ended)
