"""The list of accounts as a file: what the list shows, nothing that opens one."""

from __future__ import annotations

from datetime import datetime
from typing import IO

from sqlalchemy.orm import Session

from models import User

from .. import labels
from ..sheets.leaving import Copy
from ..sheets.tables import Form, Told, day_of, demo_mark
from ..sheets.writer import Column
from . import service
from .schema import UserQuery

COLUMNS: tuple[Told[User], ...] = (
    (Column("姓名", 16), lambda one: one.name),
    (Column("邮箱", 30), lambda one: one.email),
    (Column("角色", 14), lambda one: labels.label(one.role)),
    (
        Column("单位", 28),
        lambda one: one.organisation.name if one.organisation else "",
    ),
    (Column("状态", 10), lambda one: "在用" if one.active else "已停用"),
    (Column("开通日期", 12, "date"), lambda one: day_of(one.created_at)),
    (Column("示例", 8), demo_mark),
)
COPY = Copy("user", "用户与角色", "user.read", COLUMNS)


def write(
    session: Session, actor: User, query: UserQuery, form: Form, *, now: datetime
) -> IO[bytes]:
    """The accounts that the query finds."""
    return COPY.write(
        session,
        actor,
        query.filters(),
        form,
        lambda: service.every(session, actor, query),
        now=now,
    )
