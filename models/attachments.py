"""Files that belong to a record; the bytes lie outside the web root."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .accounts import User
from .base import Base, enum_column


class FileOwner(StrEnum):
    """What a file may belong to; the first three are also `outbox.RecordType`."""

    NEED = "need"
    ACHIEVEMENT = "achievement"
    CALL = "call"
    INTRODUCTION = "introduction"
    CONTRACT = "contract"
    AWARD = "award"
    MILESTONE = "milestone"


class Attachment(Base):
    """One file of a record. Two rows may share one stored file, by ``sha256``.

    ``name`` is for people and was made harmless; the stored file has no name of its
    own. ``is_public`` is a wish of the owner: `policies.reads_attachment` decides.
    """

    __tablename__ = "attachments"
    __table_args__ = (
        CheckConstraint("size > 0", name="size_positive"),
        Index("ix_attachments_record", "record_type", "record_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    record_type: Mapped[FileOwner] = mapped_column(enum_column(FileOwner))
    record_id: Mapped[int]
    name: Mapped[str] = mapped_column(String(160))
    kind: Mapped[str] = mapped_column(String(8))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    is_public: Mapped[bool] = mapped_column(default=False)
    uploader_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime]

    uploader: Mapped[User | None] = relationship()
