"""Invite the holder of a matched achievement, from the page of the call."""

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models.base import utcnow

from ... import policies
from ...accounts.current import signed_in
from ...db import db
from ...schema import parse
from ..service import find_call
from . import service
from .service import InvitationInput

bp = Blueprint("call_invitations", __name__)


@bp.post("/calls/<int:call_id>/invite")
@login_required
def invite(call_id: int) -> ResponseReturnValue:
    user = signed_in()
    call = find_call(db.session, user, call_id)
    policies.require(user, "call.invite", call)
    data = parse(InvitationInput, request.form)
    service.invite(db.session, user, call_id, data, now=utcnow())
    flash("邀请已发出，对方单位的成员都收到通知。", "success")
    return redirect(url_for("calls.show", call_id=call_id, _anchor="matches"), 303)
