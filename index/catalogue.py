"""What lists are narrowed, counted and put in order by, held in memory.

The database would read every row of a table to count its facets, each row with its
texts. Here the few columns that matter lie side by side: 90 bytes a record. They are
kept in step by the same feed as the search index, and the same conditions hold over
them (`models.conditions`). What a page shows is read from the tables, under the
reader's condition again.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from models import TABLES
from models.conditions import Condition, Mask
from models.outbox import RecordType
from models.states import Secrecy

from .bands import amounts
from .facts import MISSING, Facts
from .text import FACTS

if TYPE_CHECKING:
    from .feed import Feed

Ids = NDArray[np.int64]

AT_ONCE = 5_000
AMOUNTS = {
    RecordType.NEED: "budget_fen",
    RecordType.ACHIEVEMENT: "price_fen",
    RecordType.CALL: "funding_fen",
}
DATED = frozenset({RecordType.NEED, RecordType.CALL})
LAST = np.iinfo(np.int64).max


class Order(StrEnum):
    """What stands first; ties by what was published last, then by the highest id.

    NEWEST    what never was published, then the latest
    DEADLINE  the earliest; what has none last
    AMOUNT    the highest, READINESS likewise; what has none last
    SHOWN     the highest as it is shown to everybody: of a masked need its band
    """

    NEWEST = "newest"
    DEADLINE = "deadline"
    AMOUNT = "amount"
    SHOWN = "shown"
    READINESS = "readiness"


class Columns:
    """The records of one kind, one row each."""

    def __init__(self, kind: RecordType) -> None:
        self.kind = kind
        self.facts = Facts()
        self._ids = np.zeros(0, np.int64)
        self._row_of: dict[int, int] = {}
        self._orders: dict[Order, Ids] = {}

    def read(self, session: Session, where: ColumnElement[bool]) -> Columns:
        """Enter the records of the tables that meet the condition, and no others.

        The columns are those of a moment; a record that is here already is replaced.
        """
        model: Any = TABLES[self.kind]
        names = _names(self.kind)
        query = select(model.id, *(getattr(model, name) for name in names.values()))
        rows = session.execute(query.where(where).execution_options(yield_per=AT_ONCE))
        for some in rows.partitions():
            self._enter(some)
        return self

    def _enter(self, rows: Sequence[Any]) -> None:
        ids, *values = zip(*rows, strict=True)
        for id_ in ids:
            self.drop(id_)
        first = len(self._ids)
        self._ids = np.append(self._ids, np.array(ids, np.int64))
        self._row_of.update(zip(ids, range(first, len(self._ids)), strict=True))
        columns: dict[str, Sequence[Any]] = dict(
            zip(_names(self.kind), values, strict=True)
        )
        for name, number in NUMBERS.items():
            if name in columns:
                columns[name] = [number(value) for value in columns[name]]
        if "secrecy" in columns:
            pairs = zip(columns["amount"], columns["secrecy"], strict=True)
            columns["shown"] = [shown_amount(*pair) for pair in pairs]
        self.facts.put_many(first, columns)
        self._orders.clear()

    def drop(self, record_id: int) -> None:
        """Take a record out; one that is not there is no matter."""
        row = self._row_of.pop(record_id, None)
        if row is not None:
            self.facts.drop(row)
            self._orders.clear()

    def mask(self, condition: Condition, ids: Sequence[int] | None = None) -> Mask:
        """The rows that meet the condition, and are among ``ids`` if given."""
        mask = condition.mask(self.facts)[: len(self._ids)]
        if ids is not None:
            some = np.zeros(len(mask), np.bool_)
            some[[self._row_of[id_] for id_ in ids if id_ in self._row_of]] = True
            mask = mask & some
        return np.asarray(mask)

    def page(self, mask: Mask, order: Order, first: int, size: int) -> list[int]:
        """The ids of so many of the rows, in this order."""
        rows = self._order(order)
        found: list[int] = self._ids[rows[mask[rows]][first : first + size]].tolist()
        return found

    def counts(self, mask: Mask, fact: str) -> dict[str, int]:
        """How many of the rows have each value of the fact, the values as words."""
        return self.facts.counts(fact, mask)

    def _order(self, order: Order) -> Ids:
        """Every row in this order; made once, until something changes."""
        if order not in self._orders:
            size = len(self._ids)
            when = self.facts.numbers("published_at")[:size]
            newest = -np.where(when == MISSING, LAST, when)
            self._orders[order] = np.lexsort(
                (-self._ids, newest, *self._first(order, size))
            )
        return self._orders[order]

    def _first(self, order: Order, size: int) -> list[Ids]:
        if order is Order.DEADLINE:
            days = self.facts.numbers("deadline")[:size]
            return [np.where(days == MISSING, LAST, days)]
        if order is Order.SHOWN and self.kind is RecordType.NEED:
            return [-self.facts.numbers("shown")[:size]]
        if order in (Order.AMOUNT, Order.SHOWN):
            return [-self.facts.numbers("amount")[:size]]
        if order is Order.READINESS:
            return [-self.facts.numbers("trl")[:size]]
        return []


def _names(kind: RecordType) -> Mapping[str, str]:
    """What is held of a kind -> the column it is in."""
    names = {name: name for name in FACTS[kind]}
    names |= {"published_at": "published_at", "amount": AMOUNTS[kind]}
    return names | ({"deadline": "deadline"} if kind in DATED else {})


def shown_amount(fen: int | None, secrecy: Secrecy) -> int | None:
    """The amount everybody may know: where its band begins, of a masked need."""
    if fen is None or secrecy is not Secrecy.MASKED:
        return fen
    return amounts(fen)[0]


def _microseconds(at: datetime | None) -> int | None:
    if at is None:
        return None
    since = at - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _day(day: date | None) -> int | None:
    return None if day is None else day.toordinal()


# What is no number, as one that grows with it.
NUMBERS: dict[str, Callable[[Any], int | None]] = {
    "published_at": _microseconds,
    "deadline": _day,
}


class Catalogue:
    """The columns of every record that was ever submitted, caught up when read.

    Drafts are in nobody's list but their author's, which is read from the tables.
    Safe for the threads of a web worker.
    """

    def __init__(self, feed: Callable[[], Feed]) -> None:
        self._make_feed = feed
        self._lock = threading.RLock()
        self._feed: Feed | None = None
        self._columns: dict[RecordType, Columns] = {}

    @contextmanager
    def reading(self, session: Session) -> Iterator[Mapping[RecordType, Columns]]:
        """The columns with every committed change, kept from changing meanwhile."""
        with self._lock:
            # Put back at the end: had a reading failed, the feed would be ahead.
            feed, self._feed = self._feed, None
            if feed is None:
                feed = self._make_feed()
                # The feed first: what changes while the tables are read is read again.
                feed.start(session)
                self._columns = {
                    kind: Columns(kind).read(session, _submitted(kind))
                    for kind in RecordType
                }
            else:
                self._follow(session, feed)
            self._feed = feed
            yield self._columns

    def _follow(self, session: Session, feed: Feed) -> None:
        changed: dict[RecordType, list[int]] = defaultdict(list)
        for kind, record_id in feed.read(session):
            changed[kind].append(record_id)
        for kind, ids in changed.items():
            columns = self._columns[kind]
            for start in range(0, len(ids), AT_ONCE):
                some = ids[start : start + AT_ONCE]
                for id_ in some:
                    columns.drop(id_)
                wanted = _submitted(kind) & TABLES[kind].id.in_(some)
                columns.read(session, wanted)


def _submitted(kind: RecordType) -> ColumnElement[bool]:
    found: ColumnElement[bool] = TABLES[kind].status != "draft"
    return found
