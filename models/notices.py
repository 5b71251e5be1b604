"""What a person should learn, in the app."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Facts


class Notice(Base):
    """One message to one user; the words come from ``kind`` and ``facts``."""

    __tablename__ = "notices"
    __table_args__ = (Index("ix_notices_inbox", "user_id", "read_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str] = mapped_column(String(48))
    facts: Mapped[Facts]
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
