"""Some columns of a table held in memory, one row for each of its rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Self

import numpy as np
from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session

from models.conditions import Condition, Mask

from .facts import Column, Facts, Ids

AT_ONCE = 5_000
NO_ROW = -1


class HeldRows:
    """The rows of one table, found by their ids. A row keeps its place for good.

    ``names`` are what is held, each with the column it is in; ``fractions`` those that
    are no whole numbers.
    """

    def __init__(
        self, model: Any, names: Mapping[str, str], fractions: Collection[str] = ()
    ) -> None:
        self.model, self.names = model, names
        self.facts = Facts(fractions)
        self.ids: Ids = np.zeros(0, np.int64)
        # By id, as ids are given out one after the other.
        self._row_of = np.full(0, NO_ROW, np.int32)

    def read(self, session: Session, where: ColumnElement[bool] | None = None) -> Self:
        """Enter the rows of the table that meet the condition, and no others.

        The columns are those of a moment; a row that is here already is replaced.
        """
        columns = (getattr(self.model, name) for name in self.names.values())
        query = select(self.model.id, *columns)
        query = query.where(true() if where is None else where)
        rows = session.execute(query.execution_options(yield_per=AT_ONCE))
        for some in rows.partitions():
            self._enter(some)
        return self

    def reread(
        self,
        session: Session,
        ids: Sequence[int],
        where: ColumnElement[bool] | None = None,
    ) -> None:
        """Bring rows in step with the table; what is there no more goes."""
        for start in range(0, len(ids), AT_ONCE):
            some = ids[start : start + AT_ONCE]
            for id_ in some:
                self.drop(id_)
            wanted = self.model.id.in_(some)
            self.read(session, wanted if where is None else wanted & where)

    def drop(self, id_: int) -> None:
        """Take a row out; one that is not there is no matter."""
        row = self._row_of[id_] if id_ < len(self._row_of) else NO_ROW
        if row != NO_ROW:
            self.facts.drop(int(row))
            self.changed()

    def rows_of(self, ids: Ids) -> Ids:
        """The place of each of these ids; -1 for one that never was here.

        The row at the place may be gone since: a mask says so.
        """
        known = (ids >= 0) & (ids < len(self._row_of))
        rows = np.full(len(ids), NO_ROW, np.int64)
        rows[known] = self._row_of[ids[known]]
        return rows

    def mask(self, condition: Condition) -> Mask:
        """The rows that meet the condition; never one that is gone."""
        return np.asarray(condition.mask(self.facts)[: len(self.ids)])

    def numbers(self, fact: str) -> Column:
        """A fact of every row as a number; `facts.MISSING` where there is none."""
        return self.facts.numbers(fact)[: len(self.ids)]

    def changed(self) -> None:
        """Whatever was worked out from the rows holds no longer."""

    def _enter(self, rows: Sequence[Any]) -> None:
        fresh = []
        for row in rows:
            known = self._row_of[row[0]] if row[0] < len(self._row_of) else NO_ROW
            if known == NO_ROW:
                fresh.append(row)
            else:
                values = zip(self.names, row[1:], strict=True)
                self.facts.put(int(known), dict(values))
        if fresh:
            self._append(fresh)
        self.changed()

    def _append(self, rows: Sequence[Any]) -> None:
        ids, *values = zip(*rows, strict=True)
        first = self._hold(np.array(ids, np.int64))
        self.facts.put_many(first, dict(zip(self.names, values, strict=True)))

    def _hold(self, ids: Ids) -> int:
        """Give places to ids that have none yet; returns the first."""
        first, last = len(self.ids), int(ids.max(initial=0))
        self.ids = np.append(self.ids, ids)
        if last >= len(self._row_of):
            more = max(last + 1 - len(self._row_of), len(self._row_of) // 4)
            self._row_of = np.append(self._row_of, np.full(more, NO_ROW, np.int32))
        self._row_of[ids] = np.arange(first, len(self.ids))
        return first
