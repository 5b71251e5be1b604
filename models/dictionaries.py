"""Lists the administrator keeps: coded words, and the days of the public calendar."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Prose


class DictionaryEntry(Base):
    """One choice of a list, such as a reason for returning a need.

    Records keep the ``code``, pages show the ``label``; so an entry is never
    deleted, only taken out of use (``active``). ``advice`` says what to do about it,
    for whoever gets the code; empty where there is nothing to do.
    """

    __tablename__ = "dictionary_entries"
    __table_args__ = (
        UniqueConstraint("dictionary", "code"),
        CheckConstraint("code <> '' AND label <> ''", name="has_words"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    dictionary: Mapped[str] = mapped_column(String(32))
    code: Mapped[str] = mapped_column(String(32))
    label: Mapped[str] = mapped_column(String(120))
    advice: Mapped[Prose] = mapped_column(default="")
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)


class Holiday(Base):
    """A day that is not what its weekday says.

    ``is_working`` is false for a public holiday, true for a day of the weekend on
    which people work to make up for one (调休上班).
    """

    __tablename__ = "holidays"

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(String(64))
    is_working: Mapped[bool] = mapped_column(default=False)
