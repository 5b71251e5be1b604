"""The list of calls under review as a file; nothing of what a bid says."""

from __future__ import annotations

from datetime import datetime
from typing import IO

from sqlalchemy.orm import Session

from models import Call, User
from models.states import HELD_REVIEWS, ReviewState

from .. import labels
from ..sheets.leaving import Copy
from ..sheets.tables import Form, Told, day_of, demo_mark
from ..sheets.writer import Column
from . import listing
from .listing import Progress

Line = tuple[Call, Progress]


def _notice_ends(line: Line) -> object:
    result = line[1].result
    if result is None or result.notice_until is None:
        return None
    return labels.last_day(result.notice_until)


def _columns(needed: int) -> tuple[Told[Line], ...]:
    return (
        (Column("榜单编号", 16), lambda one: one[0].code or ""),
        (Column("榜单", 40), lambda one: one[0].title),
        (Column("发榜单位", 28), lambda one: one[0].issuer.name),
        (Column("状态", 12), lambda one: labels.label(one[0].status)),
        (Column("截止日期", 12, "date"), lambda one: day_of(one[0].closes_at)),
        (Column("揭榜书（份）", 12, "number"), lambda one: one[1].bids),
        (Column("应收评分表", 12, "number"), lambda one: one[1].bids * needed),
        (
            Column("已收", 8, "number"),
            lambda one: one[1].sheets.get(ReviewState.SUBMITTED, 0),
        ),
        (
            Column("待交", 8, "number"),
            lambda one: sum(one[1].sheets.get(state, 0) for state in HELD_REVIEWS),
        ),
        (Column("评审截止", 12, "date"), lambda one: one[0].sheets_due_on),
        (Column("公示到", 12, "date"), _notice_ends),
        (Column("示例", 8), lambda one: demo_mark(one[0])),
    )


def write(
    session: Session, actor: User, form: Form, *, needed: int, now: datetime
) -> IO[bytes]:
    """The calls whose bids are judged; ``needed`` sheets are wanted of each bid."""
    copy = Copy("panel", "揭榜评审", "panel.read", _columns(needed))
    return copy.write(
        session, actor, (), form, lambda: listing.every(session, actor), now=now
    )
