"""Files that are read into the tables row by row, by the worker."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .accounts import User
from .base import Base, Facts, Prose, enum_column
from .states import IMPORT_MOVES, ImportManner, ImportState, move


class ImportRun(Base):
    """One uploaded file, what it will do, how far it has got and what it did.

    ``kind``     what its rows are: «contracts», «needs» …
    ``organisation_id``  whose file it is; empty for the platform's own
    ``sha256``   of the file, whose bytes lie in the store of the attachments; empty
                 once they are gone
    ``mapping``  {heading of the file: our column}, as the person confirmed it
    ``suspected``  rows that look like a record there is, or another row;
                 ``takes_suspects`` says that they are entered as records of their own
    ``done``     rows judged; a worker that was killed goes on there. They are entered
                 together, once all are
    ``report``   what the dry run found; examples and counts, no whole rows
    ``touched_at``  the last sign of life of whoever works on it
    """

    __tablename__ = "import_runs"
    __table_args__ = (
        CheckConstraint("done >= 0 AND done <= total", name="done_within_total"),
        Index("ix_import_runs_state", "state", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    organisation_id: Mapped[int | None] = mapped_column(
        ForeignKey("organisations.id"), index=True
    )
    manner: Mapped[ImportManner] = mapped_column(
        enum_column(ImportManner), default=ImportManner.DRAFT
    )
    file_name: Mapped[str] = mapped_column(String(160))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int]
    state: Mapped[ImportState] = mapped_column(
        enum_column(ImportState), default=ImportState.CHECKING
    )
    mapping: Mapped[Facts] = mapped_column(default=dict)
    skip_errors: Mapped[bool] = mapped_column(default=False)
    takes_suspects: Mapped[bool] = mapped_column(default=False)
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    added: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    same: Mapped[int] = mapped_column(default=0)
    suspected: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    report: Mapped[Facts] = mapped_column(default=dict)
    error: Mapped[Prose] = mapped_column(default="")
    # The workbook with its column of errors, where there were any.
    errors_sha256: Mapped[str | None] = mapped_column(String(64))
    uploader_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    version: Mapped[int] = mapped_column()
    created_at: Mapped[datetime]
    touched_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]

    uploader: Mapped[User] = relationship()

    __mapper_args__ = {"version_id_col": version}

    def move_to(self, state: ImportState, *, now: datetime) -> None:
        """Take the next state; raises `IllegalMove` if it may not follow."""
        move(IMPORT_MOVES, self.state, state)
        self.state = state
        self.touched_at = now


class ImportMapping(Base):
    """What the headings of an organisation's files stand for, as it said last.

    ``choices`` is {heading as written, unit and all: our column, «» for none}; without
    an organisation it is the platform's own.
    """

    __tablename__ = "import_mappings"
    __table_args__ = (
        UniqueConstraint("kind", "organisation_id"),
        Index(
            "uq_import_mappings_platform",
            "kind",
            unique=True,
            sqlite_where=text("organisation_id IS NULL"),
            postgresql_where=text("organisation_id IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    organisation_id: Mapped[int | None] = mapped_column(
        ForeignKey("organisations.id"), index=True
    )
    choices: Mapped[Facts]
    updated_at: Mapped[datetime]
