"""The «1+5+N» network as a tree of nodes, and whom its managers speak for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .accounts import Organisation, User
from .base import Base, Lines, enum_column
from .states import NodeKind


class Node(Base):
    """One part of the network: its place, what it answers for, who works there.

    A record concerns a node if its district or its field is among the node's; a
    node without either answers for what its parts do. ``organisation`` is the
    service body that runs it, where one does.
    """

    __tablename__ = "nodes"
    __table_args__ = (
        CheckConstraint("parent_id IS NULL OR parent_id <> id", name="not_own_parent"),
        CheckConstraint(
            "(kind = 'platform') = (parent_id IS NULL)", name="platform_is_root"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("nodes.id"), index=True)
    kind: Mapped[NodeKind] = mapped_column(enum_column(NodeKind))
    name: Mapped[str] = mapped_column(String(80), unique=True)
    position: Mapped[int]
    districts: Mapped[Lines]
    fields: Mapped[Lines]
    organisation_id: Mapped[int | None] = mapped_column(
        ForeignKey("organisations.id"), index=True
    )
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column()
    created_at: Mapped[datetime]

    parent: Mapped[Node | None] = relationship(
        back_populates="parts", remote_side="Node.id"
    )
    parts: Mapped[list[Node]] = relationship(
        back_populates="parent", order_by="Node.position, Node.id"
    )
    organisation: Mapped[Organisation | None] = relationship()
    staff: Mapped[list[User]] = relationship(secondary="node_staff", order_by="User.id")

    __mapper_args__ = {"version_id_col": version}

    def ancestors(self) -> Iterator[Node]:
        """The nodes above this one, the nearest first."""
        above = self.parent
        while above is not None:
            yield above
            above = above.parent

    def may_move_under(self, parent: Node) -> bool:
        """Whether the tree stays a tree, with the platform at its root."""
        return (
            self.kind is not NodeKind.PLATFORM
            and parent is not self
            and self not in parent.ancestors()
        )


class NodeStaff(Base):
    """A member of the platform's staff works at a node."""

    __tablename__ = "node_staff"

    node_id: Mapped[int] = mapped_column(ForeignKey("nodes.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id"), primary_key=True, index=True
    )


class Mandate(Base):
    """A technology manager represents an organisation, from a day until a day.

    Both days count; without ``until_on`` it goes on.
    """

    __tablename__ = "mandates"
    __table_args__ = (
        UniqueConstraint("manager_id", "organisation_id", "from_on"),
        CheckConstraint(
            "until_on IS NULL OR until_on >= from_on", name="days_in_order"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    manager_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    organisation_id: Mapped[int] = mapped_column(
        ForeignKey("organisations.id"), index=True
    )
    from_on: Mapped[date]
    until_on: Mapped[date | None]
    created_at: Mapped[datetime]

    manager: Mapped[User] = relationship()
    organisation: Mapped[Organisation] = relationship()

    def holds_on(self, day: date) -> bool:
        """Whether the manager speaks for the organisation on this day."""
        return self.from_on <= day and (self.until_on is None or day <= self.until_on)
