"""What people were reminded of, and what staff may care to look at."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base


class Reminder(Base):
    """One wait that somebody was reminded of; the row keeps it from happening twice.

    A record that waits again later waits ``since`` another moment.
    """

    __tablename__ = "reminders"
    __table_args__ = (UniqueConstraint("source", "record_id", "since"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(48))
    record_id: Mapped[int]
    since: Mapped[datetime]
    sent_at: Mapped[datetime]


class Observation(Base):
    """A number that takes the search index to find, as of ``at``, for staff only."""

    __tablename__ = "observations"

    name: Mapped[str] = mapped_column(String(48), primary_key=True)
    number: Mapped[int]
    at: Mapped[datetime]
