"""The import of organisations, for staff."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import History, ImportRun, User
from models.accounts import name_key
from models.base import table_of
from models.states import ImportManner

from ...history import service as history
from ...imports.passing import Overtaken, Passing
from ...imports.verdicts import Outcome, Verdict
from .columns import LAYOUT
from .entries import COMPARED, TABLE, Entries, mark

HISTORY = table_of(History)


class Organisations:
    """Organisations as they are registered; they have no draft."""

    layout = LAYOUT
    tables = TABLE, HISTORY

    def manners(self, actor: User) -> tuple[ImportManner, ...]:
        """The one manner is no choice."""
        return (ImportManner.DRAFT,)

    def begin(self, session: Session, run: ImportRun, *, now: datetime) -> Entries:
        return Entries(session)

    def prepare(
        self,
        session: Session,
        ready: Passing,
        run: ImportRun,
        verdicts: Sequence[Verdict],
        *,
        now: datetime,
    ) -> None:
        wanted = {Outcome.NEW} | ({Outcome.SUSPECT} if run.takes_suspects else set())
        _add(ready, run, [v for v in verdicts if v.outcome in wanted], now)
        _change(ready, run, [v for v in verdicts if v.outcome is Outcome.CHANGED], now)

    def refuse_overtaken(
        self, session: Session, ready: Passing, run: ImportRun
    ) -> None:
        """A name or a code that was taken meanwhile is refused by the table itself."""
        columns = [TABLE.c[each] for each in COMPARED]
        query = select(ready.met.c.version, *columns).join_from(
            ready.met, TABLE, ready.met.c.id == TABLE.c.id
        )
        for row in session.execute(query).mappings():
            if mark(dict(row)) != row["version"]:
                raise Overtaken

    def finish(
        self, session: Session, ready: Passing, run: ImportRun, *, now: datetime
    ) -> None:
        """Nobody is told: an organisation entered so has no members yet."""


def _add(
    ready: Passing, run: ImportRun, verdicts: Sequence[Verdict], now: datetime
) -> None:
    ids = ready.numbers(len(verdicts))
    ready.add(
        [
            {
                "id": id_,
                "name": verdict.values["name"],
                "name_key": name_key(verdict.values["name"]),
                "kind": verdict.values["kind"],
                "district": verdict.values.get("district"),
                "credit_code": verdict.values.get("credit_code"),
                "is_demo": False,
                "created_at": now,
            }
            for id_, verdict in zip(ids, verdicts, strict=True)
        ]
    )
    noted: list[tuple[int, str, dict[str, Any]]] = [
        (id_, "organisation.imported", {}) for id_ in ids
    ]
    rows = history.rows_of(run.uploader_id, TABLE.name, noted, now=now)
    ready.add_beside(HISTORY, rows, fresh=True)


def _change(
    ready: Passing, run: ImportRun, verdicts: Sequence[Verdict], now: datetime
) -> None:
    rows, noted = [], []
    for verdict in verdicts:
        assert verdict.met is not None
        id_, _ = verdict.met
        changes, before = verdict.values["changes"], verdict.values["before"]
        named = {"name_key": name_key(changes["name"])} if "name" in changes else {}
        rows.append(ready.change(id_, changes | named))
        told = {name: [before[name], after] for name, after in changes.items()}
        noted.append((id_, "organisation.reimported", told))
    ready.put_changes(rows)
    ready.meet(each.met for each in verdicts if each.met is not None)
    changed = history.rows_of(run.uploader_id, TABLE.name, noted, now=now)
    ready.add_beside(HISTORY, changed, fresh=False)
