"""Read a generated file of needs in: rows a second, memory, and what a kill leaves.

    python -m benchmarks.imports [--rows 20000] [--beside] [--rival] [--kill]
                                 [--folder DIR]

Each step runs in a process of its own over an instance folder of its own (SQLite, or
the database of MATCHMAKER_DATABASE_URL, which must be empty): the check and the reading
in, as the worker does them, as drafts of one firm; then the same file again, which must
change nothing. ``--kill`` reads a second file in and kills the worker with SIGKILL when
half of the check is done, half of the judging, and while the rows are being entered:
none may be in until all are. ``--beside`` reads a file in, and one that changes every
row of it, while another process writes a tiny row five times a second, and tells how
long that one had to wait and whether it was refused. ``--rival`` does what most
scripts do instead: the whole workbook in memory (openpyxl), the form's own model, an
ORM object a row, one commit.
Memory is the peak above the idle process, and of it the pages of the database that the
system keeps anyway (`models.session.MAPPED_BYTES`). Exit status 1 if a count is wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import select as waiting
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from matchmaker.accounts import service as accounts
from matchmaker.accounts.schema import NewUser
from matchmaker.attachments.store import Store
from matchmaker.config import Settings
from matchmaker.history import service as history
from matchmaker.imports import service
from matchmaker.imports.staging import Staging
from matchmaker.imports.worker import Importer
from matchmaker.schema import parse
from matchmaker.sheets.guard import Limits
from models import (
    ImportRun,
    Need,
    OutboxTask,
    User,
    create_db_engine,
    migrate,
    transaction,
)
from models.states import ImportState

from . import need_rival, need_tables, processes

KIND = "needs"
POLL_SECONDS = 0.02
# About half of what entering a row takes.
ENTERING_SECONDS = 0.00004
BESIDE_SECONDS = 0.2
# Until the other process writes.
STARTING_SECONDS = 5


# -- The steps, each in a process of its own ------------------------------------------


def _importer(session: Session, settings: Settings) -> Importer:
    return Importer(
        session,
        Store(settings.attachment_dir, settings.import_bytes),
        Staging(settings.import_dir),
        Limits(rows=settings.import_rows),
        lambda: datetime.now(UTC),
    )


def step_check(session: Session, settings: Settings, path: Path) -> int:
    """Upload the file and check it, as page and worker do."""
    actor = session.scalars(select(User)).one()
    store = Store(settings.attachment_dir, settings.import_bytes)
    waiting = session.scalars(
        select(ImportRun.id).where(ImportRun.state == ImportState.CHECKING)
    ).first()
    if waiting is None:
        with path.open("rb") as file:
            run = service.upload(
                session, store, actor, KIND, path.name, file, now=datetime.now(UTC)
            )
        waiting = run.id
    _importer(session, settings).work_off()
    return waiting


def step_run(session: Session, settings: Settings, _path: Path) -> int:
    """Read the last checked file in; goes on with one that was begun."""
    run = session.scalars(select(ImportRun).order_by(ImportRun.id.desc())).first()
    assert run is not None
    run_id = run.id
    if run.state is ImportState.CHECKED:
        service.start(
            session,
            session.get_one(User, run.uploader_id),
            KIND,
            run_id,
            skip_errors=False,
            now=datetime.now(UTC),
        )
    session.rollback()
    _importer(session, settings).work_off()
    return run_id


STEPS = {"check": step_check, "run": step_run, "rival": need_rival.read_in}


def write_beside() -> dict[str, Any]:
    """Write a tiny row again and again until nobody listens; how long each waited."""
    waits: list[float] = []
    refused = 0
    with Session(create_db_engine(Settings().url)) as session:
        while not waiting.select([sys.stdin], [], [], BESIDE_SECONDS)[0]:
            began = time.perf_counter()
            try:
                with transaction(session):
                    actor = session.scalars(select(User)).one()
                    history.record(
                        session, actor, "bench", actor, now=datetime.now(UTC)
                    )
            except OperationalError:
                refused += 1
            waits.append(time.perf_counter() - began)
    return {"written": len(waits), "longest": max(waits), "refused": refused}


def run_step(name: str, path: Path) -> dict[str, Any]:
    """What the step took, in the process at hand, and what is in the tables then."""
    from matchmaker import create_app

    settings = Settings()
    create_app(settings)  # what a worker holds before any work
    with Session(create_db_engine(settings.url)) as session:
        idle, began, used = (
            processes.idle_memory(),
            time.perf_counter(),
            time.process_time(),
        )
        mapped = processes.own_memory("RssFile")
        run_id = STEPS[name](session, settings, path)
        report: dict[str, Any] = {
            "seconds": time.perf_counter() - began,
            "cpu": time.process_time() - used,
            "peak": processes.own_memory("VmHWM") - idle,
            "mapped": processes.own_memory("RssFile") - mapped,
        }
        session.expire_all()
        if run_id:
            run = session.get_one(ImportRun, run_id)
            report |= {
                "state": run.state.value,
                "error": run.error,
                "counts": [
                    run.added,
                    run.changed,
                    run.same,
                    run.suspected,
                    run.refused,
                ],
            }
        return report | {"rows": session.scalar(select(func.count(Need.id)))}


# -- The run ---------------------------------------------------------------------------


class Bench:
    """An instance folder with one firm, and what is measured over it."""

    def __init__(self, folder: Path, number: int) -> None:
        self.number, self.wrong, self.folder = number, 0, folder
        self.environment = {"MATCHMAKER_INSTANCE_DIR": str(folder / "instance")}
        self.both = 0.0, 0.0, 0.0
        self.settings = Settings(instance_dir=folder / "instance")
        self.settings.instance_dir.mkdir(parents=True, exist_ok=True)
        self.engine = create_db_engine(self.settings.url)
        migrate.upgrade(self.engine)
        with Session(self.engine) as session:
            person = {
                "email": "bench@example.com",
                "name": "经办人",
                "password": "lushan-bench-2026",
                "role": "enterprise",
                "organisation": "湘江电池有限公司",
            }
            accounts.add_user(session, parse(NewUser, person), now=datetime.now(UTC))

    def command(self, step: str, path: Path) -> list[str]:
        return [sys.executable, "-m", "benchmarks.imports", "--step", step, str(path)]

    def step(self, name: str, step: str, path: Path) -> dict[str, Any]:
        """Run the step, print its line, give what it reports."""
        report = processes.reported(self.command(step, path), self.environment)
        print(
            f"{name:<24}{report['seconds']:8.1f} s {report['cpu']:7.1f} s of CPU "
            f"{self.number / report['seconds']:8,.0f} rows/s {report['peak']:6.0f} MiB "
            f"({report['mapped']:.0f} mapped) "
            f"{report['rows']:>8,} needs  {report.get('counts', '')}"
        )
        return report

    def expect(self, what: str, found: object, wanted: object) -> None:
        if found != wanted:
            self.wrong += 1
            print(f"WRONG: {what}: {found}, expected {wanted}")

    def import_once(self) -> None:
        """Check, read in, and both once more."""
        path = self.folder / "needs.xlsx"
        need_tables.write(path, self.number, 7, "A")
        print(f"{self.number:,} rows, {path.stat().st_size / 1e6:.1f} MB\n")
        check = self.step("check", "check", path)
        run = self.step("read in", "run", path)
        self.expect("rows", run["rows"], self.number)
        self.expect("state", run["state"], "done")
        self.expect("texts that wait to be encoded", self._count(OutboxTask.id), 0)
        total, cpu = (check[name] + run[name] for name in ("seconds", "cpu"))
        peak = max(check["peak"], run["peak"])
        rate = self.number / total
        print(
            f"{'both':<24}{total:8.1f} s {cpu:7.1f} s of CPU "
            f"{rate:8,.0f} rows/s {peak:6.0f} MiB\n"
        )
        self.both = total, cpu, peak
        self.step("check again", "check", path)
        again = self.step("read in again", "run", path)
        self.expect("the same", again["counts"], [0, 0, self.number, 0, 0])
        self.expect("rows after the same", again["rows"], self.number)

    def beside(self) -> None:
        """How long others wait to write while new rows are entered, and changes."""
        path = self.folder / "beside.xlsx"
        for what, park in (("new", ""), ("changed", "麓谷")):
            need_tables.write(path, self.number, 9, "C", park)
            self.step(f"check, {what}", "check", path)
            with subprocess.Popen(
                [sys.executable, "-m", "benchmarks.imports", "--beside-process"],
                env=os.environ | self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            ) as other:
                time.sleep(STARTING_SECONDS)
                report = self.step(f"read in, {what}", "run", path)
                told = json.loads(other.communicate()[0])
            place = ("new", "changed").index(what)
            self.expect(what, report["counts"][place], self.number)
            self.expect("writes refused", told["refused"], 0)
            print(
                f"beside {what} rows: {told['written']} writes, the longest waited "
                f"{told['longest']:.2f} s, {told['refused']} refused; load of the "
                f"machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n"
            )

    def kill(self) -> None:
        """Kill the worker in each part of its work, then let it go on."""
        path = self.folder / "second.xlsx"
        need_tables.write(path, self.number, 8, "B")
        before = self._count(Need.id)
        self._killed("check", path, ImportState.CHECKING, self.number // 2)
        self.step("check after a kill", "check", path)
        for until in (self.number // 2, self.number):
            self._killed("run", path, ImportState.RUNNING, until)
            self.expect("needs of the file", self._count(Need.id) - before, 0)
        report = self.step("read in after the kills", "run", path)
        self.expect("rows", report["rows"] - before, self.number)
        self.expect("counts", report["counts"], [self.number, 0, 0, 0, 0])

    def _killed(self, step: str, path: Path, state: ImportState, until: int) -> None:
        process = subprocess.Popen(
            self.command(step, path),
            env=os.environ | self.environment,
            stdout=subprocess.DEVNULL,
        )
        while self._done(state) < until and process.poll() is None:
            time.sleep(POLL_SECONDS)
        if until == self.number:
            time.sleep(self.number * ENTERING_SECONDS)
        process.kill()
        self.expect("the worker's end", process.wait(), -signal.SIGKILL)
        print(f"killed while {state.value}: {self._done(state):,} rows stand as judged")

    def _done(self, state: ImportState) -> int:
        query = select(ImportRun.done).where(ImportRun.state == state)
        with Session(self.engine) as session:
            return session.scalar(query.order_by(ImportRun.id.desc())) or 0

    def _count(self, column: Any) -> int:
        with Session(self.engine) as session:
            return session.scalar(select(func.count(column))) or 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--beside", action="store_true")
    parser.add_argument("--beside-process", action="store_true", help="for itself")
    parser.add_argument("--rival", action="store_true")
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--step", nargs=2, metavar=("STEP", "FILE"))
    given = parser.parse_args()
    if given.step:
        step, path = given.step
        print(json.dumps(run_step(step, Path(path))))
        return
    if given.beside_process:
        print(json.dumps(write_beside()))
        return
    with tempfile.TemporaryDirectory() as passing:
        folder = given.folder or Path(passing)
        bench = Bench(folder, given.rows)
        bench.import_once()
        if given.beside:
            bench.beside()
        if given.kill:
            bench.kill()
        if given.rival:
            rival = Bench(folder / "rival", given.rows)
            other = rival.step("rival", "rival", folder / "needs.xlsx")
            seconds, cpu, peak = bench.both
            print(
                f"\nrival / ours: {other['seconds'] / seconds:.2f} of the time, "
                f"{other['cpu'] / cpu:.2f} of the CPU, "
                f"{other['peak'] / peak:.1f} of the memory"
            )
    raise SystemExit(1 if bench.wrong else 0)


if __name__ == "__main__":
    main()
