"""What the worker does with an import: check it, then enter it, all rows at once.

Judging goes by in chunks, each with the counter that says how far the run has got: a
process may be killed at any moment, and the next one goes on at the row reached. What
was judged is entered in one transaction at the end. So the tables never hold a part of
a file, and «all or nothing» is decided by the very rows that are entered.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, cast

import structlog
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from models import ImportRun, User, transaction
from models.session import in_turn, lock
from models.states import ImportState

from .. import policies
from ..attachments.store import Store
from ..errors import Invalid
from ..sheets.guard import Limits
from ..sheets.layout import UNITS
from ..sheets.reader import UNCOMPUTED, Cell, Row, Table, opened
from ..sheets.writer import Column, Sheet, write_sheets
from . import findings, mappings
from .judging import Judge, chunks, count, uncount
from .kinds import ACTIONS, KINDS
from .passing import Overtaken, Passing, passing
from .staging import Lines, Staging
from .verdicts import Verdict

log = structlog.get_logger()

ATTEMPTS = 3
FAULT = "系统出错，已记录。没有导入任何一行，可以重试；仍不成功请联系平台管理员"
NO_RIGHT = (
    "上传的人已不能再导入这类记录（账号停用、换了单位或权限有变），没有导入任何一行。"
    "请由有权限的人重新上传"
)
GONE = "上传的文件已不在服务器上，请重新上传"

# When the errors of a run are all known.
SHOWN = (ImportState.CHECKED, ImportState.DONE)

Clock = Callable[[], datetime]
Keep = Callable[[Sequence[Row], Sequence[Verdict]], None]


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
        """Check or enter every run that waits; says how many were handled."""
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
            & (ImportRun.sha256 != "")
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
        self._require_right(run)
        with self._opened(run) as table:
            self._describe(run, table)
            if not KINDS[run.kind].layout.missing(run.mapping):
                rows = self.staging.rows(run.id)
                done = self._resumed(run, rows, self.staging.told(run.id))
                self._judge_rows(
                    run, table.rows(), done, lambda chunk, _: rows.append(chunk)
                )
            self._end_check(run, table)

    def _describe(self, run: ImportRun, table: Table) -> None:
        """Note what was found before the first row: the person may map headings."""
        if run.report.get("headings") == table.headings and run.total:
            return
        with transaction(self.session):
            self._hold(run, ImportState.CHECKING)
            if not run.mapping:
                layout = KINDS[run.kind].layout
                run.mapping = mappings.proposed(
                    self.session, run, layout, table.headings, table.unit
                )
            run.report = run.report | {
                "sheet": table.sheet,
                "headings": table.headings,
                "unit": table.unit,
                "pace": {"at": self.clock().isoformat(), "done": 0},
            }
            run.total = max(table.expected, run.done)

    def _end_check(self, run: ImportRun, table: Table) -> None:
        with transaction(self.session):
            self._hold(run, ImportState.CHECKING)
            missing = KINDS[run.kind].layout.missing(run.mapping)
            run.report = run.report | {
                "notes": list(table.notes),
                "checked": not missing,
                "missing": [each.label for each in missing],
                "found": None if missing else findings.counted(run),
            }
            run.total = run.done
            run.move_to(ImportState.CHECKED, now=self.clock())

    # -- Entering --------------------------------------------------------------------

    def _run(self, run: ImportRun) -> None:
        self._require_right(run)
        self._restage(run)
        for attempt in range(1, ATTEMPTS + 1):
            self._judge_again(run)
            if not self._may_enter(run):
                return
            try:
                self._enter(run)
                return
            except (Overtaken, IntegrityError):
                # Somebody changed one of these records since it was judged.
                if attempt == ATTEMPTS:
                    raise
                self._begin_again(run, self.staging.verdicts(run.id))

    def _judge_again(self, run: ImportRun) -> None:
        """Hold every row against the tables as they are now; nothing is entered yet."""
        verdicts = self.staging.verdicts(run.id)
        done = self._resumed(run, verdicts, self.staging.told(run.id))
        self._judge_rows(
            run,
            self.staging.rows(run.id),
            done,
            lambda _, judged: verdicts.append(judged),
        )

    def _may_enter(self, run: ImportRun) -> bool:
        """Whether nothing stands against it; else the run goes back to the person."""
        with transaction(self.session):
            self._hold(run, ImportState.RUNNING)
            run.report = run.report | {"found": findings.counted(run)}
            if run.report.get("wrong") != run.report.get("workbook_of"):
                run.errors_sha256 = None  # other rows are wrong than those it shows
            if run.refused and not run.skip_errors:
                run.report = run.report | {"turned": True}
                run.move_to(ImportState.CHECKED, now=self.clock())
        return run.state is ImportState.RUNNING

    def _enter(self, run: ImportRun) -> None:
        """Make all ready, then enter it at once: others wait for the second alone."""
        kind, now = KINDS[run.kind], self.clock()
        with passing(self.session, *kind.tables) as ready:
            self._prepare(run, ready, now)
            with transaction(self.session):
                self._hold(run, ImportState.RUNNING)
                self._require_right(run)
                in_turn(self.session, f"import.{run.kind}")
                kind.refuse_overtaken(self.session, ready, run)
                ready.enter()
                kind.finish(self.session, ready, run, now=now)
                run.move_to(ImportState.DONE, now=now)
                run.finished_at = now

    def _prepare(self, run: ImportRun, ready: Passing, now: datetime) -> None:
        prepared = 0
        for verdicts in chunks(self.staging.verdicts(run.id)):
            KINDS[run.kind].prepare(self.session, ready, run, verdicts, now=now)
            self.session.commit()
            prepared += len(verdicts)
        if prepared != run.done:
            raise Overtaken  # what was staged is not all there any more

    def _restage(self, run: ImportRun) -> None:
        """Read the upload again if its staged rows are not all here."""
        rows = self.staging.rows(run.id)
        if rows.cut(run.total) == run.total:
            return
        rows.cut(0)
        with self._opened(run) as table:
            for chunk in chunks(table.rows()):
                rows.append(chunk)

    # -- The workbook of errors ------------------------------------------------------

    def _write_errors(self, run: ImportRun) -> None:
        """The same workbook once more, with what is wrong before each row."""
        headings = run.report["headings"]
        columns = [Column("错误", 40), Column("原行号", 8, "number")]
        columns += [Column(each, 16) for each in headings]
        # What a line above the headings said of money holds for the copy as well.
        unit = run.report.get("unit")
        notes = [f"单位：{UNITS[unit].words}"] if unit else []
        title = run.report.get("sheet") or "错误"
        sheet = Sheet(title, columns, self._marked(run), notes)
        roomy = Store(self.store.folder, self.limits.unpacked)
        with (
            write_sheets([sheet]) as file,
            roomy.staged(cast(BinaryIO, file)) as staged,
        ):
            self.session.rollback()
            with roomy.keeping(staged), transaction(self.session):
                self._hold(run, *SHOWN)
                run.errors_sha256 = staged.sha256
                run.report = run.report | {"workbook_of": run.report.get("wrong")}

    def _marked(self, run: ImportRun) -> Iterator[list[object]]:
        self._restage(run)
        judge = self._judge(run, 0)
        for chunk in chunks(self.staging.rows(run.id)):
            verdicts = judge(self.session, chunk)
            for row, verdict in zip(chunk, verdicts, strict=True):
                words = "；".join(f"{label}：{text}" for label, text in verdict.errors)
                yield [words or None, row.number, *map(_shown, row.cells)]

    # -- Shared ----------------------------------------------------------------------

    @contextmanager
    def _opened(self, run: ImportRun) -> Iterator[Table]:
        if not run.sha256:
            raise FileNotFoundError
        layout = KINDS[run.kind].layout
        with opened(self.store.path(run.sha256), layout, self.limits) as table:
            yield table

    def _judge_rows(
        self, run: ImportRun, rows: Iterable[Row], done: int, keep: Keep
    ) -> None:
        """Judge what comes after the first ``done`` rows, some at a time."""
        state, judge = run.state, self._judge(run, done)
        told = self.staging.told(run.id)
        for chunk in chunks(itertools.islice(rows, done, None)):
            verdicts = judge(self.session, chunk)
            self.session.rollback()
            keep(chunk, verdicts)
            told.append(map(findings.told, verdicts))
            # The counter moves last: what is staged beyond it is judged anew.
            with transaction(self.session):
                self._hold(run, state)
                count(run, verdicts)
                run.report = findings.added(run.report, verdicts)
                run.done += len(chunk)
                run.total = max(run.total, run.done)
                run.touched_at = self.clock()

    def _resumed(self, run: ImportRun, *staged: Lines[Any]) -> int:
        """How many rows stand as they were judged; what is staged beyond them goes."""
        kept = min(lines.cut(run.done) for lines in staged)
        if kept < run.done:
            self._begin_again(run, *staged)
        return run.done

    def _begin_again(self, run: ImportRun, *staged: Lines[Any]) -> None:
        for lines in (*staged, self.staging.told(run.id)):
            lines.cut(0)
        with transaction(self.session):
            self._hold(run, ImportState.CHECKING, ImportState.RUNNING)
            uncount(run)
            run.report = findings.emptied(run.report)

    def _judge(self, run: ImportRun, done: int) -> Judge:
        """A judge that knows the keys of the first ``done`` rows."""
        work = KINDS[run.kind].begin(self.session, run, now=self.clock())
        judge = Judge(work, run.report["headings"], run.mapping)
        for chunk in chunks(itertools.islice(self.staging.rows(run.id), done)):
            judge(self.session, chunk)
        self.session.rollback()
        return judge

    def _require_right(self, run: ImportRun) -> None:
        """Whoever sent the file must still be one who may; raises `Invalid`."""
        actor = self.session.get_one(User, run.uploader_id, populate_existing=True)
        allowed = policies.may(actor, ACTIONS[run.kind], run)
        if not allowed or run.manner not in KINDS[run.kind].manners(actor):
            raise Invalid({"file": NO_RIGHT})

    def _hold(self, run: ImportRun, *states: ImportState) -> None:
        """Lock the run; raises `Stopped` where somebody moved it meanwhile."""
        lock(self.session, run)
        if run.state not in states:
            raise Stopped


def _shown(cell: Cell) -> object:
    return None if cell is UNCOMPUTED else cell
