"""What of bids waits for whom, as rows for the work list.

Each has the columns id, title, context, since, due, is_demo, opens_at and closes_at, by
which the list knows what waits at its moment; drafts have an owner.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Date, String, and_, case, cast, null, select
from sqlalchemy.orm import aliased

from models import Bid, BidRelease, Call, Organisation
from models.states import BidState, CallStatus

from ..posting.expiry import last_day_before
from ..work.source import Days, Remind, Source, source_of

FORM = {"": ("bid_forms.edit", "call_id")}
ISSUER = aliased(Organisation)
CHANGED, HALF = "已提交过，修改还没有提交", "已有一人批准，等另一人"
WINDOW: tuple[Any, ...] = (Call.opens_at, Call.closes_at)

# What was written and not submitted: a first draft, or changes of a submission.
UNSENT = (
    select(
        Call.id.label("id"),
        cast(Call.title, String).label("title"),
        cast(
            case((Bid.state == BidState.SUBMITTED, CHANGED), else_=ISSUER.name), String
        ).label("context"),
        Bid.created_at.label("since"),
        last_day_before(Call.closes_at).label("due"),
        Bid.is_demo.label("is_demo"),
        Bid.organisation_id.label("owner"),
        *WINDOW,
    )
    .join(Call, Bid.call_id == Call.id)
    .join(ISSUER, Call.issuer_id == ISSUER.id)
    .where(Bid.draft.is_not(None), Call.status == CallStatus.OPEN)
    .subquery("unsent_bids")
)
# Calls whose bids may be opened once the window is over.
UNRELEASED = (
    select(
        Call.id.label("id"),
        cast(Call.title, String).label("title"),
        cast(case((BidRelease.id.is_not(None), HALF), else_=ISSUER.name), String).label(
            "context"
        ),
        Call.closes_at.label("since"),
        cast(null(), Date).label("due"),
        Call.is_demo.label("is_demo"),
        *WINDOW,
    )
    .join(ISSUER, Call.issuer_id == ISSUER.id)
    .outerjoin(BidRelease, BidRelease.call_id == Call.id)
    .where(Call.status == CallStatus.OPEN)
    .subquery("unreleased_calls")
)


def _ends_later(row: Any, days: Days) -> ColumnElement[bool]:
    return and_(row.closes_at > days.now, row.due > days.soon)


def _ends_soon(row: Any, days: Days) -> ColumnElement[bool]:
    return and_(row.closes_at > days.now, row.due <= days.soon)


def _is_over(row: Any, days: Days) -> ColumnElement[bool]:
    over: ColumnElement[bool] = row.closes_at <= days.now
    return over


SOURCES: tuple[Source, ...] = (
    source_of(
        "draft_bids",
        "没有提交的揭榜书草稿",
        "继续填写",
        UNSENT,
        FORM,
        when=_ends_later,
        remind=Remind.NEVER,
        dated=True,
    ),
    source_of(
        "closing_bids",
        "即将截止、没有提交的揭榜书",
        "去提交",
        UNSENT,
        FORM,
        when=_ends_soon,
        remind=Remind.AT_ONCE,
        dated=True,
    ),
    source_of(
        "unreleased_calls",
        "待启封的榜单",
        "去启封",
        UNRELEASED,
        {"": ("releases.show", "call_id")},
        when=_is_over,
        remind=Remind.AT_ONCE,
    ),
)
