"""The pages of an import: the same for every kind of record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

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
from sqlalchemy.orm import Session

from models import ImportRun, User
from models.base import utcnow
from models.states import ImportManner, ImportState

from .. import labels, policies
from ..accounts.current import current, signed_in
from ..attachments.store import Store
from ..config import Settings
from ..db import db
from ..errors import Conflict, Invalid
from ..handlers import conflict_words
from ..schema import page_number, parse
from ..sheets.layout import Layout
from ..sheets.tables import Form
from ..sheets.web import asked_form, download, download_table, exports
from . import mappings, progress, service
from .kinds import ACTIONS, KINDS
from .schema import WishInput
from .staging import Staging

# What a form takes besides the file itself.
FORM_BYTES = 100_000

Exporter = Callable[[Session, User, Form], IO[bytes]]


@dataclass(frozen=True)
class Desk:
    """The pages of one kind: their words, and what they offer.

    place      what the rows go to: «台账»
    counted    what one counts them by: «条»
    amount     what the sum of the new ones is called; «» where there is none
    found_in   the endpoint of the list in which this person finds what was entered;
               «» where there is none
    manners    words and a hint for each choice of what becomes of the rows
    template   the workbook to fill in
    whole      writes all columns of all records the person has; None: not offered
    """

    kind: str
    name: str
    address: str
    title: str
    noun: str
    lead: str
    place: str
    counted: str
    key_label: str
    title_label: str
    template: Callable[[Session, User], IO[bytes]]
    found_in: Callable[[User], str]
    list_words: str
    amount: str = ""
    whole: Exporter | None = None
    manners: Callable[[User], dict[ImportManner, tuple[str, str]]] = lambda _: {}

    @property
    def layout(self) -> Layout:
        return KINDS[self.kind].layout

    @property
    def action(self) -> str:
        return ACTIONS[self.kind]

    def choices(self, user: User) -> list[tuple[str, str, str]]:
        """What the person may have become of the rows; none where it is no choice."""
        offered = KINDS[self.kind].manners(user)
        words = self.manners(user)
        return [(each.value, *words[each]) for each in offered] if words else []


def pages(desk: Desk) -> Blueprint:
    """The blueprint of the desk, with an address of its own for every page."""
    bp = Blueprint(desk.name, __name__)
    its = _Pages(desk)

    @bp.url_value_preprocessor
    def _allow_larger(endpoint: str | None, _values: object) -> None:
        """Only an upload by somebody who may import is larger than other forms."""
        uploads = endpoint == f"{desk.name}.upload"
        if uploads and policies.may(current(), desk.action):
            request.max_content_length = store().limit + FORM_BYTES

    here, one = desk.address, f"{desk.address}/<int:run_id>"
    for rule, method, endpoint, view in (
        (here, "GET", "imports", its.imports),
        (here, "POST", "upload", its.upload),
        (f"{here}/template", "GET", "template", its.template),
        (one, "GET", "show_import", its.show),
        (f"{one}/headings", "POST", "map_headings", its.map_headings),
        (f"{one}/start", "POST", "start_import", its.start),
        (f"{one}/cancel", "POST", "cancel_import", its.cancel),
        (f"{one}/errors", "GET", "errors", its.errors),
    ):
        bp.add_url_rule(rule, endpoint, login_required(view), methods=[method])
    if desk.whole is not None:
        limited = login_required(exports(its.export_all))
        bp.add_url_rule(f"{here}/export", "export_all", limited, methods=["POST"])
    return bp


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings


def store() -> Store:
    """Where the uploaded workbooks and those of their errors are kept."""
    return Store(_settings().attachment_dir, _settings().import_bytes)


class _Pages:
    """What the addresses of a desk answer."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def imports(self) -> ResponseReturnValue:
        return self._list()

    def _list(self, errors: dict[str, str] | None = None) -> ResponseReturnValue:
        user, desk = signed_in(), self.desk
        page_asked = page_number(request.args)
        found = service.runs(db.session, user, desk.kind, page_asked)
        page = render_template(
            "imports/list.html",
            desk=desk,
            found=found,
            limit=labels.file_size(store().limit),
            most_rows=_settings().import_rows,
            manners=desk.choices(user),
            values=request.form or {"manner": ImportManner.DRAFT.value},
            errors=errors or {},
            now=utcnow(),
        )
        return page, 422 if errors else 200

    def upload(self) -> ResponseReturnValue:
        user, desk = signed_in(), self.desk
        policies.require(user, desk.action)
        file = request.files.get("file")
        try:
            if file is None or not file.filename:
                raise Invalid({"file": "请先选择一个文件"})
            run = service.upload(
                db.session,
                store(),
                user,
                desk.kind,
                file.filename,
                file.stream,  # type: ignore[arg-type]
                wish=parse(WishInput, request.form).wish,
                now=utcnow(),
            )
        except Invalid as invalid:
            return self._list(invalid.fields)
        return redirect(url_for(".show_import", run_id=run.id), 303)

    def template(self) -> ResponseReturnValue:
        return template_of(self.desk)

    def export_all(self) -> ResponseReturnValue:
        return whole_of(self.desk, asked_form())

    def show(self, run_id: int) -> ResponseReturnValue:
        return self._show(self._find(run_id))

    def _find(self, run_id: int) -> ImportRun:
        return service.find(db.session, signed_in(), self.desk.kind, run_id)

    def _show(
        self,
        run: ImportRun,
        errors: dict[str, str] | None = None,
        status: int = 200,
    ) -> ResponseReturnValue:
        layout = self.desk.layout
        headings = run.report.get("headings", [])
        shown = progress.Asked(request.args.get("show", ""), page_number(request.args))
        page = render_template(
            "imports/run.html",
            desk=self.desk,
            run=run,
            view=view_of(self.desk, run, shown),
            choices=layout.choices(),
            remembered=mappings.is_remembered(db.session, run),
            ignored=[name for name in headings if layout.ignores(name)],
            manners=self.desk.choices(signed_in()),
            found_in=self.desk.found_in(signed_in()),
            posted=request.form,
            errors=errors or {},
        )
        return page, status

    def map_headings(self, run_id: int) -> ResponseReturnValue:
        headings = self._find(run_id).report.get("headings", [])
        chosen = {
            heading: request.form.get(f"heading.{place}", "")
            for place, heading in enumerate(headings)
        }
        try:
            service.set_mapping(
                db.session,
                signed_in(),
                self.desk.kind,
                run_id,
                chosen,
                wish=self._wish_again(),
                now=utcnow(),
            )
        except Invalid as invalid:
            return self._show(self._find(run_id), invalid.fields, 422)
        return redirect(url_for(".show_import", run_id=run_id), 303)

    def _wish_again(self) -> service.Wish | None:
        """What is to become of the rows, where the form asked for it once more."""
        asked = "manner" in request.form
        return parse(WishInput, request.form).wish if asked else None

    def start(self, run_id: int) -> ResponseReturnValue:
        try:
            service.start(
                db.session,
                signed_in(),
                self.desk.kind,
                run_id,
                skip_errors=request.form.get("errors") == "skip",
                takes_suspects=request.form.get("suspects") == "take",
                now=utcnow(),
            )
        except Conflict as conflict:
            if conflict.code != "import.has_errors":
                raise
            words = {"errors": conflict_words(conflict)}
            return self._show(self._find(run_id), words, 409)
        return redirect(url_for(".show_import", run_id=run_id), 303)

    def cancel(self, run_id: int) -> ResponseReturnValue:
        service.cancel(db.session, signed_in(), self.desk.kind, run_id, now=utcnow())
        flash("已停止，没有导入任何一行。", "success")
        return redirect(url_for(".show_import", run_id=run_id), 303)

    def errors(self, run_id: int) -> ResponseReturnValue:
        return workbook_of_errors(self.desk, run_id)


def workbook_of_errors(desk: Desk, run_id: int) -> Response:
    """The uploaded workbook with what is wrong in each row; raises `Conflict`."""
    run = service.find(db.session, signed_in(), desk.kind, run_id)
    if run.state is ImportState.CHECKING or not run.errors_sha256:
        raise Conflict("import.no_errors")
    path = store().path(run.errors_sha256)
    if not path.is_file():
        raise Conflict("import.no_errors")
    stem = run.file_name.rpartition(".")[0] or run.file_name
    return download(path, f"{stem}-错误.xlsx")


def view_of(desk: Desk, run: ImportRun, asked: progress.Asked) -> progress.View:
    """How the run stands, with some of its rows."""
    told = Staging(_settings().import_dir).told(run.id)
    return progress.view(run, asked, told=told, place=desk.place, now=utcnow())


def template_of(desk: Desk) -> Response:
    """The workbook to fill in."""
    policies.require(signed_in(), desk.action)
    return download(
        desk.template(db.session, signed_in()), f"{desk.layout.title}模板.xlsx"
    )


def whole_of(desk: Desk, form: Form) -> Response:
    """All columns of all records the person has, as a file."""
    policies.require(signed_in(), desk.action)
    assert desk.whole is not None
    file = desk.whole(db.session, signed_in(), form)
    name = f"{desk.layout.title}全部字段-{labels.day(utcnow())}"
    return download_table(file, name, form)
