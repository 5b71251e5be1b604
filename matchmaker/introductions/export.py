"""The list of introductions as a file; never a contact, never an internal note."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO

from sqlalchemy.orm import Session

from models import Introduction, User, snapshot, transaction

from .. import labels, policies
from ..calendar.days import Calendar
from ..history import service as history
from ..sheets.tables import Form, Told, day_of, demo_mark, write_table
from ..sheets.writer import Column
from . import lists, sight, words
from .clock import Clock, clock
from .schema import IntroductionQuery
from .sight import Shown


@dataclass(frozen=True)
class Line:
    """An introduction in its reader's words; ``ended`` says why it came to none."""

    talks: Introduction
    shown: Shown
    clock: Clock | None
    ended: str


COLUMNS: tuple[Told[Line], ...] = (
    (Column("编号", 10, "number"), lambda one: one.talks.id),
    (Column("名称", 40), lambda one: one.shown.title),
    (Column("需求方", 28), lambda one: one.shown.seeker),
    (Column("供给方", 28), lambda one: one.shown.provider),
    (Column("阶段", 12), lambda one: labels.label(one.talks.status)),
    (Column("本阶段开始", 12, "date"), lambda one: day_of(one.talks.status_since)),
    (
        Column("已等待（工作日）", 16, "number"),
        lambda one: one.clock.days if one.clock else None,
    ),
    (Column("对接方式", 16), lambda one: labels.label(one.talks.route)),
    (
        Column("技术经理人", 14),
        lambda one: one.talks.manager.name if one.talks.manager else "",
    ),
    (Column("来源", 14), lambda one: labels.label(one.talks.origin)),
    (Column("发起日期", 12, "date"), lambda one: day_of(one.talks.created_at)),
    (Column("未成原因", 24), lambda one: one.ended),
    (Column("示例", 8), lambda one: demo_mark(one.talks)),
)


def write(
    session: Session,
    user: User,
    query: IntroductionQuery,
    form: Form,
    *,
    overdue: datetime,
    days: Calendar,
    now: datetime,
) -> IO[bytes]:
    """What the list finds for this person, in its order; that a copy left is noted."""
    with transaction(session):
        policies.require(user, "introduction.read")
        filters = [*query.args().items(), ("format", form)]
        history.record_export(session, user, "introduction", filters, now=now)
    with snapshot(session):
        ends = words.labels_of(session, words.ENDS)
        found = lists.every(session, user, query, overdue)
        lines = _lines(user, found, ends, days, now)
        return write_table(form, "对接", COLUMNS, lines, _notes(found))


def _lines(
    user: User,
    found: lists.Every,
    ends: dict[str, str],
    days: Calendar,
    now: datetime,
) -> Iterator[Line]:
    for one in found.rows:
        code = one.failed_code or ""
        shown = sight.shown(user, one)
        yield Line(one, shown, clock(one, days, now), ends.get(code, code))


def _notes(found: lists.Every) -> list[str]:
    most = lists.MOST_EXPORTED
    return [f"只列出前 {most:,} 条，请用筛选条件分几次导出"] if found.is_cut else []
