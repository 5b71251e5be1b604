"""Files for tests: tables as people keep them, and the way through an import."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from matchmaker.attachments.store import Store
from matchmaker.imports import service
from matchmaker.imports.service import Wish
from matchmaker.imports.staging import Staging
from matchmaker.imports.worker import Importer
from matchmaker.sheets.guard import Limits
from models import ImportRun
from models.states import ImportManner, ImportState

NEED_HEAD = (
    "需求编号",
    "技术需求名称",
    "所属领域",
    "所在地区",
    "技术需求描述",
    "主要技术指标",
    "拟投入经费（万元）",
    "合作模式",
    "需求截止日期",
    "联系人",
    "联系电话",
    "公开方式",
    "我们自己的一列",
)
NEED = {
    "需求编号": "A-1",
    "技术需求名称": "储能电站电池热失控提前预警",
    "所属领域": "先进储能与新能源",
    "所在地区": "长沙市岳麓区麓谷大道 1 号",
    "技术需求描述": "磷酸铁锂电池簇过充后温度上升很快，现有烟感报警太晚。"
    "希望在热失控前十分钟给出预警。",
    "主要技术指标": "1、预警提前时间 ≥ 10 min\n2、误报率 ≤ 1%",
    "拟投入经费（万元）": 120,
    "合作模式": "委托开发、合作",
    "需求截止日期": "2027年6月底",
    "联系人": "张工",
    "联系电话": "0731-88880000",
    "公开方式": "公开",
}


def need_row(
    number: int = 1, head: Sequence[str] = NEED_HEAD, **given: Any
) -> list[Any]:
    """A row of needs; ``given`` replaces cells by their heading."""
    words = NEED["技术需求描述"]
    numbered = {
        "需求编号": f"A-{number}",
        "技术需求名称": f"第 {number} 号储能电站的提前预警",
        "技术需求描述": f"第 {number} 号站：{words}",
    }
    cells = NEED | numbered | given
    return [cells.get(name) for name in head]


def book(*rows: Sequence[Any], head: Sequence[str] = NEED_HEAD) -> io.BytesIO:
    """A saved workbook of these rows under the headings."""
    workbook = Workbook()
    page = workbook.active
    for each in (head, *rows):
        page.append(list(each))
    return saved(workbook)


def saved(workbook: Workbook) -> io.BytesIO:
    file = io.BytesIO()
    workbook.save(file)
    file.seek(0)
    return file


class Files:
    """What a person and the worker do with a file, on the folders of the test."""

    def __init__(self, session: Any, make: Any, settings: Any, folder: Path) -> None:
        self.session, self.make, self.folder = session, make, folder
        self.store = Store(settings.attachment_dir, 50_000_000)
        self.staging = Staging(folder)

    def send(
        self,
        actor: Any,
        kind: str,
        file: io.BytesIO,
        manner: ImportManner = ImportManner.DRAFT,
        name: str = "表.xlsx",
    ) -> ImportRun:
        """Uploaded and checked."""
        run = service.upload(
            self.session,
            self.store,
            actor,
            kind,
            name,
            file,
            wish=Wish(manner, promise=True),
            now=self.make.now,
        )
        return self.work(run.id)

    def start(self, actor: Any, run: ImportRun, **given: bool) -> ImportRun:
        service.start(
            self.session,
            actor,
            run.kind,
            run.id,
            skip_errors=given.get("skip_errors", False),
            takes_suspects=given.get("takes_suspects", False),
            now=self.make.now,
        )
        return self.work(run.id)

    def through(
        self,
        actor: Any,
        kind: str,
        file: io.BytesIO,
        manner: ImportManner = ImportManner.DRAFT,
        **given: bool,
    ) -> ImportRun:
        """Uploaded, checked and read in."""
        run = self.send(actor, kind, file, manner)
        assert run.state is ImportState.CHECKED, run.error
        return self.start(actor, run, **given)

    def work(self, run_id: int) -> ImportRun:
        self.session.rollback()
        Importer(
            self.session,
            self.store,
            self.staging,
            Limits(rows=5000),
            lambda: self.make.now,
        ).work_off()
        self.session.expire_all()
        found: ImportRun = self.session.get_one(ImportRun, run_id)
        return found


def counts(run: ImportRun) -> tuple[int, int, int, int, int]:
    """New, changed, the same, perhaps there already, refused."""
    return run.added, run.changed, run.same, run.suspected, run.refused


def errors(run: ImportRun) -> list[tuple[int, str, str]]:
    """(row, column, words) of every error that is shown."""
    return [
        (each["row"], label, words)
        for each in run.report.get("examples", {}).get("error", [])
        for label, words in each["errors"]
    ]


def told(run: ImportRun, outcome: str) -> list[dict[str, Any]]:
    """What the page tells of the rows of this outcome."""
    rows: list[dict[str, Any]] = run.report.get("examples", {}).get(outcome, [])
    return rows
