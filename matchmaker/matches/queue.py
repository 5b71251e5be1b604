"""The queue of the review desk: which pairs, in what order, and how many.

It is counted and put in order by columns held in memory (`index.pairs`); the pairs a
page shows are read from the tables, under the reader's condition again. Who holds a
pair for the moment is asked of the table: at most a few are held.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from index.catalogue import Catalogue
from index.facts import MISSING, Ids
from models import Achievement, Call, Need, Proposal, Review, Suggestion, User
from models.conditions import Mask
from models.states import Decision

from .. import policies
from ..errors import NotFound
from .schema import LARGEST_ID, QueueFilters
from .tally import DECIDED, Counts, Tally

PER_PAGE = 30
UNDO_HOURS = 24


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


@dataclass(frozen=True, eq=False)
class Queue:
    """The pairs under the filters at one moment, the highest key first, ties by id.

    ids    (n,) every pair there is, and (n,) ``keys`` they are sorted by: the
           probability of approval, or when they were decided; -1 for none
    shown  (n,) those under the filters
    free   (n,) those of them nobody else holds
    """

    filters: QueueFilters
    moment: datetime
    ids: Ids
    keys: NDArray[np.float64]
    shown: Mask
    free: Mask
    counts: Counts

    @property
    def total(self) -> int:
        return int(np.count_nonzero(self.shown))

    def page(self, first: int, size: int) -> list[int]:
        """The ids of so many pairs from the ``first`` on."""
        rows, end = np.flatnonzero(self.shown), first + size
        if 0 < end < len(rows):
            # Whatever is below the last place of the page need not be sorted.
            least = np.partition(self.keys[rows], len(rows) - end)[len(rows) - end]
            rows = rows[self.keys[rows] >= least]
        order = np.lexsort((self.ids[rows], -self.keys[rows]))[first:end]
        found: list[int] = self.ids[rows[order]].tolist()
        return found

    def place(self, pair_id: int) -> Place:
        """How many pairs there are under the filters, and which of them this is."""
        row = self._row(pair_id)
        if row is None or not self.shown[row]:
            return Place(None, self.total)
        before = np.count_nonzero(self.shown & self._before(row))
        return Place(int(before) + 1, self.total)

    def next_pair(self, after_id: int | None = None) -> int | None:
        """The pair to look at after this one; pairs others work on are skipped.

        The queue goes round: whoever has dealt with the last pair gets those passed
        over before.
        """
        row = None if after_id is None else self._row(after_id)
        if row is None:
            return self._first(self.free)
        others = self.free.copy()
        others[row] = False
        if self.keys[row] == MISSING:
            return self._first(others)
        return self._first(others & self._after(row)) or self._first(others)

    def neighbours(self, pair_id: int) -> tuple[int | None, int | None]:
        """The free pairs just before and after this one; nothing past the ends."""
        row = self._row(pair_id)
        if row is None or self.keys[row] == MISSING:
            return None, None
        before, after = self.free & self._before(row), self.free & self._after(row)
        return self._last(before), self._first(after)

    def _row(self, pair_id: int) -> int | None:
        rows = np.flatnonzero(self.ids == pair_id)
        return int(rows[0]) if len(rows) else None

    def _before(self, row: int) -> Mask:
        key, id_ = self.keys[row], self.ids[row]
        found: Mask = (self.keys > key) | ((self.keys == key) & (self.ids < id_))
        return found

    def _after(self, row: int) -> Mask:
        key, id_ = self.keys[row], self.ids[row]
        found: Mask = (self.keys < key) | ((self.keys == key) & (self.ids > id_))
        return found

    def _first(self, mask: Mask) -> int | None:
        rows = np.flatnonzero(mask)
        if not len(rows):
            return None
        keys = self.keys[rows]
        return int(self.ids[rows[keys == keys.max()]].min())

    def _last(self, mask: Mask) -> int | None:
        rows = np.flatnonzero(mask)
        if not len(rows):
            return None
        keys = self.keys[rows]
        return int(self.ids[rows[keys == keys.min()]].max())


def look(
    session: Session,
    catalogue: Catalogue,
    user: User,
    filters: QueueFilters,
    now: datetime,
    *,
    counted: bool = False,
) -> Queue:
    """The queue as it is now; ``counted`` tells too what each choice would show."""
    policies.require(user, "suggestion.review")
    held = session.execute(
        select(Suggestion.id, Suggestion.claimed_by_id).where(
            Suggestion.claimed_until > now, Suggestion.claimed_by_id.is_not(None)
        )
    ).all()
    mine = np.array([id_ for id_, who in held if who == user.id], np.int64)
    theirs = np.array([id_ for id_, who in held if who != user.id], np.int64)
    proposed = _proposed(session) if filters.by_hand else mine[:0]
    with catalogue.reading_pairs(session) as pairs:
        named = {"mine": mine, "by_hand": proposed}
        tally = Tally(pairs, user, filters, now, named)
        shown = tally.shown()
        return Queue(
            filters,
            now,
            pairs.ids,
            # Copies: they stay as they are when the pairs change.
            pairs.numbers(_key(filters)).astype(np.float64),
            shown,
            shown & ~np.isin(pairs.ids, theirs),
            tally.counts() if counted else {},
        )


def _proposed(session: Session) -> Ids:
    """The pairs that people proposed; a few among many."""
    ids = session.scalars(select(Proposal.suggestion_id).distinct())
    return np.array(ids.all(), np.int64)


def _key(filters: QueueFilters) -> str:
    """What the queue is sorted by, falling: decided pairs by when they were."""
    return "decided_at" if filters.status in DECIDED else "probability"


def load_page(session: Session, user: User, queue: Queue, page: int = 1) -> Page:
    """One page of the queue, the likeliest to be approved first."""
    ids = queue.page((page - 1) * PER_PAGE, PER_PAGE)
    items = load_some(session, user, queue, ids)
    return Page(items, page, max(1, ceil(queue.total / PER_PAGE)), queue.total)


def load_some(
    session: Session, user: User, queue: Queue, ids: Sequence[int]
) -> list[Suggestion]:
    """Those pairs of the queue, in this order, as far as they are still open."""
    open_at = None if queue.filters.status in DECIDED else queue.moment
    query = (
        select(Suggestion)
        .where(
            Suggestion.id.in_(ids),
            policies.visible_suggestions(user, open_at=open_at),
        )
        .options(*_sides())
    )
    found = {pair.id: pair for pair in session.scalars(query).unique()}
    return [found[id_] for id_ in ids if id_ in found]


def open_sides(now: Any) -> ColumnElement[bool]:
    """Whether both sides are open for business; ``now`` may be a parameter."""
    return policies.sides_meet(lambda kind: policies.listed(kind, now))


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
