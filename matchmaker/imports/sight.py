"""Which stored records a file is held against: none that its sender may not read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import History, ImportRun, User
from models.states import Role

from .shapes import Shape


class Sight:
    """What the sender of a file may learn of the records of its organisations.

    A member learns of all that its organisation has. Staff do not read drafts; but for
    those they entered from a file themselves, as long as nobody has edited them.
    """

    def __init__(self, session: Session, shape: Shape, run: ImportRun) -> None:
        self._shape, self._inside = shape, run.organisation_id is None
        people = select(User.id).where(User.role.in_((Role.STAFF, Role.ADMIN)))
        self._staff = set(session.scalars(people)) if self._inside else set()

    def hidden(self, session: Session, rows: Sequence[Mapping[str, Any]]) -> set[int]:
        """The ids of the rows of which nothing may be told."""
        if not self._inside:
            return set()
        drafts = [row for row in rows if row["status"] == "draft"]
        hidden = {row["id"] for row in drafts if row["author_id"] not in self._staff}
        entered = {row["id"] for row in drafts} - hidden
        if entered:
            table = self._shape.table.name
            edited = select(History.record_id).where(
                History.record_type == table,
                History.record_id.in_(entered),
                History.action == f"{self._shape.record.value}.edited",
                History.actor_id.not_in(self._staff),
            )
            hidden |= set(session.scalars(edited))
        return hidden
