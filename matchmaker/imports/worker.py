"""What the worker does with an import: check it, then read it in.

Rows go by in chunks, each in one transaction with the counter that says how far the
run has got. So the process may be killed at any moment: the next one goes on at the
row reached, and no row is read in twice.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO, cast

import structlog
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from models import ImportRun, transaction
from models.session import lock
from models.states import ImportState

from ..attachments.store import Store
from ..errors import Invalid
from ..sheets.guard import Limits
from ..sheets.reader import UNCOMPUTED, Cell, Row, Table, opened
from ..sheets.writer import Column, Sheet, write_sheets
from . import findings
from .kinds import KINDS
from .staging import Staging
from .verdicts import Given, Outcome, Verdict, Work

log = structlog.get_logger()

CHUNK = 500
ATTEMPTS = 3
LEFT = timedelta(days=7)
FAULT = "系统出错，已记录。可以点「继续」重试；仍不成功请联系平台管理员"
GONE = "上传的文件已不在服务器上，请重新上传"

# When the errors of a run are all known.
SHOWN = (ImportState.CHECKED, ImportState.DONE)

Clock = Callable[[], datetime]


class Stopped(Exception):
    """Somebody took the run out of the worker's hands."""


@dataclass
class Importer:
    """Works on the imports that wait, one after the other."""

    session: Session
    store: Store
    staging: Staging
    limits: Limits
    clock: Clock

    def work_off(self) -> int:
        """Check or read in every run that waits; says how many were handled."""
        handled = 0
        for run_id in self._waiting():
            with self.staging.held(run_id) as alone:
                if alone:
                    self._handle(run_id)
                    handled += 1
        return handled

    def _waiting(self) -> list[int]:
        working = ImportRun.state.in_((ImportState.CHECKING, ImportState.RUNNING))
        no_workbook = (
            ImportRun.state.in_(SHOWN)
            & (ImportRun.refused > 0)
            & ImportRun.errors_sha256.is_(None)
        )
        query = select(ImportRun.id).where(working | no_workbook).order_by(ImportRun.id)
        found = list(self.session.scalars(query))
        self.session.rollback()
        return found

    def _handle(self, run_id: int) -> None:
        try:
            run = self.session.get_one(ImportRun, run_id)
            if run.state is ImportState.CHECKING:
                self._check(run)
            if run.state is ImportState.RUNNING:
                self._run(run)
            if run.state in SHOWN and run.refused and not run.errors_sha256:
                self._write_errors(run)
            if run.state is ImportState.DONE:
                self.staging.forget(run_id)
        except Stopped:
            log.info("import.stopped", run=run_id)
        except Invalid as refused:
            self._fail(run_id, ";".join(refused.fields.values()))
        except FileNotFoundError:
            self._fail(run_id, GONE)
        except OperationalError as error:
            # The database is busy or away; the next sweep goes on here.
            log.warning("import.postponed", run=run_id, error=type(error).__name__)
        except Exception as error:
            log.error("import.failed", run=run_id, exc_info=error)
            self._fail(run_id, FAULT)
        finally:
            self.session.rollback()

    def _fail(self, run_id: int, words: str) -> None:
        self.session.rollback()
        with transaction(self.session):
            run = self.session.get_one(ImportRun, run_id)
            lock(self.session, run)
            if run.state in (ImportState.CHECKING, ImportState.RUNNING):
                now = self.clock()
                run.move_to(ImportState.FAILED, now=now)
                run.error, run.finished_at = words, now

    # -- The dry run -----------------------------------------------------------------

    def _check(self, run: ImportRun) -> None:
        with opened(
            self.store.path(run.sha256), KINDS[run.kind].layout, self.limits
        ) as table:
            self._describe(run, table)
            if KINDS[run.kind].layout.missing(run.mapping):
                self._end_check(run, table)
                return
            done = self._resumed(run)
            rows = itertools.islice(table.rows(), done, None)
            judge = self._judge(run, done)
            for chunk in _chunks(rows):
                verdicts = judge(self.session, chunk)
                self.session.rollback()
                self.staging.append(run.id, chunk)
                with self._step(run, ImportState.CHECKING, len(chunk)):
                    _count(run, verdicts)
                    run.report = findings.added(run.report, verdicts)
            self._end_check(run, table)

    def _describe(self, run: ImportRun, table: Table) -> None:
        """Note what was found before the first row: the person may map headings."""
        if run.report.get("headings") == table.headings and run.total:
            return
        with transaction(self.session):
            lock(self.session, run)
            if not run.mapping:
                layout = KINDS[run.kind].layout
                run.mapping = layout.propose(table.headings, table.unit)
            run.report = run.report | {
                "sheet": table.sheet,
                "headings": table.headings,
                "unit": table.unit,
                "pace": {"at": self.clock().isoformat(), "done": 0},
            }
            run.total = max(table.expected, run.done)

    def _resumed(self, run: ImportRun) -> int:
        """How many rows of the dry run stand; those staged beyond them go."""
        kept = self.staging.cut(run.id, run.done)
        if kept < run.done:
            self.staging.cut(run.id, 0)
            with transaction(self.session):
                lock(self.session, run)
                run.done = run.added = run.changed = run.same = run.refused = 0
                run.report = findings.emptied(run.report)
            return 0
        return kept

    def _end_check(self, run: ImportRun, table: Table) -> None:
        with transaction(self.session):
            self._hold(run, ImportState.CHECKING)
            now = self.clock()
            missing = KINDS[run.kind].layout.missing(run.mapping)
            run.report = run.report | {
                "notes": list(table.notes),
                "checked": not missing,
                "missing": [each.label for each in missing],
                "found": None if missing else findings.counted(run),
            }
            run.total = run.done
            run.move_to(ImportState.CHECKED, now=now)

    # -- Reading in ------------------------------------------------------------------

    def _run(self, run: ImportRun) -> None:
        self._restage(run)
        judge = self._judge(run, run.done)
        rows = itertools.islice(self.staging.rows(run.id), run.done, None)
        for chunk in _chunks(rows):
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    self._write(run, judge, chunk)
                    break
                except IntegrityError:
                    # Somebody entered one of these meanwhile: judge them anew.
                    judge.forget(chunk)
                    if attempt == ATTEMPTS:
                        raise
        with transaction(self.session):
            self._hold(run, ImportState.RUNNING)
            now = self.clock()
            run.move_to(ImportState.DONE, now=now)
            run.finished_at = now
            if run.refused != run.report["found"]["error"]:
                run.errors_sha256 = None  # rows went wrong that were right before

    def _write(self, run: ImportRun, judge: _Judge, chunk: Sequence[Row]) -> None:
        with self._step(run, ImportState.RUNNING, len(chunk)):
            verdicts = judge(self.session, chunk)
            judge.work.write(self.session, run, verdicts, now=self.clock())
            _count(run, verdicts)

    def _restage(self, run: ImportRun) -> None:
        """Read the upload again if its staged rows are not all here."""
        if self.staging.cut(run.id, run.total) == run.total:
            return
        self.staging.cut(run.id, 0)
        with opened(
            self.store.path(run.sha256), KINDS[run.kind].layout, self.limits
        ) as table:
            for chunk in _chunks(table.rows()):
                self.staging.append(run.id, chunk)

    # -- The workbook of errors ------------------------------------------------------

    def _write_errors(self, run: ImportRun) -> None:
        """The same workbook once more, with what is wrong before each row."""
        headings = run.report["headings"]
        columns = [Column("错误", 40), Column("原行号", 8, "number")]
        columns += [Column(each, 16) for each in headings]
        sheet = Sheet(run.report.get("sheet") or "错误", columns, self._marked(run))
        roomy = Store(self.store.folder, self.limits.unpacked)
        with (
            write_sheets([sheet]) as file,
            roomy.staged(cast(BinaryIO, file)) as staged,
        ):
            self.session.rollback()
            with roomy.keeping(staged), transaction(self.session):
                self._hold(run, *SHOWN)
                run.errors_sha256 = staged.sha256

    def _marked(self, run: ImportRun) -> Iterator[list[object]]:
        self._restage(run)
        judge = self._judge(run, 0)
        for chunk in _chunks(self.staging.rows(run.id)):
            verdicts = judge(self.session, chunk)
            for row, verdict in zip(chunk, verdicts, strict=True):
                words = "；".join(f"{label}：{text}" for label, text in verdict.errors)
                yield [words or None, row.number, *map(_shown, row.cells)]

    # -- Shared ----------------------------------------------------------------------

    def _judge(self, run: ImportRun, done: int) -> _Judge:
        """A judge that knows the keys of the first ``done`` rows."""
        work = KINDS[run.kind].begin(self.session, run.mapping, now=self.clock())
        places = [
            (place, run.mapping[heading].partition(":")[0])
            for place, heading in enumerate(run.report["headings"])
            if heading in run.mapping
        ]
        judge = _Judge(work, places)
        for chunk in _chunks(itertools.islice(self.staging.rows(run.id), done)):
            judge(self.session, chunk)
        self.session.rollback()
        return judge

    @contextmanager
    def _step(self, run: ImportRun, state: ImportState, rows: int) -> Iterator[None]:
        """A transaction for one chunk, with the counter that makes it count once."""
        with transaction(self.session):
            self._hold(run, state)
            run.done += rows
            run.total = max(run.total, run.done)
            run.touched_at = self.clock()
            yield

    def _hold(self, run: ImportRun, *states: ImportState) -> None:
        """Lock the run; raises `Stopped` where somebody moved it meanwhile."""
        lock(self.session, run)
        if run.state not in states:
            raise Stopped


class _Judge:
    """Judges rows in their order; a key that came before is an error.

    ``places`` are the columns that are read: (place in the row, code).
    """

    def __init__(self, work: Work, places: Sequence[tuple[int, str]]) -> None:
        self.work, self._places = work, places
        self._seen: dict[str, int] = {}

    def __call__(self, session: Session, rows: Sequence[Row]) -> list[Verdict]:
        verdicts = self.work.judge(session, [self._given(row) for row in rows])
        for verdict in verdicts:
            if not verdict.key:
                continue
            first = self._seen.setdefault(verdict.key, verdict.number)
            if first != verdict.number:
                verdict.refuse(
                    "重复", f"与第 {first} 行的编号 {verdict.key} 相同，请只留一行"
                )
        return verdicts

    def _given(self, row: Row) -> Given:
        cells = row.cells
        width = len(cells)
        return Given(
            row.number,
            {code: cells[place] for place, code in self._places if place < width},
        )

    def forget(self, rows: Sequence[Row]) -> None:
        """As if these rows had not been judged."""
        numbers = {row.number for row in rows}
        self._seen = {
            key: first for key, first in self._seen.items() if first not in numbers
        }


def _chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while chunk := list(itertools.islice(rows, CHUNK)):
        yield chunk


def tidy(session: Session, staging: Staging, *, now: datetime) -> int:
    """Delete the staged rows of runs that are over or were left for a week."""
    gone = 0
    for run_id in staging.held_runs():
        run = session.get(ImportRun, run_id)
        over = run is None or run.state is ImportState.DONE
        if over or (run is not None and now - run.touched_at > LEFT):
            staging.forget(run_id)
            gone += 1
    session.rollback()
    return gone


def _count(run: ImportRun, verdicts: Sequence[Verdict]) -> None:
    for verdict in verdicts:
        if verdict.outcome is Outcome.NEW:
            run.added += 1
        elif verdict.outcome is Outcome.CHANGED:
            run.changed += 1
        elif verdict.outcome is Outcome.SAME:
            run.same += 1
        else:
            run.refused += 1


def _shown(cell: Cell) -> object:
    return None if cell is UNCOMPUTED else cell
