"""The first page, and the address a monitor asks."""

from typing import Any

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from models import Call, Need, User, utcnow
from models.fields import field_name

from ..accounts.current import current
from ..dashboards import public, words
from ..db import db
from ..labels import day
from ..needs.service import text_for
from ..publications import finding as publications
from ..search.live import live_index
from ..work import service as work
from ..work.schema import WorkQuery
from ..work.web import shown, when
from . import service

bp = Blueprint("home", __name__)

FIRST = 6
LISTS = 3


@bp.get("/")
def index() -> ResponseReturnValue:
    user, now = current(), utcnow()
    front = service.front(db.session, live_index(), user, now=now)
    return render_template(
        "home.html",
        counts=front.counts,
        headline=public.headline(db.session, now=now),
        newest_needs=[_need_line(user, need) for need in front.needs],
        newest_calls=[_call_line(call) for call in front.calls],
        newest_lists=publications.newest(db.session, None, LISTS, in_force=True),
        words=words,
        **_work(user),
    )


def _work(user: User | None) -> dict[str, Any]:
    """The head of the reader's work list."""
    if user is None:
        return {"work": None}
    found = work.work_list(db.session, user, WorkQuery(), when(), size=FIRST)
    return shown(user, found)


@bp.get("/healthz")
def health() -> ResponseReturnValue:
    try:
        db.session.execute(text("SELECT 1"))
    except OperationalError:
        return {"status": "database unavailable"}, 503
    return {"status": "ok"}


def _need_line(user: User | None, need: Need) -> dict[str, Any]:
    words = text_for(user, need)
    return {
        "title": words.title,
        "url": url_for("needs.show", need_id=need.id),
        "organisation_label": words.organisation,
        "field_label": field_name(need.field),
        "published_on": day(need.published_at),
        "demo": need.is_demo,
    }


def _call_line(call: Call) -> dict[str, Any]:
    return {
        "title": call.title,
        "url": url_for("calls.show", call_id=call.id),
        "organisation_label": call.issuer.name,
        "field_label": field_name(call.field),
        "published_on": day(call.published_at),
        "demo": call.is_demo,
    }
