"""What of awards waits for whom, as rows for the work list.

Each has the columns id, title, context, since, due, is_demo and owner, the organisation
it waits for; what waits for the staff has no owner. What waits for an issuer nobody of
whom is here waits for the staff instead.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    String,
    and_,
    cast,
    exists,
    func,
    not_,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import aliased

from models import (
    Award,
    AwardAmendment,
    AwardPayment,
    Bid,
    Call,
    Milestone,
    Organisation,
    User,
)
from models.base import UtcDateTime
from models.states import (
    UNDELIVERED,
    UNJUDGED,
    AmendmentState,
    AwardState,
    MilestoneState,
)

from ..work.source import Days, Remind, Source, is_near, source_of

AWARD = {"": ("awards.show", "award_id")}
MILESTONE = {"": ("milestones.show", "milestone_id")}
BIDDER = aliased(Organisation)
DRAFT, RUNNING = AwardState.DRAFT, AwardState.RUNNING
ACCEPTING = AwardState.ACCEPTING
HANDED_OUT = and_(Award.state == DRAFT, Award.drafted_at.is_not(None))


def _is_here(home: Any) -> ColumnElement[bool]:
    """`finding.is_here` as a condition."""
    return exists().where(User.organisation_id == home, User.active)


def _rows(number: Any, context: Any, since: Any, due: Any, *where: Any) -> Select[Any]:
    return (
        select(
            number.label("id"),
            cast(Call.title, String).label("title"),
            cast(context, String).label("context"),
            since.label("since"),
            (cast(null(), Date) if due is None else due).label("due"),
            Award.is_demo.label("is_demo"),
        )
        .select_from(Award)
        .join(Call, Award.call_id == Call.id)
        .join(Bid, Award.bid_id == Bid.id)
        .join(BIDDER, Bid.organisation_id == BIDDER.id)
        .where(*where)
    )


def _awards(*where: Any, since: Any = None) -> Select[Any]:
    """Awards that meet the condition, by what they are called to issuer and staff."""
    began = Award.state_since if since is None else since
    moment = type_coerce(began, UtcDateTime())
    return _rows(Award.id, BIDDER.name, moment, None, *where)


def _milestones(*where: Any, since: Any = None, due: Any = None) -> Select[Any]:
    began = Milestone.state_since if since is None else since
    context = BIDDER.name.concat("，").concat(Milestone.title)
    moment = type_coerce(began, UtcDateTime())
    rows = _rows(Milestone.id, context, moment, due, *where)
    return rows.join(Milestone, Milestone.award_id == Award.id)


def _of(owner: Any, rows: Select[Any]) -> Select[Any]:
    return rows.add_columns(owner.label("owner"))


ISSUER, HOME = Call.issuer_id, Bid.organisation_id
ISSUER_HERE, BIDDER_HERE = _is_here(ISSUER), _is_here(HOME)

# -- task books --------------------------------------------------------------------

TO_DRAFT = _awards(
    Award.state == DRAFT, Award.drafted_at.is_(None), since=Award.created_at
).subquery("task_books_to_draft")
UNCONFIRMED = (
    (ISSUER, Award.issuer_confirmed_at.is_(None), ISSUER_HERE),
    (HOME, Award.bidder_confirmed_at.is_(None), BIDDER_HERE),
)
TO_CONFIRM = union_all(
    *(
        _of(owner, _awards(HANDED_OUT, missing, since=Award.updated_at))
        for owner, missing, _ in UNCONFIRMED
    )
).subquery("task_books_to_confirm")
TO_CONFIRM_FOR = _awards(
    HANDED_OUT,
    or_(*(and_(missing, not_(here)) for _, missing, here in UNCONFIRMED)),
    since=Award.updated_at,
).subquery("task_books_to_confirm_for")

# -- changes of task books ---------------------------------------------------------


def _amendments(*where: Any) -> Select[Any]:
    """Changes that wait for a word, by the award they are of."""
    moment = type_coerce(AwardAmendment.created_at, UtcDateTime())
    rows = _rows(Award.id, BIDDER.name, moment, None, *where)
    return rows.join(AwardAmendment, AwardAmendment.award_id == Award.id).where(
        AwardAmendment.state == AmendmentState.PROPOSED
    )


_UNAGREED = (
    (ISSUER, AwardAmendment.issuer_confirmed_at.is_(None), ISSUER_HERE),
    (HOME, AwardAmendment.bidder_confirmed_at.is_(None), BIDDER_HERE),
)
AMENDMENTS_TO_CONFIRM = union_all(
    *(_of(owner, _amendments(missing)) for owner, missing, _ in _UNAGREED)
).subquery("amendments_to_confirm")
AMENDMENTS_TO_CONFIRM_FOR = _amendments(
    or_(*(and_(missing, not_(here)) for _, missing, here in _UNAGREED))
).subquery("amendments_to_confirm_for")

# -- milestones --------------------------------------------------------------------

_UNDELIVERED = and_(Award.state == RUNNING, Milestone.state.in_(UNDELIVERED))
TO_DELIVER = _of(HOME, _milestones(_UNDELIVERED, due=Milestone.due_on)).subquery(
    "milestones_to_deliver"
)
LATE = _milestones(_UNDELIVERED, due=Milestone.due_on).subquery("late_milestones")
_DELIVERED = and_(Award.state == RUNNING, Milestone.state == MilestoneState.DELIVERED)
_UNSEEN = Milestone.issuer_judgement.is_(None)
TO_VIEW = _of(ISSUER, _milestones(_DELIVERED, _UNSEEN)).subquery("milestones_to_view")
TO_JUDGE = _milestones(
    _DELIVERED,
    or_(not_(_UNSEEN), not_(ISSUER_HERE)),
    since=func.coalesce(Milestone.issuer_at, Milestone.state_since),
).subquery("milestones_to_judge")
_PAID = (
    select(func.coalesce(func.sum(AwardPayment.amount_fen), 0))
    .where(AwardPayment.milestone_id == Milestone.id)
    .correlate(Milestone)
    .scalar_subquery()
)
_UNPAID = and_(
    Milestone.state == MilestoneState.PASSED,
    Award.state != AwardState.STOPPED,
    Milestone.payment_fen > _PAID,
)
TO_PAY = _of(ISSUER, _milestones(_UNPAID)).subquery("milestones_to_pay")
TO_PAY_FOR = _milestones(_UNPAID, not_(ISSUER_HERE)).subquery("milestones_to_pay_for")

# -- acceptance --------------------------------------------------------------------

_SOME_UNJUDGED = (
    exists()
    .where(Milestone.award_id == Award.id, Milestone.state.in_(UNJUDGED))
    .correlate(Award)
)
_LAST_JUDGED = (
    select(func.max(Milestone.state_since))
    .where(Milestone.award_id == Award.id)
    .correlate(Award)
    .scalar_subquery()
)
TO_APPLY = _of(
    HOME, _awards(Award.state == RUNNING, not_(_SOME_UNJUDGED), since=_LAST_JUDGED)
).subquery("awards_to_apply")
_UNTESTED = Award.issuer_agrees.is_(None)
TO_TEST = _of(ISSUER, _awards(Award.state == ACCEPTING, _UNTESTED)).subquery(
    "acceptances_to_test"
)
TO_CONCLUDE = _awards(
    Award.state == ACCEPTING,
    or_(not_(_UNTESTED), not_(ISSUER_HERE)),
    since=func.coalesce(Award.tested_at, Award.state_since),
).subquery("acceptances_to_conclude")

# -- the work list -----------------------------------------------------------------


def _is_late(row: Any, days: Days) -> ColumnElement[bool]:
    """What should have been delivered before today."""
    return and_(is_near(row, days), row.due < days.today)


_award = partial(source_of, pages=AWARD, when=is_near)

SOURCES: tuple[Source, ...] = (
    _award("task_books_to_draft", "待拟定的任务书", "去拟定", TO_DRAFT),
    _award("task_books_to_confirm", "待本单位确认的任务书", "去确认", TO_CONFIRM),
    _award(
        "task_books_to_confirm_for",
        "待代为确认的任务书",
        "去确认",
        TO_CONFIRM_FOR,
    ),
    _award(
        "amendments_to_confirm",
        "待本单位确认的任务书变更",
        "去确认",
        AMENDMENTS_TO_CONFIRM,
    ),
    _award(
        "amendments_to_confirm_for",
        "待代为确认的任务书变更",
        "去确认",
        AMENDMENTS_TO_CONFIRM_FOR,
    ),
    _award(
        "milestones_to_deliver",
        "到期要交付的里程碑",
        "去交付",
        TO_DELIVER,
        pages=MILESTONE,
        remind=Remind.AT_ONCE,
        due_words="交付",
        dated=True,
    ),
    _award(
        "milestones_to_view",
        "待本单位判断的里程碑",
        "去判断",
        TO_VIEW,
        pages=MILESTONE,
    ),
    _award(
        "milestones_to_pay",
        "已通过、待拨付的里程碑",
        "去登记",
        TO_PAY,
        pages=MILESTONE,
    ),
    _award("awards_to_apply", "可以申请验收的项目", "去申请", TO_APPLY),
    _award("acceptances_to_test", "待本单位测试的验收", "去填写", TO_TEST),
    _award(
        "late_milestones",
        "逾期没有交付的里程碑",
        "去过问",
        LATE,
        when=_is_late,
        pages=MILESTONE,
        remind=Remind.AT_ONCE,
        due_words="应交付",
        dated=True,
    ),
    _award(
        "milestones_to_judge",
        "待给出结论的里程碑",
        "去判断",
        TO_JUDGE,
        pages=MILESTONE,
    ),
    _award(
        "milestones_to_pay_for",
        "待代登记拨付的里程碑",
        "去登记",
        TO_PAY_FOR,
        pages=MILESTONE,
    ),
    _award("acceptances_to_conclude", "待给出结论的验收", "去验收", TO_CONCLUDE),
)
