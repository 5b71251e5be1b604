"""Find lists: one, a page of them, all of them; and whose records are in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, joinedload

from models import TABLES, PublicationEntry, PublicationList, User
from models.states import PublicationKind, PublicationState

from .. import policies
from ..errors import NotFound
from ..paging import Page, Part, turn
from .contents import RECORDS, Line
from .schema import LARGEST, PublicationQuery

PER_PAGE = 20
# The name of a kind inside a number.
SHORT = {
    PublicationKind.NEEDS: "需求清单",
    PublicationKind.ACHIEVEMENTS: "成果清单",
    PublicationKind.SCENES: "场景清单",
}
# Drafts first, then the newest; what is withdrawn keeps its place.
ORDER = (
    PublicationList.issued_at.is_not(None),
    PublicationList.issued_at.desc(),
    PublicationList.id.desc(),
)


def code(made: PublicationList) -> str:
    """The number by which it is cited: 需求清单〔2026〕第3号; empty for a draft."""
    if made.number is None:
        return ""
    return f"{SHORT[made.kind]}〔{made.year}〕第{made.number}号"


def find(session: Session, user: User | None, list_id: int) -> PublicationList:
    """A list the person may know of; raises `NotFound`."""
    found = session.scalar(
        select(PublicationList).where(
            PublicationList.id == min(list_id, LARGEST),
            policies.visible_publications(user),
        )
    )
    if found is None:
        raise NotFound("publication")
    return found


def listed(
    session: Session,
    user: User | None,
    query: PublicationQuery,
    part: Part | None = None,
) -> Page[PublicationList]:
    """The lists the person may know of; ``part`` is asked for instead of a page."""
    where = _where(user, query)
    total = session.scalar(select(func.count(PublicationList.id)).where(*where)) or 0
    here = turn(part or query.page, total, PER_PAGE)
    rows = session.scalars(here.rows(_ordered(where))).all()
    return Page(rows, total, here.page, here.pages)


def every(
    session: Session, user: User, query: PublicationQuery
) -> Sequence[PublicationList]:
    """The lists of all pages."""
    return session.scalars(_ordered(_where(user, query))).all()


def newest(
    session: Session, user: User | None, most: int, *, in_force: bool = False
) -> Sequence[PublicationList]:
    """The lists issued last, withdrawn ones too unless ``in_force``."""
    where = [
        policies.visible_publications(user),
        PublicationList.state != PublicationState.DRAFT,
    ]
    if in_force:
        where.append(PublicationList.state == PublicationState.ISSUED)
    return session.scalars(_ordered(where).limit(most)).all()


def counts(session: Session, some: Sequence[PublicationList]) -> dict[int, int]:
    """How many entries each of the lists has; what drafts leave out is not counted."""
    query = (
        select(PublicationEntry.list_id, func.count(PublicationEntry.id))
        .where(
            PublicationEntry.list_id.in_([made.id for made in some]),
            PublicationEntry.included,
        )
        .group_by(PublicationEntry.list_id)
    )
    found = {row[0]: row[1] for row in session.execute(query)}
    return {made.id: found.get(made.id, 0) for made in some}


def successor(
    session: Session, user: User | None, made: PublicationList
) -> PublicationList | None:
    """The list that corrects this one, if the person may know of it."""
    return session.scalar(
        select(PublicationList).where(
            PublicationList.replaces_id == made.id, policies.visible_publications(user)
        )
    )


def still_shown(
    session: Session, user: User | None, made: PublicationList, lines: Sequence[Line]
) -> frozenset[int]:
    """The records of the list whose own pages this person may open now."""
    kind = RECORDS[made.kind]
    table: Any = TABLES[kind]
    seen = policies.where(policies.visible(user, kind), kind)
    ids = [line.entry.record_id for line in lines]
    return frozenset(session.scalars(select(table.id).where(table.id.in_(ids), seen)))


def owners(
    session: Session, made: PublicationList, lines: Sequence[Line]
) -> list[tuple[int, int]]:
    """The organisations whose records stand in it, each with how many."""
    table: Any = TABLES[RECORDS[made.kind]]
    ids = [line.entry.record_id for line in lines]
    query = (
        select(table.organisation_id, func.count(table.id))
        .where(table.id.in_(ids))
        .group_by(table.organisation_id)
        .order_by(table.organisation_id)
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def _where(user: User | None, query: PublicationQuery) -> list[ColumnElement[bool]]:
    found = [policies.visible_publications(user)]
    if query.kind is not None:
        found.append(PublicationList.kind == query.kind)
    if query.state is not None:
        found.append(PublicationList.state == query.state)
    return found


def _ordered(where: Sequence[ColumnElement[bool]]) -> Select[PublicationList]:
    return (
        select(PublicationList)
        .where(*where)
        .options(joinedload(PublicationList.author))
        .order_by(*ORDER)
    )
