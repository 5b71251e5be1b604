"""One's own subscriptions as a file."""

from __future__ import annotations

from datetime import datetime
from typing import IO

from sqlalchemy.orm import Session

from models import User

from .. import labels
from ..sheets.leaving import Copy
from ..sheets.tables import Form, Told, day_of
from ..sheets.writer import Column
from . import service, words
from .service import Watched

COLUMNS: tuple[Told[Watched], ...] = (
    (Column("订阅", 48), lambda one: words.name(one.item)),
    (Column("通知频率", 16), lambda one: labels.label(one.item.frequency)),
    (Column("邮件", 8), lambda one: "是" if one.item.by_mail else "否"),
    (Column("已找到（条）", 12, "number"), lambda one: one.found),
    (Column("最近找到", 18, "moment"), lambda one: one.last),
    (Column("开始日期", 12, "date"), lambda one: day_of(one.item.since)),
    (Column("停止日期", 12, "date"), lambda one: day_of(one.item.stopped_at)),
)
COPY = Copy("subscription", "我的订阅", "", COLUMNS)


def write(session: Session, user: User, form: Form, *, now: datetime) -> IO[bytes]:
    """The person's own subscriptions: those that run, then the stopped."""
    return COPY.write(
        session, user, (), form, lambda: service.listed(session, user), now=now
    )
