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
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum

import numpy as np
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from models import TABLES, SuggestionChange
from models.conditions import Condition, Mask
from models.outbox import RecordType

from .facts import MISSING, Ids
from .feed import Feed, Follower
from .held import HeldRows
from .pairs import Paired, Pairs
from .text import FACTS

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
    """

    NEWEST = "newest"
    DEADLINE = "deadline"
    AMOUNT = "amount"
    READINESS = "readiness"


class Columns(HeldRows):
    """The records of one kind, one row each."""

    def __init__(self, kind: RecordType) -> None:
        super().__init__(TABLES[kind], _names(kind))
        self.kind = kind
        self._orders: dict[Order, Ids] = {}

    def changed(self) -> None:
        self._orders.clear()

    def mask(self, condition: Condition, ids: Sequence[int] | None = None) -> Mask:
        """The rows that meet the condition, and are among ``ids`` if given."""
        mask = condition.mask(self.facts)[: len(self.ids)]
        if ids is not None:
            rows = self.rows_of(np.array(ids, np.int64))
            some = np.zeros(len(mask), np.bool_)
            some[rows[rows >= 0]] = True
            mask = mask & some
        return np.asarray(mask)

    def page(self, mask: Mask, order: Order, first: int, size: int) -> list[int]:
        """The ids of so many of the rows, in this order."""
        rows = self._order(order)
        found: list[int] = self.ids[rows[mask[rows]][first : first + size]].tolist()
        return found

    def counts(self, mask: Mask, fact: str) -> dict[str, int]:
        """How many of the rows have each value of the fact, the values as words."""
        return self.facts.counts(fact, mask)

    def _order(self, order: Order) -> Ids:
        """Every row in this order; made once, until something changes."""
        if order not in self._orders:
            size = len(self.ids)
            when = self.facts.numbers("published_at")[:size]
            newest = -np.where(when == MISSING, LAST, when)
            self._orders[order] = np.lexsort(
                (-self.ids, newest, *self._first(order, size))
            )
        return self._orders[order]

    def _first(self, order: Order, size: int) -> list[Ids]:
        if order is Order.DEADLINE:
            days = self.facts.numbers("deadline")[:size]
            return [np.where(days == MISSING, LAST, days)]
        if order is Order.AMOUNT:
            return [-self.facts.numbers("amount")[:size]]
        if order is Order.READINESS:
            return [-self.facts.numbers("trl")[:size]]
        return []


def _names(kind: RecordType) -> Mapping[str, str]:
    """What is held of a kind -> the column it is in."""
    names = {name: name for name in FACTS[kind]}
    names |= {"published_at": "published_at", "amount": AMOUNTS[kind]}
    return names | ({"deadline": "deadline"} if kind in DATED else {})


class Catalogue:
    """The columns of every record that was ever submitted, and of every pair.

    Caught up when read. Drafts are in nobody's list but their author's, which is read
    from the tables. Safe for the threads of a web worker.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._records = Follower(Feed, _read, _reread)
        self._pairs = Follower(
            lambda: Feed(lines=SuggestionChange, subject=("suggestion_id",)),
            lambda session: Pairs().read(session),
            lambda session, pairs, changed: pairs.reread(
                session, [id_ for (id_,) in changed]
            ),
        )

    @contextmanager
    def reading(self, session: Session) -> Iterator[Mapping[RecordType, Columns]]:
        """The records with every committed change, kept from changing meanwhile."""
        with self._lock:
            yield self._records.caught_up(session)

    @contextmanager
    def reading_pairs(self, session: Session) -> Iterator[Paired]:
        """The pairs likewise, with the records they are of."""
        with self._lock:
            records = self._records.caught_up(session)
            yield Paired(self._pairs.caught_up(session), records)


def _read(session: Session) -> dict[RecordType, Columns]:
    found = {kind: Columns(kind) for kind in RecordType}
    for kind, columns in found.items():
        columns.read(session, _submitted(kind))
    return found


def _reread(
    session: Session,
    held: Mapping[RecordType, Columns],
    changed: Sequence[tuple[RecordType, int]],
) -> None:
    ids: dict[RecordType, list[int]] = defaultdict(list)
    for kind, record_id in changed:
        ids[kind].append(record_id)
    for kind, some in ids.items():
        held[kind].reread(session, some, _submitted(kind))


def _submitted(kind: RecordType) -> ColumnElement[bool]:
    found: ColumnElement[bool] = TABLES[kind].status != "draft"
    return found
