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


@login.user_loader  # type: ignore[untyped-decorator]
def _load(user_id: str) -> User | None:
    user = db.session.get(User, int(user_id)) if user_id.isdigit() else None
    return user if user is not None and user.active else None


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
