"""The product. `create_app` is the map: read it top to bottom."""

import logging
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
    from .accounts import web as accounts_web
    from .achievements import web as achievements_web
    from .achievements.writing import web as achievement_forms_web
    from .attachments import web as attachments_web
    from .audit import web as audit_web
    from .awards import web as awards_web
    from .awards.amendments import web as amendments_web
    from .awards.milestones import web as milestones_web
    from .bids import web as bids_web
    from .bids.opening import web as releases_web
    from .bids.receipts import web as receipts_web
    from .bids.writing import web as bid_forms_web
    from .calls import web as calls_web
    from .calls.drafts import web as call_drafts_web
    from .calls.invitations import web as call_invitations_web
    from .calls.questions import web as call_questions_web
    from .calls.versions import web as call_versions_web
    from .contracts import web as contracts_web
    from .contracts.steps import web as contract_steps_web
    from .contracts.writing import web as contract_forms_web
    from .dashboards import web as dashboards_web
    from .dictionaries import web as dictionaries_web
    from .experts import web as experts_web
    from .groups import web as groups_web
    from .home import web as home_web
    from .introductions import web as introductions_web
    from .introductions.requests import web as requests_web
    from .introductions.steps import web as introduction_steps_web
    from .ledger import web as ledger_web
    from .mail import web as mail_web
    from .matches import web as matches_web
    from .needs import web as needs_web
    from .needs.word import web as need_word_web
    from .needs.writing import web as need_forms_web
    from .nodes import web as nodes_web
    from .notices import web as notices_web
    from .organisations import web as organisations_web
    from .panels import web as panels_web
    from .panels.issuer import web as views_web
    from .panels.notice import web as results_web
    from .panels.reviews import web as reviews_web
    from .proposals import web as proposals_web
    from .rankers import web as rankers_web
    from .registrations import web as registrations_web
    from .search import live
    from .search import web as search_web
    from .subscriptions import web as subscriptions_web
    from .system import web as system_web
    from .targets import web as targets_web
    from .users import web as users_web
    from .verification import web as verification_web
    from .work import web as work_web

    signing.init_app(app)
    live.init_app(app)
    jobs.init_app(app)
    for feature in (
        home_web,
        accounts_web,
        search_web,
        needs_web,
        need_forms_web,
        need_word_web,
        achievements_web,
        achievement_forms_web,
        attachments_web,
        calls_web,
        bids_web,
        bid_forms_web,
        receipts_web,
        releases_web,
        awards_web,
        amendments_web,
        milestones_web,
        call_drafts_web,
        call_versions_web,
        call_questions_web,
        call_invitations_web,
        contracts_web,
        contract_forms_web,
        contract_steps_web,
        matches_web,
        introductions_web,
        introduction_steps_web,
        requests_web,
        proposals_web,
        rankers_web,
        groups_web,
        verification_web,
        notices_web,
        work_web,
        nodes_web,
        users_web,
        dictionaries_web,
        audit_web,
        system_web,
        mail_web,
        registrations_web,
        organisations_web,
        subscriptions_web,
        ledger_web,
        dashboards_web,
        targets_web,
        experts_web,
        panels_web,
        reviews_web,
        views_web,
        results_web,
    ):
        app.register_blueprint(feature.bp)
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
