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

from ..accounts.current import current, signed_in
from ..attachments import content as contents
from ..db import db
from ..errors import NotFound
from ..labels import day
from ..schema import page_number
from ..sheets.web import asked_form, download_table, exports
from . import facts, listing, sealing, service
from . import files as bid_files
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
    return sent_file(file_id)


def sent_file(file_id: int) -> Response:
    """The file itself, for whoever may read its bid."""
    row = bid_files.find(db.session, signed_in(), file_id)
    told = sealing.facts_of(safe().vault, row)
    response: Response = send_file(
        Blocks(bid_files.opened(safe(), row)),  # type: ignore[arg-type]
        mimetype=contents.BY_CODE[told.kind].media_type,
        as_attachment=True,
        download_name=told.name,
    )
    response.content_length = told.size
    return response


@bp.get("/bids/<int:bid_id>")
@login_required
def show(bid_id: int) -> ResponseReturnValue:
    bid = service.find_bid(db.session, signed_in(), bid_id)
    own = bid.organisation_id == signed_in().organisation_id
    found = facts.read(safe().vault, bid)
    if found.content is None:
        if not own:
            raise NotFound("bid")
        return redirect(url_for(".receipt", bid_id=bid.id), 303)
    return render_template(
        "bids/show.html",
        bid=bid,
        call=bid.call,
        content=found.content,
        is_draft=found.is_draft,
        files=found.files,
        agrees=found.agrees,
        contact=facts.reads_contact(signed_in()),
        kinds=contents.BY_CODE,
        own=own,
        now=utcnow(),
    )


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
        agrees=facts.agrees(bid, stated),
        open_now=bid.call.takes_bids_at(now),
        closes=service.closed_words(bid.call),
        has_draft=bid.draft is not None,
        changed=facts.goals_changed(safe().vault, bid),
        now=now,
    )


def _file_name(bid: Bid) -> str:
    """What the statement is called, on the receipt as on disk."""
    return f"揭榜书回执-{bid.call_id}-{bid.number}.json"


@bp.get("/bids/<int:bid_id>/statement")
@login_required
def statement(bid_id: int) -> ResponseReturnValue:
    return sent_statement(bid_id)


def sent_statement(bid_id: int) -> Response:
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
