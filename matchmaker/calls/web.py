"""Pages of open calls: the list, one call, the feed and the calendar."""

from typing import Any

from flask import (
    Blueprint,
    Response,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import Call, User
from models.base import utcnow
from models.outbox import RecordType
from models.states import CallPhase

from .. import labels, policies
from ..accounts.current import current, signed_in
from ..db import db
from ..errors import Invalid
from ..feeds.web import ATOM_TYPE, CALENDAR_TYPE, base_url, told
from ..history import service as history
from ..history.words import entries
from ..matches.nearby import nearby
from ..schema import parse
from ..search import rows
from ..search.live import live_index
from ..search.newest import newest
from ..search.web import export_list, list_page, near_cards, searches
from ..sheets.web import exports
from ..verification import reasons
from ..verification.schema import Return
from . import feeds, followers, service
from .drafts import arguing
from .drafts.schema import COLUMN_LABELS
from .drafts.service import EDITABLE
from .invitations import service as invitations
from .invitations.service import INVITED_IN
from .questions import service as questions
from .versions.service import AMENDED_IN

bp = Blueprint("calls", __name__)


@bp.get("/calls")
@searches
def browse() -> ResponseReturnValue:
    return list_page("calls/browse.html", RecordType.CALL)


@bp.post("/calls/export")
@login_required
@exports
def export() -> ResponseReturnValue:
    return export_list(RecordType.CALL)


@bp.get("/calls/mine")
@login_required
def mine() -> ResponseReturnValue:
    """One's organisation's calls, drafts too; for staff those the platform wrote."""
    base = service.written(signed_in())
    return list_page("calls/mine.html", RecordType.CALL, base=base, own=True)


@bp.post("/calls/mine/export")
@login_required
@exports
def export_mine() -> ResponseReturnValue:
    base = service.written(signed_in())
    return export_list(RecordType.CALL, base=base, own=True)


@bp.get("/calls/feed.atom")
def feed() -> Response:
    found = newest(db.session, RecordType.CALL, now=utcnow())
    return told(feeds.atom(found, base_url()), ATOM_TYPE)


@bp.get("/calls/deadlines.ics")
def deadlines() -> Response:
    found = feeds.ahead(db.session, now=utcnow())
    return told(feeds.calendar(found, base_url()), CALENDAR_TYPE)


@bp.get("/calls/<int:call_id>")
def show(call_id: int) -> ResponseReturnValue:
    return page(service.find_call(db.session, current(), call_id))


def page(
    call: Call,
    *,
    values: dict[str, Any] | None = None,
    errors: dict[str, str] | None = None,
    about: str = "",
) -> ResponseReturnValue:
    """The page of one call; ``errors`` are those of its form ``about``."""
    user, session, now = current(), db.session, utcnow()
    phase = call.phase(now)
    read_history = policies.may(user, "history.read", call)
    found = render_template(
        "calls/show.html",
        call=call,
        phase=phase,
        state=rows.state(call, now),
        window=service.window(call, now),
        counts=followers.interest(session, call.id, closed=call.is_closed_at(now)),
        needs=service.needs_behind(session, user, call),
        achievements=_near(user, call),
        questions=questions.of_call(session, user, call),
        asking=call.takes_questions_at(now),
        answering=phase in questions.ANSWERED_IN,
        invitations=invitations.of_call(session, user, call),
        inviting=phase in INVITED_IN,
        amendable=phase in AMENDED_IN,
        editable=call.status in EDITABLE,
        stoppable=service.may_be_stopped(call),
        lacks_figures=arguing.lacks_figures(call),
        planned=arguing.planned(call),
        opinions=arguing.opinions(session, call),
        return_entries=_reasons(call),
        ends=reasons.of_dictionary(session, "call_end")
        if policies.may(user, "call.stop", call)
        else [],
        returns=reasons.offered(session, ["call"])
        if policies.may(user, "call.argue", call)
        else [],
        values=values or {},
        errors=errors or {},
        about=about,
        left=labels.left(call.closes_at, now)
        if call.closes_at and phase is CallPhase.OPEN
        else "",
        timeline=entries(history.of_record(session, call), COLUMN_LABELS)
        if read_history
        else None,
    )
    return found, 422 if errors else 200


def _near(user: User | None, call: Call) -> list[dict[str, Any]]:
    kind = RecordType.ACHIEVEMENT
    return near_cards(
        nearby(db.session, live_index(), user, call, kind, limit=5, now=utcnow())
    )


def _reasons(call: Call) -> list[Any]:
    """Why the call came back, each with its advice."""
    return reasons.named(db.session, "call", call.return_codes or [])


@bp.post("/calls/<int:call_id>/stop")
@login_required
def stop(call_id: int) -> ResponseReturnValue:
    user = signed_in()
    call = service.find_call(db.session, user, call_id)
    policies.require(user, "call.stop", call)
    try:
        data = parse(Return, request.form)
        service.stop(db.session, user, call_id, data, now=utcnow())
    except Invalid as invalid:
        typed = request.form.to_dict() | {"codes": request.form.getlist("codes")}
        return page(call, values=typed, errors=invalid.fields, about="stop")
    flash("榜单已终止，原因已公开，关注它的单位都收到通知。", "success")
    return redirect(url_for(".show", call_id=call_id), 303)
