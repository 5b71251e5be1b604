"""Pages of needs: lists, one need, what its owner does with it."""

from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import Need
from models.base import utcnow
from models.outbox import RecordType
from models.states import NeedStatus, Secrecy

from .. import labels, policies
from ..accounts.current import current, signed_in
from ..attachments import web as attachments
from ..calls.service import calls_from
from ..config import Settings
from ..db import db
from ..duplicates import service as duplicates
from ..feeds.web import ATOM_TYPE, CALENDAR_TYPE, base_url, told
from ..history import service as history
from ..history.words import entries
from ..matches.nearby import nearby
from ..matches.supply import Shortfall, shortfall
from ..posting import expiry
from ..posting.service import is_editable
from ..posting.terms import Terms
from ..search import rows
from ..search.live import live_index
from ..search.newest import newest
from ..search.web import export_list, list_page, near_cards, searches
from ..sheets.web import exports
from . import budgets, feeds, service
from .schema import COLUMN_LABELS

bp = Blueprint("needs", __name__)

# Those whose owner waits for an answer.
LOOKING = frozenset({NeedStatus.PENDING, NeedStatus.PUBLISHED})


@bp.get("/needs")
@searches
def browse() -> ResponseReturnValue:
    return list_page("needs/browse.html", RecordType.NEED)


@bp.post("/needs/export")
@login_required
@exports
def export() -> ResponseReturnValue:
    return export_list(RecordType.NEED)


@bp.get("/needs/mine")
@login_required
def mine() -> ResponseReturnValue:
    own = policies.owned(signed_in(), RecordType.NEED)
    return list_page("needs/mine.html", RecordType.NEED, base=own, own=True)


@bp.post("/needs/mine/export")
@login_required
@exports
def export_mine() -> ResponseReturnValue:
    own = policies.owned(signed_in(), RecordType.NEED)
    return export_list(RecordType.NEED, base=own, own=True)


@bp.get("/needs/feed.atom")
def feed() -> Response:
    found = newest(db.session, RecordType.NEED, now=utcnow())
    return told(feeds.atom(found, base_url()), ATOM_TYPE)


@bp.get("/needs/mine/deadlines.ics")
@login_required
def deadlines() -> ResponseReturnValue:
    return last_days()


def last_days() -> Response:
    """The last days of one's organisation's own needs, as a calendar."""
    day = labels.today(utcnow())
    found = feeds.ending(db.session, signed_in(), terms=_terms(), day=day)
    return told(feeds.calendar(found, base_url()), CALENDAR_TYPE)


@bp.get("/needs/<int:need_id>")
def show(need_id: int) -> ResponseReturnValue:
    user, session = current(), db.session
    now = utcnow()
    today = labels.today(now)
    need = service.find_need(session, user, need_id)
    full = policies.reads_full_text(user, need)
    matched = full and service.is_matched(need)
    near = _near(need, RecordType.ACHIEVEMENT) if matched else None
    read_history = policies.may(user, "history.read", need)
    return render_template(
        "needs/show.html",
        need=need,
        text=service.text_for(user, need),
        card=rows.card(user, need, now),
        state=rows.state(need, now),
        full=full,
        owner=policies.may(user, "need.edit", need),
        editable=is_editable(need),
        withdrawable=service.may_withdraw(need),
        solvable=service.may_be_solved(need),
        submitted=full and "submitted" in request.args,
        achievements=near,
        shortfall=_shortfall(need) if near == [] else None,
        calls=_near(need, RecordType.CALL) if matched else None,
        covering=calls_from(session, user, need),
        budget=budgets.seen(user, need),
        public_budget=budgets.seen(None, need),
        measures=service.measures_of(need) if full or shows_all(need) else [],
        all_told=full or shows_all(need),
        renewable=expiry.may_renew(need, _terms(), today),
        last_day=expiry.last_day(need, _terms()),
        files=attachments.cards(need),
        files_url=_files_url(need),
        similar=duplicates.find(session, live_index(), user, need),
        timeline=entries(history.of_record(session, need), COLUMN_LABELS)
        if read_history
        else None,
    )


def _terms() -> Terms:
    settings: Settings = current_app.config["SETTINGS"]
    return settings.terms


def shows_all(need: Need) -> bool:
    """Whether the public text is the full one."""
    return need.secrecy is Secrecy.PUBLIC


def _files_url(need: Need) -> str:
    """Where this reader changes the files of the need; nowhere for most."""
    changes = policies.may(current(), "attachment.change", need)
    if not changes or not is_editable(need):
        return ""
    return url_for("attachments.of_need", record_id=need.id)


def _shortfall(need: Need) -> Shortfall | None:
    if need.status not in LOOKING:
        return None
    return shortfall(db.session, live_index(), signed_in(), need, now=utcnow())


def _near(need: Need, kind: RecordType) -> list[dict[str, Any]]:
    found = nearby(
        db.session, live_index(), current(), need, kind, limit=5, now=utcnow()
    )
    return near_cards(found)


@bp.post("/needs/<int:need_id>/renew")
@login_required
def renew(need_id: int) -> ResponseReturnValue:
    terms = _terms()
    need = service.renew_need(
        db.session, signed_in(), need_id, terms=terms, now=utcnow()
    )
    flash(f"已续期到 {labels.day(expiry.last_day(need, terms))}。", "success")
    return redirect(url_for(".show", need_id=need_id), 303)


@bp.post("/needs/<int:need_id>/solved")
@login_required
def solved(need_id: int) -> ResponseReturnValue:
    service.mark_solved(db.session, signed_in(), need_id, now=utcnow())
    flash("已标记为已解决。页面按原来的公开范围保留，不再参与匹配。", "success")
    return redirect(url_for(".show", need_id=need_id), 303)


@bp.post("/needs/<int:need_id>/withdraw")
@login_required
def withdraw(need_id: int) -> ResponseReturnValue:
    service.withdraw_need(db.session, signed_in(), need_id, now=utcnow())
    flash("需求已撤回，不再出现在任何列表和检索中。", "success")
    return redirect(url_for(".show", need_id=need_id), 303)
