"""The list of experts as a file: what the list shows."""

from __future__ import annotations

from datetime import datetime
from typing import IO

from sqlalchemy.orm import Session

from models import Expert, User
from models.fields import field_name

from ..sheets.leaving import Copy
from ..sheets.tables import Form, Told, demo_mark
from ..sheets.writer import Column
from . import service
from .schema import ExpertQuery


def _account(expert: Expert) -> str:
    if not expert.user.active:
        return "已停用"
    return "已开通" if expert.joined_at else "待接受邀请"


COLUMNS: tuple[Told[Expert], ...] = (
    (Column("姓名", 16), lambda one: one.user.name),
    (Column("工作单位", 28), lambda one: one.employer),
    (Column("职称或职务", 16), lambda one: one.title),
    (
        Column("评审领域", 28),
        lambda one: "、".join(map(field_name, one.fields)) or "不限",
    ),
    (Column("利害关系（家）", 14, "number"), lambda one: len(one.ties_in_force)),
    (Column("账号", 12), _account),
    (Column("示例", 8), lambda one: demo_mark(one.user)),
)
COPY = Copy("expert", "评审专家", "expert.list", COLUMNS)


def write(
    session: Session, actor: User, query: ExpertQuery, form: Form, *, now: datetime
) -> IO[bytes]:
    """The experts that the query finds."""
    told = [("q", query.q)] * bool(query.q)
    return COPY.write(
        session,
        actor,
        told,
        form,
        lambda: service.every(session, actor, query),
        now=now,
    )
