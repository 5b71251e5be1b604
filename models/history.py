"""Who did what to which record; rows are added and never touched again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, event
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .accounts import User
from .base import Base, Facts


class History(Base):
    """One action; ``actor`` is empty when the platform itself acted."""

    __tablename__ = "history"
    __table_args__ = (Index("ix_history_record", "record_type", "record_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    action: Mapped[str] = mapped_column(String(64), index=True)
    record_type: Mapped[str] = mapped_column(String(32))
    record_id: Mapped[int]
    changes: Mapped[Facts]

    actor: Mapped[User | None] = relationship()


def _refuse(_mapper: object, _connection: object, target: Any) -> None:
    raise RuntimeError(f"history row {target.id} cannot be changed")


event.listen(History, "before_update", _refuse)
event.listen(History, "before_delete", _refuse)
