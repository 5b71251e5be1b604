"""Imports of the ledger of contracts, for the programs of staff."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from flask import Response
from pydantic import Field
from sqlalchemy.orm import joinedload
from werkzeug.datastructures import FileStorage

from models import ImportRun, utcnow
from models.states import ImportState

from ..accounts.current import signed_in
from ..api.answers import Output, Place, Slice
from ..api.operations import Operations
from ..db import db
from ..imports import progress, service
from ..imports.verdicts import Outcome
from ..schema import Input, Text
from ..sheets.web import download
from . import template as blank
from .columns import LAYOUT
from .web import KIND, store, workbook_of_errors

operations = Operations("ledger", "台账导入")

LONGEST_HEADING, MOST_HEADINGS = 500, 500


class ImportLine(Output):
    """An uploaded ledger and how far it has got; the numbers are of rows."""

    id: int
    version: int
    file_name: str
    size: int
    state: ImportState
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


class RowLine(Output):
    """What becomes of a row; ``differences`` are (column, before, after)."""

    row: int
    outcome: Outcome
    key: str | None
    title: str
    errors: list[list[str]]
    differences: list[list[str]]
    notes: list[str]


class ImportOut(ImportLine):
    """An import in full.

    ``found`` is what the check came to by outcome, null until it is through.
    ``mapping`` says which column each heading stands for, ``choices`` what it may be;
    ``missing`` are required columns that no heading stands for. ``rows`` are the first
    of each outcome. ``has_workbook``: the errors may be downloaded.
    """

    skip_errors: bool
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
    rows: list[RowLine]
    has_workbook: bool
    file_is_gone: bool


class MappingInput(Input):
    """Which column each heading stands for; one that is left out is not read."""

    mapping: Annotated[
        dict[
            Annotated[str, Field(max_length=LONGEST_HEADING)],
            Annotated[Text, Field(max_length=64)],
        ],
        Field(max_length=MOST_HEADINGS),
    ]


class StartInput(Input):
    """With ``skip_errors`` the rows that are right are entered without the others."""

    skip_errors: bool = False


def _fields(run: ImportRun) -> dict[str, Any]:
    same = (
        "id",
        "version",
        "file_name",
        "size",
        "state",
        "total",
        "done",
        "added",
        "changed",
        "same",
        "refused",
        "created_at",
        "finished_at",
    )
    return {name: getattr(run, name) for name in same} | {"uploader": run.uploader.name}


def shown(run: ImportRun) -> ImportOut:
    """The import as its page shows it."""
    view = progress.view(run, "", now=utcnow())
    return ImportOut.model_validate(
        _fields(run)
        | {
            "skip_errors": run.skip_errors,
            "checked": view.is_checked,
            "found": view.found,
            "amount": view.amount,
            "error": run.error,
            "turned": view.has_turned,
            "notes": view.notes,
            "headings": run.report.get("headings", []),
            "mapping": run.mapping,
            "choices": dict(LAYOUT.choices()),
            "missing": view.missing,
            "error_kinds": [
                ErrorKind(words=words, rows=number) for words, number in view.errors
            ],
            "rows": [
                RowLine.model_validate(row | {"outcome": tab.code})
                for tab in view.tabs
                for row in tab.rows
            ],
            "has_workbook": bool(run.errors_sha256),
            "file_is_gone": view.is_gone,
        }
    )


def largest_sheet() -> int:
    """How many bytes a ledger may have."""
    return store().limit


@operations.get("/ledger/imports", "ledger.imports", "台账导入记录")
def imports(place: Place) -> Slice[ImportLine]:
    runs = service.every(signed_in(), KIND).options(joinedload(ImportRun.uploader))
    return place.newest(
        db.session,
        runs,
        ImportRun.id,
        lambda run: ImportLine.model_validate(_fields(run)),
    )


@operations.upload(
    "/ledger/imports", "ledger.upload", "上传一份台账", most=largest_sheet
)
def upload(file: FileStorage) -> ImportOut:
    """后台检查，不改动台账；检查完后用「开始导入」写入。"""
    run = service.upload(
        db.session,
        store(),
        signed_in(),
        KIND,
        file.filename or "",
        file.stream,  # type: ignore[arg-type]
        now=utcnow(),
    )
    return shown(run)


@operations.get("/ledger/imports/template", "ledger.template", "台账模板")
def template() -> Response:
    return download(blank.workbook(db.session, signed_in()), f"{LAYOUT.title}模板.xlsx")


@operations.get("/ledger/imports/<int:run_id>", "ledger.show_import", "一次导入")
def show(run_id: int) -> ImportOut:
    return shown(service.find(db.session, signed_in(), KIND, run_id))


@operations.post(
    "/ledger/imports/<int:run_id>/headings", "ledger.map_headings", "指定列名的对应"
)
def map_headings(run_id: int, body: MappingInput) -> ImportOut:
    """指定后重新检查。"""
    run = service.set_mapping(
        db.session, signed_in(), KIND, run_id, body.mapping, now=utcnow()
    )
    return shown(run)


@operations.post(
    "/ledger/imports/<int:run_id>/start", "ledger.start_import", "开始导入"
)
def start(run_id: int, body: StartInput) -> ImportOut:
    run = service.start(
        db.session,
        signed_in(),
        KIND,
        run_id,
        skip_errors=body.skip_errors,
        now=utcnow(),
    )
    return shown(run)


@operations.post(
    "/ledger/imports/<int:run_id>/cancel", "ledger.cancel_import", "停止或取消导入"
)
def cancel(run_id: int) -> ImportOut:
    return shown(service.cancel(db.session, signed_in(), KIND, run_id, now=utcnow()))


@operations.get("/ledger/imports/<int:run_id>/errors", "ledger.errors", "下载错误表")
def errors(run_id: int) -> Response:
    return workbook_of_errors(run_id)
