"""The queue of registrations as a file: what the queue shows."""

from __future__ import annotations

from datetime import datetime
from typing import IO

from sqlalchemy.orm import Session

from models import Registration, User

from .. import labels
from ..sheets.leaving import Copy
from ..sheets.tables import Form, Told, day_of
from ..sheets.writer import Column
from . import queue
from .schema import QueueQuery


def _organisation(made: Registration) -> str:
    return made.organisation.name if made.organisation else made.organisation_name


COLUMNS: tuple[Told[Registration], ...] = (
    (Column("单位", 32), _organisation),
    (Column("类型", 12), lambda one: labels.label(one.kind)),
    (Column("姓名", 14), lambda one: one.name),
    (Column("邮箱", 30), lambda one: one.email),
    (Column("提交日期", 12, "date"), lambda one: day_of(one.submitted_at)),
    (Column("状态", 10), lambda one: labels.label(one.state)),
    (Column("处理日期", 12, "date"), lambda one: day_of(one.decided_at)),
    (
        Column("处理人", 14),
        lambda one: one.decided_by.name if one.decided_by else "",
    ),
)
COPY = Copy("registration", "机构与成员登记", "registration.list", COLUMNS)


def write(
    session: Session, actor: User, query: QueueQuery, form: Form, *, now: datetime
) -> IO[bytes]:
    """The registrations of the queue, in its order."""
    return COPY.write(
        session,
        actor,
        query.args().items(),
        form,
        lambda: queue.every(session, actor, query),
        now=now,
    )
