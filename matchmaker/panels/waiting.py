"""What of reviews waits for whom, as rows for the work list.

Each has the columns id, title, context, since, is_demo, due where it has a day, and
person (an expert) or owner (the issuer) where it does not wait for the staff.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
)

from models import (
    Bid,
    BidReview,
    Call,
    CallResult,
    IssuerView,
    Objection,
    Organisation,
)
from models.states import (
    HELD_REVIEWS,
    LIVE_REVIEWS,
    BidState,
    CallStatus,
    ObjectionState,
    ResultState,
    ReviewState,
)

from ..work.source import EXPERTS, STAFF, Days, Remind, Source, from_rows, source_of

PANEL = {"": ("panels.show", "call_id")}
IN_REVIEW = Call.status == CallStatus.IN_REVIEW
RELEASED = and_(Bid.call_id == Call.id, Bid.state == BidState.RELEASED)


def _rows(number: Any, context: Any, since: Any, **more: Any) -> Select[Any]:
    return select(
        number.label("id"),
        cast(Call.title, String).label("title"),
        cast(context, String).label("context"),
        since.label("since"),
        Call.is_demo.label("is_demo"),
        *(column.label(name) for name, column in more.items()),
    ).select_from(Call)


def _sheets(since: Any) -> Select[Any]:
    """What experts have in hand, of calls under review."""
    return (
        _rows(
            BidReview.id,
            Organisation.name,
            since,
            due=Call.sheets_due_on,
            person=BidReview.user_id,
        )
        .join(Bid, RELEASED)
        .join(BidReview, BidReview.bid_id == Bid.id)
        .join(Organisation, Bid.organisation_id == Organisation.id)
        .where(IN_REVIEW, BidReview.state.in_(HELD_REVIEWS))
    )


SHEETS = _sheets(BidReview.state_since).subquery("sheets_to_write")
# The same by the day they are due: one that was moved is reminded of anew.
_LAST_TOLD = case(
    (BidReview.state_since > Call.updated_at, BidReview.state_since),
    else_=Call.updated_at,
)
SHEETS_DUE = _sheets(_LAST_TOLD).subquery("sheets_due")


def _reviews(*states: ReviewState) -> ColumnElement[int]:
    """How many reviews of the bid are in one of these states."""
    query = select(func.count(BidReview.id)).where(
        BidReview.bid_id == Bid.id, BidReview.state.in_(states)
    )
    return query.correlate(Bid).scalar_subquery()


def _some_bid(*where: Any) -> ColumnElement[bool]:
    return exists().where(RELEASED, *where).correlate(Call)


def _in_review(*where: Any) -> Select[Any]:
    return _rows(Call.id, literal("评审中"), Call.updated_at).where(IN_REVIEW, *where)


def to_fill(panel_size: Any) -> Select[Any]:
    """Calls of which some bid has too few experts."""
    return _in_review(_some_bid(_reviews(*LIVE_REVIEWS) < panel_size))


# Calls with a sheet in hand; that it is late the reader of the rows says.
AWAITED = (
    _rows(Call.id, literal("评审中"), Call.updated_at, due=Call.sheets_due_on)
    .where(IN_REVIEW, _some_bid(_reviews(*HELD_REVIEWS) > 0))
    .subquery("calls_with_sheets_awaited")
)


def to_propose(panel_size: Any) -> Select[Any]:
    """Calls whose sheets are all in and whose result nobody announced."""
    unfinished = _some_bid(
        (_reviews(ReviewState.SUBMITTED) < panel_size) | (_reviews(*HELD_REVIEWS) > 0)
    )
    return _in_review(_some_bid(), not_(unfinished))


def to_close(now: Any) -> Select[Any]:
    """Announced results whose notice period is over, with nothing left to answer."""
    unanswered = exists().where(
        Objection.result_id == CallResult.id, Objection.state == ObjectionState.OPEN
    )
    return (
        _rows(Call.id, literal("公示期满"), CallResult.notice_until)
        .join(CallResult, CallResult.call_id == Call.id)
        .where(
            CallResult.state == ResultState.ANNOUNCED,
            CallResult.notice_until <= now,
            not_(unanswered),
        )
    )


# Objections that wait for an answer.
OBJECTIONS = (
    _rows(Objection.id, Objection.name, Objection.at)
    .join(CallResult, CallResult.call_id == Call.id)
    .join(Objection, Objection.result_id == CallResult.id)
    .where(Objection.state == ObjectionState.OPEN)
    .subquery("objections_to_answer")
)
# Calls whose issuer has not said what it thinks of some bid.
VIEWS = (
    _rows(
        Call.id,
        literal("发榜单位意见"),
        Call.updated_at,
        owner=Call.issuer_id,
    )
    .where(
        IN_REVIEW,
        Call.issuer_weight > 0,
        _some_bid(~exists().where(IssuerView.bid_id == Bid.id).correlate(Bid)),
    )
    .subquery("views_to_give")
)


def _due_later(row: Any, days: Days) -> ColumnElement[bool]:
    return or_(row.due.is_(None), row.due > days.eve)


def _due_soon(row: Any, days: Days) -> ColumnElement[bool]:
    soon: ColumnElement[bool] = row.due <= days.eve
    return soon


def _is_late(row: Any, days: Days) -> ColumnElement[bool]:
    late: ColumnElement[bool] = row.due < days.today
    return late


SOURCES: tuple[Source, ...] = (
    source_of(
        "sheets_to_write",
        "待评审的揭榜书",
        "去评审",
        SHEETS,
        {"": ("reviews.show", "review_id")},
        EXPERTS,
        when=_due_later,
        due_words="评审截止",
        dated=True,
    ),
    source_of(
        "sheets_due",
        "到期要交的评分表",
        "去评审",
        SHEETS_DUE,
        {"": ("reviews.show", "review_id")},
        EXPERTS,
        when=_due_soon,
        remind=Remind.AT_ONCE,
        due_words="评审截止",
        dated=True,
    ),
    source_of(
        "views_to_give",
        "待给出意见的揭榜书",
        "去给意见",
        VIEWS,
        {"": ("views.show", "call_id")},
    ),
    Source(
        "panels_to_fill",
        "要组建评审组或补派专家的榜单",
        "去分派",
        STAFF,
        lambda days: from_rows(to_fill(days.panel_size).subquery()),
        PANEL,
    ),
    source_of(
        "late_sheets",
        "评分表逾期没有交齐的榜单",
        "去过问",
        AWAITED,
        PANEL,
        when=_is_late,
        remind=Remind.AT_ONCE,
        due_words="评审截止",
        dated=True,
    ),
    Source(
        "results_to_propose",
        "评分收齐、待公示结果的榜单",
        "去拟定",
        STAFF,
        lambda days: from_rows(to_propose(days.panel_size).subquery()),
        PANEL,
    ),
    source_of(
        "objections_to_answer",
        "待答复的异议",
        "去答复",
        OBJECTIONS,
        {"": ("results.objection", "objection_id")},
        remind=Remind.AT_ONCE,
    ),
    Source(
        "results_to_close",
        "公示期满、待确认结果的榜单",
        "去确认",
        STAFF,
        lambda days: from_rows(to_close(days.now).subquery()),
        PANEL,
        remind=Remind.AT_ONCE,
    ),
)
