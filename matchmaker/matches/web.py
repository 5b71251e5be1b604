"""The review desk, and what an enterprise sees of it."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from flask import (
    Blueprint,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import Suggestion, utcnow
from models.states import RejectReason, SuggestionStatus

from .. import labels
from ..accounts.current import signed_in
from ..db import db
from ..errors import Conflict, Invalid
from ..handlers import conflict_words
from ..rankers.active import active
from ..schema import parse
from ..search.live import live_index
from ..sheets.web import asked_form, download_table, exports
from . import export, facets, own, queue, service
from .odds import explained
from .queue import Queue
from .quotes import mark
from .schema import (
    BulkRejectInput,
    Leaving,
    ListPage,
    OwnQuery,
    QueueFilters,
    RejectInput,
    SnoozeInput,
)
from .tally import DECIDED

bp = Blueprint("matches", __name__)

REASONS = [(reason.value, labels.label(reason)) for reason in RejectReason]


def _filters() -> QueueFilters:
    return parse(QueueFilters, request.args)


def _look(filters: QueueFilters, now: datetime, *, counted: bool = False) -> Queue:
    """The queue as it is at this moment."""
    catalogue = live_index().catalogue
    return queue.look(db.session, catalogue, signed_in(), filters, now, counted=counted)


@bp.get("/desk")
@login_required
def desk() -> ResponseReturnValue:
    filters = _filters()
    if request.args.get("view") == "list":
        return _list_page(filters)
    user, now = signed_in(), utcnow()
    first = _look(filters, now).next_pair()
    if first is not None:
        return redirect(_pair_url(first, filters))
    return render_template(
        "matches/desk_empty.html",
        filters=filters,
        counts=_look(filters, now, counted=True).counts,
        last=queue.last_decision(db.session, user, now),
        chosen=facets.chosen(filters, _desk_url),
        desk_url=_desk_url,
        list_url=_list_url,
    )


@bp.post("/desk/export")
@login_required
@exports
def export_desk() -> ResponseReturnValue:
    filters, form, now = parse(QueueFilters, request.form), asked_form(), utcnow()
    catalogue = live_index().catalogue
    file = export.of_desk(db.session, catalogue, signed_in(), filters, form, now=now)
    return download_table(file, f"审核清单-{labels.day(now)}", form)


@bp.get("/desk/<int:suggestion_id>")
@login_required
def pair(suggestion_id: int) -> ResponseReturnValue:
    filters = _filters()
    left = parse(Leaving, request.args).left
    # A page fetched ahead of time must not take the pair from others.
    ahead = request.headers.get("X-Purpose") == "prefetch"
    if not ahead:
        _claim(suggestion_id, left)
    return _pair_page(suggestion_id, filters, leaving=left if ahead else None)


def _claim(suggestion_id: int, left: int | None) -> bool:
    """Hold the pair if it is free; whether no one else holds it."""
    minutes = current_app.config["SETTINGS"].claim_minutes
    try:
        service.claim(
            db.session,
            signed_in(),
            suggestion_id,
            minutes=minutes,
            now=utcnow(),
            leaving=left,
        )
    except Conflict:
        return False  # the page names who holds it
    return True


@bp.post("/desk/<int:suggestion_id>/claim")
@login_required
def claim(suggestion_id: int) -> ResponseReturnValue:
    """Hold a pair whose page was fetched ahead and is now shown."""
    filters = _filters()
    if _claim(suggestion_id, parse(Leaving, request.form).left):
        return "", 204
    return _pair_page(suggestion_id, filters, status=409)


@bp.post("/desk/<int:suggestion_id>/release")
@login_required
def release(suggestion_id: int) -> ResponseReturnValue:
    filters = _filters()
    service.release(db.session, signed_in(), suggestion_id)
    flash("已放下这一对，其他同事可以审核", "success")
    return redirect(_list_url(filters), 303)


@bp.post("/desk/<int:suggestion_id>/approve")
@login_required
def approve(suggestion_id: int) -> ResponseReturnValue:
    def act() -> str:
        pair = service.approve(db.session, signed_in(), suggestion_id, now=utcnow())
        return "已通过" + _names(pair) + ("，已通知企业" if pair.need_id else "")

    return _decision(suggestion_id, act)


@bp.post("/desk/<int:suggestion_id>/reject")
@login_required
def reject(suggestion_id: int) -> ResponseReturnValue:
    def act() -> str:
        data = parse(RejectInput, request.form)
        pair = service.reject(
            db.session,
            signed_in(),
            suggestion_id,
            data.reason,
            data.words,
            now=utcnow(),
        )
        return f"已驳回{_names(pair)}：{labels.label(data.reason)}"

    return _decision(suggestion_id, act)


@bp.post("/desk/<int:suggestion_id>/snooze")
@login_required
def snooze(suggestion_id: int) -> ResponseReturnValue:
    def act() -> str:
        data, now = parse(SnoozeInput, request.form), utcnow()
        until = data.on(labels.today(now))
        pair = service.snooze(db.session, signed_in(), suggestion_id, until, now=now)
        return f"已暂缓{_names(pair)}，{until.isoformat()} 再审"

    return _decision(suggestion_id, act)


@bp.post("/desk/<int:suggestion_id>/undo")
@login_required
def undo(suggestion_id: int) -> ResponseReturnValue:
    filters = _filters()
    try:
        pair = service.undo(db.session, signed_in(), suggestion_id, now=utcnow())
    except Conflict as conflict:
        return _pair_page(
            suggestion_id, filters, problem=conflict_words(conflict), status=409
        )
    flash(f"已撤销决定，{_names(pair)}回到{labels.label(pair.status)}", "success")
    return redirect(_pair_url(suggestion_id, filters), 303)


def _decision(suggestion_id: int, act: Callable[[], str]) -> ResponseReturnValue:
    """Decide and go on to the next pair; a refusal shows the pair again."""
    filters = _filters()
    try:
        words = act()
    except Invalid as invalid:
        return _pair_page(
            suggestion_id,
            filters,
            errors=invalid.fields,
            values=request.form.to_dict(),
            status=422,
        )
    except Conflict as conflict:
        return _pair_page(
            suggestion_id, filters, problem=conflict_words(conflict), status=409
        )
    flash(f"{words}。按 U 或点页底的「撤销」可以收回", "success")
    following = _look(filters, utcnow()).next_pair(suggestion_id)
    if following is None:
        return redirect(_desk_url(filters), 303)
    return redirect(_pair_url(following, filters), 303)


def _pair_page(
    suggestion_id: int,
    filters: QueueFilters,
    *,
    errors: dict[str, str] | None = None,
    values: dict[str, str] | None = None,
    problem: str = "",
    leaving: int | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    user, now = signed_in(), utcnow()
    pair = queue.load(db.session, user, suggestion_id)
    found = _look(filters, now)
    before, after = found.neighbours(pair.id)
    standing = service.standing_decisions(pair.reviews)
    page = render_template(
        "matches/desk.html",
        pair=pair,
        odds=explained(active(db.session), pair),
        filters=filters,
        place=found.place(pair.id),
        days=max(0, (labels.today(now) - labels.today(pair.created_at)).days),
        taken=pair.claimed_by_other(user.id, now),
        decided=pair.status in DECIDED,
        put_off=pair.status is SuggestionStatus.SNOOZED,
        undoable=standing[-1] if standing else None,
        last=queue.last_decision(db.session, user, now),
        errors=errors or {},
        values=values or {},
        problem=problem,
        leaving=leaving,
        chosen=facets.chosen(filters, _desk_url),
        choices=facets.choices(),
        reasons=REASONS,
        args=filters.args(),
        previous_url=_pair_url(before, filters, pair.id) if before else "",
        next_url=_pair_url(after, filters, pair.id) if after else "",
        list_url=_list_url,
        mark=mark,
    )
    return page, status


def _list_page(
    filters: QueueFilters,
    *,
    errors: dict[str, str] | None = None,
    problem: str = "",
    status: int = 200,
) -> ResponseReturnValue:
    user, now = signed_in(), utcnow()
    number, found = (
        parse(ListPage, request.args).page,
        _look(filters, now, counted=True),
    )
    page = render_template(
        "matches/desk_list.html",
        found=queue.load_page(db.session, user, found, number),
        odds=partial(explained, active(db.session)),
        filters=filters,
        groups=facets.groups(filters, found.counts, _list_url),
        chosen=facets.chosen(filters, _list_url),
        waiting=filters.status not in DECIDED,
        errors=errors or {},
        values=request.form,
        checked=request.form.getlist("ids"),
        problem=problem,
        reasons=REASONS,
        now=now,
        args=filters.args(),
        exported=filters.pairs(),
        pair_url=lambda pair_id: _pair_url(pair_id, filters),
        desk_url=_desk_url,
        list_url=_list_url,
    )
    return page, status


@bp.post("/desk/bulk-reject")
@login_required
def bulk_reject() -> ResponseReturnValue:
    filters = _filters()
    try:
        data = parse(BulkRejectInput, request.form)
        number = service.bulk_reject(
            db.session, signed_in(), data.ids, data.reason, data.words, now=utcnow()
        )
    except Invalid as invalid:
        return _list_page(filters, errors=invalid.fields, status=422)
    except Conflict as conflict:
        return _list_page(filters, problem=conflict_words(conflict), status=409)
    flash(f"已驳回 {number} 对：{labels.label(data.reason)}", "success")
    return redirect(_list_url(filters), 303)


@bp.get("/matches")
@login_required
def mine() -> ResponseReturnValue:
    query = parse(OwnQuery, request.args)
    found = own.mine(db.session, signed_in(), query)
    return render_template("matches/mine.html", found=found, query=query)


@bp.post("/matches/export")
@login_required
@exports
def export_mine() -> ResponseReturnValue:
    query, form, now = parse(OwnQuery, request.form), asked_form(), utcnow()
    file = export.of_firm(db.session, signed_in(), query, form, now=now)
    return download_table(file, f"匹配结果-{labels.day(now)}", form)


@bp.get("/matches/<int:suggestion_id>")
@login_required
def show_mine(suggestion_id: int) -> ResponseReturnValue:
    service.note_seen(db.session, signed_in(), suggestion_id, now=utcnow())
    pair = own.show_mine(db.session, signed_in(), suggestion_id)
    return render_template("matches/show_mine.html", pair=pair, mark=mark)


def _names(pair: Suggestion) -> str:
    left, right = pair.left, pair.right
    return f"「{left.title if left else ''}」与「{right.title if right else ''}」"


def _desk_url(filters: QueueFilters) -> str:
    return url_for(".desk", **filters.args())


def _list_url(filters: QueueFilters) -> str:
    return url_for(".desk", view="list", **filters.args())


def _pair_url(pair_id: int, filters: QueueFilters, left: int | None = None) -> str:
    return url_for(".pair", suggestion_id=pair_id, left=left, **filters.args())
