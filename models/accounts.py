"""Who acts: organisations and their members."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import Base, enum_column
from .states import OrganisationKind, Role


class Organisation(Base):
    """An enterprise, university, institute, service body or park."""

    __tablename__ = "organisations"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    kind: Mapped[OrganisationKind] = mapped_column(enum_column(OrganisationKind))
    district: Mapped[str | None] = mapped_column(String(32))
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class User(Base):
    """A person who signs in; the role says what for."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint(
            "role IN ('staff', 'admin') OR organisation_id IS NOT NULL",
            name="member_has_organisation",
        ),
        CheckConstraint("email = lower(email)", name="email_lower"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(64))
    password_hash: Mapped[str] = mapped_column(String(255))
    role: Mapped[Role] = mapped_column(enum_column(Role))
    organisation_id: Mapped[int | None] = mapped_column(
        ForeignKey("organisations.id"), index=True
    )
    active: Mapped[bool] = mapped_column(default=True)
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    organisation: Mapped[Organisation | None] = relationship()

    @property
    def is_staff(self) -> bool:
        """Whether the person works for the platform."""
        return self.role in (Role.STAFF, Role.ADMIN)

    # What Flask-Login asks of a user; plain attributes, so no import of it here.
    is_authenticated = True
    is_anonymous = False

    @property
    def is_active(self) -> bool:
        return self.active

    def get_id(self) -> str:
        """What a session names the person by; another password, another name.

        So a changed password ends every session that was opened with the old one.
        """
        mark = sha256(self.password_hash.encode()).hexdigest()[:16]
        return f"{self.id}.{mark}"
