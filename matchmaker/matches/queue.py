"""The queue of the review desk: which pairs, in what order, and how many."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from models import Achievement, Call, Need, Proposal, Review, Suggestion, User
from models.states import Decision, SuggestionStatus

from .. import policies
from ..errors import NotFound
from ..labels import today
from .schema import LARGEST_ID, QueueFilters

PER_PAGE = 30
UNDO_HOURS = 24
DECIDED = frozenset({SuggestionStatus.APPROVED, SuggestionStatus.REJECTED})
# Of the probability of approval.
SCORE_STEPS = (0.7, 0.4)
AGE_STEPS = (3, 7, 14)

AnySelect = Select[*tuple[Any, ...]]

# The side that asks; a pair is filed under its field.
FIELD = func.coalesce(Need.field, Call.field)


@dataclass(frozen=True)
class Page:
    """One page of pairs."""

    items: Sequence[Suggestion]
    page: int
    pages: int
    total: int


@dataclass(frozen=True)
class Place:
    """Where a pair stands in the queue; no position when it is not in it."""

    position: int | None
    total: int


def in_status(status: SuggestionStatus, now: datetime) -> ColumnElement[bool]:
    """Whether a pair counts as ``status``: one put off waits again from its day on."""
    put_off = Suggestion.status == SuggestionStatus.SNOOZED
    day = today(now)
    if status is SuggestionStatus.PENDING:
        return or_(Suggestion.status == status, put_off & _not_after(day))
    if status is SuggestionStatus.SNOOZED:
        return and_(put_off, Suggestion.snoozed_until > day)
    return Suggestion.status == status


def _not_after(day: date) -> ColumnElement[bool]:
    return Suggestion.snoozed_until <= day


def open_sides() -> ColumnElement[bool]:
    """Whether both sides are still open for business."""
    return policies.sides_meet(policies.listed)


def _base(
    user: User, filters: QueueFilters, now: datetime, *, without: str = ""
) -> list[ColumnElement[bool]]:
    """The conditions of the queue, one group of filters left out if named."""
    claimed = Suggestion.claimed_until > now
    rules: dict[str, ColumnElement[bool] | None] = {
        "status": in_status(filters.status, now),
        "mine": and_(Suggestion.claimed_by_id == user.id, claimed)
        if filters.mine
        else None,
        "by_hand": Suggestion.proposals.any() if filters.by_hand else None,
        "kind": Suggestion.kind.in_(filters.kind) if filters.kind else None,
        "field": FIELD.in_(filters.field) if filters.field else None,
        "district": Need.district.in_(filters.district) if filters.district else None,
        "score": Suggestion.probability >= filters.score
        if filters.score is not None
        else None,
        "age": _waiting_since(filters.age, now) if filters.age is not None else None,
    }
    rules.pop(without, None)
    conditions = [rule for rule in rules.values() if rule is not None]
    open_only = filters.status not in DECIDED
    conditions.append(policies.visible_suggestions(user, open_only=open_only))
    return conditions


def waiting(session: Session, user: User, now: datetime) -> int:
    """How many pairs wait for review, as the desk counts them."""
    query = select(func.count(Suggestion.id)).where(
        in_status(SuggestionStatus.PENDING, now),
        policies.visible_suggestions(user, open_only=True),
    )
    return session.scalar(query) or 0


def _waiting_since(days: int, now: datetime) -> ColumnElement[bool]:
    return Suggestion.created_at <= now - timedelta(days=days)


def _from(query: AnySelect) -> AnySelect:
    return (
        query.select_from(Suggestion)
        .outerjoin(Suggestion.need)
        .outerjoin(Suggestion.call)
    )


def _sides() -> tuple[Any, ...]:
    return (
        joinedload(Suggestion.need).joinedload(Need.organisation),
        joinedload(Suggestion.achievement).joinedload(Achievement.organisation),
        joinedload(Suggestion.call).joinedload(Call.issuer),
        joinedload(Suggestion.claimed_by),
        selectinload(Suggestion.proposals).options(
            joinedload(Proposal.proposer).joinedload(User.organisation),
            joinedload(Proposal.organisation),
        ),
    )


def _key(filters: QueueFilters) -> Any:
    """What the queue is sorted by, falling: decided pairs by when they were."""
    if filters.status in DECIDED:
        return Suggestion.decided_at
    return Suggestion.probability


def _key_of(filters: QueueFilters, pair: Suggestion) -> Any:
    return pair.decided_at if filters.status in DECIDED else pair.probability


def queue(
    session: Session, user: User, filters: QueueFilters, now: datetime, *, page: int = 1
) -> Page:
    """One page of the pairs, the likeliest to be approved first."""
    policies.require(user, "suggestion.review")
    conditions = _base(user, filters, now)
    total = session.scalar(_from(select(func.count(Suggestion.id))).where(*conditions))
    query = (
        _from(select(Suggestion))
        .where(*conditions)
        .options(*_sides())
        .order_by(_key(filters).desc(), Suggestion.id)
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    )
    items = session.scalars(query).unique().all()
    return Page(items, page, max(1, ceil((total or 0) / PER_PAGE)), total or 0)


def load(session: Session, user: User, suggestion_id: int) -> Suggestion:
    """A pair with both sides and its reviews; raises `NotFound` for a hidden one."""
    policies.require(user, "suggestion.review")
    if suggestion_id > LARGEST_ID:
        raise NotFound("suggestion")
    query = (
        select(Suggestion)
        .where(Suggestion.id == suggestion_id, policies.visible_suggestions(user))
        .options(
            *_sides(), selectinload(Suggestion.reviews).joinedload(Review.reviewer)
        )
    )
    pair = session.scalars(query).unique().one_or_none()
    if pair is None:
        raise NotFound("suggestion")
    return pair


def place(
    session: Session, user: User, filters: QueueFilters, pair: Suggestion, now: datetime
) -> Place:
    """How many pairs there are under the filters, and which of them this is."""
    conditions = _base(user, filters, now)
    key = _key_of(filters, pair)
    total = func.count(Suggestion.id)
    here = func.count(Suggestion.id).filter(Suggestion.id == pair.id)
    earlier = _earlier(filters, key, pair.id) if key is not None else false()
    before = func.count(Suggestion.id).filter(earlier)
    row = session.execute(_from(select(total, here, before)).where(*conditions)).one()
    return Place(row[2] + 1 if row[1] else None, row[0])


def _earlier(filters: QueueFilters, key: Any, pair_id: int) -> ColumnElement[bool]:
    column = _key(filters)
    return or_(column > key, and_(column == key, Suggestion.id < pair_id))


def _later(filters: QueueFilters, key: Any, pair_id: int) -> ColumnElement[bool]:
    column = _key(filters)
    return or_(column < key, and_(column == key, Suggestion.id > pair_id))


def next_pair(
    session: Session,
    user: User,
    filters: QueueFilters,
    after_id: int | None,
    now: datetime,
) -> int | None:
    """The pair to look at after ``after_id``; pairs others work on are skipped.

    The queue goes round: whoever has dealt with the last pair gets those passed
    over before.
    """
    policies.require(user, "suggestion.review")
    query = _free(user, filters, now).order_by(_key(filters).desc(), Suggestion.id)
    if after_id is None:
        return _first(session, query)
    key = session.scalar(select(_key(filters)).where(Suggestion.id == after_id))
    query = query.where(Suggestion.id != after_id)
    if key is None:
        return _first(session, query)
    found = _first(session, query.where(_later(filters, key, after_id)))
    return found or _first(session, query)


def neighbours(
    session: Session, user: User, filters: QueueFilters, pair: Suggestion, now: datetime
) -> tuple[int | None, int | None]:
    """The free pairs just before and just after this one; nothing past the ends."""
    key = _key_of(filters, pair)
    if key is None:
        return None, None
    free, column = _free(user, filters, now), _key(filters)
    before = free.where(_earlier(filters, key, pair.id))
    after = free.where(_later(filters, key, pair.id))
    return (
        _first(session, before.order_by(column, Suggestion.id.desc())),
        _first(session, after.order_by(column.desc(), Suggestion.id)),
    )


def _first(session: Session, query: AnySelect) -> int | None:
    found: int | None = session.scalar(query)
    return found


def _free(user: User, filters: QueueFilters, now: datetime) -> AnySelect:
    """Ids of the queue's pairs that nobody else holds, one at most."""
    held = and_(
        Suggestion.claimed_by_id.is_not(None),
        Suggestion.claimed_by_id != user.id,
        Suggestion.claimed_until > now,
    )
    query = _from(select(Suggestion.id)).where(*_base(user, filters, now))
    # The claim columns may be empty, and NOT of unknown would drop the row.
    return query.where(func.coalesce(held, False).is_(False)).limit(1)


Counts = dict[str, dict[Any, int]]


def counts(
    session: Session, user: User, filters: QueueFilters, now: datetime
) -> Counts:
    """How many pairs each choice of each filter would show, the others kept."""
    policies.require(user, "suggestion.review")
    return (
        _count_groups(session, user, filters, now)
        | _count_steps(session, user, filters, now)
        | _count_statuses(session, user, filters, now)
    )


def _count_groups(
    session: Session, user: User, filters: QueueFilters, now: datetime
) -> Counts:
    """Kind, field and district from one grouped query over all three."""
    chosen: dict[str, list[Any]] = {
        "kind": list(filters.kind),
        "field": list(filters.field),
        "district": list(filters.district),
    }
    open_filters = filters.model_copy(update={name: [] for name in chosen})
    columns = (Suggestion.kind, FIELD, Need.district)
    rows = session.execute(
        _from(select(*columns, func.count(Suggestion.id)))
        .where(*_base(user, open_filters, now))
        .group_by(*columns)
    )
    found: dict[str, Counter[Any]] = {name: Counter() for name in chosen}
    for kind, field, district, number in rows:
        row = {"kind": kind, "field": field, "district": district}
        for name in chosen:
            others = (other for other in chosen if other != name)
            if row[name] is not None and all(
                not chosen[other] or row[other] in chosen[other] for other in others
            ):
                found[name][row[name]] += number
    return {name: dict(counter) for name, counter in found.items()}


def _count_steps(
    session: Session, user: User, filters: QueueFilters, now: datetime
) -> Counts:
    """The steps of score and of age; each keeps to the other's choice."""
    both = filters.model_copy(update={"score": None, "age": None})
    score = filters.score if filters.score is not None else 0.0
    old_enough = _waiting_since(filters.age or 0, now)
    tests = [(Suggestion.probability >= step) & old_enough for step in SCORE_STEPS]
    likely = Suggestion.probability >= score
    tests += [_waiting_since(days, now) & likely for days in AGE_STEPS]
    columns = [func.count(Suggestion.id).filter(test) for test in tests]
    row = session.execute(_from(select(*columns)).where(*_base(user, both, now))).one()
    return {
        "score": dict(zip(SCORE_STEPS, row, strict=False)),
        "age": dict(zip(AGE_STEPS, row[len(SCORE_STEPS) :], strict=True)),
    }


def _count_statuses(
    session: Session, user: User, filters: QueueFilters, now: datetime
) -> Counts:
    tests = [
        in_status(status, now) & open_sides()
        if status not in DECIDED
        else in_status(status, now)
        for status in SuggestionStatus
    ]
    columns = [func.count(Suggestion.id).filter(test) for test in tests]
    as_decided = filters.model_copy(update={"status": SuggestionStatus.APPROVED})
    conditions = _base(user, as_decided, now, without="status")
    row = session.execute(_from(select(*columns)).where(*conditions)).one()
    return {"status": dict(zip(SuggestionStatus, row, strict=True))}


def last_decision(session: Session, user: User, now: datetime) -> Review | None:
    """The person's newest decision that may still be taken back."""
    later = aliased(Review)
    query = (
        select(Review)
        .join(Review.suggestion)
        .where(
            Review.reviewer_id == user.id,
            Review.decision != Decision.UNDO,
            Review.at >= now - timedelta(hours=UNDO_HOURS),
            Review.to_status == Suggestion.status,
            ~exists().where(
                later.suggestion_id == Review.suggestion_id, later.id > Review.id
            ),
            policies.visible_suggestions(user),
        )
        .options(
            joinedload(Review.suggestion).options(
                joinedload(Suggestion.need), joinedload(Suggestion.call)
            )
        )
        .order_by(Review.id.desc())
        .limit(1)
    )
    return session.scalar(query)
