"""Pages of experts: for the staff, for the expert itself, and the invitation."""

from collections.abc import Collection
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import Expert, utcnow
from models.fields import FIELDS, field_name
from models.states import Role, TieKind

from .. import policies
from ..accounts.current import current, sign_in_here, signed_in
from ..accounts.web import dead_link, guarded
from ..db import db
from ..errors import Conflict, Invalid
from ..history.words import entries
from ..labels import day, label
from ..mail.web import await_mail
from ..schema import parse
from ..sheets.web import asked_form, download_table, exports
from . import service, ties
from .export import write
from .schema import LABELS, ExpertEdit, ExpertInput, ExpertQuery, Joining, TieInput

bp = Blueprint("experts", __name__)

CHANGES = {"title": "职称或职务", "fields": "评审领域", "tie": "利害关系"}


@bp.app_context_processor
def _words() -> dict[str, Any]:
    return {"field_names": lambda codes: "、".join(map(field_name, codes))}


@bp.get("/experts")
@login_required
def index() -> ResponseReturnValue:
    query = parse(ExpertQuery, request.args)
    return render_template(
        "experts/list.html",
        query=query,
        found=service.search(db.session, signed_in(), query),
    )


@bp.post("/experts/export")
@login_required
@exports
def export() -> ResponseReturnValue:
    query, form, now = parse(ExpertQuery, request.form), asked_form(), utcnow()
    file = write(db.session, signed_in(), query, form, now=now)
    return download_table(file, f"评审专家-{day(now)}", form)


@bp.route("/experts/new", methods=["GET", "POST"])
@login_required
def new() -> ResponseReturnValue:
    policies.require(signed_in(), "expert.govern")
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            data = parse(ExpertInput, request.form)
            expert, mail = service.invite(db.session, signed_in(), data, now=utcnow())
        except Invalid as invalid:
            errors = invalid.fields
        else:
            await_mail(mail)
            flash(f"邀请已发到 {data.email}，14 天内有效。", "success")
            return redirect(url_for(".show", expert_id=expert.id), 303)
    page = render_template(
        "experts/new.html",
        values=request.form,
        chosen=request.form.getlist("fields"),
        fields=_fields(),
        errors=errors,
        labels_of=LABELS,
    )
    return page, 422 if errors else 200


def _fields(chosen: Collection[str] = ()) -> list[tuple[str, str]]:
    """The fields in use, and those of an expert that no longer are."""
    old = [(code, FIELDS[code]) for code in FIELDS if code in chosen]
    return list(dict(FIELDS.offered() + old).items())


@bp.get("/experts/<int:expert_id>")
@login_required
def show(expert_id: int) -> ResponseReturnValue:
    return _show(expert_id)


def _show(
    expert_id: int, form: str = "", errors: dict[str, str] | None = None
) -> ResponseReturnValue:
    actor = signed_in()
    policies.require(actor, "expert.govern")
    expert = service.find(db.session, actor, expert_id)
    page = render_template(
        "experts/show.html",
        fields=_fields(expert.fields),
        edited=_edited(expert, form),
        history=entries(service.recent(db.session, expert), CHANGES),
        **_ties(expert, form, errors),
    )
    return page, 422 if errors else 200


def _edited(expert: Expert, form: str) -> dict[str, Any]:
    if form == "edit":
        return {
            "title": request.form.get("title", ""),
            "fields": request.form.getlist("fields"),
        }
    return {"title": expert.title, "fields": expert.fields}


def _ties(expert: Expert, form: str, errors: dict[str, str] | None) -> dict[str, Any]:
    """What the part about ties needs, on either page."""
    return {
        "expert": expert,
        "kinds": [(kind.value, label(kind)) for kind in TieKind],
        "values": request.form if form == "tie" else {},
        "errors": errors or {},
        "form": form,
        "labels_of": LABELS,
    }


@bp.post("/experts/<int:expert_id>")
@login_required
def edit(expert_id: int) -> ResponseReturnValue:
    actor = signed_in()
    policies.require(actor, "expert.govern")
    service.find(db.session, actor, expert_id)
    try:
        data = parse(ExpertEdit, request.form)
        service.edit(db.session, actor, expert_id, data, now=utcnow())
    except Invalid as invalid:
        return _show(expert_id, "edit", invalid.fields)
    flash("专家资料已保存。", "success")
    return redirect(url_for(".show", expert_id=expert_id), 303)


@bp.post("/experts/<int:expert_id>/invite")
@guarded
@login_required
def invite_again(expert_id: int) -> ResponseReturnValue:
    policies.require(signed_in(), "expert.govern")
    mail = service.invite_again(db.session, signed_in(), expert_id, now=utcnow())
    await_mail(mail)
    flash("邀请已重新发出，原来的链接失效。", "success")
    return redirect(url_for(".show", expert_id=expert_id), 303)


@bp.get("/expert/ties")
@login_required
def mine() -> ResponseReturnValue:
    if signed_in().role is not Role.EXPERT:
        policies.require(signed_in(), "expert.declare")
        return redirect(url_for(".index"))
    return _mine("", None)


def _mine(form: str, errors: dict[str, str] | None) -> ResponseReturnValue:
    expert = service.own(db.session, signed_in())
    page = render_template("experts/mine.html", **_ties(expert, form, errors))
    return page, 422 if errors else 200


@bp.post("/experts/<int:expert_id>/ties")
@login_required
def declare(expert_id: int) -> ResponseReturnValue:
    actor = signed_in()
    policies.require(actor, "expert.declare")
    expert = service.find(db.session, actor, expert_id)
    own = expert.user_id == actor.id
    try:
        data = parse(TieInput, request.form)
        tie = ties.declare(db.session, actor, expert_id, data, now=utcnow())
    except Invalid as invalid:
        if own:
            return _mine("tie", invalid.fields)
        return _show(expert_id, "tie", invalid.fields)
    flash(
        f"已申报与「{tie.name}」的利害关系；有它参与的榜单不会再请这位专家评审。",
        "success",
    )
    return _back(own, expert_id)


@bp.post("/expert-ties/<int:tie_id>/end")
@login_required
def end_tie(tie_id: int) -> ResponseReturnValue:
    actor = signed_in()
    policies.require(actor, "expert.declare")
    tie = ties.end(db.session, actor, tie_id, now=utcnow())
    flash(f"与「{tie.name}」的利害关系已结束。", "success")
    expert = service.of_user(db.session, tie.user_id)
    return _back(tie.user_id == actor.id, expert.id)


def _back(own: bool, expert_id: int) -> ResponseReturnValue:
    page = url_for(".mine") if own else url_for(".show", expert_id=expert_id)
    return redirect(page, 303)


@bp.route("/expert-invitation", methods=["GET", "POST"])
@guarded
def join() -> ResponseReturnValue:
    secret = request.values.get("token", "")
    errors: dict[str, str] = {}
    try:
        expert = service.of_link(db.session, secret, now=utcnow())
        if request.method == "POST":
            data = parse(Joining, request.form)
            sign_in_here(service.join(db.session, secret, data, now=utcnow()))
            flash("账号已开通。请先核对您的利害关系申报。", "success")
            return redirect(url_for(".mine"), 303)
    except Invalid as invalid:
        errors = invalid.fields
    except Conflict as conflict:
        return dead_link(conflict, "去登录", url_for("accounts.sign_in"))
    page = render_template(
        "experts/join.html",
        expert=expert,
        secret=secret,
        other=current(),
        values=request.form if errors else {"name": expert.user.name},
        errors=errors,
        labels_of=LABELS,
    )
    return page, 422 if errors else 200
