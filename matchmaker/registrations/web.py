"""Registering, and the page on which registrations are decided."""

import secrets
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import Registration, utcnow
from models.fields import DISTRICTS
from models.states import OrganisationKind, TokenPurpose

from .. import labels
from ..accounts.current import current, signed_in
from ..accounts.service import role_of
from ..accounts.web import dead_link, guarded
from ..db import db
from ..errors import Conflict, Invalid
from ..history import service as history
from ..history.words import entries
from ..mail.web import await_mail
from ..nodes.facet import chip, facet
from ..schema import parse
from ..sheets.web import asked_form, download_table, exports
from . import deciding, service
from . import queue as desk
from .export import write
from .schema import (
    ANOTHER,
    FIELDS,
    Approval,
    CorrectionInput,
    QueueQuery,
    RegistrationInput,
    RegistrationReturn,
    plain_code,
)

bp = Blueprint("registrations", __name__)
MOST_KEY = 64


@bp.route("/register", methods=["GET", "POST"])
@guarded
def register() -> ResponseReturnValue:
    if current() is not None:
        return redirect(url_for("accounts.profile"), 303)
    key = request.form.get("form_key", "")[:MOST_KEY] or secrets.token_urlsafe(16)
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            data = parse(RegistrationInput, request.form)
            await_mail(service.register(db.session, data, form_key=key, now=utcnow()))
        except Invalid as invalid:
            errors = invalid.fields
        else:
            return redirect(url_for(".sent"), 303)
    page = render_template(
        "registrations/register.html",
        form_key=key,
        values=request.form,
        errors=errors,
        **_choices(errors),
    )
    return page, 422 if errors else 200


def _choices(errors: dict[str, str]) -> dict[str, Any]:
    """What the form offers; the organisations that may be meant once one was typed."""
    found = None
    if request.method == "POST" and not {"credit_code", "organisation_name"} & set(
        errors
    ):
        found = service.candidates(
            db.session,
            plain_code(request.form.get("credit_code", "")),
            request.form.get("organisation_name", ""),
        )
    offered = [
        (str(each.id), f"申请加入「{each.name}」", "加入须经该单位管理员或平台同意。")
        for each in (found.organisations if found else [])
    ]
    if offered and found and not found.certain:
        offered.append((ANOTHER, "不是同一家，登记为新单位", "平台审核时会再核对。"))
    return {
        "labels_of": FIELDS,
        "kinds": [(kind.value, labels.label(kind)) for kind in OrganisationKind],
        "districts": DISTRICTS.offered(),
        "offered": offered,
    }


@bp.get("/register/sent")
def sent() -> ResponseReturnValue:
    return render_template("registrations/sent.html")


@bp.route("/register/confirm", methods=["GET", "POST"])
@guarded
def confirm() -> ResponseReturnValue:
    secret = request.values.get("token", "")
    try:
        if request.method == "POST":
            service.confirm(db.session, secret, now=utcnow())
            return redirect(url_for(".confirmed"), 303)
        made = service.of_link(db.session, TokenPurpose.CONFIRM, secret, now=utcnow())
    except Conflict as conflict:
        return dead_link(conflict, "重新登记", url_for(".register"))
    return render_template(
        "registrations/confirm.html", registration=made, secret=secret
    )


@bp.get("/register/confirmed")
def confirmed() -> ResponseReturnValue:
    return render_template("registrations/confirmed.html")


@bp.route("/register/correct", methods=["GET", "POST"])
@guarded
def correct() -> ResponseReturnValue:
    secret = request.values.get("token", "")
    errors: dict[str, str] = {}
    try:
        made = service.of_link(db.session, TokenPurpose.CORRECT, secret, now=utcnow())
        if request.method == "POST":
            data = parse(CorrectionInput, request.form)
            service.correct(db.session, secret, data, now=utcnow())
            return redirect(url_for(".confirmed"), 303)
    except Invalid as invalid:
        errors = invalid.fields
    except Conflict as conflict:
        return dead_link(conflict, "重新登记", url_for(".register"))
    page = render_template(
        "registrations/correct.html",
        registration=made,
        secret=secret,
        values=request.form or _written(made),
        errors=errors,
        **_choices(errors),
    )
    return page, 422 if errors else 200


def _written(made: Registration) -> dict[str, str]:
    names = ("credit_code", "organisation_name", "kind", "district", "name")
    return {name: getattr(made, name) for name in names}


@bp.get("/registrations")
@login_required
def queue() -> ResponseReturnValue:
    query = parse(QueueQuery, request.args)
    found = desk.queue(db.session, signed_in(), query)

    def address(node: str | None) -> str:
        return url_for(".queue", **(query.args() | {"node": node}))

    return render_template(
        "registrations/queue.html",
        queue=found,
        query=query,
        groups=facet(found.nodes, address, found.counts),
        chosen=chip(found.nodes, address),
        now=utcnow(),
    )


@bp.post("/registrations/export")
@login_required
@exports
def export() -> ResponseReturnValue:
    query, form, now = parse(QueueQuery, request.form), asked_form(), utcnow()
    file = write(db.session, signed_in(), query, form, now=now)
    return download_table(file, f"机构与成员登记-{labels.day(now)}", form)


@bp.get("/registrations/<int:registration_id>")
@login_required
def show(registration_id: int) -> ResponseReturnValue:
    return _show(registration_id, {})


def _show(registration_id: int, errors: dict[str, str]) -> ResponseReturnValue:
    made = desk.find(db.session, signed_in(), registration_id)
    page = render_template(
        "registrations/show.html",
        registration=made,
        resembling=desk.resembling(db.session, made),
        also_waiting=desk.also_waiting(db.session, made)
        if signed_in().is_staff
        else [],
        timeline=entries(history.of_record(db.session, made), {}),
        values=request.form,
        errors=errors,
        role=role_of((made.organisation or made).kind),
        now=utcnow(),
    )
    return page, 422 if errors else 200


@bp.post("/registrations/<int:registration_id>/approve")
@login_required
def approve(registration_id: int) -> ResponseReturnValue:
    desk.find(db.session, signed_in(), registration_id)
    data = parse(Approval, request.form)
    user = deciding.approve(
        db.session, signed_in(), registration_id, data, now=utcnow()
    )
    flash(f"已通过：{user.name}。登录通知已发到对方邮箱。", "success")
    return redirect(_back(), 303)


@bp.post("/registrations/<int:registration_id>/return")
@login_required
def give_back(registration_id: int) -> ResponseReturnValue:
    made = desk.find(db.session, signed_in(), registration_id)
    try:
        data = parse(RegistrationReturn, request.form)
    except Invalid as invalid:
        return _show(registration_id, invalid.fields)
    deciding.give_back(db.session, signed_in(), registration_id, data, now=utcnow())
    flash(f"已退回：{made.name}。退回原因已发到对方邮箱。", "success")
    return redirect(_back(), 303)


def _back() -> str:
    user = signed_in()
    return url_for(".queue") if user.is_staff else url_for("organisations.mine")
