"""The pairs of the review desk as columns in memory, with the records they are of.

To tell how many pairs wait and how many each filter would leave, the database reads
every waiting pair and both its records, five times a page. Here that is a few
operations over columns, some 85 bytes a pair; what makes a record visible or open is
asked of the columns of the records, by the condition that filters every list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from models import Suggestion
from models.conditions import Condition, Mask
from models.outbox import RecordType

from .facts import MISSING, Ids
from .held import NO_ROW, HeldRows

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


class Paired:
    """The pairs with the records they are of, while both are kept from changing."""

    def __init__(self, pairs: Pairs, records: Records) -> None:
        self.ids = pairs.ids
        self._facts, self._records = pairs.facts, records
        # By kind: the pairs that have such a side, and where in its columns it lies.
        self._sides: dict[RecordType, tuple[Mask, Ids]] = {}
        for kind, name in SIDES.items():
            ids = self.numbers(name)
            self._sides[kind] = ids != MISSING, records[kind].rows_of(ids)

    def mask(self, condition: Condition) -> Mask:
        """The pairs that meet a condition on the pair itself."""
        return np.asarray(condition.mask(self._facts)[: len(self.ids)])

    def numbers(self, fact: str) -> Any:
        """A fact that is a number, of every pair; -1 where there is none."""
        return self._facts.numbers(fact)[: len(self.ids)]

    def sides_meet(self, condition: Callable[[RecordType], Condition]) -> Mask:
        """The pairs whose sides all meet the condition of their kind."""
        mask = np.ones(len(self.ids), np.bool_)
        for kind, (has, rows) in self._sides.items():
            mask &= ~has | self._at(kind, condition(kind), rows)
        return mask

    def asker_meets(self, condition: Condition, kinds: Sequence[RecordType]) -> Mask:
        """The pairs whose asking side, of one of these kinds, meets the condition."""
        mask = np.zeros(len(self.ids), np.bool_)
        for kind in kinds:
            has, rows = self._askers(kind)
            mask |= has & self._at(kind, condition, rows)
        return mask

    def counts(self, mask: Mask, fact: str) -> dict[str, int]:
        """How many of the pairs have each value of a fact of the pair itself."""
        return self._facts.counts(fact, np.flatnonzero(mask))

    def askers_counts(
        self, mask: Mask, fact: str, kinds: Sequence[RecordType]
    ) -> dict[str, int]:
        """How many of the pairs have an asking side of these kinds with each value."""
        found: Counter[str] = Counter()
        for kind in kinds:
            has, rows = self._askers(kind)
            some = rows[has & mask & (rows != NO_ROW)]
            found.update(self._records[kind].facts.counts(fact, some))
        return dict(found)

    def _askers(self, kind: RecordType) -> tuple[Mask, Ids]:
        """The pairs in which a record of the kind asks, and where it lies.

        A call asks where no need does.
        """
        has, rows = self._sides[kind]
        if kind is RecordType.CALL:
            has = has & ~self._sides[RecordType.NEED][0]
        return has, rows

    def _at(self, kind: RecordType, condition: Condition, rows: Ids) -> Mask:
        """The condition at these rows; never at -1, where no record is."""
        mask = condition.mask(self._records[kind].facts)
        return np.append(mask, False)[rows]
