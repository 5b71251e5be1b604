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

from models import Bid
from models.base import utcnow
from models.states import BidState

from ..accounts.current import current, signed_in
from ..attachments import content as contents
from ..db import db
from ..errors import NotFound
from ..labels import day
from ..schema import page_number
from ..sheets.web import asked_form, download_table, exports
from . import files as bid_files
from . import listing, receipt, sealing, service
from .content import Content
from .export import write
from .safe import Safe
from .vault import Blocks, canonical

bp = Blueprint("bids", __name__)
SPARE_STAGES = 2


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


@bp.post("/bids/export")
@login_required
@exports
def export_mine() -> ResponseReturnValue:
    form, now = asked_form(), utcnow()
    file = write(db.session, signed_in(), form, now=now)
    return download_table(file, f"揭榜书-{day(now)}", form)


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


def draft_files(bid: Bid | None) -> list[tuple[int, receipt.FileFacts]]:
    """The files of the draft, each with the number of its row."""
    rows = [] if bid is None else [row for row in bid.files if row.in_draft]
    return [(row.id, sealing.facts_of(safe().vault, row)) for row in rows]


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
        else draft_files(bid),
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
        sender=bid.submissions[-1].user.name if bid.submissions else "",
        file_name=_file_name(bid),
        agrees=stated is not None and receipt.digest(stated) == bid.digest,
        open_now=bid.call.takes_bids_at(now),
        closes=service.closed_words(bid.call),
        has_draft=bid.draft is not None,
        changed=_changed_since(bid),
        now=now,
    )


def _file_name(bid: Bid) -> str:
    """What the statement is called, on the receipt as on disk."""
    return f"揭榜书回执-{bid.call_id}-{bid.number}.json"


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
        download_name=_file_name(bid),
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
