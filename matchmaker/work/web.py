"""The work list, and its number on every page."""

from functools import partial
from typing import Any

from flask import Blueprint, current_app, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import User, utcnow

from .. import labels
from ..accounts.current import current, signed_in
from ..calendar import service as calendar
from ..calendar.current import city_days
from ..config import Settings
from ..db import db
from ..nodes.current import note_own
from ..nodes.facet import chip, facet
from ..schema import parse
from . import service
from .schema import WorkQuery
from .service import WorkList
from .source import When

bp = Blueprint("work", __name__)

# From this month on the next year's public holidays are announced.
ANNOUNCED_FROM = 12


def when() -> When:
    """The moment of the request; the number in the navigation asks for it too."""
    if "work_when" not in g:
        settings: Settings = current_app.config["SETTINGS"]
        g.work_when = service.moment(utcnow(), settings.periods, city_days())
    known: When = g.work_when
    return known


@bp.app_context_processor
def _counted() -> dict[str, Any]:
    # Asked only where it is shown: the page of a failed request asks for nothing.
    return {"waiting_work": _number}


def _number() -> int:
    user = current()
    return service.count(db.session, user, when()) if user else 0


@bp.get("/work")
@login_required
def index() -> ResponseReturnValue:
    user, query = signed_in(), parse(WorkQuery, request.args)
    found = service.work_list(db.session, user, query, when())
    return render_template(
        "work/list.html",
        query=query,
        groups=_facets(query, found),
        chosen=chip(found.nodes, partial(_at_node, query)),
        year_missing=_year_missing(user),
        **shown(user, found),
    )


def shown(user: User, found: WorkList) -> dict[str, Any]:
    """What any page needs to show work."""
    note_own(found.nodes)
    now, days = utcnow(), city_days()
    return {
        "work": found,
        "most_listed": service.MOST_LISTED,
        "waited": lambda since: calendar.waited(days, since, now),
        "days_left": lambda day: (day - labels.today(now)).days,
        "observed": service.observed(db.session, user),
    }


def _facets(query: WorkQuery, found: WorkList) -> list[dict[str, Any]]:
    options = [
        {
            "value": source.name,
            "label": source.label,
            "count": f"{number}+" if number >= service.MOST_LISTED else number,
            "selected": source.name == query.source,
            "url": _address(
                query, source=None if source.name == query.source else source.name
            ),
        }
        for source, number in found.counts.items()
        if number or source.name == query.source
    ]
    kinds = [{"name": "source", "label": "哪一类", "options": options}]
    return facet(found.nodes, partial(_at_node, query)) + (kinds if options else [])


def _at_node(query: WorkQuery, node: str | None) -> str:
    return _address(query, node=node)


def _address(query: WorkQuery, **changed: str | None) -> str:
    return url_for(".index", **(query.args() | changed))


def _year_missing(user: User) -> int | None:
    """The year for which an administrator should enter the holidays by now."""
    today = labels.today(utcnow())
    year = today.year + (today.month >= ANNOUNCED_FROM)
    if user.role.value != "admin" or not calendar.lacks_year(db.session, year):
        return None
    return year
