"""Write needs, achievements and calls that were judged: many at a time, no object each.

What a form does with one record happens here to 500 at once: the row, its history, and
where it is to be found the note for the indexes and the worker.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, Table, insert, select, update
from sqlalchemy.orm import Session

from models import ImportRun, IndexChange, OutboxTask, User
from models.likeness import likeness
from models.outbox import TaskKind
from models.states import ImportManner

from ..history import service as history
from ..notices import service as notices
from .shapes import OWN_NUMBER, Shape
from .verdicts import Outcome, Overtaken, Verdict

PENDING = "pending"
# States in which nobody but the owner knows of the record: nothing is to be found.
UNSEEN = frozenset({"draft", "withdrawn"})
Noted = tuple[int, str, Mapping[str, Any]]


def write(
    session: Session,
    shape: Shape,
    run: ImportRun,
    verdicts: Sequence[Verdict],
    *,
    now: datetime,
) -> None:
    """Enter what is new, change what changed; raises `Overtaken`."""
    new = [each for each in verdicts if each.outcome is Outcome.NEW]
    _refuse_overtaken(session, shape, run, new)
    if run.takes_suspects:
        new += [each for each in verdicts if each.outcome is Outcome.SUSPECT]
    if new:
        _add(session, shape, run, new, now)
    changed = [each for each in verdicts if each.outcome is Outcome.CHANGED]
    if changed:
        _change(session, shape, run, changed, now)


def _refuse_overtaken(
    session: Session, shape: Shape, run: ImportRun, verdicts: Iterable[Verdict]
) -> None:
    """None of the new ones may have come in by another way meanwhile.

    A number that was taken is refused by the table itself. A firm's drafts say nothing
    to staff, so they stop no file of theirs.
    """
    unseen = UNSEEN if run.organisation_id is None else {"withdrawn"}
    words = {
        (v.values[shape.owner], v.values["title_key"], v.values["text_key"])
        for v in verdicts
        if not v.values[OWN_NUMBER] and not v.values.get("code")
    }
    if not words:
        return
    table = shape.table.c
    query = select(table[shape.owner], table.title_key, table.text_key).where(
        table[shape.owner].in_({owner for owner, _, _ in words}),
        table.title_key.in_({title for _, title, _ in words}),
        table.status.not_in(unseen),
    )
    if any(tuple(row) in words for row in session.execute(query)):
        raise Overtaken


# -- New ones ----------------------------------------------------------------------


def _add(
    session: Session,
    shape: Shape,
    run: ImportRun,
    verdicts: Sequence[Verdict],
    now: datetime,
) -> None:
    rows = [_row(shape, run, verdict, now) for verdict in verdicts]
    ids = _inserted(session, shape, run, rows)
    kind = shape.record.value
    noted: list[Noted] = []
    found: list[int] = []
    for id_, verdict, row in zip(ids, verdicts, rows, strict=True):
        told = {"import": [None, str(run.id)], "row": [None, str(verdict.number)]}
        if run.manner is ImportManner.RESTORE:
            told["status"] = [None, row["status"]]
        noted.append((id_, f"{kind}.imported", told))
        if run.manner is ImportManner.SUBMIT:
            noted.append((id_, f"{kind}.submitted", {}))
        if row["status"] not in UNSEEN:
            found.append(id_)
    history.record_many(session, run.uploader_id, shape.table.name, noted, now=now)
    _promise(session, shape, found, now)
    if "by_staff" in shape.table.c:
        _reread(session, shape, ids, now)


def _inserted(
    session: Session, shape: Shape, run: ImportRun, rows: Sequence[dict[str, Any]]
) -> list[int]:
    """Enter the rows; their ids in the same order.

    They are looked up by what tells them apart: asked for row by row, as SQLite gives
    them, they would take as long as all the rest. Of two that say the same either is.
    """
    table = shape.table.c
    names = (shape.owner, *MARKS)
    query = (
        select(table.id, *(table[name] for name in names))
        .where(
            table[shape.owner].in_({row[shape.owner] for row in rows}),
            table.title_key.in_({row["title_key"] for row in rows}),
            table.author_id == run.uploader_id,
        )
        .order_by(table.id)
    )
    before = {row.id for row in session.execute(query)}
    session.execute(insert(shape.table), rows)
    found: dict[tuple[Any, ...], list[int]] = {}
    for id_, *mark in session.execute(query):
        if id_ not in before:
            found.setdefault(tuple(mark), []).append(id_)
    return [found[tuple(row[name] for name in names)].pop(0) for row in rows]


# What tells apart the rows of one organisation that are entered together.
MARKS = (OWN_NUMBER, "code", "title_key", "text_key")


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
    session: Session,
    shape: Shape,
    run: ImportRun,
    verdicts: Sequence[Verdict],
    now: datetime,
) -> None:
    kind = shape.record.value
    noted: list[Noted] = []
    found: list[int] = []
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
        _update(session, shape, verdict, columns)
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
    history.record_many(session, run.uploader_id, shape.table.name, noted, now=now)
    _promise(session, shape, found, now)


def _update(
    session: Session, shape: Shape, verdict: Verdict, columns: Mapping[str, Any]
) -> None:
    assert verdict.met is not None
    id_, version = verdict.met
    table = shape.table
    done = session.execute(
        update(table)
        .where(table.c.id == id_, table.c.version == version)
        .values(**columns, version=version + 1)
    )
    if cast(CursorResult[Any], done).rowcount != 1:
        raise Overtaken


# -- What follows ------------------------------------------------------------------


def _reread(session: Session, shape: Shape, ids: Sequence[int], now: datetime) -> None:
    rows = [{"record_type": shape.record, "record_id": id_, "at": now} for id_ in ids]
    if rows:
        session.execute(insert(cast(Table, IndexChange.__table__)), rows)


def _promise(session: Session, shape: Shape, ids: Sequence[int], now: datetime) -> None:
    """What `outbox.touch` does for one: the worker encodes them in its own time."""
    if not ids:
        return
    _reread(session, shape, ids, now)
    session.execute(
        insert(cast(Table, OutboxTask.__table__)),
        [
            {
                "kind": TaskKind.ENCODE,
                "record_type": shape.record,
                "record_id": id_,
                "attempts": 0,
                "created_at": now,
                "retry_at": now,
            }
            for id_ in ids
        ],
    )
    session.info["wake"] = True


def tell(session: Session, shape: Shape, run: ImportRun, *, now: datetime) -> None:
    """One notice to the staff for all that was submitted."""
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
