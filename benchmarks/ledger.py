"""Read a generated ledger in: seconds, memory above idle, and what a kill leaves.

    python -m benchmarks.ledger [--rows 26000] [--rival] [--kill] [--folder DIR]

Each step runs in a process of its own over an instance folder of its own (SQLite, or
the database of MATCHMAKER_DATABASE_URL, which must be empty): the check and the
reading in, both as the worker does them; then the same file again, which must change
nothing. ``--kill`` reads a second ledger in and kills the worker with SIGKILL twice:
when half of the rows are judged, and while they are being entered. After each not one
of them may be in; in the end exactly all must be. ``--rival`` does what most scripts do
instead: the whole workbook in memory (openpyxl), one ORM object a row, one commit. Exit
status 1 if a count is wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from openpyxl import load_workbook
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from matchmaker.accounts import service as accounts
from matchmaker.accounts.schema import NewUser
from matchmaker.attachments.store import Store
from matchmaker.config import Settings
from matchmaker.imports import service
from matchmaker.imports.staging import Staging
from matchmaker.imports.worker import Importer
from matchmaker.ledger.columns import LAYOUT
from matchmaker.money import Unit
from matchmaker.schema import parse
from matchmaker.sheets.cells import amount, day
from matchmaker.sheets.guard import Limits
from matchmaker.sheets.writer import Column, Sheet, write_sheets
from models import Contract, ImportRun, User, create_db_engine, migrate
from models.regions import DISTRICT_CODES
from models.states import (
    ContractSource,
    ContractState,
    ContractType,
    ImportState,
)

from . import processes

KIND = "contracts"
TYPES = ("委托开发", "合作开发", "专利权转让", "专利实施许可", "技术咨询", "技术服务")
FIELDS = (
    "电子信息",
    "先进制造",
    "新材料及其应用",
    "农业",
    "现代交通",
    "城市建设与社会发展",
)
MANNERS = ("一次总付", "分期支付", "提成支付")
PROVINCES = ("广东省", "湖北省", "北京市", "上海市")
POLL_SECONDS = 0.02
# About half of what entering a row takes.
ENTERING_SECONDS = 0.00003


def rows(number: int, seed: int, prefix: str) -> Iterator[list[object]]:
    """Rows under the headings of the layout, as a city's ledger has them."""
    random = Random(seed)
    regions = [*DISTRICT_CODES.values(), *PROVINCES]
    for place in range(number):
        total = round(random.lognormvariate(4, 1.2), 4)
        signed = date(2025, 1, 1) + timedelta(days=random.randrange(330))
        cells: dict[str, object] = {
            "registration_number": f"{prefix}{place:08d}",
            "name": f"{random.choice(FIELDS)}方向第 {place} 号系统研制与应用",
            "type": random.choice(TYPES),
            "total": total,
            "technology": round(total * random.uniform(0.5, 1), 4),
            "signed_on": signed,
            "recognised_on": signed + timedelta(days=random.randrange(30)),
            "starts_on": signed,
            "ends_on": signed + timedelta(days=random.randrange(30, 900)),
            "technology_field": random.choice(FIELDS),
            "ip_kind": random.choice(("专利", "技术秘密", "未涉及知识产权")),
            "plan_source": random.choice(("计划外", "省级计划")),
            "payment_manner": random.choice(MANNERS),
            "is_related_deal": "否",
            "office": "长沙市技术合同认定登记处",
        }
        for side, kinds in (("seller", ("高等院校", "企业")), ("buyer", ("企业",))):
            cells[f"{side}_name"] = f"{side}第 {random.randrange(4000)} 号单位有限公司"
            cells[f"{side}_kind"] = random.choice(kinds)
            cells[f"{side}_region"] = random.choice(regions)
        yield [cells.get(each.code) for each in LAYOUT.fields]


def write(path: Path, number: int, seed: int, prefix: str) -> None:
    """Save such a ledger as a workbook."""
    columns = [
        Column(f"{each.label}（万元）" if each.is_money else each.label)
        for each in LAYOUT.fields
    ]
    with write_sheets([Sheet("台账", columns, rows(number, seed, prefix))]) as file:
        path.write_bytes(file.read())


# -- The steps, each in a process of its own ------------------------------------------


def _importer(session: Session, settings: Settings) -> Importer:
    return Importer(
        session,
        Store(settings.attachment_dir, settings.import_bytes),
        Staging(settings.import_dir),
        Limits(rows=settings.import_rows),
        lambda: datetime.now(UTC),
    )


def _session(settings: Settings) -> Session:
    return Session(create_db_engine(settings.url))


def step_check(settings: Settings, path: Path) -> dict[str, Any]:
    """Upload the file and check it, as page and worker do."""
    from matchmaker import create_app

    create_app(settings)  # what a worker holds before any work
    with _session(settings) as session:
        actor = session.scalars(select(User)).first()
        assert actor is not None
        store = Store(settings.attachment_dir, settings.import_bytes)
        idle, began = processes.idle_memory(), _clocks()
        with path.open("rb") as file:
            run = service.upload(
                session, store, actor, KIND, path.name, file, now=datetime.now(UTC)
            )
        run_id = run.id
        _importer(session, settings).work_off()
        return _report(session, run_id, began, idle)


def step_run(settings: Settings, path: Path) -> dict[str, Any]:
    """Read the last checked file in; goes on with one that was begun."""
    from matchmaker import create_app

    create_app(settings)
    with _session(settings) as session:
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
        idle, began = processes.idle_memory(), _clocks()
        _importer(session, settings).work_off()
        return _report(session, run_id, began, idle)


def step_rival(settings: Settings, path: Path) -> dict[str, Any]:
    """The whole workbook in memory, an object a row, one commit."""
    from matchmaker import create_app

    create_app(settings)
    places = {each.code: place for place, each in enumerate(LAYOUT.fields)}
    now = datetime.now(UTC)
    with _session(settings) as session:
        idle, began, used = (
            processes.idle_memory(),
            time.perf_counter(),
            time.process_time(),
        )
        page = load_workbook(path).worksheets[0]
        for number, cells in enumerate(page.iter_rows(min_row=2, values_only=True)):

            def of(code: str, cells: tuple[Any, ...] = cells) -> Any:
                return cells[places[code]]

            session.add(
                Contract(
                    code=f"RV-{number:07d}",
                    registration_number=str(of("registration_number")),
                    source=ContractSource.IMPORTED,
                    state=ContractState.RECOGNISED,
                    state_since=now,
                    name=of("name"),
                    type=ContractType.SERVICE,
                    total_fen=amount(of("total"), Unit.WAN),
                    technology_fen=amount(of("technology"), Unit.WAN),
                    signed_on=day(of("signed_on")),
                    recognised_on=day(of("recognised_on")),
                    buyer_name=of("buyer_name"),
                    seller_name=of("seller_name"),
                    created_at=now,
                    updated_at=now,
                )
            )
        session.commit()
        return {
            "seconds": time.perf_counter() - began,
            "cpu": time.process_time() - used,
            "peak": processes.own_memory("VmHWM") - idle,
            "rows": session.scalar(select(func.count()).select_from(Contract)),
        }


def _clocks() -> tuple[float, float]:
    """Seconds of the wall, and of this process alone: other work on the machine slows
    the first, not the second."""
    return time.perf_counter(), time.process_time()


def _report(
    session: Session, run_id: int, began: tuple[float, float], idle: float
) -> dict[str, Any]:
    seconds, cpu = (now - then for now, then in zip(_clocks(), began, strict=True))
    peak = processes.own_memory("VmHWM") - idle
    session.expire_all()
    run = session.get_one(ImportRun, run_id)
    return {
        "seconds": seconds,
        "cpu": cpu,
        "peak": peak,
        "state": run.state.value,
        "error": run.error,
        "counts": [run.added, run.changed, run.same, run.refused],
        "rows": session.scalar(select(func.count()).select_from(Contract)),
    }


STEPS = {"check": step_check, "run": step_run, "rival": step_rival}


# -- The run ---------------------------------------------------------------------------


class Bench:
    """An instance folder with one member of staff, and what is measured over it."""

    def __init__(self, folder: Path, number: int) -> None:
        self.number, self.wrong = number, 0
        self.environment = {"MATCHMAKER_INSTANCE_DIR": str(folder / "instance")}
        self.folder = folder
        self.both = 0.0, 0.0
        self.settings = Settings(instance_dir=folder / "instance")
        self.settings.instance_dir.mkdir(parents=True, exist_ok=True)
        engine = create_db_engine(self.settings.url)
        migrate.upgrade(engine)
        with Session(engine) as session:
            person = {
                "email": "bench@example.com",
                "name": "登记员",
                "password": "lushan-bench-2026",
                "role": "staff",
            }
            accounts.add_user(session, parse(NewUser, person), now=datetime.now(UTC))
        engine.dispose()

    def command(self, step: str, path: Path) -> list[str]:
        return [sys.executable, "-m", "benchmarks.ledger", "--step", step, str(path)]

    def step(self, name: str, step: str, path: Path) -> dict[str, Any]:
        """Run the step, print its line, give what it reports."""
        report = processes.reported(self.command(step, path), self.environment)
        print(
            f"{name:<26}{report['seconds']:8.1f} s {report['cpu']:7.1f} s of CPU "
            f"{report['peak']:6.0f} MiB "
            f"{report['rows']:>8,} contracts  {report.get('counts', '')}"
        )
        return report

    def expect(self, what: str, found: object, wanted: object) -> None:
        if found != wanted:
            self.wrong += 1
            print(f"WRONG: {what}: {found}, expected {wanted}")

    def import_once(self) -> None:
        """Check, read in, and both once more."""
        path = self.folder / "ledger.xlsx"
        write(path, self.number, 7, "2025430100")
        print(f"{self.number:,} rows, {path.stat().st_size / 1e6:.1f} MB\n")
        check = self.step("check", "check", path)
        run = self.step("read in", "run", path)
        self.expect("rows", run["rows"], self.number)
        self.expect("state", run["state"], "done")
        total, cpu = (check[name] + run[name] for name in ("seconds", "cpu"))
        peak = max(check["peak"], run["peak"])
        print(
            f"{'both':<26}{total:8.1f} s {cpu:7.1f} s of CPU "
            f"{peak:6.0f} MiB above idle\n"
        )
        self.both = total, peak
        self.step("check again", "check", path)
        again = self.step("read in again", "run", path)
        self.expect("counts of the same", again["counts"], [0, 0, self.number, 0])
        self.expect("rows after the same", again["rows"], self.number)

    def kill(self) -> None:
        """Kill the worker half-way and again at the end, then let it go on."""
        path = self.folder / "second.xlsx"
        write(path, self.number, 8, "2026430100")
        before = self._rows()
        self.step("check of another", "check", path)
        for what, until in (
            ("half judged", self.number // 2),
            ("all judged, being entered", self.number),
        ):
            process = subprocess.Popen(
                self.command("run", path),
                env=os.environ | self.environment,
                stdout=subprocess.DEVNULL,
            )
            while self._done() < until and process.poll() is None:
                time.sleep(POLL_SECONDS)
            if until == self.number:
                time.sleep(self.number * ENTERING_SECONDS)
            process.kill()
            self.expect("the worker's end", process.wait(), -signal.SIGKILL)
            print(f"killed with {what}: {self._done():,} rows stand as judged")
            self.expect(f"contracts of the file, {what}", self._rows() - before, 0)
        report = self.step("read in after the kills", "run", path)
        self.expect("rows", report["rows"] - before, self.number)
        self.expect("counts", report["counts"], [self.number, 0, 0, 0])

    def _done(self) -> int:
        query = select(ImportRun.done).where(ImportRun.state == ImportState.RUNNING)
        with Session(create_db_engine(self.settings.url)) as session:
            return session.scalar(query.order_by(ImportRun.id.desc())) or 0

    def _rows(self) -> int:
        with Session(create_db_engine(self.settings.url)) as session:
            return session.scalar(select(func.count()).select_from(Contract)) or 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=26_000)
    parser.add_argument("--rival", action="store_true")
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--step", nargs=2, metavar=("STEP", "FILE"))
    given = parser.parse_args()
    if given.step:
        step, path = given.step
        print(json.dumps(STEPS[step](Settings(), Path(path))))
        return
    with tempfile.TemporaryDirectory() as passing:
        folder = given.folder or Path(passing)
        bench = Bench(folder, given.rows)
        bench.import_once()
        if given.kill:
            bench.kill()
        if given.rival:
            rival = Bench(folder / "rival", given.rows)
            other = rival.step("rival", "rival", folder / "ledger.xlsx")
            seconds, peak = bench.both
            print(
                f"\nrival / ours: {other['seconds'] / seconds:.2f} of the time, "
                f"{other['peak'] / peak:.1f} of the memory"
            )
    raise SystemExit(1 if bench.wrong else 0)


if __name__ == "__main__":
    main()
