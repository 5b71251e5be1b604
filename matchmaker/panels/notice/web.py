"""Pages of an announced result: for everybody, for a bidder, for an objector."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import BidOutcome, utcnow
from models.states import CallStatus, ObjectionState

from ... import policies
from ...accounts.current import current, signed_in
from ...accounts.web import guarded
from ...db import db
from ...errors import Invalid
from ...schema import parse
from .. import finding, objections, results
from ..schema import (
    LABELS,
    AnswerInput,
    ObjectionDecision,
    ObjectionInput,
    VisitorObjection,
)

bp = Blueprint("results", __name__)

DECISIONS = [
    (ObjectionDecision.DISMISS.value, "不成立，结果不变", ""),
    (
        ObjectionDecision.REVIEW.value,
        "成立，重新评审",
        "公示的结果撤销，榜单回到评审中，可以退回评分表或换专家。",
    ),
    (
        ObjectionDecision.FAIL.value,
        "成立，流榜",
        "公示的结果撤销，榜单流榜，原因对外公布。",
    ),
]


@bp.app_context_processor
def _words() -> dict[str, Any]:
    return {"has_result": lambda call: results.public(db.session, call) is not None}


@bp.get("/calls/<int:call_id>/result")
def show(call_id: int) -> ResponseReturnValue:
    return _show(call_id, {})


def _show(call_id: int, errors: dict[str, str]) -> ResponseReturnValue:
    user = current()
    call = finding.call(db.session, user, call_id)
    result = results.public(db.session, call)
    now = utcnow()
    page = render_template(
        "panels/result.html",
        call=call,
        result=result,
        takes_objections=bool(result and result.is_noticed_at(now)),
        outcome=results.outcome_of(db.session, user, result),
        values=request.form,
        errors=errors,
        labels_of=LABELS,
    )
    return page, 422 if errors else 200


@bp.post("/calls/<int:call_id>/objections", endpoint="object")
@guarded
def make_objection(call_id: int) -> ResponseReturnValue:
    user = current()
    finding.call(db.session, user, call_id)
    try:
        model = VisitorObjection if user is None else ObjectionInput
        data = parse(model, request.form)
        made = objections.make(db.session, user, call_id, data, clock=utcnow)
    except Invalid as invalid:
        return _show(call_id, invalid.fields)
    flash(f"异议已收到，答复会寄到 {made.email}。", "success")
    return redirect(url_for(".show", call_id=call_id), 303)


@bp.get("/outcomes/<int:outcome_id>")
@login_required
def outcome(outcome_id: int) -> ResponseReturnValue:
    user = signed_in()
    visible = policies.visible_outcomes(user)
    found: BidOutcome = finding.visible_one(db.session, BidOutcome, outcome_id, visible)
    policies.require(user, "outcome.read", found)
    return render_template(
        "panels/outcome.html",
        outcome=found,
        result=found.result,
        call=found.result.call,
        takes_objections=found.result.is_noticed_at(utcnow()),
    )


@bp.get("/objections/<int:objection_id>")
@login_required
def objection(objection_id: int) -> ResponseReturnValue:
    return _objection(objection_id, {})


def _objection(objection_id: int, errors: dict[str, str]) -> ResponseReturnValue:
    user = signed_in()
    policies.require(user, "objection.read")
    found = objections.find(db.session, user, objection_id)
    open_ = found.state is ObjectionState.OPEN
    page = render_template(
        "panels/objection.html",
        objection=found,
        call=found.result.call,
        result=found.result,
        answers=open_ and policies.may(user, "objection.answer", found),
        stands=found.result.call.status is CallStatus.ANNOUNCED,
        decisions=DECISIONS,
        values=request.form,
        errors=errors,
        labels_of=LABELS,
    )
    return page, 422 if errors else 200


@bp.post("/objections/<int:objection_id>")
@login_required
def answer(objection_id: int) -> ResponseReturnValue:
    user = signed_in()
    policies.require(user, "objection.answer")
    objections.find(db.session, user, objection_id)
    try:
        data = parse(AnswerInput, request.form)
        objections.answer(db.session, user, objection_id, data, now=utcnow())
    except Invalid as invalid:
        return _objection(objection_id, invalid.fields)
    flash("已答复，提出人会收到邮件。", "success")
    return redirect(url_for(".objection", objection_id=objection_id), 303)
