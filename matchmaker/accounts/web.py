"""Sign in, sign out, one's own account."""

import json
import time
from datetime import datetime
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import login_required, logout_user

from models import User, utcnow

from .. import limiter, policies
from ..config import Settings
from ..db import db
from ..errors import Conflict, Invalid
from ..handlers import conflict_words
from ..mail.web import await_mail
from ..schema import parse
from . import personal, reset, service, sessions, two_step
from .current import current, forget_here, here, idle, sign_in_here, signed_in
from .schema import (
    CodeInput,
    Details,
    EmailOnly,
    NewPassword,
    PasswordChange,
    PasswordOnly,
    SignInInput,
)

bp = Blueprint("accounts", __name__)
# How long the second step may take after the first, in seconds.
PATIENCE = 600


def _sign_in_rate() -> str:
    rate: str = current_app.config["SETTINGS"].sign_in_rate
    return rate


# These forms take a password or cause a mail: each could be used to guess or to pester.
guarded = limiter.shared_limit(_sign_in_rate, scope="passwords", methods=["POST"])


@bp.route("/sign-in", methods=["GET", "POST"])
@guarded
def sign_in() -> ResponseReturnValue:
    target = local_page(request.values.get("next", ""))
    if request.method == "GET" and current() is not None:
        return redirect(target or url_for("home.index"), 303)
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            data = parse(SignInInput, request.form)
            user = service.sign_in(db.session, data, now=utcnow())
        except Invalid as invalid:
            errors = invalid.fields
        else:
            return _first_step_done(user, target)
    page = render_template(
        "accounts/sign_in.html", values=request.form, errors=errors, target=target
    )
    return page, 422 if errors else 200


def _first_step_done(user: User, target: str) -> ResponseReturnValue:
    if user.totp_since is None:
        sign_in_here(user)
        return redirect(target or url_for("home.index"), 303)
    session.clear()
    session["first_step"] = {"who": user.get_id(), "at": int(time.time())}
    return redirect(url_for(".code", next=target or None), 303)


def _waiting_for_code() -> User | None:
    """Whose password was right in this browser a moment ago."""
    first = session.get("first_step") or {}
    number = str(first.get("who", "")).partition(".")[0]
    if not number.isdecimal() or time.time() - int(first.get("at", 0)) > PATIENCE:
        return None
    user = db.session.get(User, int(number))
    # A password changed since, or a closed account, asks for a new beginning.
    if user is None or not user.active or user.get_id() != first["who"]:
        return None
    return user


@bp.route("/sign-in/code", methods=["GET", "POST"])
@guarded
def code() -> ResponseReturnValue:
    user = _waiting_for_code()
    target = local_page(request.values.get("next", ""))
    if user is None:
        flash("请先输入邮箱和密码。", "info")
        return redirect(url_for(".sign_in", next=target or None))
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            data = parse(CodeInput, request.form)
            two_step.check(db.session, user, data, now=utcnow())
        except Invalid as invalid:
            errors = invalid.fields
        else:
            sign_in_here(user)
            return redirect(target or url_for("home.index"), 303)
    page = render_template("accounts/code.html", errors=errors, target=target)
    return page, 422 if errors else 200


@bp.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    forget_here()
    logout_user()
    session.clear()
    flash("您已退出登录。", "success")
    return redirect(url_for("home.index"), 303)


@bp.route("/password/forgot", methods=["GET", "POST"])
@guarded
def forgot() -> ResponseReturnValue:
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            data = parse(EmailOnly, request.form)
        except Invalid as invalid:
            errors = invalid.fields
        else:
            await_mail(reset.ask(db.session, data, now=utcnow()))
            return redirect(url_for(".forgot_sent"), 303)
    page = render_template("accounts/forgot.html", values=request.form, errors=errors)
    return page, 422 if errors else 200


@bp.get("/password/forgot/sent")
def forgot_sent() -> ResponseReturnValue:
    return render_template("accounts/forgot_sent.html")


@bp.route("/password/reset", methods=["GET", "POST"])
@guarded
def reset_password() -> ResponseReturnValue:
    secret = request.values.get("token", "")
    errors: dict[str, str] = {}
    try:
        user = reset.owner(db.session, secret, now=utcnow())
        if request.method == "POST":
            data = parse(NewPassword, request.form)
            reset.set_new(db.session, secret, data, now=utcnow())
            flash("新密码已生效，请用新密码登录。", "success")
            return redirect(url_for(".sign_in"), 303)
    except Invalid as invalid:
        errors = invalid.fields
    except Conflict as conflict:
        return dead_link(conflict, "重新申请", url_for(".forgot"))
    page = render_template(
        "accounts/reset.html", user=user, secret=secret, errors=errors
    )
    return page, 422 if errors else 200


def dead_link(conflict: Conflict, label: str, url: str) -> ResponseReturnValue:
    """A page for a link that opens nothing, with the way to a new one."""
    page = render_template(
        "error.html",
        status=404,
        heading="链接已失效",
        message=conflict_words(conflict),
        actions=[(label, url), ("返回首页", url_for("home.index"))],
    )
    return page, 404


@bp.route("/profile", methods=["GET", "POST"])
@guarded
@login_required
def profile() -> ResponseReturnValue:
    user = signed_in()
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            data = parse(PasswordChange, request.form)
            service.change_password(db.session, user, data, now=utcnow())
        except Invalid as invalid:
            errors = invalid.fields
        else:
            sign_in_here(user)
            flash("密码已修改，其他设备上的登录已失效。", "success")
            return redirect(url_for(".profile"), 303)
    return _profile(user, errors)


def _profile(user: User, errors: dict[str, str]) -> ResponseReturnValue:
    page = render_template(
        "accounts/profile.html", user=user, values=request.form, errors=errors
    )
    return page, 422 if errors else 200


@bp.post("/profile/details")
@login_required
def details() -> ResponseReturnValue:
    try:
        data = parse(Details, request.form)
    except Invalid as invalid:
        return _profile(signed_in(), invalid.fields)
    service.rename(db.session, signed_in(), data, now=utcnow())
    flash("已保存。", "success")
    return redirect(url_for(".profile"), 303)


@bp.get("/profile/sessions", endpoint="sessions")
@login_required
def list_sessions() -> ResponseReturnValue:
    found = sessions.open_ones(db.session, signed_in(), idle=idle(), now=utcnow())
    this = sessions.find(db.session, here(), idle=idle(), now=utcnow())
    return render_template(
        "accounts/sessions.html",
        sessions=found,
        this=this.id if this else None,
        days=_settings().session_days,
    )


@bp.post("/profile/sessions/<int:session_id>/end")
@login_required
def end_session(session_id: int) -> ResponseReturnValue:
    sessions.end(db.session, signed_in(), session_id, now=utcnow())
    flash("该设备上的登录已结束。", "success")
    return redirect(url_for(".sessions"), 303)


@bp.post("/profile/sessions/end-others")
@login_required
def end_other_sessions() -> ResponseReturnValue:
    ended = sessions.end_others(db.session, signed_in(), here(), now=utcnow())
    flash(f"已结束其他 {ended} 处登录。" if ended else "没有其他登录。", "success")
    return redirect(url_for(".sessions"), 303)


@bp.get("/profile/two-step", endpoint="two_step")
@login_required
def show_two_step() -> ResponseReturnValue:
    return _two_step_page({})


def _two_step_page(
    errors: dict[str, str], codes: list[str] | None = None
) -> ResponseReturnValue:
    user = signed_in()
    policies.require(user, "account.two_step")
    secret = session.get("new_secret") if user.totp_since is None else None
    page = render_template(
        "accounts/two_step.html",
        user=user,
        secret=secret,
        picture=two_step.picture(secret, user.email) if secret else "",
        codes=codes,
        codes_left=two_step.codes_left(db.session, user),
        required=_settings().require_two_step,
        errors=errors,
    )
    return page, 422 if errors else 200


@bp.post("/profile/two-step/start")
@login_required
def two_step_start() -> ResponseReturnValue:
    policies.require(signed_in(), "account.two_step")
    session["new_secret"] = two_step.new_secret()
    return redirect(url_for(".two_step"), 303)


@bp.post("/profile/two-step/confirm")
@guarded
@login_required
def two_step_confirm() -> ResponseReturnValue:
    policies.require(signed_in(), "account.two_step")
    secret = session.get("new_secret")
    if not secret:
        return redirect(url_for(".two_step"), 303)
    try:
        data = parse(CodeInput, request.form)
        codes = two_step.turn_on(db.session, signed_in(), secret, data, now=utcnow())
    except Invalid as invalid:
        return _two_step_page(invalid.fields)
    session.pop("new_secret")
    return _two_step_page({}, codes)


@bp.post("/profile/two-step/codes")
@guarded
@login_required
def two_step_codes() -> ResponseReturnValue:
    policies.require(signed_in(), "account.two_step")
    try:
        data = parse(PasswordOnly, request.form)
        codes = two_step.renew_codes(db.session, signed_in(), data, now=utcnow())
    except Invalid as invalid:
        return _two_step_page(invalid.fields)
    return _two_step_page({}, codes)


@bp.post("/profile/two-step/off")
@guarded
@login_required
def two_step_off() -> ResponseReturnValue:
    policies.require(signed_in(), "account.two_step")
    try:
        data = parse(PasswordOnly, request.form)
        two_step.turn_off(db.session, signed_in(), data, now=utcnow())
    except Invalid as invalid:
        return _two_step_page(invalid.fields)
    flash("两步验证已关闭。", "success")
    return redirect(url_for(".two_step"), 303)


@bp.get("/profile/data")
@login_required
def data() -> ResponseReturnValue:
    return _data_page({})


def _data_page(errors: dict[str, str]) -> ResponseReturnValue:
    page = render_template(
        "accounts/data.html",
        user=signed_in(),
        hindrance=personal.hindrance(db.session, signed_in()),
        errors=errors,
    )
    return page, 422 if errors else 200


@bp.post("/profile/data/export")
@login_required
def export() -> ResponseReturnValue:
    now = utcnow()
    found = personal.export(db.session, signed_in(), now=now)
    return Response(
        json.dumps(found, ensure_ascii=False, indent=2),
        mimetype="application/json",
        headers={"Content-Disposition": f'attachment; filename="{_file_name(now)}"'},
    )


def _file_name(now: datetime) -> str:
    return f"account-{now:%Y%m%d}.json"


@bp.post("/profile/data/erase")
@guarded
@login_required
def erase() -> ResponseReturnValue:
    try:
        proof = parse(PasswordOnly, request.form)
        personal.erase(db.session, signed_in(), proof, now=utcnow())
    except Invalid as invalid:
        return _data_page(invalid.fields)
    logout_user()
    session.clear()
    flash("账号已注销，您的个人信息已从平台移除。", "success")
    return redirect(url_for("home.index"), 303)


def _settings() -> Settings:
    found: Settings = current_app.config["SETTINGS"]
    return found


def local_page(target: str) -> str:
    """The address if it is a page of this site that can be opened, else empty.

    Another site's address must not follow a sign-in, and a form's address would
    answer «wrong method».
    """
    try:
        parts = urlsplit(target.replace("\\", "/"))
    except ValueError:
        return ""
    if parts.scheme or parts.netloc or not target.isprintable():
        return ""
    if not parts.path.startswith("/") or parts.path.startswith("//"):
        return ""
    adapter = current_app.create_url_adapter(request)
    if adapter is None or not adapter.test(parts.path, "GET"):
        return ""
    if parts.path == url_for("accounts.sign_in"):
        return ""
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
