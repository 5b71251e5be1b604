"""The sources of work: everything that may wait for somebody, in one list.

A new part of the platform adds its `Source` to `SOURCES` and has with it a place in
the work list, the number in the navigation, and reminders.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from functools import partial
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    Select,
    String,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
)

from models import (
    TABLES,
    Achievement,
    Call,
    History,
    Need,
    Organisation,
    OutboxTask,
    Registration,
    Review,
    Suggestion,
)
from models.base import UtcDateTime
from models.outbox import RecordType
from models.states import (
    AchievementStatus,
    NeedStatus,
    RegistrationState,
    Role,
    Secrecy,
    SuggestionStatus,
)

from .. import policies
from ..awards import waiting as awards
from ..bids import waiting as bids
from ..calls import waiting as calls
from ..contracts import waiting as deals
from ..introductions import waiting as talks
from ..matches.queue import open_sides
from ..panels import waiting as reviews
from ..posting.expiry import ending, last_days
from ..posting.terms import Window
from ..verification.kinds import KINDS, Kind

AnySelect = Select[*tuple[Any, ...]]
# After so many failures a job will hardly mend itself.
FAILED_AFTER = 3
STAFF = frozenset({Role.STAFF, Role.ADMIN})
ENDING: Mapping[Any, RecordType] = {
    Need: RecordType.NEED,
    Achievement: RecordType.ACHIEVEMENT,
}


@dataclass(frozen=True)
class Days:
    """The days the list is of; what ends by ``soon`` is about to end.

    ``ending`` says the same for each kind that ends by the clock. Talks in which
    nothing happened since before ``quiet`` need a push; what of them waits since before
    ``overdue`` is a task of the staff. So many experts as ``panel_size`` judge a bid.
    All of them may be parameters, filled in when the query is sent.
    """

    today: date | BindParameter[date]
    soon: date | BindParameter[date]
    ending: Mapping[RecordType, Window]
    quiet: datetime | BindParameter[datetime]
    overdue: datetime | BindParameter[datetime]
    now: datetime | BindParameter[datetime]
    panel_size: int | BindParameter[int]
    tonight: datetime | BindParameter[datetime]


@dataclass(frozen=True)
class When(Days):
    """The moment the list is of."""

    today: date
    soon: date
    quiet: datetime
    overdue: datetime
    now: datetime
    panel_size: int
    tonight: datetime


class Remind(Enum):
    """When somebody is reminded of what waits; always once a wait."""

    AFTER_A_WAIT = "after_a_wait"
    AT_ONCE = "at_once"
    NEVER = "never"


@dataclass(frozen=True, eq=False)
class Source:
    """One kind of thing that waits for somebody.

    name     in addresses and in the table of reminders: never change it
    label    what waits, after a number: «3 条被退回的需求» leaves out the number
    act      what one does about it, on the button
    roles    whose work it is
    owner    the organisation whose members it waits for
    person   the one person it waits for; without either it is for the platform's staff
    waiting  a query with the columns of `columns`
    dated    whether its rows have a day by which they are due
    local    whether its rows say their district or field, so that a node has its own
    pages    by the column ``variant``: the endpoint a row leads to, and the name of
             the argument that gets its id
    """

    name: str
    label: str
    act: str
    roles: frozenset[Role]
    waiting: Callable[[Days], AnySelect]
    pages: Mapping[str, tuple[str, str]]
    owner: Any = None
    remind: Remind = Remind.AFTER_A_WAIT
    due_words: str = "截止"
    dated: bool = False
    person: Any = None
    local: bool = False


def columns(
    record_id: Any,
    title: Any,
    since: Any,
    *,
    is_demo: Any,
    context: Any = None,
    due: Any = None,
    variant: Any = None,
    district: Any = None,
    field: Any = None,
) -> list[ColumnElement[Any]]:
    """The columns of a source.

    since    from when it waits; with the id it tells one wait from another
    context  what the title is to be read with, such as the other side of a pair
    due      the day it is about, where there is one; such rows come first
    district, field   by which a node has it; only of sources that are ``local``
    """
    return [
        record_id.label("id"),
        cast(title, String).label("title"),
        cast(null() if context is None else context, String).label("context"),
        since.label("since"),
        # SQLite would read a cast day as a number; only nothing needs its type said.
        (cast(null(), Date) if due is None else due).label("due"),
        is_demo.label("is_demo"),
        cast(literal("") if variant is None else variant, String).label("variant"),
        cast(null() if district is None else district, String).label("district"),
        cast(null() if field is None else field, String).label("field"),
    ]


def _last(model: Any, action: str) -> ColumnElement[Any]:
    """When this last happened to the record; the last change if nobody noted it."""
    noted = (
        select(func.max(History.at))
        .where(
            History.record_type == model.__tablename__,
            History.record_id == model.id,
            History.action == action,
        )
        .scalar_subquery()
    )
    return func.coalesce(noted, model.updated_at, type_=UtcDateTime())


def _in_state(model: Any, state: Any, action: str, _days: Days) -> AnySelect:
    """Records that stay in a state since something happened (none: were changed)."""
    since = _last(model, action) if action else model.updated_at
    return select(*columns(model.id, model.title, since, is_demo=model.is_demo)).where(
        model.status == state
    )


def _ending(model: Any, days: Days) -> AnySelect:
    """What is published and about to end, with its last day."""
    when = days.ending[ENDING[model]]
    since = func.coalesce(
        model.renewed_at, model.published_at, model.updated_at, type_=UtcDateTime()
    )
    due = last_days(model, when.days)
    return select(
        *columns(model.id, model.title, since, is_demo=model.is_demo, due=due)
    ).where(ending(model, when))


def _unapproved(_days: Days) -> AnySelect:
    """Masked needs whose public text nobody approved for the full text of today.

    What goes through the form is approved before it is submitted. So these came in
    another way: from a sheet, or before approvals were kept. A draft waits as a draft.
    """
    since = Need.updated_at
    return select(*columns(Need.id, Need.title, since, is_demo=Need.is_demo)).where(
        Need.secrecy == Secrecy.MASKED,
        Need.public_approved.is_(None),
        Need.status.in_((NeedStatus.PENDING, NeedStatus.PUBLISHED)),
    )


def _known_to_all(kind: RecordType) -> ColumnElement[bool]:
    """What anybody may know of: so no list can tell of anything hidden."""
    return policies.where(policies.visible(None, kind), kind)


def _approved_pairs(_days: Days) -> AnySelect:
    """Approved pairs nobody of the need's organisation has opened yet."""
    other = func.coalesce(Achievement.title, Call.title)
    since = func.coalesce(
        Suggestion.decided_at, Suggestion.updated_at, type_=UtcDateTime()
    )
    return (
        select(
            *columns(
                Suggestion.id, other, since, is_demo=Need.is_demo, context=Need.title
            )
        )
        .join(Need, Suggestion.need_id == Need.id)
        .outerjoin(Achievement, Suggestion.achievement_id == Achievement.id)
        .outerjoin(Call, Suggestion.call_id == Call.id)
        .where(
            Suggestion.status == SuggestionStatus.APPROVED,
            Suggestion.seen_at.is_(None),
            Need.status == NeedStatus.PUBLISHED,
            Achievement.id.is_(None) | _known_to_all(RecordType.ACHIEVEMENT),
            Call.id.is_(None) | _known_to_all(RecordType.CALL),
        )
    )


def _new_buyers(_days: Days) -> AnySelect:
    """Achievements with approved pairs whose buyers nobody of theirs has looked at."""
    decided = func.coalesce(
        Suggestion.decided_at, Suggestion.updated_at, type_=UtcDateTime()
    )
    number = cast(func.count(Suggestion.id), String)
    return (
        select(
            *columns(
                Achievement.id,
                Achievement.title,
                func.min(decided),
                is_demo=Achievement.is_demo,
                context=number.concat(" 条需求经审核与它匹配"),
            )
        )
        .join(Suggestion, Suggestion.achievement_id == Achievement.id)
        .join(Need, Suggestion.need_id == Need.id)
        .where(
            Suggestion.status == SuggestionStatus.APPROVED,
            Suggestion.holder_seen_at.is_(None),
            Achievement.status == AchievementStatus.PUBLISHED,
            _known_to_all(RecordType.NEED),
        )
        .group_by(
            Achievement.id,
            Achievement.title,
            Achievement.is_demo,
            Achievement.organisation_id,
        )
    )


def _submissions(kind: Kind, _days: Days) -> AnySelect:
    row = kind.waiting(None).subquery()
    return select(
        *columns(
            row.c.id,
            row.c.title,
            row.c.since,
            is_demo=row.c.is_demo,
            context=row.c.district,
            district=row.c.district,
            field=row.c.field,
        )
    )


def _registrations(_days: Days) -> AnySelect:
    """Who registers an organisation or asks to join one; its e-mail is confirmed."""
    name = func.coalesce(Organisation.name, Registration.organisation_name)
    return (
        select(
            *columns(
                Registration.id,
                name,
                Registration.submitted_at,
                is_demo=literal(False),
                context=Registration.name,
                district=func.coalesce(Organisation.district, Registration.district),
            )
        )
        .outerjoin(Organisation, Registration.organisation_id == Organisation.id)
        .where(
            Registration.state == RegistrationState.PENDING,
            Registration.submitted_at.is_not(None),
        )
    )


def _pairs(condition: Callable[[Days], Any], since: Any, due: Any) -> Any:
    """Pairs that wait for review under the condition."""

    def waiting(days: Days) -> AnySelect:
        return (
            select(
                *columns(
                    Suggestion.id,
                    func.coalesce(Need.title, Call.title),
                    since,
                    is_demo=func.coalesce(Need.is_demo, Call.is_demo),
                    context=func.coalesce(Achievement.title, Call.title),
                    due=due,
                    district=Need.district,
                    field=func.coalesce(Need.field, Call.field),
                )
            )
            .select_from(Suggestion)
            .outerjoin(Need, Suggestion.need_id == Need.id)
            .outerjoin(Achievement, Suggestion.achievement_id == Achievement.id)
            .outerjoin(Call, Suggestion.call_id == Call.id)
            .where(condition(days), open_sides(days.now))
        )

    return waiting


def _put_off_at() -> ColumnElement[Any]:
    """When the pair was last put off."""
    noted = (
        select(func.max(Review.at))
        .where(
            Review.suggestion_id == Suggestion.id,
            Review.to_status == SuggestionStatus.SNOOZED,
        )
        .scalar_subquery()
    )
    return func.coalesce(noted, Suggestion.updated_at, type_=UtcDateTime())


def _put_off_until_today(days: Days) -> ColumnElement[bool]:
    # Only what is put off has a day; its index is in that order.
    return Suggestion.snoozed_until <= days.today


def _of_talks(rows: Any, before: Callable[[Days], Any] | None, days: Days) -> AnySelect:
    """Introductions that wait, all of them or since before the moment."""
    found = select(
        *columns(
            rows.c.id,
            rows.c.title,
            rows.c.since,
            is_demo=rows.c.is_demo,
            context=rows.c.context,
        )
    )
    return found if before is None else found.where(rows.c.since < before(days))


def _of_reviews(rows: Any, days: Days) -> AnySelect:
    """What waits in a review; ``rows`` may depend on the moment."""
    found = rows(days).subquery() if callable(rows) else rows
    return _of_talks(found, None, days)


def _of_window(rows: Any, when: Callable[[Any, Days], Any], days: Days) -> AnySelect:
    """Bids and calls that wait where the window of the call stands so by now."""
    return select(
        *columns(
            rows.c.id,
            rows.c.title,
            rows.c.since,
            is_demo=rows.c.is_demo,
            context=rows.c.context,
            due=rows.c.due,
        )
    ).where(when(rows.c, days))


def _ends_later(row: Any, days: Days) -> ColumnElement[bool]:
    return and_(row.closes_at > days.now, row.due > days.soon)


def _ends_soon(row: Any, days: Days) -> ColumnElement[bool]:
    return and_(row.closes_at > days.now, row.due <= days.soon)


def _is_over(row: Any, days: Days) -> ColumnElement[bool]:
    over: ColumnElement[bool] = row.closes_at <= days.now
    return over


def _of_deals(rows: Any, days: Days) -> AnySelect:
    """Contracts that wait; what has a day, from shortly before it."""
    found = select(
        *columns(
            rows.c.id,
            rows.c.title,
            rows.c.since,
            is_demo=rows.c.is_demo,
            context=rows.c.context,
            due=rows.c.due,
        )
    )
    return found.where(rows.c.due.is_(None) | (rows.c.due <= days.soon))


def _of_calls(rows: Any, _days: Days) -> AnySelect:
    """Open calls that wait for somebody."""
    return select(
        *columns(
            rows.c.id,
            rows.c.title,
            rows.c.since,
            is_demo=rows.c.is_demo,
            context=rows.c.context,
        )
    )


def _questions(days: Days) -> AnySelect:
    """Questions without an answer; after the window an answer would come too late."""
    rows = calls.QUESTIONS
    return _of_calls(rows, days).where(rows.c.closes_at > days.now)


def _closing_today(days: Days) -> AnySelect:
    """Calls that take bids and are to close before the day is over."""
    rows = calls.OPEN
    return select(
        *columns(
            rows.c.id,
            rows.c.title,
            rows.c.since,
            is_demo=rows.c.is_demo,
            context=rows.c.context,
            due=cast(days.today, Date) if isinstance(days.today, date) else days.today,
        )
    ).where(
        rows.c.since <= days.now,
        rows.c.closes_at > days.now,
        rows.c.closes_at <= days.tonight,
    )


def _deal(name: str, label: str, act: str, rows: Any, **more: Any) -> Source:
    """A source of contracts: of their parties where the rows name an owner."""
    owner = getattr(rows.c, "owner", None)
    return Source(
        name,
        label,
        act,
        STAFF if owner is None else SIDES,
        partial(_of_deals, rows),
        more.pop("pages", DEAL),
        owner,
        **more,
    )


def _overdue(rows: Any, days: Days) -> AnySelect:
    """What should have been delivered before today."""
    return _of_deals(rows, days).where(rows.c.due < days.today)


def _award(name: str, label: str, act: str, rows: Any, **more: Any) -> Source:
    """A source of awards: of issuer or winner where the rows name an owner."""
    owner = getattr(rows.c, "owner", None)
    return Source(
        name,
        label,
        act,
        STAFF if owner is None else SIDES,
        partial(more.pop("waiting", _of_deals), rows),
        more.pop("pages", AWARD),
        owner,
        **more,
    )


def _failed_jobs(_days: Days) -> AnySelect:
    """Records whose work in the background fails again and again.

    Drafts are nobody's but their author's, so they are named to nobody else.
    """
    query = select(
        *columns(
            OutboxTask.record_id,
            func.coalesce(*(func.max(model.title) for model in TABLES.values())),
            func.min(OutboxTask.created_at),
            is_demo=_any(*(model.is_demo for model in TABLES.values())),
            context=literal("已失败 ").concat(
                cast(func.max(OutboxTask.attempts), String)
                .concat(" 次：")
                .concat(func.coalesce(func.max(OutboxTask.last_error), ""))
            ),
            variant=OutboxTask.record_type,
        )
    ).select_from(OutboxTask)
    for kind, model in TABLES.items():
        query = query.outerjoin(
            model,
            and_(
                OutboxTask.record_type == kind,
                OutboxTask.record_id == model.id,
                model.status != "draft",
            ),
        )
    known = func.coalesce(*(model.id for model in TABLES.values()))
    return query.where(
        OutboxTask.attempts >= FAILED_AFTER, known.is_not(None)
    ).group_by(OutboxTask.record_type, OutboxTask.record_id)


def _any(*flags: Any) -> ColumnElement[bool]:
    """Whether one of them holds for one of the group."""
    return or_(*(func.max(case((flag, 1), else_=0)) == 1 for flag in flags))


NEED = {"": ("needs.show", "need_id")}
ACHIEVEMENT = {"": ("achievements.show", "achievement_id")}
PAIR = {"": ("matches.pair", "suggestion_id")}
TALKS = {"": ("introductions.show", "introduction_id")}
DEAL = {"": ("contracts.show", "contract_id")}
PANEL = {"": ("panels.show", "call_id")}
CALL = {"": ("calls.show", "call_id")}
CALL_DRAFT = {"": ("call_drafts.edit", "call_id")}
PAYMENT = {"": ("contracts.payment", "payment_id")}
AWARD = {"": ("awards.show", "award_id")}
MILESTONE = {"": ("milestones.show", "milestone_id")}
ENTERPRISE, UNIVERSITY = frozenset({Role.ENTERPRISE}), frozenset({Role.UNIVERSITY})
SIDES, MANAGERS = ENTERPRISE | UNIVERSITY, frozenset({Role.MANAGER})
EXPERTS = frozenset({Role.EXPERT})

SOURCES: tuple[Source, ...] = (
    Source(
        "returned_needs",
        "被退回的需求",
        "去修改",
        ENTERPRISE,
        partial(_in_state, Need, NeedStatus.RETURNED, "need.returned"),
        NEED,
        Need.organisation_id,
    ),
    Source(
        "unapproved_needs",
        "脱敏文本待确认的需求",
        "去确认",
        ENTERPRISE,
        _unapproved,
        {"": ("need_forms.edit", "need_id")},
        Need.organisation_id,
    ),
    Source(
        "ending_needs",
        "即将到期的需求",
        "去处理",
        ENTERPRISE,
        partial(_ending, Need),
        NEED,
        Need.organisation_id,
        Remind.AT_ONCE,
        due_words="到期",
        dated=True,
    ),
    Source(
        "approved_pairs",
        "新的匹配结果",
        "去查看",
        ENTERPRISE,
        _approved_pairs,
        {"": ("matches.show_mine", "suggestion_id")},
        Need.organisation_id,
    ),
    Source(
        "draft_needs",
        "没有提交的需求草稿",
        "继续填写",
        ENTERPRISE,
        partial(_in_state, Need, NeedStatus.DRAFT, ""),
        {"": ("need_forms.edit", "need_id")},
        Need.organisation_id,
        Remind.NEVER,
    ),
    Source(
        "returned_achievements",
        "被退回的成果",
        "去修改",
        UNIVERSITY,
        partial(
            _in_state, Achievement, AchievementStatus.RETURNED, "achievement.returned"
        ),
        ACHIEVEMENT,
        Achievement.organisation_id,
    ),
    Source(
        "ending_achievements",
        "即将到期的成果",
        "去处理",
        UNIVERSITY,
        partial(_ending, Achievement),
        ACHIEVEMENT,
        Achievement.organisation_id,
        Remind.AT_ONCE,
        due_words="到期",
        dated=True,
    ),
    Source(
        "new_buyers",
        "有了新买方的成果",
        "去查看",
        UNIVERSITY,
        _new_buyers,
        {"": ("achievements.buyers", "achievement_id")},
        Achievement.organisation_id,
    ),
    Source(
        "draft_achievements",
        "没有提交的成果草稿",
        "继续填写",
        UNIVERSITY,
        partial(_in_state, Achievement, AchievementStatus.DRAFT, ""),
        {"": ("achievement_forms.edit", "achievement_id")},
        Achievement.organisation_id,
        Remind.NEVER,
    ),
    *(
        Source(
            f"submitted_{kind.name}s",
            f"待审的{kind.noun}",
            "去审核",
            STAFF,
            partial(_submissions, kind),
            {"": kind.page},
            local=True,
        )
        for kind in KINDS.values()
    ),
    Source(
        "registrations",
        "待审的单位与成员",
        "去审核",
        STAFF,
        _registrations,
        {"": ("registrations.show", "registration_id")},
        local=True,
    ),
    Source(
        "pairs",
        "待审核的匹配建议",
        "去审核",
        STAFF,
        _pairs(
            lambda _: Suggestion.status == SuggestionStatus.PENDING,
            Suggestion.created_at,
            None,
        ),
        PAIR,
        local=True,
    ),
    Source(
        "put_off_pairs",
        "暂缓到期的匹配建议",
        "再审核",
        STAFF,
        _pairs(_put_off_until_today, _put_off_at(), Suggestion.snoozed_until),
        PAIR,
        remind=Remind.AT_ONCE,
        due_words="暂缓到",
        dated=True,
        local=True,
    ),
    Source(
        "returned_calls",
        "被退回的榜单",
        "去修改",
        ENTERPRISE,
        partial(_of_calls, calls.RETURNED),
        CALL_DRAFT,
        calls.RETURNED.c.owner,
    ),
    Source(
        "draft_calls",
        "没有提交的榜单草稿",
        "继续填写",
        ENTERPRISE,
        partial(_of_calls, calls.DRAFTS),
        CALL_DRAFT,
        calls.DRAFTS.c.owner,
        Remind.NEVER,
    ),
    Source(
        "staff_draft_calls",
        "没有提交的榜单草稿",
        "继续填写",
        STAFF,
        partial(_of_calls, calls.STAFF_DRAFTS),
        CALL_DRAFT,
        remind=Remind.NEVER,
    ),
    Source(
        "argued_calls",
        "待论证的榜单",
        "去处理",
        STAFF,
        partial(_of_calls, calls.ARGUED),
        CALL,
    ),
    Source(
        "asked_calls",
        "待答复的提问",
        "去答复",
        STAFF,
        _questions,
        CALL,
    ),
    Source(
        "closing_calls",
        "今日截止的榜单",
        "去查看",
        STAFF,
        _closing_today,
        CALL,
        remind=Remind.AT_ONCE,
        dated=True,
    ),
    Source(
        "asked_talks",
        "等您答复的对接",
        "去答复",
        SIDES,
        partial(_of_talks, talks.ASKED, None),
        TALKS,
        talks.ASKED.c.owner,
    ),
    Source(
        "quiet_talks",
        "多日没有进展的对接",
        "去推进",
        SIDES,
        partial(_of_talks, talks.OWN_TALKS, lambda when: when.quiet),
        TALKS,
        talks.OWN_TALKS.c.owner,
        remind=Remind.AT_ONCE,
    ),
    Source(
        "managed_talks",
        "多日没有进展的对接",
        "去推进",
        MANAGERS,
        partial(_of_talks, talks.MANAGED, lambda when: when.quiet),
        TALKS,
        person=talks.MANAGED.c.person,
        remind=Remind.AT_ONCE,
    ),
    Source(
        "slow_talks",
        "超期没有进展的对接",
        "去过问",
        STAFF,
        partial(_of_talks, talks.OPEN_TALKS, lambda when: when.overdue),
        TALKS,
        remind=Remind.AT_ONCE,
    ),
    Source(
        "unassigned_talks",
        "待指派技术经理人的对接",
        "去指派",
        STAFF,
        partial(_of_talks, talks.UNASSIGNED, None),
        TALKS,
    ),
    _deal("draft_contracts", "拟定中的合同", "去填写", deals.DRAFTS),
    _deal("contracts_to_confirm", "待本单位确认的合同", "去确认", deals.TO_CONFIRM),
    _deal("contracts_to_sign", "双方已确认、待签订的合同", "去签订", deals.TO_SIGN),
    _deal("contracts_to_submit", "待提交登记的合同", "去提交", deals.TO_SUBMIT),
    _deal("contracts_to_correct", "要补正或修改的合同", "去修改", deals.TO_CORRECT),
    _deal(
        "payments_to_make",
        "到期应付的款项",
        "去看约定",
        deals.TO_PAY,
        pages=PAYMENT,
        remind=Remind.AT_ONCE,
        due_words="应付",
        dated=True,
    ),
    _deal(
        "payments_to_get",
        "到期应收的款项",
        "去登记到账",
        deals.TO_GET,
        pages=PAYMENT,
        remind=Remind.AT_ONCE,
        due_words="应收",
        dated=True,
    ),
    _deal(
        "contracts_to_confirm_for", "待代为确认的合同", "去确认", deals.TO_CONFIRM_FOR
    ),
    _deal(
        "contracts_to_submit_for", "待代卖方提交的合同", "去提交", deals.TO_SUBMIT_FOR
    ),
    _deal("contracts_to_decide", "待登记认定结果的合同", "去登记", deals.TO_DECIDE),
    Source(
        "sheets_to_write",
        "待评审的揭榜书",
        "去评审",
        EXPERTS,
        partial(_of_reviews, reviews.SHEETS),
        {"": ("reviews.show", "review_id")},
        person=reviews.SHEETS.c.person,
    ),
    Source(
        "views_to_give",
        "待给出意见的揭榜书",
        "去给意见",
        SIDES,
        partial(_of_reviews, reviews.VIEWS),
        {"": ("views.show", "call_id")},
        reviews.VIEWS.c.owner,
    ),
    Source(
        "panels_to_fill",
        "要组建评审组或补派专家的榜单",
        "去分派",
        STAFF,
        partial(_of_reviews, lambda days: reviews.to_fill(days.panel_size)),
        PANEL,
    ),
    Source(
        "results_to_propose",
        "评分收齐、待公示结果的榜单",
        "去拟定",
        STAFF,
        partial(_of_reviews, lambda days: reviews.to_propose(days.panel_size)),
        PANEL,
    ),
    Source(
        "objections_to_answer",
        "待答复的异议",
        "去答复",
        STAFF,
        partial(_of_reviews, reviews.OBJECTIONS),
        {"": ("results.objection", "objection_id")},
        remind=Remind.AT_ONCE,
    ),
    Source(
        "results_to_close",
        "公示期满、待确认结果的榜单",
        "去确认",
        STAFF,
        partial(_of_reviews, lambda days: reviews.to_close(days.now)),
        PANEL,
        remind=Remind.AT_ONCE,
    ),
    Source(
        "draft_bids",
        "没有提交的揭榜书草稿",
        "继续填写",
        SIDES,
        partial(_of_window, bids.UNSENT, _ends_later),
        {"": ("bid_forms.edit", "call_id")},
        bids.UNSENT.c.owner,
        Remind.NEVER,
        dated=True,
    ),
    Source(
        "closing_bids",
        "即将截止、没有提交的揭榜书",
        "去提交",
        SIDES,
        partial(_of_window, bids.UNSENT, _ends_soon),
        {"": ("bid_forms.edit", "call_id")},
        bids.UNSENT.c.owner,
        Remind.AT_ONCE,
        dated=True,
    ),
    Source(
        "unreleased_calls",
        "待启封的榜单",
        "去启封",
        STAFF,
        partial(_of_window, bids.UNRELEASED, _is_over),
        {"": ("releases.show", "call_id")},
        remind=Remind.AT_ONCE,
    ),
    _award("task_books_to_draft", "待拟定的任务书", "去拟定", awards.TO_DRAFT),
    _award(
        "task_books_to_confirm", "待本单位确认的任务书", "去确认", awards.TO_CONFIRM
    ),
    _award(
        "task_books_to_confirm_for",
        "待代为确认的任务书",
        "去确认",
        awards.TO_CONFIRM_FOR,
    ),
    _award(
        "milestones_to_deliver",
        "到期要交付的里程碑",
        "去交付",
        awards.TO_DELIVER,
        pages=MILESTONE,
        remind=Remind.AT_ONCE,
        due_words="交付",
        dated=True,
    ),
    _award(
        "milestones_to_view",
        "待本单位判断的里程碑",
        "去判断",
        awards.TO_VIEW,
        pages=MILESTONE,
    ),
    _award(
        "milestones_to_pay",
        "已通过、待拨付的里程碑",
        "去登记",
        awards.TO_PAY,
        pages=MILESTONE,
    ),
    _award("awards_to_apply", "可以申请验收的项目", "去申请", awards.TO_APPLY),
    _award("acceptances_to_test", "待本单位测试的验收", "去填写", awards.TO_TEST),
    _award(
        "late_milestones",
        "逾期没有交付的里程碑",
        "去过问",
        awards.LATE,
        waiting=_overdue,
        pages=MILESTONE,
        remind=Remind.AT_ONCE,
        due_words="应交付",
        dated=True,
    ),
    _award(
        "milestones_to_judge",
        "待给出结论的里程碑",
        "去判断",
        awards.TO_JUDGE,
        pages=MILESTONE,
    ),
    _award(
        "milestones_to_pay_for",
        "待代登记拨付的里程碑",
        "去登记",
        awards.TO_PAY_FOR,
        pages=MILESTONE,
    ),
    _award("acceptances_to_conclude", "待给出结论的验收", "去验收", awards.TO_CONCLUDE),
    Source(
        "failed_jobs",
        "反复失败的后台任务",
        "去看记录",
        frozenset({Role.ADMIN}),
        _failed_jobs,
        {
            RecordType.NEED.value: NEED[""],
            RecordType.ACHIEVEMENT.value: ACHIEVEMENT[""],
            RecordType.CALL.value: ("calls.show", "call_id"),
        },
        remind=Remind.AT_ONCE,
    ),
)
BY_NAME: Mapping[str, Source] = {source.name: source for source in SOURCES}
