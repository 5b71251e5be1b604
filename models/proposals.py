"""Pairs that a person proposed by hand."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .accounts import Organisation, User
from .base import Base, Prose
from .matches import Suggestion


class Proposal(Base):
    """Somebody proposed the pair, and says why; never changed after.

    ``organisation`` is whom a technology manager spoke for; empty where staff
    proposed. ``changed`` says what is different since the pair was rejected, where it
    was: so a pair may have several proposals.
    """

    __tablename__ = "proposals"

    id: Mapped[int] = mapped_column(primary_key=True)
    suggestion_id: Mapped[int] = mapped_column(ForeignKey("suggestions.id"), index=True)
    proposer_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(
        ForeignKey("organisations.id"), index=True
    )
    why: Mapped[Prose]
    changed: Mapped[Prose] = mapped_column(default="")
    at: Mapped[datetime]

    suggestion: Mapped[Suggestion] = relationship(back_populates="proposals")
    proposer: Mapped[User] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
