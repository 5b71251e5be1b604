"""Open calls (揭榜挂帅): a problem published for anyone to take up."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .accounts import Organisation
from .base import Base, Code, Fen, Lines, Prose, Title, enum_column
from .states import CallStatus


class Call(Base):
    """An open call with assessable goals and money behind it (whole fen)."""

    __tablename__ = "calls"
    __table_args__ = (
        CheckConstraint("funding_fen > 0", name="funding_positive"),
        Index("ix_calls_listing", "status", "published_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str | None] = mapped_column(String(32), unique=True)
    issuer_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    status: Mapped[CallStatus] = mapped_column(
        enum_column(CallStatus), default=CallStatus.DRAFT
    )
    title: Mapped[Title]
    field: Mapped[Code] = mapped_column(index=True)
    background: Mapped[Prose]
    goals: Mapped[Lines]
    funding_fen: Mapped[Fen | None]
    deadline: Mapped[date | None]
    is_demo: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column()
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    published_at: Mapped[datetime | None]

    issuer: Mapped[Organisation] = relationship()

    __mapper_args__ = {"version_id_col": version}

    def takes_bids_on(self, today: date) -> bool:
        """Whether the window is open; the last day itself is in time."""
        return self.status is CallStatus.OPEN and (
            self.deadline is None or today <= self.deadline
        )
