"""Pages of the dictionaries and of the calendar."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import utcnow

from .. import policies
from ..accounts.current import signed_in
from ..db import db
from ..errors import Conflict, Invalid
from ..labels import day, today
from ..schema import parse
from ..sheets.web import asked_form, download_table, exports
from . import service
from .export import write
from .schema import LABELS, EntryEdit, EntryMove, HolidayInput, NewEntry, Year

bp = Blueprint("dictionaries", __name__)


@bp.post("/admin/dictionaries/export")
@login_required
@exports
def export() -> ResponseReturnValue:
    form, now = asked_form(), utcnow()
    name = request.form.get("name", "")
    file, title = write(db.session, signed_in(), name, form, now=now)
    return download_table(file, f"{title}-{day(now)}", form)


@bp.get("/admin/dictionaries")
@login_required
def index() -> ResponseReturnValue:
    """All dictionaries, or (``name``) one of them."""
    if "name" in request.args:
        return _list(request.args["name"])
    return render_template(
        "dictionaries/index.html", found=service.counts(db.session, signed_in())
    )


def _list(
    name: str,
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> ResponseReturnValue:
    entries = service.entries(db.session, signed_in(), name)
    page = render_template(
        "dictionaries/list.html",
        kind=service.kind(name),
        entries=entries,
        values=values or {},
        errors=errors or {},
        labels_of=LABELS,
    )
    return page, 422 if errors else 200


@bp.post("/admin/dictionaries/add")
@login_required
def add() -> ResponseReturnValue:
    name = request.form.get("dictionary", "")
    policies.require(signed_in(), "dictionary.govern")
    service.refuse_unknown(name)
    try:
        data = parse(NewEntry, request.form)
        entry = service.add(db.session, signed_in(), data, now=utcnow())
    except Invalid as invalid:
        return _list(name, request.form.to_dict(), invalid.fields)
    flash(f"已新增：{entry.label}。", "success")
    return redirect(url_for(".index", name=name), 303)


@bp.route("/admin/dictionaries/<int:entry_id>", methods=["GET", "POST"])
@login_required
def edit(entry_id: int) -> ResponseReturnValue:
    entry = service.find(db.session, signed_in(), entry_id)
    values = {"label": entry.label, "advice": entry.advice}
    mark, status = service.seen(entry), 200
    errors: dict[str, str] = {}
    stale = False
    if request.method == "POST":
        values = request.form.to_dict()
        mark = values.get("seen", "")
        try:
            data = parse(EntryEdit, request.form)
            entry = service.rename(
                db.session, signed_in(), entry_id, data, now=utcnow()
            )
        except Invalid as invalid:
            errors, status = invalid.fields, 422
        except Conflict:
            stale, status = True, 409
        else:
            flash(f"已保存：{entry.label}。", "success")
            return redirect(url_for(".index", name=entry.dictionary), 303)
        entry = service.find(db.session, signed_in(), entry_id)
    page = render_template(
        "dictionaries/edit.html",
        kind=service.kind(entry.dictionary),
        entry=entry,
        values=values,
        errors=errors,
        seen=service.seen(entry) if stale else mark,
        stale=stale,
        labels_of=LABELS,
    )
    return page, status


@bp.post("/admin/dictionaries/<int:entry_id>/move")
@login_required
def move(entry_id: int) -> ResponseReturnValue:
    service.find(db.session, signed_in(), entry_id)
    step = parse(EntryMove, request.form)
    entry = service.move(db.session, signed_in(), entry_id, step, now=utcnow())
    return redirect(
        url_for(".index", name=entry.dictionary, _anchor=f"entry-{entry.id}"), 303
    )


@bp.post("/admin/dictionaries/<int:entry_id>/retire")
@login_required
def retire(entry_id: int) -> ResponseReturnValue:
    entry = service.set_active(db.session, signed_in(), entry_id, False, now=utcnow())
    flash(f"已停用：{entry.label}。已有的信息不受影响，新信息不能再选它。", "success")
    return redirect(url_for(".index", name=entry.dictionary), 303)


@bp.post("/admin/dictionaries/<int:entry_id>/restore")
@login_required
def restore(entry_id: int) -> ResponseReturnValue:
    entry = service.set_active(db.session, signed_in(), entry_id, True, now=utcnow())
    flash(f"已恢复：{entry.label}。", "success")
    return redirect(url_for(".index", name=entry.dictionary), 303)


@bp.get("/admin/holidays")
@login_required
def holidays() -> ResponseReturnValue:
    return _calendar(_year())


def _year() -> int:
    """The year asked for; what is no year means this one."""
    try:
        return parse(Year, request.args).year
    except Invalid:
        return today(utcnow()).year


def _calendar(
    year: int,
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> ResponseReturnValue:
    page = render_template(
        "dictionaries/holidays.html",
        year=year,
        days=service.holidays(db.session, signed_in(), year),
        today=today(utcnow()),
        values=values or {},
        errors=errors or {},
        labels_of=LABELS,
    )
    return page, 422 if errors else 200


@bp.post("/admin/holidays/add")
@login_required
def add_holiday() -> ResponseReturnValue:
    service.holidays(db.session, signed_in(), _year())
    try:
        data = parse(HolidayInput, request.form)
        day = service.add_holiday(db.session, signed_in(), data, now=utcnow())
    except Invalid as invalid:
        return _calendar(_year(), request.form.to_dict(), invalid.fields)
    flash(f"已登记：{day.day.isoformat()} {day.name}。", "success")
    return redirect(url_for(".holidays", year=day.day.year), 303)


@bp.post("/admin/holidays/<int:holiday_id>/remove")
@login_required
def remove_holiday(holiday_id: int) -> ResponseReturnValue:
    day = service.remove_holiday(db.session, signed_in(), holiday_id, now=utcnow())
    flash(f"已删除：{day.isoformat()}。", "success")
    return redirect(url_for(".holidays", year=day.year), 303)
