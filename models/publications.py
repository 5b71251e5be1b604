"""Lists for publication (清单): numbered, dated, and frozen once they are issued."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    String,
    UniqueConstraint,
    event,
    inspect,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .accounts import User
from .base import Base, Facts, Prose, Title, enum_column
from .outbox import RecordType
from .states import PUBLICATION_MOVES, PublicationKind, PublicationState, move


class PublicationList(Base):
    """A list that staff compose of public records, and then issue.

    chosen    what it was gathered by: ``{"field": [...], "district": [...],
              "from_on", "until_on"}``
    number    counted in each kind and year of issue; with the year it is the name by
              which others cite the list, so it is never given twice
    digest    SHA-256 over what was issued: the same again proves that nothing of it
              was changed
    replaces  the list it corrects
    """

    __tablename__ = "publication_lists"
    __table_args__ = (
        UniqueConstraint("kind", "year", "number"),
        UniqueConstraint("replaces_id"),
        CheckConstraint(
            "(state = 'draft') = (issued_at IS NULL) AND (state = 'draft') ="
            " (number IS NULL) AND (state = 'draft') = (year IS NULL)"
            " AND (state = 'draft') = (digest IS NULL)",
            name="numbered_when_issued",
        ),
        CheckConstraint(
            "(state = 'withdrawn') = (withdrawn_at IS NOT NULL)"
            " AND (state = 'withdrawn') = (withdrawn_words IS NOT NULL)",
            name="withdrawn_with_words",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[PublicationKind] = mapped_column(enum_column(PublicationKind))
    state: Mapped[PublicationState] = mapped_column(
        enum_column(PublicationState), default=PublicationState.DRAFT
    )
    title: Mapped[Title]
    issuer: Mapped[Title]
    foreword: Mapped[Prose] = mapped_column(default="")
    chosen: Mapped[Facts]
    year: Mapped[int | None]
    number: Mapped[int | None]
    digest: Mapped[str | None] = mapped_column(String(64))
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("publication_lists.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    issued_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    withdrawn_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    withdrawn_words: Mapped[Prose | None]
    is_demo: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column()
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    issued_at: Mapped[datetime | None] = mapped_column(index=True)
    withdrawn_at: Mapped[datetime | None]

    author: Mapped[User] = relationship(foreign_keys=[author_id])
    issued_by: Mapped[User | None] = relationship(foreign_keys=[issued_by_id])
    replaces: Mapped[PublicationList | None] = relationship(
        remote_side=[id], foreign_keys=[replaces_id], back_populates="successor"
    )
    successor: Mapped[PublicationList | None] = relationship(
        foreign_keys=[replaces_id], back_populates="replaces", uselist=False
    )
    entries: Mapped[list[PublicationEntry]] = relationship(
        back_populates="publication", order_by="PublicationEntry.position"
    )

    __mapper_args__ = {"version_id_col": version}

    @property
    def is_draft(self) -> bool:
        return self.state is PublicationState.DRAFT

    def move_to(self, state: PublicationState) -> None:
        """Take the next state; raises `IllegalMove` if it may not follow."""
        move(PUBLICATION_MOVES, self.state, state)
        self.state = state


class PublicationEntry(Base):
    """A record in a list: in a draft the mere record, in an issued list its text.

    The record may change or go; so it is named by its number and no key leads to it.

    title, facts  what the list says of it, ``facts`` as ``[label, words]`` in order;
                  empty in a draft, where the record is read afresh
    """

    __tablename__ = "publication_entries"
    __table_args__ = (
        UniqueConstraint("list_id", "record_type", "record_id"),
        CheckConstraint("(title IS NULL) = (facts IS NULL)", name="frozen_whole"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("publication_lists.id"))
    position: Mapped[int]
    included: Mapped[bool] = mapped_column(default=True)
    record_type: Mapped[RecordType] = mapped_column(enum_column(RecordType))
    record_id: Mapped[int]
    title: Mapped[str | None] = mapped_column(String(200))
    facts: Mapped[list[list[str]] | None] = mapped_column(JSON(none_as_null=True))
    is_demo: Mapped[bool] = mapped_column(default=False)

    publication: Mapped[PublicationList] = relationship(back_populates="entries")


def _refuse(_mapper: object, _connection: object, target: Any) -> None:
    """What was issued is never touched again, by whatever way."""
    old = inspect(target).attrs.facts.history.deleted
    if (old[0] if old else target.facts) is not None and not _is_first(target):
        raise RuntimeError(f"entry {target.id} of an issued list cannot be changed")


def _is_first(target: Any) -> bool:
    """Whether its text is only now written: it was empty in the table."""
    history = inspect(target).attrs.facts.history
    return bool(history.added) and list(history.deleted) == [None]


event.listen(PublicationEntry, "before_update", _refuse)
event.listen(PublicationEntry, "before_delete", _refuse)
