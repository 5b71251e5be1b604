"""The form of a bid and its files, for its bidder and before the end alone."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import Bid, Call
from models.base import utcnow

from ... import labels
from ...accounts.current import signed_in
from ...attachments import content as contents
from ...attachments import web as attachments
from ...calls.service import find_call
from ...db import db
from ...errors import Conflict, Invalid
from ...handlers import conflict_words
from ...posting import merge as posting_merge
from ...posting import web as posting
from ...schema import parse
from .. import content as texts
from .. import files as bid_files
from .. import merge, sealing, service
from ..content import Content
from ..facts import draft_files
from ..schema import LABELS, BidInput, BidSubmission, from_form
from ..web import safe

bp = Blueprint("bid_forms", __name__)


@bp.url_value_preprocessor
def _allow_larger(endpoint: str | None, _values: object) -> None:
    if endpoint == "bid_forms.files":
        attachments.take_upload()


@bp.route("/calls/<int:call_id>/bid", methods=["GET", "POST"])
@login_required
def edit(call_id: int) -> ResponseReturnValue:
    session, user = db.session, signed_in()
    try:
        call = service.find_open_call(session, user, call_id, utcnow)
    except Conflict as conflict:
        return _too_late(call_id, conflict)
    if request.method == "GET":
        return _form(call, _stored(call))
    action, typed = posting.action(), merge.typed(request.form)
    if action == "merge":
        stored = _stored_values(call)
        chosen = posting_merge.chosen(merge.SHAPE, typed, stored, request.form)
        return _form(call, _stored(call), chosen)
    try:
        if action == "check":
            return _checked(call)
        if action == "submit":
            bid = service.submit(
                session,
                safe(),
                user,
                call_id,
                parse(BidSubmission, from_form(request.form)),
                clock=utcnow,
            )
            flash(f"已提交（第 {bid.number} 次）。请保存回执。", "success")
            return redirect(url_for("bids.receipt", bid_id=bid.id), 303)
        data = parse(BidInput, from_form(request.form))
        bid = service.save(session, safe(), user, call_id, data, clock=utcnow)
    except Invalid as invalid:
        if posting.autosaving():
            return posting.not_saved(invalid)
        return _form(call, _stored(call), typed, invalid.fields)
    except Conflict as conflict:
        if posting.autosaving():
            return posting.stopped(conflict_words(conflict))
        if conflict.code != "bid.stale":
            raise
        return _choices(call)
    if posting.autosaving():
        return _autosaved(call, bid)
    if action == "files":
        return redirect(url_for(".files", call_id=call_id), 303)
    flash("草稿已保存，只有本单位能看到。截止前请记得提交。", "success")
    return redirect(url_for(".edit", call_id=call_id), 303)


def _too_late(call_id: int, conflict: Conflict) -> ResponseReturnValue:
    """Whoever comes to read is led to the receipts; what was sent is refused."""
    call = find_call(db.session, signed_in(), call_id)
    bid = service.own_bid(db.session, signed_in(), call)
    if posting.autosaving():
        return posting.stopped(conflict_words(conflict))
    if request.method == "POST" or bid is None:
        raise conflict
    flash(conflict_words(conflict), "warning")
    return redirect(url_for("bids.receipt", bid_id=bid.id), 303)


def _own(call: Call) -> Bid | None:
    return service.own_bid(db.session, signed_in(), call)


def _stored(call: Call) -> Content | None:
    """What is stored for the call, sealed as it is: draft or submission."""
    bid = _own(call)
    return None if bid is None else sealing.content_of(safe().vault, bid)


def _stored_values(call: Call) -> dict[str, Any]:
    stored = _stored(call) or texts.empty(call.goals)
    return texts.form_values(stored, call.goals)


def _checked(call: Call) -> ResponseReturnValue:
    """The form as it was typed, with what it lacks."""
    data = parse(BidInput, from_form(request.form))
    written = texts.of_form(data, call.goals)
    return _form(call, _stored(call), merge.typed(request.form), written=written)


def _form(
    call: Call,
    stored: Content | None,
    values: dict[str, Any] | None = None,
    errors: dict[str, str] | None = None,
    written: Content | None = None,
) -> ResponseReturnValue:
    bid, kept = _own(call), stored or texts.empty(call.goals)
    shown = texts.form_values(kept, call.goals) if values is None else values
    facts = draft_files(safe().vault, bid)
    lacking = texts.missing(written or kept)
    asked = written is not None or stored is not None
    page = render_template(
        "bids/edit.html",
        call=call,
        bid=bid,
        values=shown,
        goals=_answers(call, shown),
        stray=texts.stray(kept, call.goals),
        errors=errors or {},
        missing=lacking if asked else {},
        advice=texts.advice(written or kept, call, len(facts)) if asked else [],
        seen=texts.mark(stored),
        base=posting_merge.base(texts.form_values(kept, call.goals)),
        files=facts,
        most_files=bid_files.MOST,
        kinds=contents.BY_CODE,
        labels_of=LABELS,
        levels=labels.LEVELS,
        closes=service.closed_words(call),
        now=utcnow(),
        has_draft=bid is not None and bid.draft is not None,
    )
    return page, 422 if errors else 200


def _answers(call: Call, values: dict[str, Any]) -> list[dict[str, str]]:
    """What was answered to each goal of the call, as it stands today."""
    columns = (
        values.get(f"goal_{part}") or [] for part in ("goal", "value", "evidence")
    )
    typed = {goal: (value, proof) for goal, value, proof in zip(*columns, strict=False)}
    found = []
    for goal in call.goals:
        value, proof = typed.get(goal, ("", ""))
        found.append({"goal": goal, "value": value, "evidence": proof})
    return found


def _choices(call: Call) -> ResponseReturnValue:
    """Both texts field by field; the person chooses, then sees the form again."""
    bid = _own(call)
    assert bid is not None
    return posting.choices(
        bid,
        merge.SHAPE,
        merge.NAMES,
        _stored_values(call),
        merge.typed(request.form),
        title=call.title,
        noun="揭榜书",
        back=url_for(".edit", call_id=call.id),
        action=url_for(".edit", call_id=call.id),
        seen=("seen", texts.mark(sealing.content_of(safe().vault, bid))),
        used=False,
    )


def _autosaved(call: Call, bid: Bid) -> ResponseReturnValue:
    stored = sealing.content_of(safe().vault, bid)
    return posting.autosaved(
        f"草稿已加密保存（{posting.clock(utcnow())}），还没有提交。",
        seen=texts.mark(stored),
        base=posting_merge.base(_stored_values(call)),
    )


@bp.route("/calls/<int:call_id>/bid/files", methods=["GET", "POST"])
@login_required
def files(call_id: int) -> ResponseReturnValue:
    call = service.find_open_call(db.session, signed_in(), call_id, utcnow)
    if request.method == "GET":
        return _files_page(call)
    try:
        upload = attachments.sent("file")
        if upload is None:
            raise Invalid({"file": "请先选择一个文件"})
        kept = bid_files.add(
            db.session, safe(), signed_in(), call_id, upload, clock=utcnow
        )
    except Invalid as invalid:
        call = find_call(db.session, signed_in(), call_id)
        return _files_page(call, invalid.fields)
    flash(f"已加密保存附件：{kept.name}。提交后才算数。", "success")
    return redirect(url_for(".files", call_id=call_id), 303)


def _files_page(
    call: Call, errors: dict[str, str] | None = None
) -> ResponseReturnValue:
    page = render_template(
        "bids/files.html",
        call=call,
        files=draft_files(safe().vault, _own(call)),
        kinds=contents.BY_CODE,
        errors=errors or {},
        most=bid_files.MOST,
        limit=labels.file_size(safe().limit),
        taken=contents.TAKEN,
        accept=contents.ACCEPT,
    )
    return page, 422 if errors else 200


@bp.post("/bids/files/<int:file_id>/remove")
@login_required
def remove_file(file_id: int) -> ResponseReturnValue:
    row = bid_files.find(db.session, signed_in(), file_id)
    call_id = row.bid.call_id
    gone = bid_files.remove(db.session, safe(), signed_in(), file_id, clock=utcnow)
    flash(f"已删除附件：{gone.name}", "success")
    return redirect(url_for(".files", call_id=call_id), 303)
