"""Pages on which pairs are proposed by hand, and the list of one's own."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import utcnow
from models.outbox import RecordType
from models.states import SuggestionStatus

from .. import labels
from ..accounts.current import signed_in
from ..db import db
from ..errors import Conflict, Invalid
from ..handlers import conflict_words
from ..schema import parse
from ..search import rows
from ..search.live import live_index
from ..search.service import load
from ..search.web import cards, searches
from ..sheets.web import asked_form, download_table, exports
from . import service
from .export import write
from .schema import LABELS, OwnQuery, ProposalInput, SearchQuery

bp = Blueprint("proposals", __name__)


@bp.get("/proposals")
@login_required
def mine() -> ResponseReturnValue:
    user, query = signed_in(), parse(OwnQuery, request.args)
    found = service.mine(db.session, user, query)
    return render_template(
        "proposals/list.html",
        found=found,
        query=query,
        cards={row.id: _sides(row) for row in found.rows},
        states=[
            (state.value, labels.label(state), found.counts.get(state, 0))
            for state in SuggestionStatus
        ],
    )


@bp.post("/proposals/export")
@login_required
@exports
def export_mine() -> ResponseReturnValue:
    query, form, now = parse(OwnQuery, request.form), asked_form(), utcnow()
    file = write(db.session, signed_in(), query, form, now=now)
    return download_table(file, f"我提出的配对-{labels.day(now)}", form)


def _sides(row: Any) -> list[dict[str, Any]]:
    """Both sides of a proposed pair as this reader gets them."""
    user, now = signed_in(), utcnow()
    pair = row.suggestion
    return [rows.card(user, side, now) for side in (pair.need, pair.achievement)]


@bp.route("/needs/<int:need_id>/propose", methods=["GET", "POST"])
@login_required
@searches
def of_need(need_id: int) -> ResponseReturnValue:
    return _propose(RecordType.NEED, need_id)


@bp.route("/achievements/<int:achievement_id>/propose", methods=["GET", "POST"])
@login_required
@searches
def of_achievement(achievement_id: int) -> ResponseReturnValue:
    return _propose(RecordType.ACHIEVEMENT, achievement_id)


def _propose(kind: RecordType, record_id: int) -> ResponseReturnValue:
    user, now = signed_in(), utcnow()
    begun = service.start(db.session, user, kind, record_id, now=now)
    if request.method == "GET":
        return _page(begun)
    try:
        data = parse(ProposalInput, request.form)
        service.propose(db.session, live_index(), user, kind, record_id, data, now=now)
    except Invalid as invalid:
        return _page(begun, errors=invalid.fields, status=422)
    except Conflict as conflict:
        db.session.rollback()
        begun = service.start(db.session, user, kind, record_id, now=now)
        return _page(begun, problem=conflict_words(conflict), status=409)
    flash("已提交审核台。审核结果会在通知里告诉您。", "success")
    return redirect(url_for(".mine"), 303)


def _with_chosen(
    begun: service.Start, found: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """What was chosen before the form came back stays in the list."""
    number = request.form.get("other", "")
    if not number.isascii() or not number.isdigit() or len(number) > 9:
        return found
    if any(card["id"] == int(number) for card in found):
        return found
    user = signed_in()
    chosen = load(db.session, user, begun.other_kind, [int(number)])
    now = utcnow()
    return [rows.card(user, item, now) | {"snippet": []} for item in chosen] + found


def _page(
    begun: service.Start,
    *,
    errors: dict[str, str] | None = None,
    problem: str = "",
    status: int = 200,
) -> ResponseReturnValue:
    """The form; beside it who could be the other side."""
    user, session, now = signed_in(), db.session, utcnow()
    side = rows.card(user, begun.item, now)
    typed = parse(SearchQuery, request.args).q
    listing = None
    if not begun.hopeless:
        words = typed or str(side["title"])
        listing = service.offered(session, live_index(), user, begun, words, now=now)
    found = cards(listing) if listing else []
    found = _with_chosen(begun, found)
    page = render_template(
        "proposals/new.html",
        begun=begun,
        side=side,
        side_url=url_for(side["endpoint"], **side["ids"]),
        typed=typed,
        cards=found,
        known=service.known(session, begun.item, [card["id"] for card in found]),
        values=request.form,
        errors=errors or {},
        problem=problem,
        labels_of=LABELS,
        here=request.full_path.rstrip("?"),
    )
    return page, status
