"""Who is signed in: Flask-Login over our own tables of users and sessions.

The browser's cookie holds who it is and the secret of its session; the row of that
session says whether it is still open. A session ended from another device, or a
password changed there, ends it at the next request.
"""

from datetime import timedelta

from flask import Flask, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, current_user, login_user

from models import User, UserSession, utcnow

from .. import policies
from ..config import Settings
from ..db import db
from . import sessions

login = LoginManager()
login.login_view = "accounts.sign_in"
login.login_message = "请先登录。"
login.login_message_category = "info"
login.session_protection = "basic"

KEY = "key"
# What staff may open before the second step is set up, where it is required.
BEFORE_SECOND_STEP = {
    "accounts.two_step",
    "accounts.two_step_start",
    "accounts.two_step_confirm",
    "accounts.sign_out",
}


@login.user_loader
def _load(session_id: str) -> User | None:
    number = session_id.partition(".")[0]
    found = _session(number)
    if found is None:
        return None
    user = found.user
    if not user.active or user.get_id() != session_id:
        return None
    if sessions.is_stale(found, now=utcnow()):
        _note_use(found.id)
    return user


def _session(number: str) -> UserSession | None:
    key = session.get(KEY)
    if not number.isdecimal() or not isinstance(key, str):
        return None
    found = sessions.find(db.session, key, idle=idle(), now=utcnow())
    return found if found is not None and found.user_id == int(number) else None


def _note_use(session_id: int) -> None:
    # In a session of its own: that of the request has begun to read.
    with current_app.extensions["db_sessions"]() as own:
        sessions.note_use(own, session_id, now=utcnow())


def idle() -> timedelta:
    """After how long without use a session ends."""
    settings: Settings = current_app.config["SETTINGS"]
    return timedelta(days=settings.session_days)


def sign_in_here(user: User) -> None:
    """Sign the person in under a new session; nothing of the old one is kept."""
    forget_here()
    key = sessions.start(
        db.session,
        user,
        agent=request.headers.get("User-Agent", ""),
        address=request.remote_addr or "",
        now=utcnow(),
    )
    session.clear()
    session[KEY] = key
    login_user(user)


def forget_here() -> None:
    """End the session of this browser, if it has one."""
    key = session.get(KEY)
    if isinstance(key, str):
        sessions.end_key(db.session, key, now=utcnow())


def here() -> str:
    """The secret of this browser's session; empty for a visitor."""
    return str(session.get(KEY, ""))


def act_as(user: User | None) -> None:
    """Let this request act for the person of a token, whoever has signed in here."""
    g.acting = user


def current() -> User | None:
    """The signed-in user; None for a visitor."""
    if "acting" in g:
        acting: User | None = g.acting
        return acting
    if not current_user or not current_user.is_authenticated:
        return None
    user: User = current_user._get_current_object()
    return user


def signed_in() -> User:
    """The signed-in user, behind `login_required`."""
    user = current()
    if user is None:
        raise RuntimeError("the view lacks login_required")
    return user


def _require_second_step() -> ResponseReturnValue | None:
    """Lead staff to the set-up of the second step where the settings require it."""
    if request.endpoint is None or request.endpoint.endswith("static"):
        return None
    if request.endpoint in BEFORE_SECOND_STEP or request.blueprint == "api":
        return None  # programs are told in words (`api.caller.admit`)
    if lacks_second_step(current()):
        return redirect(url_for("accounts.two_step"), 303)
    return None


def lacks_second_step(user: User | None) -> bool:
    """Whether the settings ask of the person a second step that is not set up."""
    settings: Settings = current_app.config["SETTINGS"]
    if user is None or not settings.require_two_step:
        return False
    return policies.may(user, "account.two_step") and user.totp_since is None


def init_app(app: Flask) -> None:
    login.init_app(app)
    app.before_request(_require_second_step)
