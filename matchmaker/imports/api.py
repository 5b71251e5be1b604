"""Imports, for programs: the same operations for every kind of record."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from flask import Response
from pydantic import Field
from sqlalchemy.orm import joinedload
from werkzeug.datastructures import FileStorage

from models import ImportRun, utcnow
from models.states import ImportManner, ImportState

from ..accounts.current import signed_in
from ..api.answers import Output, Place, Slice
from ..api.operations import Operations
from ..db import db
from ..schema import Input, Paged, Text
from ..sheets.tables import Form
from . import service
from .progress import Asked, View
from .schema import WishInput
from .verdicts import Outcome
from .web import Desk, store, template_of, view_of, whole_of, workbook_of_errors

LONGEST_HEADING, MOST_HEADINGS = 500, 500


class ImportLine(Output):
    """An uploaded file and how far it has got; the numbers are of rows."""

    id: int
    version: int
    file_name: str
    size: int
    state: ImportState
    manner: ImportManner
    total: int
    done: int
    added: int
    changed: int
    same: int
    refused: int
    uploader: str
    created_at: datetime
    finished_at: datetime | None


class ErrorKind(Output):
    """One kind of error and how many rows have it."""

    words: str
    rows: int


class ImportOut(ImportLine):
    """An import in full.

    ``found`` is what the check came to by outcome, null until it is through.
    ``mapping`` says which column each heading stands for, ``choices`` what it may be;
    ``missing`` are required columns that no heading stands for. ``rows`` are those of
    the outcome asked for. ``has_workbook``: the errors may be downloaded.
    """

    skip_errors: bool
    takes_suspects: bool
    checked: bool
    found: dict[Outcome, int] | None
    amount: str
    error: str
    turned: bool
    notes: list[str]
    headings: list[str]
    mapping: dict[str, str]
    choices: dict[str, str]
    missing: list[str]
    error_kinds: list[ErrorKind]
    outcome: Outcome | None
    pages: int
    rows: list[dict[str, Any]]
    has_workbook: bool
    file_is_gone: bool


class RowsQuery(Paged):
    """Which of the rows, by what becomes of them; a hundred a page."""

    show: Outcome | None = None


class MappingInput(Input):
    """Which column each heading stands for; one that is left out is not read."""

    mapping: Annotated[
        dict[
            Annotated[str, Field(max_length=LONGEST_HEADING)],
            Annotated[Text, Field(max_length=64)],
        ],
        Field(max_length=MOST_HEADINGS),
    ]
    manner: ImportManner | None = None
    promise: bool = False


class StartInput(Input):
    """Whether the right rows are entered without the wrong ones, and the suspect."""

    skip_errors: bool = False
    takes_suspects: bool = False


class FormQuery(Input):
    """Excel or CSV."""

    form: Form = Form.XLSX


LINE = tuple(name for name in ImportLine.model_fields if name != "uploader")


def _line(run: ImportRun) -> dict[str, Any]:
    return {n: getattr(run, n) for n in LINE} | {"uploader": run.uploader.name}


def _told(desk: Desk, run: ImportRun, view: View) -> ImportOut:
    report, shown = run.report, view.shown
    return ImportOut.model_validate(
        _line(run)
        | {
            "skip_errors": run.skip_errors,
            "takes_suspects": run.takes_suspects,
            "checked": view.is_checked,
            "found": view.found,
            "amount": view.amount,
            "error": run.error,
            "turned": view.has_turned,
            "notes": view.notes,
            "headings": report.get("headings", []),
            "mapping": run.mapping,
            "choices": dict(desk.layout.choices()),
            "missing": view.missing,
            "error_kinds": [
                ErrorKind(words=words, rows=number) for words, number in view.errors
            ],
            "outcome": shown.code if shown else None,
            "pages": shown.pages if shown else 0,
            "rows": shown.rows if shown else [],
            "has_workbook": bool(run.errors_sha256),
            "file_is_gone": view.is_gone,
        }
    )


def largest_sheet() -> int:
    """How many bytes an uploaded file may have."""
    return store().limit


def interface(desk: Desk) -> Operations:
    """The operations that stand for the pages of the desk."""
    operations = Operations(desk.name.replace("_", "-"), desk.title)
    _of_files(operations, desk)
    _of_runs(operations, desk)
    return operations


def _shown(desk: Desk, run: ImportRun, query: RowsQuery | None = None) -> ImportOut:
    outcome = query.show if query and query.show else ""
    asked = Asked(outcome, query.page if query else 1)
    return _told(desk, run, view_of(desk, run, asked))


def _of_files(operations: Operations, desk: Desk) -> None:
    """All imports of the kind, and the files one begins with."""
    name, here = desk.name, f"{desk.address}s"

    @operations.get(here, f"{name}.imports", f"{desk.title}的记录")
    def imports(place: Place) -> Slice[ImportLine]:
        runs = service.every(signed_in(), desk.kind)
        return place.newest(
            db.session,
            runs.options(joinedload(ImportRun.uploader)),
            ImportRun.id,
            lambda run: ImportLine.model_validate(_line(run)),
        )

    @operations.upload(here, f"{name}.upload", "上传一个文件", most=largest_sheet)
    def upload(file: FileStorage, query: WishInput) -> ImportOut:
        """后台检查，还不改动任何记录；检查完后用「开始导入」写入。"""
        run = service.upload(
            db.session,
            store(),
            signed_in(),
            desk.kind,
            file.filename or "",
            file.stream,  # type: ignore[arg-type]
            wish=query.wish,
            now=utcnow(),
        )
        return _shown(desk, run)

    @operations.get(f"{here}/template", f"{name}.template", "模板")
    def template() -> Response:
        return template_of(desk)

    if desk.whole is not None:

        @operations.get(f"{here}/whole", f"{name}.export_all", "全部字段的导出")
        def whole(query: FormQuery) -> Response:
            """可以改好后再导入；没有改动的行导入后不变。"""
            return whole_of(desk, query.form)


def _of_runs(operations: Operations, desk: Desk) -> None:
    """One import: how it stands, and its next step."""
    name, one = desk.name, f"{desk.address}s/<int:run_id>"

    @operations.get(one, f"{name}.show_import", "一次导入")
    def show(run_id: int, query: RowsQuery) -> ImportOut:
        return _shown(
            desk, service.find(db.session, signed_in(), desk.kind, run_id), query
        )

    @operations.post(f"{one}/headings", f"{name}.map_headings", "指定列名的对应")
    def map_headings(run_id: int, body: MappingInput) -> ImportOut:
        """指定后重新检查；列名的对应会记住，下次同样的文件不用再指定。"""
        wish = service.Wish(body.manner, body.promise) if body.manner else None
        run = service.set_mapping(
            db.session,
            signed_in(),
            desk.kind,
            run_id,
            body.mapping,
            wish=wish,
            now=utcnow(),
        )
        return _shown(desk, run)

    @operations.post(f"{one}/start", f"{name}.start_import", "开始导入")
    def start(run_id: int, body: StartInput) -> ImportOut:
        run = service.start(
            db.session,
            signed_in(),
            desk.kind,
            run_id,
            skip_errors=body.skip_errors,
            takes_suspects=body.takes_suspects,
            now=utcnow(),
        )
        return _shown(desk, run)

    @operations.post(f"{one}/cancel", f"{name}.cancel_import", "停止或取消导入")
    def cancel(run_id: int) -> ImportOut:
        now = utcnow()
        run = service.cancel(db.session, signed_in(), desk.kind, run_id, now=now)
        return _shown(desk, run)

    @operations.get(f"{one}/errors", f"{name}.errors", "下载错误表")
    def errors(run_id: int) -> Response:
        return workbook_of_errors(desk, run_id)
