"""Who asks to come in: registrations that wait for approval, and invitations."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .accounts import Organisation, User
from .base import Base, Prose, enum_column
from .states import (
    REGISTRATION_MOVES,
    OrganisationKind,
    OrganisationRole,
    RegistrationState,
    move,
)


class Registration(Base):
    """A person and an organisation as they registered; a user only once approved.

    ``organisation_id`` is the known organisation the person asks to join; empty,
    where the organisation is new too. So nobody unapproved is among the users.
    """

    __tablename__ = "registrations"
    __table_args__ = (Index("ix_registrations_queue", "state", "submitted_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    form_key: Mapped[str] = mapped_column(String(64), unique=True)
    email: Mapped[str] = mapped_column(String(254), index=True)
    name: Mapped[str] = mapped_column(String(64))
    password_hash: Mapped[str] = mapped_column(String(255))
    organisation_id: Mapped[int | None] = mapped_column(
        ForeignKey("organisations.id"), index=True
    )
    organisation_name: Mapped[str] = mapped_column(String(200))
    credit_code: Mapped[str] = mapped_column(String(18), index=True)
    kind: Mapped[OrganisationKind] = mapped_column(enum_column(OrganisationKind))
    district: Mapped[str] = mapped_column(String(32))
    state: Mapped[RegistrationState] = mapped_column(
        enum_column(RegistrationState), default=RegistrationState.UNCONFIRMED
    )
    reason: Mapped[Prose | None]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    organisation: Mapped[Organisation | None] = relationship()
    decided_by: Mapped[User | None] = relationship(foreign_keys=[decided_by_id])

    def move_to(self, state: RegistrationState) -> None:
        """Change the state; raises `IllegalMove`."""
        move(REGISTRATION_MOVES, self.state, state)
        self.state = state
        self.version += 1


class Invitation(Base):
    """An organisation asks a person, by mail, to become its member."""

    __tablename__ = "invitations"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(
        ForeignKey("organisations.id"), index=True
    )
    email: Mapped[str] = mapped_column(String(254), index=True)
    org_role: Mapped[OrganisationRole] = mapped_column(enum_column(OrganisationRole))
    invited_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    organisation: Mapped[Organisation] = relationship()
    invited_by: Mapped[User] = relationship(foreign_keys=[invited_by_id])

    def is_open_at(self, now: datetime) -> bool:
        """Whether it may still be accepted."""
        return (
            self.accepted_at is None
            and self.withdrawn_at is None
            and now < self.expires_at
        )
