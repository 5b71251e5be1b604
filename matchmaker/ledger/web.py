"""The pages of the ledger's import."""

from __future__ import annotations

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import ImportRun
from models.base import utcnow
from models.states import ImportState

from .. import labels, policies
from ..accounts.current import current, signed_in
from ..attachments.store import Store
from ..config import Settings
from ..db import db
from ..errors import Conflict, Invalid
from ..handlers import conflict_words
from ..imports import progress, service
from ..schema import page_number
from ..sheets.web import download
from . import template as blank
from .columns import LAYOUT

bp = Blueprint("ledger", __name__)

KIND = "contracts"
# What a form takes besides the file itself.
FORM_BYTES = 100_000


@bp.url_value_preprocessor
def _allow_larger(endpoint: str | None, _values: object) -> None:
    """Only an upload by somebody who may import is larger than other forms."""
    if endpoint == "ledger.upload" and policies.may(current(), "ledger.import"):
        request.max_content_length = store().limit + FORM_BYTES


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings


def store() -> Store:
    """Where the uploaded workbooks and those of their errors are kept."""
    return Store(_settings().attachment_dir, _settings().import_bytes)


@bp.get("/ledger/import")
@login_required
def imports() -> ResponseReturnValue:
    return _list()


def _list(errors: dict[str, str] | None = None) -> ResponseReturnValue:
    found = service.runs(db.session, signed_in(), KIND, page_number(request.args))
    page = render_template(
        "ledger/imports.html",
        found=found,
        limit=labels.file_size(store().limit),
        most_rows=_settings().import_rows,
        errors=errors or {},
        now=utcnow(),
    )
    return page, 422 if errors else 200


@bp.post("/ledger/import")
@login_required
def upload() -> ResponseReturnValue:
    policies.require(signed_in(), "ledger.import")
    file = request.files.get("file")
    try:
        if file is None or not file.filename:
            raise Invalid({"file": "请先选择一个文件"})
        run = service.upload(
            db.session,
            store(),
            signed_in(),
            KIND,
            file.filename,
            file.stream,  # type: ignore[arg-type]
            now=utcnow(),
        )
    except Invalid as invalid:
        return _list(invalid.fields)
    return redirect(url_for(".show_import", run_id=run.id), 303)


@bp.get("/ledger/import/template")
@login_required
def template() -> ResponseReturnValue:
    file = blank.workbook(db.session, signed_in())
    return download(file, f"{LAYOUT.title}模板.xlsx")


@bp.get("/ledger/import/<int:run_id>")
@login_required
def show_import(run_id: int) -> ResponseReturnValue:
    run = service.find(db.session, signed_in(), KIND, run_id)
    return _show(run)


def _show(
    run: ImportRun, errors: dict[str, str] | None = None, status: int = 200
) -> ResponseReturnValue:
    shown = request.args.get("show", "")
    page = render_template(
        "ledger/import.html",
        run=run,
        view=progress.view(run, shown, now=utcnow()),
        choices=LAYOUT.choices(),
        ignored=[
            name for name in run.report.get("headings", []) if LAYOUT.ignores(name)
        ],
        posted=request.form,
        errors=errors or {},
    )
    return page, status


@bp.post("/ledger/import/<int:run_id>/headings")
@login_required
def map_headings(run_id: int) -> ResponseReturnValue:
    run = service.find(db.session, signed_in(), KIND, run_id)
    headings = run.report.get("headings", [])
    chosen = {
        heading: request.form.get(f"heading.{place}", "")
        for place, heading in enumerate(headings)
    }
    try:
        service.set_mapping(db.session, signed_in(), KIND, run_id, chosen, now=utcnow())
    except Invalid as invalid:
        run = service.find(db.session, signed_in(), KIND, run_id)
        return _show(run, invalid.fields, 422)
    return redirect(url_for(".show_import", run_id=run_id), 303)


@bp.post("/ledger/import/<int:run_id>/start")
@login_required
def start_import(run_id: int) -> ResponseReturnValue:
    skip = request.form.get("errors") == "skip"
    try:
        service.start(
            db.session, signed_in(), KIND, run_id, skip_errors=skip, now=utcnow()
        )
    except Conflict as conflict:
        if conflict.code != "import.has_errors":
            raise
        run = service.find(db.session, signed_in(), KIND, run_id)
        return _show(run, {"errors": conflict_words(conflict)}, 409)
    return redirect(url_for(".show_import", run_id=run_id), 303)


@bp.post("/ledger/import/<int:run_id>/cancel")
@login_required
def cancel_import(run_id: int) -> ResponseReturnValue:
    service.cancel(db.session, signed_in(), KIND, run_id, now=utcnow())
    flash("已停止，没有导入任何一行。", "success")
    return redirect(url_for(".show_import", run_id=run_id), 303)


@bp.get("/ledger/import/<int:run_id>/errors")
@login_required
def errors(run_id: int) -> ResponseReturnValue:
    return workbook_of_errors(run_id)


def workbook_of_errors(run_id: int) -> Response:
    """The uploaded workbook with what is wrong in each row; raises `Conflict`."""
    run = service.find(db.session, signed_in(), KIND, run_id)
    if run.state is ImportState.CHECKING or not run.errors_sha256:
        raise Conflict("import.no_errors")
    path = store().path(run.errors_sha256)
    if not path.is_file():
        raise Conflict("import.no_errors")
    stem = run.file_name.rpartition(".")[0] or run.file_name
    return download(path, f"{stem}-错误.xlsx")
