"""What takes the search index to find, counted by the worker for the staff's list."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from index.sync import LiveIndex
from models import Observation, User, transaction
from models.states import Role

from ..duplicates import service as duplicates
from ..groups import service as groups
from ..groups.schema import GroupQuery
from ..verification.queue import queue
from ..verification.schema import QueueQuery

DUPLICATES, GROUPS = "duplicates", "groups"
# Pages of the verification queue that are compared, the longest wait first.
MOST_PAGES = 10


def refresh(session: Session, index: LiveIndex, *, now: datetime) -> None:
    """Count suspected duplicates among what waits, and groups of needs.

    It is counted as a member of the staff sees it; without any there is nobody to
    tell.
    """
    reader = session.scalar(
        select(User)
        .where(User.active, User.role.in_((Role.STAFF, Role.ADMIN)))
        .order_by(User.id)
        .limit(1)
    )
    if reader is None:
        return
    numbers = {
        DUPLICATES: _suspected(session, index, reader),
        GROUPS: groups.propose(session, index, reader, GroupQuery()).total,
    }
    with transaction(session):
        for name, number in numbers.items():
            session.merge(Observation(name=name, number=number, at=now))


def _suspected(session: Session, index: LiveIndex, reader: User) -> int:
    """How many submissions resemble another record."""
    number, page, pages = 0, 1, 1
    while page <= min(pages, MOST_PAGES):
        found = queue(session, reader, QueueQuery(page=page))
        for row in found.rows:
            alike = duplicates.find(session, index, reader, row.item, encode=False)
            number += bool(alike and alike.rows)
        page, pages = page + 1, found.pages
    return number
