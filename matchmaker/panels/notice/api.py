"""The announced result, for programs: read by anybody, objected to, answered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar

from models import BidOutcome, Objection, utcnow
from models.states import ObjectionState, ResultState

from ... import policies
from ...accounts.current import current, signed_in
from ...accounts.schema import Email, PersonName
from ...accounts.web import guarded
from ...api.answers import Output
from ...api.operations import Operations, Shape
from ...db import db
from ...schema import parse
from .. import finding, objections, results
from ..schema import LABELS, AnswerInput, ObjectionInput, VisitorObjection

operations = Operations("panels", "公示和异议")


class ObjectionBody(ObjectionInput):
    """An objection; a visitor says its name and where an answer finds it."""

    labels: ClassVar[Mapping[str, str]] = LABELS

    name: PersonName | None = None
    email: Email | None = None


class ObjectionAnswer(AnswerInput):
    """The answer; ``end_words`` say why the call fails where it does."""

    labels: ClassVar[Mapping[str, str]] = LABELS


class ResultWinner(Output):
    """A winner; points are hundredths."""

    rank: int
    organisation: str
    points: int


class ResultOut(Output):
    """The result as everybody reads it; no ``state`` where none was announced yet.

    ``outcome`` is of one's own bid, ``bids`` how many there were; who did not win is
    not told.
    """

    call: int
    title: str
    issuer: str
    state: ResultState | None = None
    failed_words: str = ""
    winners: list[ResultWinner] = []
    bids: int | None = None
    notice_from: datetime | None = None
    notice_until: datetime | None = None
    takes_objections: bool = False
    outcome: int | None = None


class OutcomeOut(Output):
    """What became of one bid, and the reason; points are hundredths."""

    id: int
    call: int
    bid: int
    organisation: str
    state: ResultState
    won: bool
    rank: int
    bids: int
    points: int
    reason: str
    notice_until: datetime | None
    takes_objections: bool


class ObjectionMade(Output):
    """The objection was taken in; its answer is sent to ``email``."""

    id: int
    at: datetime
    email: str


class ObjectionOut(Output):
    """An objection, for who made it and the staff."""

    id: int
    call: int
    state: ObjectionState
    result_state: ResultState
    name: str
    email: str
    is_visitor: bool
    at: datetime
    words: str
    answer: str | None
    answered_at: datetime | None
    answered_by: str | None


def _objection(found: Objection) -> ObjectionOut:
    by = found.answered_by if policies.may(signed_in(), "objection.answer") else None
    return ObjectionOut(
        id=found.id,
        call=found.result.call_id,
        state=found.state,
        result_state=found.result.state,
        name=found.name,
        email=found.email,
        is_visitor=found.user_id is None,
        at=found.at,
        words=found.words,
        answer=found.answer,
        answered_at=found.answered_at,
        answered_by=by.name if by else None,
    )


@operations.get("/calls/<int:call_id>/result", "results.show", "公示的结果")
def result(call_id: int) -> ResultOut:
    """还没有公示的，state 是 null。"""
    call = finding.call(db.session, current(), call_id)
    found = results.public(db.session, call)
    head = {"call": call.id, "title": call.title, "issuer": call.issuer.name}
    if found is None:
        return ResultOut.model_validate(head)
    own = results.outcome_of(db.session, current(), found)
    return ResultOut(
        **head,  # type: ignore[arg-type]
        state=found.state,
        failed_words=found.failed_words,
        winners=[
            ResultWinner(
                rank=one.rank,
                organisation=one.bid.organisation.name,
                points=one.points,
            )
            for one in found.winners
        ],
        bids=len(found.outcomes),
        notice_from=found.notice_from,
        notice_until=found.notice_until,
        takes_objections=found.is_noticed_at(utcnow()),
        outcome=own.id if own else None,
    )


@operations.post(
    "/calls/<int:call_id>/objections", "results.object", "提出异议", status=201
)
@guarded
def make_objection(
    call_id: int, body: Annotated[Mapping[str, Any], Shape(ObjectionBody)]
) -> ObjectionMade:
    """任何人都可以在公示期内提出；不带令牌的要写明姓名和邮箱，答复寄到那里。"""
    user = current()
    finding.call(db.session, user, call_id)
    data = parse(VisitorObjection if user is None else ObjectionInput, body)
    made = objections.make(db.session, user, call_id, data, clock=utcnow)
    return ObjectionMade(id=made.id, at=made.at, email=made.email)


@operations.get("/outcomes/<int:outcome_id>", "results.outcome", "一份揭榜书的结果")
def outcome(outcome_id: int) -> OutcomeOut:
    visible = policies.visible_outcomes(signed_in())
    found: BidOutcome = finding.visible_one(db.session, BidOutcome, outcome_id, visible)
    policies.require(signed_in(), "outcome.read", found)
    of = found.result
    return OutcomeOut(
        id=found.id,
        call=of.call_id,
        bid=found.bid_id,
        organisation=found.bid.organisation.name,
        state=of.state,
        won=found.won,
        rank=found.rank,
        bids=len(of.outcomes),
        points=found.points,
        reason=found.reason,
        notice_until=of.notice_until,
        takes_objections=of.is_noticed_at(utcnow()),
    )


@operations.get("/objections/<int:objection_id>", "results.objection", "一条异议")
def objection(objection_id: int) -> ObjectionOut:
    policies.require(signed_in(), "objection.read")
    return _objection(objections.find(db.session, signed_in(), objection_id))


@operations.post("/objections/<int:objection_id>/answer", "results.answer", "答复异议")
def answer(objection_id: int, body: ObjectionAnswer) -> ObjectionOut:
    """成立的，公示的结果撤销：重新评审，或者流榜。"""
    found = objections.answer(db.session, signed_in(), objection_id, body, now=utcnow())
    return _objection(found)
