"""What waits for the worker, what it computed, and what the indexes must reread."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Lines, Prose, enum_column


class RecordType(StrEnum):
    NEED = "need"
    ACHIEVEMENT = "achievement"
    CALL = "call"


class Audience(StrEnum):
    """Who may be led to a record by this text.

    EVERYONE  the full text is the public text
    OUTSIDE   the public text of a masked need
    INSIDE    the full text of a masked or restricted need
    """

    EVERYONE = "everyone"
    OUTSIDE = "outside"
    INSIDE = "inside"


class Part(StrEnum):
    """What a passage is of its record."""

    WHOLE = "whole"
    TITLE = "title"
    SENTENCE = "sentence"
    POINT = "point"


class Embedding(Base):
    """One passage of a record with its vector and terms, computed once.

    ``vector`` is ``dimension`` little-endian float16 numbers of a unit vector;
    ``as_query`` is the same text encoded as a question. ``tokens`` are the word
    pieces of the whole (`index.late`), empty for the other passages. ``start`` and
    ``end`` are the passage's place in the record's body (characters), -1 where it
    is not a piece of it.
    """

    __tablename__ = "embeddings"
    __table_args__ = (
        UniqueConstraint(
            "record_type", "record_id", "audience", "encoder", "part", "position"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    record_type: Mapped[RecordType] = mapped_column(enum_column(RecordType))
    record_id: Mapped[int]
    audience: Mapped[Audience] = mapped_column(enum_column(Audience))
    encoder: Mapped[str] = mapped_column(String(120))
    part: Mapped[Part] = mapped_column(enum_column(Part))
    position: Mapped[int]
    start: Mapped[int]
    end: Mapped[int]
    text: Mapped[Prose]
    text_hash: Mapped[str] = mapped_column(String(64))
    terms: Mapped[Lines]
    vector: Mapped[bytes] = mapped_column(LargeBinary)
    as_query: Mapped[bytes | None] = mapped_column(LargeBinary)
    tokens: Mapped[bytes | None] = mapped_column(LargeBinary)


class IndexChange(Base):
    """«Reread this record»: the feed every index follows."""

    __tablename__ = "index_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    record_type: Mapped[RecordType] = mapped_column(enum_column(RecordType))
    record_id: Mapped[int]
    at: Mapped[datetime] = mapped_column(index=True)


class TaskKind(StrEnum):
    ENCODE = "encode"
    NOTIFY = "notify"
    MATCH = "match"


class OutboxTask(Base):
    """Work promised inside a transaction; the row goes when the work is done."""

    __tablename__ = "outbox_tasks"
    __table_args__ = (Index("ix_outbox_tasks_due", "kind", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[TaskKind] = mapped_column(enum_column(TaskKind))
    record_type: Mapped[RecordType] = mapped_column(enum_column(RecordType))
    record_id: Mapped[int]
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[Prose | None]
    created_at: Mapped[datetime]
    retry_at: Mapped[datetime]
