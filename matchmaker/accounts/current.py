"""Who is signed in: Flask-Login over our own table of users."""

from flask import Flask
from flask_login import LoginManager, current_user

from models import User

from ..db import db

login = LoginManager()
login.login_view = "accounts.sign_in"
login.login_message = "请先登录。"
login.login_message_category = "info"
login.session_protection = "basic"


@login.user_loader
def _load(session_id: str) -> User | None:
    number = session_id.partition(".")[0]
    user = db.session.get(User, int(number)) if number.isdecimal() else None
    if user is None or not user.active or user.get_id() != session_id:
        return None
    return user


def current() -> User | None:
    """The signed-in user; None for a visitor."""
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


def init_app(app: Flask) -> None:
    login.init_app(app)
