"""One dictionary as a file: its entries in their order."""

from __future__ import annotations

from datetime import datetime
from typing import IO

from sqlalchemy.orm import Session

from models import DictionaryEntry, User

from .. import policies
from ..sheets.leaving import Copy
from ..sheets.tables import Form, Told
from ..sheets.writer import Column
from . import service

ACTION = "dictionary.govern"
COLUMNS: tuple[Told[DictionaryEntry], ...] = (
    (Column("代码", 20), lambda one: one.code),
    (Column("名称", 40), lambda one: one.label),
    (Column("修改建议", 60), lambda one: one.advice),
    (Column("状态", 10), lambda one: "在用" if one.active else "已停用"),
)


def write(
    session: Session, user: User, name: str, form: Form, *, now: datetime
) -> tuple[IO[bytes], str]:
    """The entries of the dictionary of this name, and what it is called."""
    policies.require(user, ACTION)
    service.refuse_unknown(name)
    kind = service.kind(name)
    copy = Copy("dictionary", kind.title, ACTION, COLUMNS)
    file = copy.write(
        session,
        user,
        [("name", name)],
        form,
        lambda: service.entries(session, user, name),
        now=now,
    )
    return file, kind.title
