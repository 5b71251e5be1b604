"""Ledgers for tests: rows as people keep them, and the way through an import."""

import io
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook

from matchmaker.attachments.store import Store
from matchmaker.imports import service
from matchmaker.imports.staging import Staging
from matchmaker.imports.worker import Importer
from matchmaker.sheets.guard import Limits
from models import ImportRun

HEAD = (
    "序号",
    "合同登记编号",
    "合同名称",
    "合同类别",
    "合同成交总额(万元)",
    "其中：技术交易额(万元)",
    "签订日期",
    "认定日期",
    "卖方名称",
    "卖方信用代码",
    "卖方所在地",
    "买方名称",
    "买方性质",
    "买方所在地",
    "技术领域",
    "备注",
)
ROW: Mapping[str, Any] = {
    "合同登记编号": "2026430100000001",
    "合同名称": "储能电站热失控预警系统开发",
    "合同类别": "委托开发",
    "合同成交总额(万元)": 120.5,
    "其中：技术交易额(万元)": "100万",
    "签订日期": date(2026, 3, 1),
    "认定日期": "2026年3月20日",
    "卖方名称": "岳麓理工大学",
    "卖方所在地": "岳麓区",
    "买方名称": "湘江电池有限公司",
    "买方性质": "企业法人",
    "买方所在地": "430121",
    "技术领域": "新能源与高效节能",
}


def row(number: int = 1, **given: Any) -> list[Any]:
    """A row of the ledger; ``given`` replaces cells by their heading."""
    cells = dict(ROW) | {"合同登记编号": f"202643010000{number:04d}"} | given
    return [number, *(cells.get(name) for name in HEAD[1:])]


def book(*rows: list[Any], head: Any = HEAD) -> io.BytesIO:
    """A saved workbook of these rows under the headings."""
    workbook = Workbook()
    page = workbook.active
    for each in (head, *rows):
        page.append(list(each))
    file = io.BytesIO()
    workbook.save(file)
    file.seek(0)
    return file


class Imports:
    """What staff and worker do with a ledger, on the folders of the test."""

    def __init__(self, session: Any, make: Any, settings: Any, folder: Path) -> None:
        self.session, self.make = session, make
        self.store = Store(settings.attachment_dir, 10_000_000)
        self.staging = Staging(folder)
        self.actor = make.staff()

    def upload(
        self, *rows: list[Any], head: Any = HEAD, name: str = "台账.xlsx"
    ) -> Any:
        file = book(*rows, head=head)
        return self.send(file, name)

    def send(self, file: Any, name: str = "台账.xlsx") -> ImportRun:
        run = service.upload(
            self.session,
            self.store,
            self.actor,
            "contracts",
            name,
            file,
            now=self.make.now,
        )
        return self.work(run.id)

    def start(self, run: ImportRun, *, skip_errors: bool = False) -> ImportRun:
        service.start(
            self.session,
            self.actor,
            "contracts",
            run.id,
            skip_errors=skip_errors,
            now=self.make.now,
        )
        return self.work(run.id)

    def importer(self) -> Importer:
        return Importer(
            self.session,
            self.store,
            self.staging,
            Limits(rows=5000),
            lambda: self.make.now,
        )

    def work(self, run_id: int) -> ImportRun:
        self.session.rollback()
        self.importer().work_off()
        self.session.expire_all()
        return self.session.get_one(ImportRun, run_id)

    def through(self, *rows: list[Any], skip_errors: bool = False) -> ImportRun:
        """Uploaded, checked and read in."""
        return self.start(self.upload(*rows), skip_errors=skip_errors)


def saved(path: Path) -> Any:
    """The workbook at ``path``, whatever the file is called."""
    return load_workbook(io.BytesIO(path.read_bytes()))


def counts(run: ImportRun) -> tuple[int, int, int, int]:
    """New, changed, the same, refused."""
    return run.added, run.changed, run.same, run.refused


def errors(run: ImportRun) -> list[tuple[int, str, str]]:
    """(row, column, words) of every error that is shown."""
    return [
        (each["row"], label, words)
        for each in run.report.get("examples", {}).get("error", [])
        for label, words in each["errors"]
    ]
