"""The page on which the issuer says what it thinks of each bid."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import utcnow
from models.states import CallStatus

from ... import policies
from ...accounts.current import signed_in
from ...db import db
from ...errors import Invalid
from ...schema import parse
from .. import finding, overview, views
from ..schema import LABELS, ViewInput
from ..web import settings

bp = Blueprint("views", __name__)


@bp.get("/calls/<int:call_id>/views")
@login_required
def show(call_id: int) -> ResponseReturnValue:
    return _show(call_id, {})


def _show(call_id: int, errors: dict[str, str]) -> ResponseReturnValue:
    actor = signed_in()
    call = finding.call(db.session, actor, call_id)
    policies.require(actor, "view.give", call)
    found = overview.load(db.session, call, needed=settings().panel_size)
    page = render_template(
        "panels/views.html",
        call=call,
        # In the order of their numbers: the ranking is none of the issuer's yet.
        lines=sorted(found.lines, key=lambda line: line.bid.id),
        in_review=call.status is CallStatus.IN_REVIEW,
        values=request.form,
        errors=errors,
        labels_of=LABELS,
    )
    return page, 422 if errors else 200


@bp.post("/calls/<int:call_id>/views")
@login_required
def give(call_id: int) -> ResponseReturnValue:
    actor = signed_in()
    policies.require(actor, "view.give", finding.call(db.session, actor, call_id))
    try:
        data = parse(ViewInput, request.form)
        views.give(db.session, actor, call_id, data, now=utcnow())
    except Invalid as invalid:
        return _show(call_id, invalid.fields)
    flash("意见已保存，评审结束前可以修改。", "success")
    return redirect(url_for(".show", call_id=call_id), 303)
