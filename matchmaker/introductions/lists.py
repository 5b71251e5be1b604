"""The list and the board of introductions: filtered, counted, in order.

Whatever is looked for is looked for in the words the reader reads: the title and the
firm behind a masked need answer nobody who may not know them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from models import (
    Achievement,
    Call,
    Introduction,
    Need,
    Organisation,
    Suggestion,
    User,
)
from models.base import UtcDateTime
from models.states import OPEN_INTRODUCTIONS, IntroductionStatus, Role, Secrecy

from .. import policies
from ..paging import turn
from .schema import NOBODY, IntroductionFilters, Sort

PER_PAGE = 20
PER_COLUMN = 30
MOST_EXPORTED = 50_000
AT_ONCE = 500

SEEKER, PROVIDER = aliased(Organisation), aliased(Organisation)


@dataclass(frozen=True)
class Page:
    """One page of the list; ``page`` is the one shown, not the one asked.

    ``counts`` is how many each stage would show under the other filters.
    """

    rows: Sequence[Introduction]
    total: int
    page: int
    pages: int
    counts: Mapping[IntroductionStatus, int]


@dataclass(frozen=True)
class Column:
    """One stage of the board: its first cards, and how many there are."""

    status: IntroductionStatus
    rows: Sequence[Introduction]
    total: int


@dataclass(frozen=True)
class Every:
    """All rows of a list, read in portions as they are taken.

    ``is_cut``: there are more than one file takes.
    """

    rows: Iterator[Introduction]
    is_cut: bool


def page(
    session: Session, user: User, query: IntroductionFilters, overdue: datetime
) -> Page:
    """One page of the introductions this person may know of.

    ``overdue`` is the moment before which a wait began that is too long.
    """
    policies.require(user, "introduction.read")
    counts = _counts(session, user, query, overdue)
    total = (
        sum(counts.values()) if query.status is None else counts.get(query.status, 0)
    )
    here = turn(query.page, total, PER_PAGE)
    ids = session.scalars(here.rows(_in_order(user, query, overdue))).all()
    return Page(load(session, ids), total, here.page, here.pages, counts)


def numbers(
    session: Session, user: User, query: IntroductionFilters, overdue: datetime
) -> Sequence[int]:
    """All that the query finds, in its order, by their numbers."""
    policies.require(user, "introduction.read")
    return session.scalars(_in_order(user, query, overdue)).all()


def _in_order(user: User, query: IntroductionFilters, overdue: datetime) -> Select[Any]:
    return (
        _found(user, query, overdue)
        .with_only_columns(Introduction.id)
        .order_by(*_order(query.sort))
    )


def board(
    session: Session, user: User, query: IntroductionFilters, overdue: datetime
) -> list[Column]:
    """The stages side by side, in each the longest wait first."""
    policies.require(user, "introduction.read")
    counts = _counts(session, user, query, overdue)
    place = func.row_number().over(
        partition_by=Introduction.status, order_by=_order(query.sort)
    )
    ranked = (
        _found(user, query, overdue)
        .with_only_columns(Introduction.id, place.label("place"))
        .subquery()
    )
    ids = session.scalars(
        select(ranked.c.id)
        .where(ranked.c.place <= PER_COLUMN)
        .order_by(ranked.c.place, ranked.c.id)
    ).all()
    rows = load(session, ids)
    return [
        Column(
            status,
            [row for row in rows if row.status is status],
            counts.get(status, 0),
        )
        for status in IntroductionStatus
        if query.status in (None, status)
    ]


def every(
    session: Session, user: User, query: IntroductionFilters, overdue: datetime
) -> Every:
    """All that the query finds, for an export; read in portions."""
    policies.require(user, "introduction.read")
    found = _in_order(user, query, overdue).limit(MOST_EXPORTED + 1)
    ids = session.scalars(found).all()
    kept = ids[:MOST_EXPORTED]
    portions = (kept[at : at + AT_ONCE] for at in range(0, len(kept), AT_ONCE))
    rows = (one for some in portions for one in load(session, some))
    return Every(rows, len(ids) > MOST_EXPORTED)


def managers(session: Session, user: User) -> Sequence[User]:
    """The technology managers by whom this person may filter."""
    if not user.is_staff:
        return []
    return session.scalars(
        select(User).where(User.role == Role.MANAGER).order_by(User.name, User.id)
    ).all()


def of_record(session: Session, user: User, item: Any) -> Sequence[Introduction]:
    """The talks about a record that this person may know of, the newest first."""
    columns = {
        Need: Introduction.need_id,
        Achievement: Introduction.achievement_id,
        Call: Introduction.call_id,
    }
    ids = session.scalars(
        select(Introduction.id)
        .where(columns[type(item)] == item.id, policies.visible_introductions(user))
        .order_by(Introduction.id.desc())
        .limit(PER_PAGE)
    ).all()
    return load(session, ids)


def of_pair(session: Session, user: User, pair: Suggestion) -> Introduction | None:
    """The newest talks that came of the pair, as far as the reader may know."""
    item = pair.need or pair.achievement
    for one in of_record(session, user, item) if item else ():
        same = (one.need_id, one.achievement_id, one.call_id)
        if same == (pair.need_id, pair.achievement_id, pair.call_id):
            return one
    return None


def since() -> ColumnElement[Any]:
    """From when an introduction waits, as `clock.since_of` has it."""
    return case(
        (
            Introduction.status == IntroductionStatus.WAITING,
            Introduction.status_since,
        ),
        else_=Introduction.updated_at,
    )


def _joined() -> Select[Any]:
    return (
        select(Introduction)
        .outerjoin(Need, Introduction.need_id == Need.id)
        .outerjoin(Achievement, Introduction.achievement_id == Achievement.id)
        .outerjoin(Call, Introduction.call_id == Call.id)
        .join(SEEKER, Introduction.seeker_id == SEEKER.id)
        .join(PROVIDER, Introduction.provider_id == PROVIDER.id)
    )


def _found(
    user: User, query: IntroductionFilters, overdue: datetime, *, stages: bool = False
) -> Select[Any]:
    """What the query finds; with ``stages`` in whatever stage."""
    found = _joined().where(policies.visible_introductions(user))
    if query.status is not None and not stages:
        found = found.where(Introduction.status == query.status)
    if query.field is not None:
        about = func.coalesce(Need.field, Call.field, Achievement.field)
        found = found.where(about == query.field)
    if query.organisation:
        found = found.where(_of_organisation(user, query.organisation))
    if query.manager == NOBODY:
        found = found.where(Introduction.manager_id.is_(None))
    elif query.manager is not None:
        found = found.where(Introduction.manager_id == int(query.manager))
    if query.overdue:
        found = found.where(is_overdue(overdue))
    if query.q:
        found = found.where(_says(user, query.q))
    return found


def is_overdue(before: datetime) -> ColumnElement[bool]:
    """Whether an introduction goes on and has waited since before the moment."""
    moment = func.coalesce(since(), Introduction.updated_at, type_=UtcDateTime())
    return and_(Introduction.status.in_(OPEN_INTRODUCTIONS), moment < before)


def _of_organisation(user: User, name: str) -> ColumnElement[bool]:
    """Whether a side is called so, for a reader who may know what it is called."""
    known = or_(policies.inside_talks(user), policies.opened_talks())
    return or_(
        and_(known, SEEKER.name.icontains(name, autoescape=True)),
        PROVIDER.name.icontains(name, autoescape=True),
    )


def _says(user: User, words: str) -> ColumnElement[bool]:
    """Whether a title the reader reads holds the words; or its number is meant."""
    told = and_(policies.opened_talks(), Need.secrecy == Secrecy.RESTRICTED)
    full = or_(policies.inside_talks(user), told)
    titles = [
        and_(full, Need.title.icontains(words, autoescape=True)),
        Need.public_title.icontains(words, autoescape=True),
        Achievement.title.icontains(words, autoescape=True),
        Call.title.icontains(words, autoescape=True),
    ]
    number = words.removeprefix("#")
    if number.isascii() and number.isdigit() and len(number) < 10:
        titles.append(Introduction.id == int(number))
    return or_(*titles, _of_organisation(user, words))


def _counts(
    session: Session, user: User, query: IntroductionFilters, overdue: datetime
) -> dict[IntroductionStatus, int]:
    rows = session.execute(
        _found(user, query, overdue, stages=True)
        .with_only_columns(Introduction.status, func.count(Introduction.id))
        .group_by(Introduction.status)
    )
    return {row[0]: row[1] for row in rows}


def _order(sort: Sort) -> list[Any]:
    if sort is Sort.NEWEST:
        return [Introduction.created_at.desc(), Introduction.id.desc()]
    if sort is Sort.UPDATED:
        return [Introduction.updated_at.desc(), Introduction.id.desc()]
    over = Introduction.status.in_(OPEN_INTRODUCTIONS)
    return [case((over, 0), else_=1), since(), Introduction.id]


def load(session: Session, ids: Sequence[int]) -> list[Introduction]:
    """The rows of a page in that order, with what a line of them shows.

    Whether the reader may know of them is asked where the numbers come from.
    """
    query = (
        select(Introduction)
        .where(Introduction.id.in_(ids))
        .options(
            joinedload(Introduction.need).joinedload(Need.organisation),
            joinedload(Introduction.achievement),
            joinedload(Introduction.call),
            joinedload(Introduction.seeker),
            joinedload(Introduction.provider),
            joinedload(Introduction.manager),
            selectinload(Introduction.answers),
        )
    )
    rows = {row.id: row for row in session.scalars(query).unique()}
    return [rows[id_] for id_ in ids if id_ in rows]
