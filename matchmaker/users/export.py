"""The list of accounts as a file: what the list shows, nothing that opens one."""

from __future__ import annotations

from datetime import datetime
from typing import IO

from sqlalchemy.orm import Session

from models import User, snapshot, transaction

from .. import labels, policies
from ..history import service as history
from ..sheets.tables import Form, Told, day_of, demo_mark, write_table
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


def write(
    session: Session, actor: User, query: UserQuery, form: Form, *, now: datetime
) -> IO[bytes]:
    """The accounts that the query finds; that a copy left is noted."""
    with transaction(session):
        policies.require(actor, "user.read")
        told = [*query.filters(), ("format", form)]
        history.record_export(session, actor, "user", told, now=now)
    with snapshot(session):
        return write_table(
            form, "用户与角色", COLUMNS, service.every(session, actor, query)
        )
