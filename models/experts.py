"""Experts (评审专家) who judge bids, and what binds them to organisations."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from .accounts import LONGEST_KEY, Organisation, User, name_key
from .base import Base, Lines, Prose, enum_column
from .states import TieKind


class Expert(Base):
    """What the platform knows of an expert beside the account.

    ``fields`` are codes of the technical fields it judges. ``joined_at`` is empty until
    the person opened the link of the invitation and chose a password.
    """

    __tablename__ = "experts"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), unique=True)
    title: Mapped[str] = mapped_column(String(64), default="")
    fields: Mapped[Lines] = mapped_column(default=list)
    invited_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    joined_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(foreign_keys=[user_id])
    ties: Mapped[list[ExpertTie]] = relationship(
        primaryjoin="Expert.user_id == foreign(ExpertTie.user_id)",
        order_by="ExpertTie.id",
        viewonly=True,
    )

    @property
    def ties_in_force(self) -> list[ExpertTie]:
        return [tie for tie in self.ties if tie.ended_at is None]

    @property
    def employer(self) -> str:
        """Where the expert works; empty where nobody said."""
        own = [tie for tie in self.ties_in_force if tie.kind is TieKind.EMPLOYER]
        return own[-1].name if own else ""


class ExpertTie(Base):
    """What binds an expert to an organisation; one that ended stays to be read.

    The organisation need not be on the platform: its name is compared in the spelling
    of `name_key`, so that one that registers later is known again.
    """

    __tablename__ = "expert_ties"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(
        ForeignKey("organisations.id"), index=True
    )
    name: Mapped[str] = mapped_column(String(200))
    name_key: Mapped[str] = mapped_column(String(LONGEST_KEY), index=True)
    kind: Mapped[TieKind] = mapped_column(enum_column(TieKind))
    words: Mapped[Prose] = mapped_column(default="")
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    @validates("name")
    def _keep_key(self, _attribute: str, name: str) -> str:
        self.name_key = name_key(name)
        return name

    def binds_to(self, organisation: Organisation) -> bool:
        """Whether the tie is to this organisation, and in force."""
        return self.ended_at is None and (
            self.organisation_id == organisation.id
            or self.name_key == organisation.name_key
        )
