"""The audit log as a file, masked as its page is; the copy is noted in the log."""

from __future__ import annotations

from datetime import datetime
from typing import IO

from sqlalchemy.orm import Session

from models import User, snapshot, transaction

from .. import policies
from ..history import service as history
from ..sheets.tables import Form, Told, write_table
from ..sheets.writer import Column
from . import service
from .schema import AuditQuery
from .service import Entry

COLUMNS: tuple[Told[Entry], ...] = (
    (Column("时间", 18, "moment"), lambda one: one.row.at),
    (Column("操作人", 16), lambda one: one.who),
    (Column("邮箱", 28), lambda one: one.email),
    (Column("操作", 24), lambda one: one.what),
    (Column("对象", 14), lambda one: one.record.rpartition(" ")[0]),
    (Column("编号", 10, "number"), lambda one: one.row.record_id),
    (Column("内容", 60), lambda one: one.detail),
)


def write(
    session: Session, user: User, query: AuditQuery, form: Form, *, now: datetime
) -> IO[bytes]:
    """The entries under the filters, the newest first."""
    with transaction(session):
        policies.require(user, "audit.read")
        asked = query.address() | {"format": form.value}
        changes = {name: [None, value] for name, value in asked.items()}
        history.record(session, user, "audit.exported", user, now=now, changes=changes)
    with snapshot(session):
        notes = _notes(service.total_of(session, query))
        found = service.every(session, user, query)
        return write_table(form, "审计日志", COLUMNS, found, notes)


def _notes(total: int) -> list[str]:
    most = service.MOST_ROWS
    return [f"只列出最近 {most:,} 条，请按日期分几次导出"] if total > most else []
