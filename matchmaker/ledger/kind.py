"""The import of a ledger of recognised contracts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from models import ImportRun, User
from models.states import ImportManner

from ..imports.passing import Passing
from ..imports.verdicts import Verdict
from . import entering
from .columns import LAYOUT
from .entries import TABLE, Entries


class Contracts:
    """Contracts that were recognised elsewhere: there is no draft of such."""

    layout = LAYOUT
    tables = TABLE, entering.HISTORY, entering.AMENDMENTS

    def manners(self, actor: User) -> tuple[ImportManner, ...]:
        """The one manner is no choice."""
        return (ImportManner.DRAFT,)

    def begin(self, session: Session, run: ImportRun, *, now: datetime) -> Entries:
        return Entries(session, run.mapping, now=now)

    def prepare(
        self,
        session: Session,
        ready: Passing,
        run: ImportRun,
        verdicts: Sequence[Verdict],
        *,
        now: datetime,
    ) -> None:
        entering.prepare(session, ready, run, verdicts, now=now)

    def refuse_overtaken(
        self, session: Session, ready: Passing, run: ImportRun
    ) -> None:
        """A number that came in meanwhile is refused by the table itself."""
        ready.refuse_overtaken()

    def finish(
        self, session: Session, ready: Passing, run: ImportRun, *, now: datetime
    ) -> None:
        entering.tell_parties(session, ready, run, now=now)
