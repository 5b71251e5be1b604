"""The product. `create_app` is the map: read it top to bottom."""

import logging
from importlib import import_module
from typing import Any

import structlog
from flask import Flask, Response, request
from flask_bootstrap import Bootstrap5
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from models import fields
from models.fields import district_name, field_name
from models.outbox import RecordType

from . import handlers, labels, policies
from .accounts.current import current
from .config import Settings
from .db import db
from .demo import service as demo
from .features import FEATURES
from .needs import budgets

limiter = Limiter(get_remote_address, default_limits=[])
csrf = CSRFProtect()

MOST_BYTES = 1_000_000
CONTENT_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
FILE_POLICY = "default-src 'none'; sandbox"


def create_app(settings: Settings | None = None) -> Flask:
    """The application with these settings (unset: from the environment)."""
    settings = settings or Settings()
    settings.instance_dir.mkdir(parents=True, exist_ok=True)
    _log_as_json()
    app = Flask(__name__, template_folder="../templates")
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.key(),
        MAX_CONTENT_LENGTH=MOST_BYTES,
        MAX_FORM_MEMORY_SIZE=MOST_BYTES,
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        BOOTSTRAP_SERVE_LOCAL=True,
        RATELIMIT_STORAGE_URI=settings.redis_url or "memory://",
        WTF_CSRF_TIME_LIMIT=8 * 3600,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    if settings.behind_proxy:
        app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]

    db.init_app(app, settings.url)
    Bootstrap5(app)
    csrf.init_app(app)
    limiter.init_app(app)
    _register_features(app)
    handlers.register(app)
    app.before_request(_read_words)
    app.after_request(_harden)
    app.context_processor(_page_words)
    return app


def _register_features(app: Flask) -> None:
    from . import cli, jobs
    from .accounts import current as signing
    from .search import live

    signing.init_app(app)
    live.init_app(app)
    jobs.init_app(app)
    for feature in FEATURES:
        app.register_blueprint(import_module(f"{__name__}.{feature}.web").bp)
    cli.init_app(app)


def _read_words() -> None:
    """Fields and districts as the administrator calls them at this moment."""
    endpoint = request.endpoint or "static"
    if not endpoint.endswith("static") and endpoint != "home.health":
        fields.refresh(db.session)


def _harden(response: Response) -> Response:
    disposition = response.headers.get("Content-Disposition", "")
    response.headers["Content-Security-Policy"] = CONTENT_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    if disposition.startswith("attachment"):
        # A browser shows none of a file and runs nothing in it, whatever it holds.
        response.headers["Content-Security-Policy"] = FILE_POLICY
        response.headers["Cache-Control"] = "private, no-store"
    elif current() is not None:
        # What one person sees must not stay in a cache for the next.
        response.headers.setdefault("Cache-Control", "private, no-store")
    return response


def _page_words() -> dict[str, Any]:
    return {
        "label": labels.label,
        "labels": labels,
        "field_name": field_name,
        "district_name": district_name,
        "budget_of": lambda need: budgets.seen(current(), need),
        "may": lambda action, item=None: policies.may(current(), action, item),
        "RecordType": RecordType,
        "demo_data": lambda: demo.is_loaded(db.session),
    }


def _log_as_json() -> None:
    """One JSON object a line on standard error; no request bodies, ever."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(),
    )
