"""The verification queue as a file: what the queue shows of each submission."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import partial
from typing import IO

from sqlalchemy.orm import Session

from models import Need, User
from models.fields import district_name, field_name

from .. import labels
from ..calendar import service as calendar
from ..calendar.days import Calendar
from ..sheets.leaving import Copy
from ..sheets.tables import Form, Told, day_of, demo_mark
from ..sheets.writer import Column
from .kinds import KINDS
from .queue import Waiting, every
from .schema import QueueQuery


def _district(one: Waiting) -> str:
    item = one.item
    own = item.district if isinstance(item, Need) else item.organisation.district
    return district_name(own or "")


def _secrecy(one: Waiting) -> str:
    return labels.label(one.item.secrecy) if isinstance(one.item, Need) else ""


def _columns(days: Calendar, now: datetime) -> tuple[Told[Waiting], ...]:
    waited = partial(_waited, days, now)
    return (
        (Column("类别", 12), lambda one: KINDS[one.kind].noun),
        (Column("名称", 40), lambda one: one.item.title),
        (Column("单位", 28), lambda one: one.item.organisation.name),
        (Column("技术领域", 18), lambda one: field_name(one.item.field)),
        (Column("区县", 12), _district),
        (Column("公开范围", 12), _secrecy),
        (Column("提交日期", 12, "date"), lambda one: day_of(one.since)),
        (Column("已等待（工作日）", 16, "number"), waited),
        (Column("示例", 8), lambda one: demo_mark(one.item)),
    )


def _waited(days: Calendar, now: datetime, one: Waiting) -> int:
    return calendar.waited(days, one.since, now)


def write(
    session: Session,
    user: User,
    query: QueueQuery,
    form: Form,
    *,
    only: Collection[tuple[str, int]] | None,
    days: Calendar,
    now: datetime,
) -> IO[bytes]:
    """The submissions of the queue, in its order; ``only`` as the queue takes it."""
    copy = Copy("verification", "待审信息", "need.verify", _columns(days, now))
    return copy.write(
        session,
        user,
        query.pairs(),
        form,
        lambda: every(session, user, query, only),
        now=now,
    )
