"""Sign in, sign out, one's own account."""

from urllib.parse import urlsplit

from flask import (
    Blueprint,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import login_required, login_user, logout_user

from models import User, utcnow

from .. import limiter
from ..db import db
from ..errors import Invalid
from ..schema import parse
from . import service
from .current import current, signed_in
from .schema import PasswordChange, SignInInput

bp = Blueprint("accounts", __name__)


def _sign_in_rate() -> str:
    rate: str = current_app.config["SETTINGS"].sign_in_rate
    return rate


# Both forms take a password, so both could be used to guess one.
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
            user = service.sign_in(db.session, parse(SignInInput, request.form))
        except Invalid as invalid:
            errors = invalid.fields
        else:
            _start_session(user)
            return redirect(target or url_for("home.index"), 303)
    page = render_template(
        "accounts/sign_in.html", values=request.form, errors=errors, target=target
    )
    return page, 422 if errors else 200


@bp.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    logout_user()
    session.clear()
    flash("您已退出登录。", "success")
    return redirect(url_for("home.index"), 303)


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
            _start_session(user)
            flash("密码已修改，其他设备上的登录已失效。", "success")
            return redirect(url_for(".profile"), 303)
    page = render_template("accounts/profile.html", user=user, errors=errors)
    return page, 422 if errors else 200


def _start_session(user: User) -> None:
    """Sign the person in under a new session; nothing of the old one is kept."""
    session.clear()
    login_user(user)


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
