"""Ask and answer, on the page of the call."""

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models.base import utcnow

from ... import policies
from ...accounts.current import signed_in
from ...db import db
from ...errors import Invalid
from ...schema import parse
from .. import web as calls
from ..service import find_call
from . import service
from .schema import AnswerInput, QuestionInput

ASKED = "问题已提交。答复前只有本单位和平台工作人员能看到；答复后公开，不显示提问单位。"

bp = Blueprint("call_questions", __name__)


@bp.post("/calls/<int:call_id>/questions")
@login_required
def ask(call_id: int) -> ResponseReturnValue:
    user = signed_in()
    call = find_call(db.session, user, call_id)
    policies.require(user, "call.ask", call)
    try:
        data = parse(QuestionInput, request.form)
    except Invalid as invalid:
        typed = request.form.to_dict()
        return calls.page(call, values=typed, errors=invalid.fields, about="ask")
    service.ask(db.session, user, call_id, data, clock=utcnow)
    flash(
        "问题已提交。答复前只有本单位和平台工作人员能看到；答复后公开，不显示提问单位。",
        "success",
    )
    return redirect(url_for("calls.show", call_id=call_id, _anchor="questions"), 303)


@bp.post("/calls/questions/<int:question_id>/answer")
@login_required
def answer(question_id: int) -> ResponseReturnValue:
    user = signed_in()
    question = service.find_question(db.session, user, question_id)
    call = find_call(db.session, user, question.call_id)
    try:
        data = parse(AnswerInput, request.form)
    except Invalid as invalid:
        typed = request.form.to_dict()
        about = f"answer-{question.id}"
        return calls.page(call, values=typed, errors=invalid.fields, about=about)
    service.answer(db.session, user, question_id, data, clock=utcnow)
    flash("答复已公开，提问、受邀和已开始揭榜的单位都收到通知。", "success")
    return redirect(url_for("calls.show", call_id=call.id, _anchor="questions"), 303)
