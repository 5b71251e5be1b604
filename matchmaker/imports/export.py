"""«全部字段»: every column of one's records, as the import reads them back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import IO, Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from models import User, snapshot, transaction
from models.records import TABLES

from .. import policies
from ..history import service as history
from ..sheets.tables import Form, write_table
from .shapes import Shape

AT_ONCE = 500


def write(
    session: Session, user: User, shape: Shape, form: Form, *, now: datetime
) -> IO[bytes]:
    """All records of the person's organisation; for staff all they may know of.

    Whoever gets the file reads their full texts anyway. The copy is noted.
    """
    with transaction(session):
        told = [("format", form), ("columns", "全部字段")]
        history.record_export(session, user, shape.record.value, told, now=now)
    columns = [(part.column, part.write) for part in shape.parts()]
    with snapshot(session):
        return write_table(
            form, shape.layout.title, columns, _records(session, user, shape)
        )


def _records(session: Session, user: User, shape: Shape) -> Iterator[Any]:
    model = TABLES[shape.record]
    rule = policies.visible if user.is_staff else policies.owned
    mine = policies.where(rule(user, shape.record), shape.record)
    home = joinedload(getattr(model, shape.home))
    last = 0
    while True:
        query = select(model).where(mine, model.id > last).order_by(model.id)
        rows = session.scalars(query.options(home).limit(AT_ONCE)).all()
        if not rows:
            return
        yield from rows
        last = rows[-1].id
        for row in rows:
            session.expunge(row)  # what is written is not wanted again
