"""A person's inbox, and the count of what is new on every page."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import utcnow

from ..accounts.current import current, signed_in
from ..db import db
from ..schema import page_number
from . import service

bp = Blueprint("notices", __name__)


@bp.app_context_processor
def _unread() -> dict[str, Any]:
    user = current()
    return {"unread_notices": service.unread(db.session, user) if user else 0}


@bp.get("/notices")
@login_required
def inbox() -> ResponseReturnValue:
    page = service.inbox(db.session, signed_in(), page_number(request.args))
    return render_template(
        "notices/inbox.html", inbox=page, words=service.words, now=utcnow()
    )


@bp.get("/notices/<int:notice_id>", endpoint="open")
@login_required
def open_notice(notice_id: int) -> ResponseReturnValue:
    notice = service.mark_read(db.session, signed_in(), notice_id, now=utcnow())
    endpoint, arguments = service.target(notice)
    return redirect(url_for(endpoint, **arguments), 303)


@bp.post("/notices/read-all")
@login_required
def read_all() -> ResponseReturnValue:
    changed = service.mark_all_read(db.session, signed_in(), now=utcnow())
    flash(
        f"已将 {changed} 条通知标为已读。" if changed else "没有未读通知。", "success"
    )
    return redirect(url_for(".inbox"), 303)
