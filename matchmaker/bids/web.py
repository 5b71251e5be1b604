"""Pages of a bidder: the form, its files, the receipts; and a bid once it is read."""

from io import BytesIO
from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import Bid, Call
from models.base import utcnow
from models.states import BidState

from .. import labels
from ..accounts.current import current, signed_in
from ..attachments import content as contents
from ..attachments import web as attachments
from ..db import db
from ..errors import Conflict, Invalid, NotFound
from ..handlers import conflict_words
from ..history import service as history
from ..schema import page_number, parse
from . import content as texts
from . import files as bid_files
from . import listing, merge, receipt, sealing, service
from .content import Content
from .safe import Safe
from .schema import LABELS, BidInput, BidSubmission, from_form
from .vault import Blocks, canonical

bp = Blueprint("bids", __name__)
SPARE_STAGES = 2


@bp.url_value_preprocessor
def _allow_larger(endpoint: str | None, _values: object) -> None:
    if endpoint == "bids.files":
        attachments.take_upload()


@bp.app_context_processor
def _of_calls() -> dict[str, Any]:
    """What the page of a call says of its bids."""
    return {
        "bids_of": lambda call: listing.of_call(db.session, current(), call, utcnow())
    }


def safe() -> Safe:
    """Where this installation keeps its bids."""
    return Safe.of(current_app.config["SETTINGS"])


@bp.get("/bids")
@login_required
def mine() -> ResponseReturnValue:
    page = listing.listing(db.session, signed_in(), page_number(request.args))
    return render_template("bids/mine.html", listing=page, now=utcnow())


# -- the form -----------------------------------------------------------------------


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
    action = request.form.get("action", "")
    if action == "merge":
        return _form(call, _stored(call), merge.chosen(_stored_values(call), _posted()))
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
            return redirect(url_for(".receipt", bid_id=bid.id), 303)
        data = parse(BidInput, from_form(request.form))
        bid = service.save(session, safe(), user, call_id, data, clock=utcnow)
    except Invalid as invalid:
        if action == "autosave":
            return {"errors": invalid.fields}, 422
        return _form(call, _stored(call), merge.typed(_posted()), invalid.fields)
    except Conflict as conflict:
        if action == "autosave":
            return {"conflict": conflict_words(conflict)}, 409
        if conflict.code != "bid.stale":
            raise
        return _choices(call)
    if action == "autosave":
        return _autosaved(call, bid)
    if action == "files":
        return redirect(url_for(".files", call_id=call_id), 303)
    flash("草稿已保存，只有本单位能看到。截止前请记得提交。", "success")
    return redirect(url_for(".edit", call_id=call_id), 303)


def _posted() -> Any:
    return request.form


def _too_late(call_id: int, conflict: Conflict) -> ResponseReturnValue:
    """Whoever comes to read is led to the receipts; what was sent is refused."""
    call = service.find_call(db.session, signed_in(), call_id)
    bid = service.own_bid(db.session, signed_in(), call)
    if request.form.get("action") == "autosave":
        return {"conflict": conflict_words(conflict)}, 409
    if request.method == "POST" or bid is None:
        raise conflict
    flash(conflict_words(conflict), "warning")
    return redirect(url_for(".receipt", bid_id=bid.id), 303)


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
    return _form(call, _stored(call), merge.typed(_posted()), written=written)


def _form(
    call: Call,
    stored: Content | None,
    values: dict[str, Any] | None = None,
    errors: dict[str, str] | None = None,
    written: Content | None = None,
) -> ResponseReturnValue:
    bid, kept = _own(call), stored or texts.empty(call.goals)
    shown = texts.form_values(kept, call.goals) if values is None else values
    facts = _draft_files(bid)
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
        base=merge.base(texts.form_values(kept, call.goals)),
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


def _draft_files(bid: Bid | None) -> list[tuple[int, receipt.FileFacts]]:
    rows = [] if bid is None else [row for row in bid.files if row.in_draft]
    return [(row.id, sealing.facts_of(safe().vault, row)) for row in rows]


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
    page = render_template(
        "posting/merge.html",
        title=call.title,
        noun="揭榜书",
        back=url_for(".edit", call_id=call.id),
        action=url_for(".edit", call_id=call.id),
        seen=("seen", texts.mark(sealing.content_of(safe().vault, bid))),
        used=False,
        rows=merge.rows(_stored_values(call), _posted()),
        typed=merge.posted(_posted()),
        last=merge.last_change(history.of_record(db.session, bid)),
    )
    return page, 409


def _autosaved(call: Call, bid: Bid) -> ResponseReturnValue:
    stored = sealing.content_of(safe().vault, bid)
    return {
        "seen": texts.mark(stored),
        "base": merge.base(_stored_values(call)),
        "saved": labels.minute(utcnow())[11:],
    }


# -- files --------------------------------------------------------------------------


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
        call = service.find_call(db.session, signed_in(), call_id)
        return _files_page(call, invalid.fields)
    flash(f"已加密保存附件：{kept.name}。提交后才算数。", "success")
    return redirect(url_for(".files", call_id=call_id), 303)


def _files_page(
    call: Call, errors: dict[str, str] | None = None
) -> ResponseReturnValue:
    page = render_template(
        "bids/files.html",
        call=call,
        files=_draft_files(_own(call)),
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


@bp.get("/bids/files/<int:file_id>")
@login_required
def file(file_id: int) -> ResponseReturnValue:
    row = bid_files.find(db.session, signed_in(), file_id)
    facts = sealing.facts_of(safe().vault, row)
    response: Response = send_file(
        Blocks(bid_files.opened(safe(), row)),  # type: ignore[arg-type]
        mimetype=contents.BY_CODE[facts.kind].media_type,
        as_attachment=True,
        download_name=facts.name,
    )
    response.content_length = facts.size
    return response


# -- one bid ------------------------------------------------------------------------


@bp.get("/bids/<int:bid_id>")
@login_required
def show(bid_id: int) -> ResponseReturnValue:
    bid = service.find_bid(db.session, signed_in(), bid_id)
    own = bid.organisation_id == signed_in().organisation_id
    stated = sealing.statement_of(safe().vault, bid)
    content = stated["content"] if stated else _draft_text(bid)
    if content is None:
        if not own:
            raise NotFound("bid")
        return redirect(url_for(".receipt", bid_id=bid.id), 303)
    refs = {row.ref: row.id for row in bid.files}
    facts = [receipt.FileFacts(**one) for one in stated["files"]] if stated else []
    return render_template(
        "bids/show.html",
        bid=bid,
        call=bid.call,
        content=content,
        is_draft=stated is None,
        files=[(refs.get(one.ref), one) for one in facts]
        if stated
        else _draft_files(bid),
        agrees=stated is not None and receipt.digest(stated) == bid.digest,
        kinds=contents.BY_CODE,
        own=own,
        now=utcnow(),
    )


def _draft_text(bid: Bid) -> Content | None:
    return sealing.draft_of(safe().vault, bid)


@bp.get("/bids/<int:bid_id>/receipt", endpoint="receipt")
@login_required
def show_receipt(bid_id: int) -> ResponseReturnValue:
    bid = service.find_own(db.session, signed_in(), bid_id)
    stated = sealing.statement_of(safe().vault, bid)
    now = utcnow()
    return render_template(
        "bids/receipt.html",
        bid=bid,
        call=bid.call,
        stated=stated,
        agrees=stated is not None and receipt.digest(stated) == bid.digest,
        open_now=bid.call.takes_bids_at(now),
        closes=service.closed_words(bid.call),
        has_draft=bid.draft is not None,
        changed=_changed_since(bid),
        now=now,
    )


def _changed_since(bid: Bid) -> bool:
    """Whether the goals of the call are others than those that were answered."""
    if bid.state is not BidState.SUBMITTED or bid.draft is not None:
        return False
    stored = sealing.content_of(safe().vault, bid)
    answered = [one["goal"] for one in stored["goals"]] if stored else []
    return answered != list(bid.call.goals)


@bp.get("/bids/<int:bid_id>/statement")
@login_required
def statement(bid_id: int) -> ResponseReturnValue:
    """The file whose SHA-256 is the receipt, for the bidder to keep."""
    bid = service.find_own(db.session, signed_in(), bid_id)
    stated = sealing.statement_of(safe().vault, bid)
    if stated is None:
        raise NotFound("bid")
    response: Response = send_file(
        BytesIO(canonical(stated)),
        mimetype="application/json",
        as_attachment=True,
        download_name=f"揭榜书回执-{bid.call_id}-{bid.number}.json",
    )
    return response


@bp.post("/bids/<int:bid_id>/withdraw")
@login_required
def withdraw(bid_id: int) -> ResponseReturnValue:
    bid = service.withdraw(db.session, safe(), signed_in(), bid_id, clock=utcnow)
    flash("内容和附件已销毁。截止前可以重新填写。", "success")
    return redirect(url_for(".receipt", bid_id=bid.id), 303)


@bp.post("/bids/<int:bid_id>/drop-changes")
@login_required
def drop_changes(bid_id: int) -> ResponseReturnValue:
    bid = service.drop_changes(db.session, safe(), signed_in(), bid_id, clock=utcnow)
    flash(f"已放弃修改，第 {bid.number} 次提交的内容仍然有效。", "success")
    return redirect(url_for(".receipt", bid_id=bid.id), 303)
