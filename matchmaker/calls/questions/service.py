"""Ask about a call, answer to all."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from models import Call, CallQuestion, User, transaction
from models.session import lock
from models.states import CallPhase

from ... import policies
from ...errors import Conflict, NotFound
from ...history import service as history
from .. import tell
from ..service import find_call, locked
from .schema import AnswerInput, QuestionInput

LARGEST_ID = 2**31 - 1
# A question that comes in late is refused; one that is in is still answered while the
# answer can change a bid.
ANSWERED_IN = frozenset({CallPhase.UPCOMING, CallPhase.OPEN})


def ask(
    session: Session,
    actor: User,
    call_id: int,
    data: QuestionInput,
    *,
    clock: Callable[[], datetime],
) -> CallQuestion:
    """Ask in the name of one's organisation; staff learn of it, nobody else.

    The clock is read once the call's row is held. The very same words of the same
    organisation are one question. Raises `Conflict` «call.not_asking» when questions
    are over, «call.own» to the issuer itself.
    """
    with transaction(session):
        call = locked(session, actor, call_id, "call.ask")
        now = clock()
        if not call.takes_questions_at(now):
            raise Conflict("call.not_asking")
        if call.issuer_id == actor.organisation_id:
            raise Conflict("call.own")
        same = select(CallQuestion).where(
            CallQuestion.call_id == call.id,
            CallQuestion.organisation_id == actor.organisation_id,
            CallQuestion.text == data.question,
        )
        asked = session.scalar(same.limit(1))
        if asked is not None:
            return asked
        question = CallQuestion(
            call_id=call.id,
            user_id=actor.id,
            organisation_id=actor.organisation_id,
            text=data.question,
            asked_at=now,
        )
        session.add(question)
        session.flush()
        history.record(session, actor, "question.asked", question, now=now)
        tell.staff(session, call, "call_asked", now=now)
    return question


def answer(
    session: Session,
    actor: User,
    question_id: int,
    data: AnswerInput,
    *,
    clock: Callable[[], datetime],
) -> CallQuestion:
    """Answer to all: question and answer are public, who asked is not.

    Raises `Conflict` «call.answered» for one that has its answer, «call.not_open»
    once the window is over: an answer then would help nobody equally.
    """
    with transaction(session):
        question = find_question(session, actor, question_id)
        call = find_call(session, actor, question.call_id)
        lock(session, call)
        lock(session, question)
        now = clock()
        if question.answered_at is not None:
            raise Conflict("call.answered")
        if call.phase(now) not in ANSWERED_IN:
            raise Conflict("call.not_open")
        question.answer = data.answer
        question.answered_at = now
        question.answered_by_id = actor.id
        history.record(session, actor, "question.answered", question, now=now)
        tell.followers(session, call, "call_answered", now=now)
    return question


def find_question(session: Session, actor: User, question_id: int) -> CallQuestion:
    """The question, for whoever answers; raises `NotFound`."""
    policies.require(actor, "call.answer")
    found = (
        session.get(CallQuestion, question_id) if question_id <= LARGEST_ID else None
    )
    if found is None:
        raise NotFound("question")
    return found


def of_call(session: Session, user: User | None, call: Call) -> Sequence[CallQuestion]:
    """The questions this reader gets: unanswered ones first, then the latest answer."""
    query = (
        select(CallQuestion)
        .where(CallQuestion.call_id == call.id, policies.visible_questions(user))
        .options(joinedload(CallQuestion.organisation))
        .order_by(
            CallQuestion.answered_at.is_not(None),
            CallQuestion.answered_at.desc(),
            CallQuestion.id,
        )
    )
    return session.scalars(query).all()
