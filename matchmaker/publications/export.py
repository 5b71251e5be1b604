"""The list of lists as a file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import IO

from sqlalchemy.orm import Session

from models import PublicationList, User, snapshot, transaction

from .. import labels
from ..history import service as history
from ..sheets.tables import Form, Told, day_of, demo_mark, write_table
from ..sheets.writer import Column
from . import finding
from .schema import PublicationQuery


def _columns(counts: Mapping[int, int]) -> list[Told[PublicationList]]:
    return [
        (Column("编号", 24), finding.code),
        (Column("名称", 40), lambda one: one.title),
        (Column("类别", 16), lambda one: labels.label(one.kind)),
        (Column("条数", 8, "number"), lambda one: counts[one.id]),
        (Column("发布单位", 28), lambda one: one.issuer),
        (Column("发布日期", 12, "date"), lambda one: day_of(one.issued_at)),
        (Column("状态", 10), lambda one: labels.label(one.state)),
        (Column("撤回日期", 12, "date"), lambda one: day_of(one.withdrawn_at)),
        (Column("撤回原因", 40), lambda one: one.withdrawn_words or ""),
        (Column("示例", 8), demo_mark),
    ]


def write(
    session: Session, user: User, query: PublicationQuery, form: Form, *, now: datetime
) -> IO[bytes]:
    """The lists this person may know of, under the filters; the copy is noted."""
    with transaction(session):
        told = [*query.filters(), ("format", form)]
        history.record_export(session, user, "publication", told, now=now)
    with snapshot(session):
        found = finding.every(session, user, query)
        columns = _columns(finding.counts(session, found))
        return write_table(form, "公开清单", columns, found)
