"""What becomes of a row: decided before anything is written, shown row by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from sqlalchemy import Table
from sqlalchemy.orm import Session

from models import ImportRun, User
from models.states import ImportManner

from ..sheets.layout import Layout
from ..sheets.reader import Cell
from .passing import Passing


class Outcome(StrEnum):
    """What a row does; SUSPECT: it looks like a record there is, or another row."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    SUSPECT = "suspect"
    ERROR = "error"


@dataclass(frozen=True)
class Given:
    """A row as it was read: its number in the file, its cells by the column's code."""

    number: int
    cells: Mapping[str, Cell]


@dataclass
class Verdict:
    """What a row will do.

    key          by which the record is known; «» where the row does not tell
    identity     what must not come twice in a file, where it is not the key
    claims       [(label of the column, mark, words)] of what one record alone may have
    errors       [(label of the column, what is wrong and what to do)]
    differences  {label: (before, after)} in words, for a change
    amount       fen that count for the record, for a sum over the file
    met          (number, version) of the record it was compared with, if there is one
    values       what is written; for the kind itself to read
    """

    number: int
    outcome: Outcome
    key: str = ""
    identity: str = ""
    title: str = ""
    claims: list[tuple[str, str, str]] = field(default_factory=list)
    errors: list[tuple[str, str]] = field(default_factory=list)
    differences: dict[str, tuple[str, str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    amount: int = 0
    met: tuple[int, int] | None = None
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def is_error(self) -> bool:
        return self.outcome is Outcome.ERROR

    def refuse(self, label: str, words: str) -> None:
        self.outcome = Outcome.ERROR
        self.errors.append((label, words))

    def suspect(self, words: str) -> None:
        """Let the person decide about a row that would else be new."""
        self.outcome = Outcome.SUSPECT
        self.notes.append(words)


class Work(Protocol):
    """One file's import of a kind: what it looked up once serves all its rows."""

    def judge(self, session: Session, rows: Sequence[Given]) -> list[Verdict]:
        """A verdict for each row, by the tables as they are; writes nothing."""


class Kind(Protocol):
    """Records that can be imported: their columns, and how a run begins.

    ``tables`` are that of the records and those that are written beside it.
    """

    layout: Layout

    @property
    def tables(self) -> tuple[Table, ...]: ...

    def manners(self, actor: User) -> tuple[ImportManner, ...]:
        """What the person may have become of the rows; the first is proposed."""

    def begin(self, session: Session, run: ImportRun, *, now: datetime) -> Work:
        """Look up what every row of the run needs."""

    def prepare(
        self,
        session: Session,
        ready: Passing,
        run: ImportRun,
        verdicts: Sequence[Verdict],
        *,
        now: datetime,
    ) -> None:
        """Make ready what is new and what changed; nothing is entered yet."""

    def refuse_overtaken(
        self, session: Session, ready: Passing, run: ImportRun
    ) -> None:
        """Raise `Overtaken` where a record is not as it was when it was judged.

        Asked in the transaction that enters, before it does.
        """

    def finish(
        self, session: Session, ready: Passing, run: ImportRun, *, now: datetime
    ) -> None:
        """Tell whom it concerns, in the same transaction, once all is written."""
