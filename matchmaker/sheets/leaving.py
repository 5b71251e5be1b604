"""A list leaves the platform as a file under somebody's name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Generic, TypeVar

from sqlalchemy.orm import Session

from models import User, snapshot, transaction

from .. import policies
from ..history import service as history
from .tables import Form, Told, write_table

Item = TypeVar("Item")


@dataclass(frozen=True)
class Copy(Generic[Item]):
    """A list as a file.

    what     the kind of its records, as the history names the copy
    title    what the sheet is called
    action   what one must be allowed to take it; empty where anybody signed in may
    """

    what: str
    title: str
    action: str
    columns: Sequence[Told[Item]]

    def write(
        self,
        session: Session,
        user: User,
        filters: Iterable[tuple[str, object]],
        form: Form,
        read: Callable[[], Iterable[Item]],
        *,
        now: datetime,
    ) -> IO[bytes]:
        """What ``read`` finds for this person, of one moment; the copy is noted."""
        with transaction(session):
            if self.action:
                policies.require(user, self.action)
            told = [*filters, ("format", form)]
            history.record_export(session, user, self.what, told, now=now)
        with snapshot(session):
            return write_table(form, self.title, self.columns, read())
