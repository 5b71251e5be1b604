"""Pages of accounts and roles."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import utcnow
from models.states import Role

from .. import policies
from ..accounts.current import signed_in
from ..db import db
from ..errors import Invalid
from ..history.words import entries
from ..labels import day, label
from ..schema import parse
from ..sheets.web import asked_form, download_table, exports
from . import service
from .export import write
from .schema import LABELS, Closing, RoleChange, UserQuery

bp = Blueprint("users", __name__)


@bp.get("/admin/users")
@login_required
def index() -> ResponseReturnValue:
    query = parse(UserQuery, request.args)
    return render_template(
        "users/list.html",
        query=query,
        found=service.search(db.session, signed_in(), query),
        roles=[(role.value, label(role)) for role in Role],
        exported=query.filters(),
    )


@bp.post("/admin/users/export")
@login_required
@exports
def export() -> ResponseReturnValue:
    query, form, now = parse(UserQuery, request.form), asked_form(), utcnow()
    file = write(db.session, signed_in(), query, form, now=now)
    return download_table(file, f"用户与角色-{day(now)}", form)


@bp.get("/admin/users/<int:user_id>")
@login_required
def show(user_id: int) -> ResponseReturnValue:
    return _page(user_id)


def _page(
    user_id: int,
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    form: str = "",
) -> ResponseReturnValue:
    actor = signed_in()
    user = service.find(db.session, actor, user_id)
    page = render_template(
        "users/show.html",
        user=user,
        may_change=policies.may(actor, "user.govern", user),
        roles=[(role.value, label(role)) for role in service.roles_for(user)],
        nodes=service.nodes_of(db.session, user),
        history=entries(service.recent(db.session, actor, user), {"role": "角色"}),
        values=values or {},
        errors=errors or {},
        form=form,
        labels_of=LABELS,
    )
    return page, 422 if errors else 200


@bp.post("/admin/users/<int:user_id>/role")
@login_required
def change_role(user_id: int) -> ResponseReturnValue:
    actor = signed_in()
    service.find(db.session, actor, user_id)
    try:
        data = parse(RoleChange, request.form)
        user = service.change_role(db.session, actor, user_id, data, now=utcnow())
    except Invalid as invalid:
        return _page(user_id, request.form.to_dict(), invalid.fields, "role")
    flash(f"{user.name} 现在的角色是：{label(user.role)}。", "success")
    return redirect(url_for(".show", user_id=user_id), 303)


@bp.post("/admin/users/<int:user_id>/close")
@login_required
def close(user_id: int) -> ResponseReturnValue:
    actor = signed_in()
    service.find(db.session, actor, user_id)
    try:
        data = parse(Closing, request.form)
        user = service.close(db.session, actor, user_id, data, now=utcnow())
    except Invalid as invalid:
        return _page(user_id, request.form.to_dict(), invalid.fields, "close")
    flash(f"{user.name} 的账号已停用，已登录的会话同时失效。", "success")
    return redirect(url_for(".show", user_id=user_id), 303)


@bp.post("/admin/users/<int:user_id>/reopen")
@login_required
def reopen(user_id: int) -> ResponseReturnValue:
    user = service.reopen(db.session, signed_in(), user_id, now=utcnow())
    flash(f"{user.name} 的账号已启用。", "success")
    return redirect(url_for(".show", user_id=user_id), 303)
