"""Pairs and the decisions on them as columns in memory, with the records they are of.

To tell how many pairs wait and how many each filter would leave, the database reads
every waiting pair and both its records, five times a page. Here that is a few
operations over columns, some 85 bytes a pair; what makes a record visible or open is
asked of the columns of the records, by the condition that filters every list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from sqlalchemy.orm import Session

from models import Review, Suggestion
from models.conditions import Condition, Mask
from models.outbox import RecordType

from .columns import Columns
from .facts import MISSING, Column, Ids
from .held import AT_ONCE, NO_ROW, HeldRows

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


class Pairs(HeldRows):
    """Every pair there is, one row each."""

    def __init__(self) -> None:
        super().__init__(Suggestion, {name: name for name in HELD}, {"probability"})


class Decisions(HeldRows):
    """Every decision on a pair, one row each; some 70 bytes."""

    def __init__(self) -> None:
        names = ("suggestion_id", "decision", "reason", "ranker", "probability", "at")
        super().__init__(Review, {name: name for name in names}, {"probability"})

    def reread_of(self, session: Session, pairs: Sequence[int]) -> None:
        """Bring the decisions on these pairs in step with the table."""
        for id_ in self.ids[np.isin(self.numbers("suggestion_id"), pairs)].tolist():
            self.drop(id_)
        for start in range(0, len(pairs), AT_ONCE):
            some = pairs[start : start + AT_ONCE]
            self.read(session, Review.suggestion_id.in_(some))


class Paired:
    """The pairs with the records they are of, while both are kept from changing."""

    def __init__(self, pairs: Pairs, records: Mapping[RecordType, Columns]) -> None:
        self.ids, self.records = pairs.ids, records
        self._pairs = pairs
        # By kind: the pairs that have such a side, and where in its columns it lies.
        self._sides: dict[RecordType, tuple[Mask, Ids]] = {}
        for kind, name in SIDES.items():
            ids = self.numbers(name)
            self._sides[kind] = ids != MISSING, records[kind].rows_of(ids)

    def mask(self, condition: Condition) -> Mask:
        """The pairs that meet a condition on the pair itself."""
        return self._pairs.mask(condition)

    def numbers(self, fact: str) -> Column:
        """A fact that is a number, of every pair; -1 where there is none."""
        return self._pairs.numbers(fact)

    def of(self, ids: Ids, mask: Mask) -> Mask:
        """Whether each of the pairs with these ids is in the mask."""
        return np.append(mask, False)[self._pairs.rows_of(ids)]

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
        return self._pairs.facts.counts(fact, np.flatnonzero(mask))

    def askers_counts(
        self, mask: Mask, fact: str, kinds: Sequence[RecordType]
    ) -> dict[str, int]:
        """How many of the pairs have an asking side of these kinds with each value."""
        found: Counter[str] = Counter()
        for kind in kinds:
            has, rows = self._askers(kind)
            some = rows[has & mask & (rows != NO_ROW)]
            found.update(self.records[kind].facts.counts(fact, some))
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
        return np.append(self.records[kind].mask(condition), False)[rows]
