"""Make ready needs, achievements and calls that were judged: no object each.

What a form does with one record happens here to many at once: the row, its history,
and where it is to be found the note for the indexes and the worker.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import History, ImportRun, IndexChange, OutboxTask, User
from models.base import table_of
from models.likeness import likeness
from models.outbox import TaskKind
from models.states import ImportManner

from ..history import service as history
from ..notices import service as notices
from .passing import Overtaken, Passing
from .shapes import OWN_NUMBER, Shape
from .verdicts import Outcome, Verdict

HISTORY, INDEX, OUTBOX = map(table_of, (History, IndexChange, OutboxTask))
BESIDE = HISTORY, INDEX, OUTBOX
PENDING = "pending"
# States in which nobody but the owner knows of the record: nothing is to be found.
UNSEEN = frozenset({"draft", "withdrawn"})
Noted = tuple[int, str, Mapping[str, Any]]


def prepare(
    ready: Passing,
    shape: Shape,
    run: ImportRun,
    verdicts: Sequence[Verdict],
    *,
    now: datetime,
) -> None:
    """What is new, what changed, and what follows from it."""
    wanted = {Outcome.NEW} | ({Outcome.SUSPECT} if run.takes_suspects else set())
    _add(ready, shape, run, [v for v in verdicts if v.outcome in wanted], now)
    _change(
        ready, shape, run, [v for v in verdicts if v.outcome is Outcome.CHANGED], now
    )
    same = [each.met for each in verdicts if each.outcome is Outcome.SAME]
    ready.meet(met for met in same if met is not None)


def refuse_come_meanwhile(
    session: Session, ready: Passing, shape: Shape, run: ImportRun
) -> None:
    """None of the new ones may have come in by another way.

    A number that was taken is refused by the table itself. A firm's drafts say nothing
    to staff, so they stop no file of theirs.
    """
    unseen = UNSEEN if run.organisation_id is None else {"withdrawn"}
    there, new = shape.table.c, ready.new.c
    query = select(new.id).where(
        new[OWN_NUMBER].is_(None),
        new.code.is_(None),
        there[shape.owner] == new[shape.owner],
        there.title_key == new.title_key,
        there.text_key == new.text_key,
        there.status.not_in(unseen),
    )
    if session.scalars(query.limit(1)).first() is not None:
        raise Overtaken


# -- New ones ----------------------------------------------------------------------


def _add(
    ready: Passing,
    shape: Shape,
    run: ImportRun,
    verdicts: Sequence[Verdict],
    now: datetime,
) -> None:
    rows = [
        _row(shape, run, verdict, now) | {"id": id_}
        for id_, verdict in zip(ready.numbers(len(verdicts)), verdicts, strict=True)
    ]
    ready.add(rows)
    kind = shape.record.value
    noted: list[Noted] = []
    for row, verdict in zip(rows, verdicts, strict=True):
        told = {"import": [None, str(run.id)], "row": [None, str(verdict.number)]}
        if run.manner is ImportManner.RESTORE:
            told["status"] = [None, row["status"]]
        noted.append((row["id"], f"{kind}.imported", told))
        if run.manner is ImportManner.SUBMIT:
            noted.append((row["id"], f"{kind}.submitted", {}))
    _note(ready, shape, run, noted, now, fresh=True)
    found = [row["id"] for row in rows if row["status"] not in UNSEEN]
    _promise(ready, shape, found, now, fresh=True)
    if "by_staff" in shape.table.c:
        _reread(ready, shape, [row["id"] for row in rows], now, fresh=True)


def _row(
    shape: Shape, run: ImportRun, verdict: Verdict, now: datetime
) -> dict[str, Any]:
    status = PENDING if run.manner is ImportManner.SUBMIT else "draft"
    made = {
        "code": None,
        "author_id": run.uploader_id,
        "status": status,
        "is_demo": False,
        "version": 1,
        "created_at": now,
        "updated_at": now,
        "published_at": None,
    }
    if run.manner is ImportManner.RESTORE:
        made |= {"renewed_at": None, "return_reason": None, "return_codes": None}
        published = verdict.values.get("published_at")
        made["created_at"] = made["updated_at"] = published or now
    if "by_staff" in shape.table.c:
        made["by_staff"] = run.organisation_id is None
    return made | verdict.values


# -- Changed ones ------------------------------------------------------------------


def _change(
    ready: Passing,
    shape: Shape,
    run: ImportRun,
    verdicts: Sequence[Verdict],
    now: datetime,
) -> None:
    kind = shape.record.value
    noted: list[Noted] = []
    found: list[int] = []
    changes = []
    for verdict in verdicts:
        assert verdict.met is not None
        id_, _ = verdict.met
        values, was = verdict.values["changes"], verdict.values["status"]
        columns = dict(values) | {"updated_at": now}
        for name, column in (("title", "title_key"), (shape.text, "text_key")):
            if name in values:
                columns[column] = likeness(values[name])
        if was != PENDING and run.manner is ImportManner.SUBMIT:
            columns |= {"status": PENDING, "return_reason": None, "return_codes": None}
        changes.append(ready.change(id_, columns))
        told = {
            name: [before, values[name]]
            for name, before in verdict.values["before"].items()
        }
        if values:
            noted.append((id_, f"{kind}.reimported", told))
        if "status" in columns:
            noted.append((id_, f"{kind}.submitted", {}))
        if was != "draft" or "status" in columns:
            found.append(id_)
    ready.put_changes(changes)
    ready.meet(each.met for each in verdicts if each.met is not None)
    _note(ready, shape, run, noted, now, fresh=False)
    _promise(ready, shape, found, now, fresh=False)


# -- What follows ------------------------------------------------------------------


def _note(
    ready: Passing,
    shape: Shape,
    run: ImportRun,
    noted: Sequence[Noted],
    now: datetime,
    *,
    fresh: bool,
) -> None:
    rows = history.rows_of(run.uploader_id, shape.table.name, noted, now=now)
    ready.add_beside(HISTORY, rows, fresh=fresh)


def _reread(
    ready: Passing, shape: Shape, ids: Sequence[int], now: datetime, *, fresh: bool
) -> None:
    rows = [{"record_type": shape.record, "record_id": id_, "at": now} for id_ in ids]
    ready.add_beside(INDEX, rows, fresh=fresh)


def _promise(
    ready: Passing, shape: Shape, ids: Sequence[int], now: datetime, *, fresh: bool
) -> None:
    """What `outbox.touch` does for one: the worker encodes them in its own time."""
    _reread(ready, shape, ids, now, fresh=fresh)
    promised = {
        "kind": TaskKind.ENCODE,
        "record_type": shape.record,
        "attempts": 0,
        "created_at": now,
        "retry_at": now,
    }
    rows = [promised | {"record_id": id_} for id_ in ids]
    ready.add_beside(OUTBOX, rows, fresh=fresh)


def tell(session: Session, shape: Shape, run: ImportRun, *, now: datetime) -> None:
    """Wake the worker, and one notice to the staff for all that was submitted."""
    session.info["wake"] = True
    number = run.added + run.changed + run.suspected * run.takes_suspects
    if run.manner is ImportManner.SUBMIT and number:
        actor = session.get_one(User, run.uploader_id)
        home = actor.organisation if run.organisation_id else None
        notices.queue(
            session,
            notices.staff(session),
            "records_imported",
            now=now,
            kind=shape.record.value,
            noun=shape.noun,
            count=number,
            organisation=home.name if home else "平台工作人员",
        )
