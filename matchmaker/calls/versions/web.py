"""The versions of a call, and the form that makes the next."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import Call
from models.base import utcnow

from ... import policies
from ...accounts.current import current, signed_in
from ...db import db
from ...errors import Invalid
from ..drafts.merge import form_values, typed
from ..drafts.schema import LABELS
from ..drafts.web import choices
from ..service import find_call
from . import service

bp = Blueprint("call_versions", __name__)


@bp.get("/calls/<int:call_id>/versions")
def index(call_id: int) -> ResponseReturnValue:
    call = find_call(db.session, current(), call_id)
    return render_template(
        "calls/versions.html", call=call, changes=service.of_call(db.session, call)
    )


@bp.route("/calls/<int:call_id>/amend", methods=["GET", "POST"])
@login_required
def amend(call_id: int) -> ResponseReturnValue:
    user = signed_in()
    call = find_call(db.session, user, call_id)
    policies.require(user, "call.amend", call)
    service.require_amendable(call, utcnow())
    if request.method == "GET":
        return _form(call, form_values(call) | {"version": call.version}, {})
    try:
        data = service.read_form(request.form)
        service.amend(db.session, user, call_id, data, clock=utcnow)
    except Invalid as invalid:
        return _form(call, typed(request.form), invalid.fields)
    flash("修改已公开，提问、受邀和已开始揭榜的单位都收到通知。", "success")
    return redirect(url_for(".index", call_id=call_id), 303)


def _form(
    call: Call, values: dict[str, Any], errors: dict[str, str]
) -> ResponseReturnValue:
    page = render_template(
        "calls/amend.html",
        call=call,
        values=values,
        errors=errors,
        labels_of=LABELS,
        **choices(),
    )
    return page, 422 if errors else 200
