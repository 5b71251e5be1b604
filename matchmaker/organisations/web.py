"""The page of one's own organisation, and that of an invitation."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import utcnow
from models.states import OrganisationRole

from .. import labels, policies
from ..accounts.current import current, sign_in_here, signed_in
from ..accounts.web import dead_link, guarded
from ..db import db
from ..errors import Conflict, Invalid
from ..mail.web import await_mail
from ..schema import parse
from . import service
from .schema import Acceptance, InvitationInput, RoleInput

bp = Blueprint("organisations", __name__)

ROLES = [
    (OrganisationRole.MANAGER, "可发布、修改，并管理成员和邀请"),
    (OrganisationRole.OPERATOR, "可发布和修改本单位的信息"),
    (OrganisationRole.READER, "只能查看，不能发布或修改"),
]


@bp.get("/organisation")
@login_required
def mine() -> ResponseReturnValue:
    return _mine({})


def _mine(errors: dict[str, str]) -> ResponseReturnValue:
    found = service.home(db.session, signed_in(), now=utcnow())
    page = render_template(
        "organisations/mine.html",
        home=found,
        leads=policies.may(signed_in(), "organisation.lead", found.organisation),
        roles=[(role.value, labels.label(role), hint) for role, hint in ROLES],
        values=request.form or {"org_role": OrganisationRole.OPERATOR.value},
        errors=errors,
        now=utcnow(),
    )
    return page, 422 if errors else 200


@bp.post("/organisation/invitations")
@guarded
@login_required
def invite() -> ResponseReturnValue:
    policies.require(signed_in(), "organisation.read_own")
    try:
        data = parse(InvitationInput, request.form)
        mail = service.invite(db.session, signed_in(), data, now=utcnow())
    except Invalid as invalid:
        return _mine(invalid.fields)
    await_mail(mail)
    flash(f"邀请已发到 {data.email}，7 天内有效。", "success")
    return redirect(url_for(".mine"), 303)


@bp.post("/organisation/invitations/<int:invitation_id>/withdraw")
@login_required
def withdraw(invitation_id: int) -> ResponseReturnValue:
    service.withdraw(db.session, signed_in(), invitation_id, now=utcnow())
    flash("邀请已撤回，原链接已失效。", "success")
    return redirect(url_for(".mine"), 303)


@bp.post("/organisation/members/<int:user_id>/role")
@login_required
def set_role(user_id: int) -> ResponseReturnValue:
    service.led_member(db.session, signed_in(), user_id)
    data = parse(RoleInput, request.form)
    member = service.set_role(db.session, signed_in(), user_id, data, now=utcnow())
    flash(f"{member.name} 现在是{labels.label(member.org_role)}。", "success")
    return redirect(url_for(".mine"), 303)


@bp.post("/organisation/members/<int:user_id>/close")
@login_required
def close(user_id: int) -> ResponseReturnValue:
    member = service.close(db.session, signed_in(), user_id, now=utcnow())
    flash(f"已停用 {member.name} 的账号，其登录已全部结束。", "success")
    return redirect(url_for(".mine"), 303)


@bp.post("/organisation/members/<int:user_id>/open", endpoint="reopen")
@login_required
def reopen(user_id: int) -> ResponseReturnValue:
    member = service.reopen(db.session, signed_in(), user_id, now=utcnow())
    flash(f"已恢复 {member.name} 的账号。", "success")
    return redirect(url_for(".mine"), 303)


@bp.route("/invitation", methods=["GET", "POST"])
@guarded
def accept() -> ResponseReturnValue:
    secret = request.values.get("token", "")
    errors: dict[str, str] = {}
    try:
        made = service.of_link(db.session, secret, now=utcnow())
        if request.method == "POST":
            data = parse(Acceptance, request.form)
            user = service.accept(db.session, secret, data, now=utcnow())
            sign_in_here(user)
            flash("账号已开通，欢迎使用。", "success")
            return redirect(url_for("home.index"), 303)
    except Invalid as invalid:
        errors = invalid.fields
    except Conflict as conflict:
        return dead_link(conflict, "去登录", url_for("accounts.sign_in"))
    page = render_template(
        "organisations/accept.html",
        invitation=made,
        secret=secret,
        has_account=service.has_account(db.session, made),
        other=current(),
        values=request.form,
        errors=errors,
    )
    return page, 422 if errors else 200
