"""Questions about a call, for programs: asked in private, answered to all."""

from __future__ import annotations

from models import utcnow

from ...accounts.current import signed_in
from ...api.operations import Operations
from ...db import db
from ..api import QuestionOut, asked
from . import service
from .schema import AnswerInput, QuestionInput

operations = Operations("calls", "榜单的提问")


class QuestionAnswer(AnswerInput):
    """The answer, which everybody reads beside the question."""


@operations.post(
    "/calls/<int:call_id>/questions", "call_questions.ask", "提问", status=201
)
def ask(call_id: int, body: QuestionInput) -> QuestionOut:
    """答复前只有本单位和平台工作人员能读到；答复后公开，不显示提问单位。"""
    question = service.ask(db.session, signed_in(), call_id, body, clock=utcnow)
    return asked(question)


@operations.post(
    "/questions/<int:question_id>/answer", "call_questions.answer", "公开答复"
)
def answer(question_id: int, body: QuestionAnswer) -> QuestionOut:
    question = service.answer(db.session, signed_in(), question_id, body, clock=utcnow)
    return asked(question)
