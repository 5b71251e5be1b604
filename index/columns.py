"""The records of a kind as columns in memory: narrowed, counted, put in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

import numpy as np
from sqlalchemy import ColumnElement

from models import TABLES
from models.conditions import Mask, OneOf
from models.outbox import RecordType
from models.states import Secrecy

from .bands import amounts
from .facts import MISSING, Column, Ids
from .held import NO_ROW, HeldRows
from .text import FACTS

AMOUNTS = {
    RecordType.NEED: "budget_fen",
    RecordType.ACHIEVEMENT: "price_fen",
    RecordType.CALL: "funding_fen",
}
ENDS = {RecordType.NEED: "deadline", RecordType.CALL: "closes_at"}
MASKED = OneOf("secrecy", (Secrecy.MASKED.value,))
LAST = np.iinfo(np.int64).max


class Order(StrEnum):
    """What stands first; ties by what was published last, then by the highest id.

    NEWEST    what never was published, then the latest
    OLDEST    the earliest published; what never was last
    DEADLINE  the earliest; what has none last
    AMOUNT    the highest, READINESS likewise; what has none last
    SHOWN     the highest as it is shown to everybody: of a masked need its band
    """

    NEWEST = "newest"
    OLDEST = "oldest"
    DEADLINE = "deadline"
    AMOUNT = "amount"
    SHOWN = "shown"
    READINESS = "readiness"


class Columns(HeldRows):
    """The records of one kind, one row each."""

    def __init__(self, kind: RecordType) -> None:
        super().__init__(TABLES[kind], _names(kind))
        self.kind = kind
        self._orders: dict[Order, Ids] = {}

    def changed(self) -> None:
        self._orders.clear()

    def only(self, mask: Mask) -> Columns:
        """The rows of the mask as columns of their own."""
        found, rows = Columns(self.kind), np.flatnonzero(mask)
        found._hold(self.ids[rows])
        found.facts = self.facts.only(rows)
        return found

    def among(self, ids: Sequence[int] | Ids) -> Mask:
        """The rows with these ids; one that never was here is no matter."""
        rows = self.rows_of(np.asarray(ids, np.int64))
        mask = np.zeros(len(self.ids), np.bool_)
        mask[rows[rows != NO_ROW]] = True
        return mask

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
            when = self.numbers("published_at")
            newest = -np.where(when == MISSING, LAST, when)
            self._orders[order] = np.lexsort((-self.ids, newest, *self._first(order)))
        return self._orders[order]

    def _first(self, order: Order) -> list[Ids]:
        if order is Order.DEADLINE:
            days = self.numbers("deadline")
            return [np.where(days == MISSING, LAST, days)]
        if order is Order.OLDEST:
            when = self.numbers("published_at")
            return [np.where(when == MISSING, LAST, when)]
        if order is Order.AMOUNT:
            return [-self.numbers("amount")]
        if order is Order.SHOWN:
            return [-self._shown()]
        if order is Order.READINESS:
            return [-self.numbers("trl")]
        return []

    def _shown(self) -> Column:
        """The amounts everybody may know: of a masked need, where its band begins."""
        shown = np.array(self.numbers("amount"))
        if self.kind is RecordType.NEED:
            masked = self.mask(MASKED) & (shown != MISSING)
            exact, which = np.unique(shown[masked], return_inverse=True)
            lows = np.array([amounts(int(fen))[0] for fen in exact], shown.dtype)
            shown[masked] = lows[which]
        return shown


def is_draft(kind: RecordType) -> ColumnElement[bool]:
    """Whether a record was never submitted: then it is its author's alone."""
    found: ColumnElement[bool] = TABLES[kind].status == "draft"
    return found


def _names(kind: RecordType) -> Mapping[str, str]:
    """What is held of a kind -> the column it is in."""
    names = {name: name for name in FACTS[kind]}
    names |= {"published_at": "published_at", "amount": AMOUNTS[kind]}
    return names | ({"deadline": ENDS[kind]} if kind in ENDS else {})
