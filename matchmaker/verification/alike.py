"""Submissions that say the same, to be decided together."""

from __future__ import annotations

from sqlalchemy.orm import Session

from index.sync import LiveIndex
from models import User
from models.outbox import RecordType

from ..duplicates import service as duplicates
from . import service
from .schema import QueueQuery


def alike(
    session: Session, index: LiveIndex, user: User, query: QueueQuery
) -> list[tuple[str, int]] | None:
    """The one the query says others are like, with those; None where all are asked for.

    Raises `NotFound` where it is no submission the person may decide about.
    """
    original = query.original()
    if original is None:
        return None
    kind, number = original
    item = service.find(session, user, RecordType(kind), number)
    (finding,) = duplicates.find_for_staff(session, index, user, [item])
    twins = finding.twins if finding else ()
    return [original, *((kind, id_) for id_ in twins)]
