"""Calls, for programs: the lists, one call, its end, and what is open now as files."""

from __future__ import annotations

from datetime import date, datetime

from flask import Response

from models import Call, CallQuestion, utcnow
from models.outbox import RecordType
from models.states import (
    UNOPENED_CALL_STATES,
    AwardState,
    CallMode,
    CallPhase,
    CallStatus,
    GoalVerdict,
)

from .. import policies
from ..accounts.current import current, signed_in
from ..api.answers import Output, Place, Slice
from ..api.operations import Operations
from ..awards import public
from ..bids import listing as bids
from ..db import db
from ..matches.api import MatchOut, near
from ..search.api import Found, listed
from ..search.schema import ListQuery
from ..verification.schema import Return
from . import followers, service, web
from .drafts.schema import LABELS
from .invitations import service as invitations
from .questions import service as questions

operations = Operations("calls", "揭榜榜单")


class CallReturn(Return):
    """Why a call goes back or is ended: codes of the dictionary, words, or both.

    ``version`` is that of the text that was read.
    """


class CallCriterion(Output):
    """What bids are judged by; the weights, in per cent, sum to 100."""

    name: str
    weight: int
    words: str


class WinnerGoal(Output):
    """A goal of the call at the acceptance."""

    goal: str
    value: str
    reached: str
    verdict: GoalVerdict | None


class WinnerLine(Output):
    """A winner for everybody: the amount once agreed to, the goals once accepted."""

    name: str
    amount_fen: int | None
    state: AwardState
    words: str
    accepted_on: date | None
    goals: list[WinnerGoal]
    demo: bool


class CallInterest(Output):
    """How many follow the call; how many bids there are is told after its end."""

    questions: int
    invitations: int
    subscribers: int
    bids: int | None


class CallText(Output):
    """The public text of a call; ``funding`` is in 分."""

    title: str
    field: str
    background: str
    goals: list[str]
    conditions: str
    contact: str
    funding: int | None
    mode: CallMode
    max_awards: int
    criteria: list[CallCriterion]
    issuer_weight: int
    opens_at: datetime | None
    closes_at: datetime | None
    questions_until: datetime | None


class CallOut(CallText):
    """A call as this reader may know it.

    ``phase`` is the state by the clock of this moment. ``bid`` is the number of one's
    own bid, ``needs`` those it grew from that the reader may know of.
    """

    labels = LABELS

    id: int
    version: int
    status: CallStatus
    phase: CallPhase
    code: str | None
    issuer: str
    needs: list[int]
    approved_at: datetime | None
    return_codes: list[str]
    return_reason: str | None
    end_code: str | None
    end_reason: str | None
    revision: int
    published_at: datetime | None
    updated_at: datetime
    takes_bids: bool
    takes_questions: bool
    interest: CallInterest | None
    invited: bool
    bid: int | None
    winners: list[WinnerLine]
    demo: bool


class QuestionOut(Output):
    """A question; who asked is told to the staff alone.

    Until it is answered only the asker's organisation and the staff read it.
    """

    id: int
    question: str
    asked_at: datetime | None
    organisation: str | None
    answer: str | None
    answered_at: datetime | None


def shown(call: Call) -> CallOut:
    """The call as the caller may know it."""
    user, session, now = current(), db.session, utcnow()
    unopened = call.status in UNOPENED_CALL_STATES
    counts = followers.interest(session, call.id, closed=call.is_closed_at(now))
    own = bids.of_call(session, user, call, now).own
    draft = call.status is CallStatus.DRAFT
    values = {name: getattr(call, name) for name in TEXT} | {
        "funding": call.funding_fen,
        "phase": call.phase(now),
        "issuer": call.issuer.name,
        "needs": [one.id for one in service.needs_behind(session, user, call)],
        "approved_at": call.approved_at if call.status is CallStatus.ARGUED else None,
        "return_codes": (call.return_codes or []) if draft else [],
        "return_reason": call.return_reason if draft else None,
        "takes_bids": call.takes_bids_at(now),
        "takes_questions": call.takes_questions_at(now),
        "interest": None if unopened else {"bids": None} | counts,
        "invited": _is_invited(call),
        "bid": own.id if own else None,
        "winners": [_winner(one) for one in public.winners(session, call)],
        "demo": call.is_demo,
    }
    return CallOut.model_validate(values)


# What is told as the row has it.
TEXT = (
    *(name for name in CallText.model_fields if name != "funding"),
    *("id", "version", "status", "code", "end_code", "end_reason", "revision"),
    *("published_at", "updated_at"),
)


def _is_invited(call: Call) -> bool:
    """Whether staff asked the reader's own organisation to take the call up."""
    user = current()
    home = user.organisation_id if user else None
    found = invitations.of_call(db.session, user, call)
    return any(one.organisation_id == home for one in found)


def _winner(one: public.Winner) -> WinnerLine:
    return WinnerLine(
        name=one.name,
        amount_fen=one.amount_fen,
        state=one.state,
        words=one.words,
        accepted_on=one.accepted_on,
        goals=[WinnerGoal.model_validate(goal) for goal in one.goals],
        demo=one.is_demo,
    )


def asked(question: CallQuestion) -> QuestionOut:
    """The question as the caller may know it."""
    by_staff = policies.may(current(), "call.answer")
    return QuestionOut(
        id=question.id,
        question=question.text,
        asked_at=None if question.answered_at else question.asked_at,
        organisation=question.organisation.name if by_staff else None,
        answer=question.answer,
        answered_at=question.answered_at,
    )


@operations.get("/calls", ("calls.browse", "calls.export"), "公开的榜单")
def browse(query: ListQuery, place: Place) -> Slice[Found]:
    return listed(RecordType.CALL, query, place)


@operations.get("/calls/mine", ("calls.mine", "calls.export_mine"), "本单位的榜单")
def mine(query: ListQuery, place: Place) -> Slice[Found]:
    """本单位的榜单，草稿也在内；平台工作人员得到平台起草的榜单。"""
    base = service.written(signed_in())
    return listed(RecordType.CALL, query, place, own=True, base=base)


@operations.get("/calls/feed.atom", "calls.feed", "可揭榜的榜单（Atom）")
def feed() -> Response:
    return web.feed()


@operations.get("/calls/deadlines.ics", "calls.deadlines", "揭榜和提问截止（日历）")
def deadlines() -> Response:
    return web.deadlines()


@operations.get("/calls/<int:call_id>", "calls.show", "一个榜单")
def show(call_id: int) -> CallOut:
    return shown(service.find_call(db.session, current(), call_id))


class CallMatches(Output):
    """The achievements near the call, the likeliest first."""

    achievements: list[MatchOut]


@operations.get("/calls/<int:call_id>/matches", "calls.show", "与榜单相近的成果")
def matches(call_id: int) -> CallMatches:
    call = service.find_call(db.session, current(), call_id)
    return CallMatches(achievements=near(call, RecordType.ACHIEVEMENT))


@operations.get("/calls/<int:call_id>/questions", "calls.show", "提问与答复")
def list_questions(call_id: int, place: Place) -> Slice[QuestionOut]:
    """没有答复的在前；未答复的只有提问单位和平台工作人员能读到。"""
    call = service.find_call(db.session, current(), call_id)
    return place.whole(questions.of_call(db.session, current(), call), asked)


@operations.post("/calls/<int:call_id>/stop", "calls.stop", "终止榜单")
def stop(call_id: int, body: CallReturn) -> CallOut:
    call = service.stop(db.session, signed_in(), call_id, body, now=utcnow())
    return shown(call)
