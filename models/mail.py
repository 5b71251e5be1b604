"""Letters to people outside the app: written with the action, sent by the worker."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Facts, Prose, enum_column
from .states import MailState


class Mail(Base):
    """One letter to one address; the words come from ``kind`` and ``facts``.

    Until it is sent the row is the letter: nothing is lost while the mail server
    is away. ``facts["token"]``, the secret of a link, goes when the letter has gone.
    """

    __tablename__ = "mails"
    __table_args__ = (Index("ix_mails_due", "state", "retry_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    recipient: Mapped[str] = mapped_column(String(254), index=True)
    kind: Mapped[str] = mapped_column(String(48))
    facts: Mapped[Facts]
    state: Mapped[MailState] = mapped_column(
        enum_column(MailState), default=MailState.WAITING
    )
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[Prose | None]
    created_at: Mapped[datetime]
    retry_at: Mapped[datetime]
    done_at: Mapped[datetime | None]

    @property
    def has_secret(self) -> bool:
        """Whether who reads it could act as its recipient."""
        return "token" in self.facts
