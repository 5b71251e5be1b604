"""What a node answers for, and the choice of a node on pages that list work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, and_, select, true
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from models import Node, NodeStaff, User
from models.states import NodeKind

from .. import policies
from ..errors import NotFound
from .schema import MINE

NOWHERE: frozenset[str] = frozenset()
ORDER = (Node.position, Node.id)


@dataclass(frozen=True)
class Duties:
    """What a node answers for; ``everything`` where it is not narrowed at all.

    A record concerns a node by its field or by its district. What has no district of
    its own has that of its organisation.
    """

    districts: frozenset[str] = NOWHERE
    fields: frozenset[str] = NOWHERE
    everything: bool = False

    def __or__(self, other: Duties) -> Duties:
        return Duties(
            self.districts | other.districts,
            self.fields | other.fields,
            self.everything or other.everything,
        )

    def __bool__(self) -> bool:
        return self.everything or bool(self.districts or self.fields)

    def where(self, district: Any, field: Any = None) -> ColumnElement[bool]:
        """The condition on these columns; ``field`` only where a record has one."""
        if self.everything:
            return true()
        local: ColumnElement[bool] = district.in_(sorted(self.districts))
        return local if field is None else local | field.in_(sorted(self.fields))

    def covers(self, district: str | None, field: str | None = None) -> bool:
        """The same asked of one record."""
        return self.everything or district in self.districts or field in self.fields


NO_DUTIES = Duties()
EVERYTHING = Duties(everything=True)


@dataclass(frozen=True)
class Choice:
    """A node by which a list may be narrowed; ``key`` stands in the address."""

    key: str
    name: str
    duties: Duties


@dataclass(frozen=True)
class Choices:
    """The nodes a member of the staff may choose from, and the one chosen."""

    offered: Sequence[Choice] = ()
    chosen: Choice | None = None
    duties: Duties = field(default=EVERYTHING)
    works_at_one: bool = False  # that answers for something


def nodes(session: Session) -> list[Node]:
    """The whole tree, each node after its parent, siblings in their order."""
    query = select(Node).options(
        selectinload(Node.staff), joinedload(Node.organisation)
    )
    return _as_tree(session.scalars(query.order_by(*ORDER)).unique().all())


def _as_tree(found: Sequence[Node]) -> list[Node]:
    """Every node there is, in the order of the tree; each then knows its parts."""
    parts: dict[int | None, list[Node]] = defaultdict(list)
    for node in found:
        parts[node.parent_id].append(node)
    for node in found:
        set_committed_value(node, "parts", parts[node.id])
    return [node for root in parts[None] for node in _walk(root)]


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for part in node.parts:
        yield from _walk(part)


def duties(node: Node) -> Duties:
    """The node's own districts and fields; with neither, those of its parts.

    The platform without either answers for everything, a retired node for nothing.
    """
    if not node.active:
        return NO_DUTIES
    if node.districts or node.fields:
        return Duties(frozenset(node.districts), frozenset(node.fields))
    if node.kind is NodeKind.PLATFORM:
        return EVERYTHING
    return together(node.parts)


def together(some: Sequence[Node]) -> Duties:
    """What these nodes answer for between them."""
    found = NO_DUTIES
    for node in some:
        found |= duties(node)
    return found


def duties_of(session: Session, user: User) -> Duties | None:
    """What the person's nodes answer for together; None: works at no node."""
    query = select(Node).join(NodeStaff).where(NodeStaff.user_id == user.id)
    found = session.scalars(query.where(Node.active)).all()
    return together(found) if found else None


def choices(session: Session, user: User, key: str | None) -> Choices:
    """The nodes to choose from, the person's own before all, and what ``key`` names.

    Raises `NotFound` for a node that is not there, and for people who know of none.
    """
    if not policies.may(user, "node.read"):
        if key is not None:
            raise NotFound("node")
        return Choices()
    here = and_(NodeStaff.node_id == Node.id, NodeStaff.user_id == user.id)
    query = select(Node, NodeStaff.user_id).outerjoin(NodeStaff, here).order_by(*ORDER)
    rows = session.execute(query).all()
    tree = _as_tree([node for node, _ in rows])
    own = {node.id for node, worker in rows if worker is not None and node.active}
    mine = [node for node in tree if node.id in own]
    offered = [Choice(str(n.id), n.name, duties(n)) for n in tree if n.active]
    if mine or key == MINE:
        names = "、".join(node.name for node in mine) or "没有分配"
        offered.insert(0, Choice(MINE, f"我的节点（{names}）", together(mine)))
    if key is None:
        return Choices(offered, works_at_one=bool(together(mine)))
    retired = [Choice(str(n.id), n.name, NO_DUTIES) for n in tree if not n.active]
    for one in (*offered, *retired):
        if one.key == key:
            return Choices(offered, one, one.duties, bool(together(mine)))
    raise NotFound("node")
