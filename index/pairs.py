"""The pairs of the review desk as columns in memory, with the records they are of.

To tell how many pairs wait and how many each filter would leave, the database reads
every waiting pair and both its records, five times a page. Here that is a few
operations over columns, some 85 bytes a pair; what makes a record visible or open is
asked of the columns of the records, by the condition that filters every list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from models import Suggestion
from models.conditions import Condition, Mask
from models.outbox import RecordType

from .facts import MISSING, Ids
from .held import HeldRows

SIDES = {
    RecordType.NEED: "need_id",
    RecordType.ACHIEVEMENT: "achievement_id",
    RecordType.CALL: "call_id",
}
HELD = (
    "kind",
    *SIDES.values(),
    "status",
    "snoozed_until",
    "probability",
    "created_at",
    "decided_at",
)

Records = Mapping[RecordType, HeldRows]


class Pairs(HeldRows):
    """Every pair there is, one row each."""

    def __init__(self) -> None:
        super().__init__(Suggestion, {name: name for name in HELD}, {"probability"})

    def mask(self, condition: Condition) -> Mask:
        """The pairs that meet a condition on the pair itself."""
        return np.asarray(condition.mask(self.facts)[: len(self.ids)])

    def numbers(self, fact: str) -> Any:
        """A fact that is a number, of every pair; -1 where there is none."""
        return self.facts.numbers(fact)[: len(self.ids)]

    def sides_meet(
        self, records: Records, condition: Callable[[RecordType], Condition]
    ) -> Mask:
        """The pairs whose sides all meet the condition of their kind."""
        mask = np.ones(len(self.ids), np.bool_)
        for kind in SIDES:
            has, rows = self._side(records, kind)
            mask &= ~has | _at(condition(kind).mask(records[kind].facts), rows)
        return mask

    def asker_meets(
        self, records: Records, condition: Condition, kinds: tuple[RecordType, ...]
    ) -> Mask:
        """The pairs whose asking side, of one of these kinds, meets the condition."""
        mask = np.zeros(len(self.ids), np.bool_)
        for kind, (has, rows) in self._askers(records).items():
            if kind in kinds:
                mask |= has & _at(condition.mask(records[kind].facts), rows)
        return mask

    def counts(self, mask: Mask, fact: str) -> dict[str, int]:
        """How many of the pairs have each value of a fact of the pair itself."""
        return self.facts.counts(fact, np.flatnonzero(mask))

    def askers_counts(
        self, records: Records, mask: Mask, fact: str, kinds: tuple[RecordType, ...]
    ) -> dict[str, int]:
        """How many of the pairs have an asking side of these kinds with each value."""
        found: Counter[str] = Counter()
        for kind, (has, rows) in self._askers(records).items():
            if kind in kinds:
                some = rows[has & mask & (rows >= 0)]
                found.update(records[kind].facts.counts(fact, some))
        return dict(found)

    def _askers(self, records: Records) -> dict[RecordType, tuple[Mask, Ids]]:
        """By kind: the pairs in which such a record asks, and where it lies."""
        needs, need_rows = self._side(records, RecordType.NEED)
        calls, call_rows = self._side(records, RecordType.CALL)
        return {
            RecordType.NEED: (needs, need_rows),
            RecordType.CALL: (calls & ~needs, call_rows),
        }

    def _side(self, records: Records, kind: RecordType) -> tuple[Mask, Ids]:
        ids = self.numbers(SIDES[kind])
        return ids != MISSING, records[kind].rows_of(ids)


def _at(mask: Mask, rows: Ids) -> Mask:
    """The mask at these rows; never at -1, where no record is."""
    return np.append(mask, False)[rows]
