"""What of calls waits for whom, as rows for the work list.

Each has the columns id, title, context, since and is_demo; some an owner (the issuer)
and a day by which they are due.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    String,
    case,
    cast,
    literal,
    select,
)

from models import Call, CallQuestion, Organisation
from models.states import CallStatus

from ..work.source import (
    ENTERPRISE,
    STAFF,
    AnySelect,
    Days,
    Remind,
    Source,
    from_rows,
    source_of,
)

CALL = {"": ("calls.show", "call_id")}
CALL_DRAFT = {"": ("call_drafts.edit", "call_id")}


def _rows(since: Any, *, context: Any = None) -> Select[Any]:
    words = Organisation.name if context is None else context
    return select(
        Call.id.label("id"),
        Call.title.label("title"),
        cast(words, String).label("context"),
        since.label("since"),
        Call.is_demo.label("is_demo"),
    ).join(Organisation, Organisation.id == Call.issuer_id)


# What waits for the 论证, and what passed it and waits for its window.
ARGUED = (
    _rows(
        Call.updated_at,
        context=case(
            (Call.approved_at.is_not(None), literal("论证已通过，待发布")),
            else_=Organisation.name,
        ),
    )
    .where(Call.status == CallStatus.ARGUED)
    .subquery("argued_calls")
)
# Drafts that came back, for the issuer; and those of the staff.
RETURNED = (
    _rows(Call.updated_at)
    .add_columns(Call.issuer_id.label("owner"))
    .where(Call.status == CallStatus.DRAFT, Call.return_reason.is_not(None))
    .subquery("returned_calls")
)
DRAFTS = (
    _rows(Call.updated_at)
    .add_columns(Call.issuer_id.label("owner"))
    .where(
        Call.status == CallStatus.DRAFT,
        Call.by_staff.is_(False),
        Call.return_reason.is_(None),
    )
    .subquery("draft_calls")
)
STAFF_DRAFTS = (
    _rows(Call.updated_at)
    .where(Call.status == CallStatus.DRAFT, Call.by_staff.is_(True))
    .subquery("staff_draft_calls")
)
# Questions that are not answered; an answer after the end would come too late.
QUESTIONS = (
    _rows(CallQuestion.asked_at)
    .join(CallQuestion, CallQuestion.call_id == Call.id)
    .add_columns(Call.closes_at.label("closes_at"))
    .where(CallQuestion.answered_at.is_(None), Call.status == CallStatus.OPEN)
    .subquery("asked_calls")
)
# What is open or to be opened, with its end.
OPEN = (
    _rows(Call.opens_at)
    .add_columns(Call.closes_at.label("closes_at"))
    .where(Call.status == CallStatus.OPEN)
    .subquery("open_calls")
)


def _is_not_over(row: Any, days: Days) -> ColumnElement[bool]:
    """After the window an answer would come too late."""
    going: ColumnElement[bool] = row.closes_at > days.now
    return going


def _closing_today(days: Days) -> AnySelect:
    """Calls that take bids and are to close before the day is over."""
    its = OPEN.c
    due = cast(days.today, Date) if isinstance(days.today, date) else days.today
    return from_rows(OPEN, due=due).where(
        its.since <= days.now,
        its.closes_at > days.now,
        its.closes_at <= days.tonight,
    )


SOURCES: tuple[Source, ...] = (
    source_of(
        "returned_calls", "被退回的榜单", "去修改", RETURNED, CALL_DRAFT, ENTERPRISE
    ),
    source_of(
        "draft_calls",
        "没有提交的榜单草稿",
        "继续填写",
        DRAFTS,
        CALL_DRAFT,
        ENTERPRISE,
        remind=Remind.NEVER,
    ),
    source_of(
        "staff_draft_calls",
        "没有提交的榜单草稿",
        "继续填写",
        STAFF_DRAFTS,
        CALL_DRAFT,
        remind=Remind.NEVER,
    ),
    source_of("argued_calls", "待论证的榜单", "去处理", ARGUED, CALL),
    source_of(
        "asked_calls", "待答复的提问", "去答复", QUESTIONS, CALL, when=_is_not_over
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
)
