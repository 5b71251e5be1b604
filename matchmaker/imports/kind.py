"""The import of a kind of record, by its shape."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Table
from sqlalchemy.orm import Session

from models import ImportRun, User
from models.states import ImportManner

from .. import policies
from . import entering
from .passing import Passing
from .records import Entries
from .shapes import Shape
from .verdicts import Verdict


class Records:
    """Needs, achievements or calls; ``submits`` says whether they go on to review."""

    def __init__(self, shape: Shape, *, submits: bool = True) -> None:
        self.shape, self.layout, self._submits = shape, shape.layout, submits

    def manners(self, actor: User) -> tuple[ImportManner, ...]:
        """Who decides about a record may also put it back as it was."""
        if not self._submits:
            return (ImportManner.DRAFT,)
        offered = (ImportManner.DRAFT, ImportManner.SUBMIT)
        decides = policies.may(actor, f"{self.shape.record.value}.verify")
        return (*offered, ImportManner.RESTORE) if decides else offered

    def begin(self, session: Session, run: ImportRun, *, now: datetime) -> Entries:
        return Entries(session, self.shape, run, now=now)

    @property
    def tables(self) -> tuple[Table, ...]:
        return self.shape.table, *entering.BESIDE

    def prepare(
        self,
        session: Session,
        ready: Passing,
        run: ImportRun,
        verdicts: Sequence[Verdict],
        *,
        now: datetime,
    ) -> None:
        entering.prepare(ready, self.shape, run, verdicts, now=now)

    def refuse_overtaken(
        self, session: Session, ready: Passing, run: ImportRun
    ) -> None:
        ready.refuse_overtaken()
        entering.refuse_come_meanwhile(session, ready, self.shape, run)

    def finish(
        self, session: Session, ready: Passing, run: ImportRun, *, now: datetime
    ) -> None:
        entering.tell(session, self.shape, run, now=now)
