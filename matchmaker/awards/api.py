"""Awards, for programs: the task book, its confirmation, acceptance, the end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import ClassVar

from models import Award, AwardPayment, utcnow
from models.states import (
    AwardState,
    CallMode,
    GoalVerdict,
    Judgement,
    Liability,
    MilestoneState,
)

from .. import labels as words
from .. import policies
from ..accounts.current import signed_in
from ..api.answers import Output, Place, Slice
from ..api.operations import Operations
from ..calls.service import find_call
from ..db import db
from ..errors import Forbidden
from . import acceptance, book, ending, finding, listing, page
from .page import MilestoneView
from .schema import (
    LABELS,
    Application,
    AwardQuery,
    BookInput,
    Conclusion,
    Confirmation,
    ConfirmationFor,
    Elimination,
    IssuerTest,
    Stopping,
)

operations = Operations("awards", "立项和实施")


class BookBody(BookInput):
    """The task book; amounts are in 分. ``seen`` is that of the award that was read."""

    labels: ClassVar[Mapping[str, str]] = LABELS


class BookSeen(Confirmation):
    """Which text is agreed to, by the ``seen`` that was read with it."""


class BookConfirmationFor(ConfirmationFor):
    """The staff confirm for a side that has no account, and say on what word."""


class AwardLine(Output):
    """An award in a list; ``next`` is the milestone that is worked on."""

    id: int
    call: int
    title: str
    mode: CallMode
    issuer: str
    bidder: str
    state: AwardState
    amount_fen: int
    paid_fen: int
    signed_on: date | None
    ends_on: date | None
    milestones: int
    passed: int
    next: str | None
    next_due_on: date | None
    late_days: int
    accepted_on: date | None
    demo: bool


class AwardGoalOut(Output):
    """A goal of the call: what the bid promised, what is judged by, what came of it."""

    position: int
    goal: str
    promised: str
    value: str
    reached: str
    evidence: str
    issuer_verdict: GoalVerdict | None
    verdict: GoalVerdict | None


class AwardPaymentOut(Output):
    """Money that was paid for a milestone."""

    id: int
    amount_fen: int
    paid_on: date
    words: str


class MilestoneOut(Output):
    """A milestone; ``may`` are the steps the reader may take with it now.

    ``number`` is the round of the delivery, which a judgement names.
    """

    id: int
    award: int
    position: int
    title: str
    deliverable: str
    planned_on: date
    due_on: date
    late_days: int
    payment_fen: int
    paid_fen: int
    unpaid_fen: int
    state: MilestoneState
    number: int
    delivered_at: datetime | None
    delivered_words: str
    issuer_judgement: Judgement | None
    issuer_words: str
    issuer_by_staff: bool
    judged_at: datetime | None
    judged_words: str
    payments: list[AwardPaymentOut]
    may: list[str]


class AwardOut(Output):
    """An award as this reader may know it; ``may`` are the steps it may take now.

    ``seen`` marks the text of the task book, for who edits or confirms it.
    ``applied_number`` is the round of the acceptance, which a test names.
    """

    labels = dict(LABELS)

    id: int
    call: int
    title: str
    bid: int
    issuer: str
    bidder: str
    state: AwardState
    seen: str
    amount_fen: int
    paid_fen: int
    signed_on: date | None
    ends_on: date | None
    accepted_on: date | None
    pledge: str
    drafted_at: datetime | None
    issuer_confirmed_at: datetime | None
    issuer_confirmed_words: str
    bidder_confirmed_at: datetime | None
    bidder_confirmed_words: str
    goals: list[AwardGoalOut]
    milestones: list[MilestoneOut]
    applied_number: int
    applied_at: datetime | None
    applied_words: str
    issuer_agrees: bool | None
    test_words: str
    tested_at: datetime | None
    end_words: str
    stop_code: str | None
    liability: Liability | None
    contract: int | None
    may: list[str]
    demo: bool


def milestone(view: MilestoneView) -> MilestoneOut:
    """The milestone as the caller sees it."""
    one = view.milestone
    values = {name: getattr(one, name, None) for name in MilestoneOut.model_fields}
    by = one.issuer_by
    return MilestoneOut.model_validate(
        values
        | {
            "award": one.award_id,
            "late_days": view.late_days,
            "issuer_by_staff": by is not None and by.is_staff,
            "payments": [_payment(paid) for paid in one.payments],
            "may": sorted(view.may),
        }
    )


def _payment(paid: AwardPayment) -> AwardPaymentOut:
    return AwardPaymentOut.model_validate(paid)


def shown(award: Award) -> AwardOut:
    """The award as the caller sees it at this moment."""
    view = page.view(db.session, signed_in(), award, utcnow())
    values = {name: getattr(award, name, None) for name in AwardOut.model_fields}
    return AwardOut.model_validate(
        values
        | {
            "call": award.call_id,
            "title": award.call.title,
            "bid": award.bid_id,
            "issuer": award.call.issuer.name,
            "bidder": award.bidder.name,
            "seen": view.mark,
            "goals": [AwardGoalOut.model_validate(one) for one in award.goals],
            "milestones": [milestone(one) for one in view.milestones],
            "contract": award.contract_id,
            "may": sorted(view.may),
            "demo": award.is_demo,
        }
    )


def _line(one: listing.Line) -> AwardLine:
    award = one.award
    following = one.next if award.is_live else None
    return AwardLine(
        id=award.id,
        call=award.call_id,
        title=award.call.title,
        mode=award.call.mode,
        issuer=award.call.issuer.name,
        bidder=award.bidder.name,
        state=award.state,
        amount_fen=award.amount_fen,
        paid_fen=award.paid_fen,
        signed_on=award.signed_on,
        ends_on=award.ends_on,
        milestones=award.asked,
        passed=one.passed,
        next=following.title if following else None,
        next_due_on=following.due_on if following else None,
        late_days=one.late_days,
        accepted_on=award.accepted_on,
        demo=award.is_demo,
    )


def _today(award: Award) -> AwardLine:
    return _line(listing.line(award, words.today(utcnow())))


@operations.get("/awards", ("awards.index", "awards.export_rows"), "在研榜单")
def index(query: AwardQuery, place: Place) -> Slice[AwardLine]:
    found = listing.sought(signed_in(), query)
    return place.newest(db.session, found, Award.id, _today)


@operations.get("/calls/<int:call_id>/awards", "awards.of_call", "一个榜单的立项")
def of_call(call_id: int, place: Place) -> Slice[AwardLine]:
    """承担单位只得到本单位的。"""
    user = signed_in()
    call = find_call(db.session, user, call_id)
    awards = finding.of_call(db.session, user, call.id)
    if not awards and not policies.may(user, "award.read", call):
        raise Forbidden("award.read")
    return place.whole(awards, _today)


@operations.get("/awards/<int:award_id>", "awards.show", "一个立项")
def show(award_id: int) -> AwardOut:
    award = finding.find(db.session, signed_in(), award_id)
    policies.require(signed_in(), "award.read", award)
    return shown(award)


@operations.put("/awards/<int:award_id>", "awards.edit", "写任务书并发出")
def edit(award_id: int, body: BookBody) -> AwardOut:
    """任何改动都使双方的确认失效；seen 与读到的不同就是 409。"""
    return shown(book.write(db.session, signed_in(), award_id, body, now=utcnow()))


@operations.post("/awards/<int:award_id>/confirm", "awards.confirm", "确认任务书")
def confirm(award_id: int, body: BookSeen) -> AwardOut:
    return shown(book.confirm(db.session, signed_in(), award_id, body, now=utcnow()))


@operations.post(
    "/awards/<int:award_id>/confirm-for", "awards.confirm_for", "代一方确认任务书"
)
def confirm_for(award_id: int, body: BookConfirmationFor) -> AwardOut:
    """只用于在平台上没有账号的一方。"""
    award = book.confirm_for(db.session, signed_in(), award_id, body, now=utcnow())
    return shown(award)


@operations.post("/awards/<int:award_id>/eliminate", "awards.eliminate", "赛马淘汰")
def eliminate(award_id: int, body: Elimination) -> AwardOut:
    award = ending.eliminate(db.session, signed_in(), award_id, body, now=utcnow())
    return shown(award)


@operations.post("/awards/<int:award_id>/stop", "awards.stop", "终止项目")
def stop_award(award_id: int, body: Stopping) -> AwardOut:
    return shown(ending.stop(db.session, signed_in(), award_id, body, now=utcnow()))


@operations.post("/awards/<int:award_id>/apply", "awards.apply", "申请验收")
def apply(award_id: int, body: Application) -> AwardOut:
    award = acceptance.apply(db.session, signed_in(), award_id, body, now=utcnow())
    return shown(award)


@operations.post("/awards/<int:award_id>/test", "awards.test", "发榜单位的测试")
def test(award_id: int, body: IssuerTest) -> AwardOut:
    return shown(acceptance.test(db.session, signed_in(), award_id, body, now=utcnow()))


@operations.post("/awards/<int:award_id>/conclude", "awards.conclude", "验收结论")
def conclude(award_id: int, body: Conclusion) -> AwardOut:
    """通过，或退回整改；逐条结论不能高于发榜单位的。"""
    award = acceptance.conclude(db.session, signed_in(), award_id, body, now=utcnow())
    return shown(award)
