"""Pages of open calls: the list and one call."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from models.base import utcnow
from models.outbox import RecordType

from .. import policies
from ..accounts.current import current
from ..db import db
from ..history import service as history
from ..history.words import entries
from ..matches.nearby import nearby
from ..search import rows
from ..search.live import live_index
from ..search.web import list_page, near_cards, searches
from . import service

bp = Blueprint("calls", __name__)


@bp.get("/calls")
@searches
def browse() -> ResponseReturnValue:
    return list_page("calls/browse.html", RecordType.CALL)


@bp.get("/calls/<int:call_id>")
def show(call_id: int) -> ResponseReturnValue:
    user, session = current(), db.session
    call = service.find_call(session, user, call_id)
    now = utcnow()
    kind = RecordType.ACHIEVEMENT
    near = nearby(session, live_index(), user, call, kind, limit=5, now=now)
    read_history = policies.may(user, "history.read", call)
    return render_template(
        "calls/show.html",
        call=call,
        state=rows.state(call, now),
        window=service.window(call, now),
        achievements=near_cards(near),
        timeline=entries(history.of_record(session, call), {})
        if read_history
        else None,
    )
