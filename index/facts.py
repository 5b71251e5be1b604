"""The facts of indexed records as columns, for conditions to become masks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.conditions import Bound, Mask

# Whole numbers (int64), or float64 for what is named as a fraction.
Column = NDArray[Any]
Ids = NDArray[np.int64]
MISSING = -1
# So many values are sooner compared one by one than by `numpy.isin`.
FEW_VALUES = 16
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Facts:
    """One row a record. Words are kept as small numbers, lists of codes as bits.

    Days count from the year 1, moments in microseconds from 1970; ``fractions`` names
    the facts that are no whole numbers. A fact nobody gave reads as missing: it is in
    no list and in no range.
    """

    def __init__(self, fractions: Collection[str] = ()) -> None:
        self._fractions = frozenset(fractions)
        self._alive = np.zeros(0, np.bool_)
        self._columns: dict[str, Column] = {}
        self._codes: dict[str, dict[str | int, int]] = {}
        self._lists: set[str] = set()

    def __len__(self) -> int:
        return len(self._alive)

    def put(self, row: int, facts: Mapping[str, Any]) -> None:
        """Enter the facts of a row: strings, numbers, None or lists."""
        self._grow(row + 1)
        self._alive[row] = True
        for known in self._columns.values():
            known[row] = MISSING
        for name, value in facts.items():
            self._writable(name)[row] = self._encode(name, value)

    def put_many(self, first: int, facts: Mapping[str, Sequence[Any]]) -> None:
        """Enter the facts of rows from ``first`` on that were never used before."""
        size = max((len(values) for values in facts.values()), default=0)
        rows = slice(first, first + size)
        self._grow(rows.stop)
        self._alive[rows] = True
        for name, values in facts.items():
            column = self._writable(name)
            numbers = (self._encode(name, value) for value in values)
            column[rows] = np.fromiter(numbers, column.dtype, size)

    def only(self, rows: Ids) -> Facts:
        """A table of its own with these rows, in this order."""
        found = Facts(self._fractions)
        found._alive = self._alive[rows]
        found._columns = {name: held[rows] for name, held in self._columns.items()}
        found._codes = {name: dict(codes) for name, codes in self._codes.items()}
        found._lists = set(self._lists)
        return found

    def drop(self, row: int) -> None:
        self._alive[row] = False

    def numbers(self, fact: str) -> Column:
        """A fact that is a number, of every row; `MISSING` where nobody gave it."""
        return self._column(fact)

    def words(self, fact: str) -> dict[int, str]:
        """What the numbers of a fact that is a word stand for."""
        return {code: str(word) for word, code in self._codes.get(fact, {}).items()}

    def counts(self, fact: str, which: Mask | Ids) -> dict[str, int]:
        """How many of the rows have each value; of a list, each of its members.

        Of numbers of rows, one counts as often as it is given.
        """
        rows = np.flatnonzero(which) if which.dtype == np.bool_ else which
        column = self._column(fact)[rows]
        column = column[column != MISSING]
        codes = self._codes.get(fact, {})
        if fact in self._lists:
            return {
                str(value): int(np.count_nonzero(column & (1 << code)))
                for value, code in codes.items()
            }
        found = enumerate(np.bincount(column).tolist())
        names = self.words(fact)
        return {names.get(code, str(code)): number for code, number in found if number}

    def everything(self) -> Mask:
        return self._alive.copy()

    def one_of(self, fact: str, values: tuple[str | int, ...]) -> Mask:
        wanted = [self._number(fact, value) for value in values]
        known = [number for number in wanted if number is not None]
        column = self._column(fact)
        if len(known) > FEW_VALUES:
            return np.asarray(self._alive & np.isin(column, known), np.bool_)
        mask = np.zeros(len(column), np.bool_)
        for number in known:
            mask |= column == number
        return mask & self._alive

    def between(self, fact: str, low: Bound | None, high: Bound | None) -> Mask:
        column = self._column(fact)
        mask: Mask = self._alive & (column != MISSING)
        if low is not None:
            mask &= column >= as_number(low)
        if high is not None:
            mask &= column <= as_number(high)
        return mask

    def after(self, fact: str, bound: Bound) -> Mask:
        column = self._column(fact)
        mask: Mask = self._alive & (column != MISSING)
        return mask & (column > as_number(bound))

    def includes(self, fact: str, values: tuple[str, ...]) -> Mask:
        column = self._column(fact)
        wanted = sum(1 << code for code in set(self._known(fact, values)))
        mask: Mask = self._alive & (column != MISSING) & ((column & wanted) != 0)
        return mask

    def _column(self, fact: str) -> Column:
        column = self._columns.get(fact)
        return np.full(len(self._alive), MISSING) if column is None else column

    def _writable(self, fact: str) -> Column:
        if fact not in self._columns:
            kind = np.float64 if fact in self._fractions else np.int64
            self._columns[fact] = np.full(len(self._alive), MISSING, kind)
        return self._columns[fact]

    def _known(self, fact: str, values: Iterable[str | int]) -> list[int]:
        codes = self._codes.get(fact, {})
        return [codes[value] for value in values if value in codes]

    def _number(self, fact: str, value: str | int) -> int | None:
        if isinstance(value, int):
            return value
        return self._codes.get(fact, {}).get(value)

    def _encode(self, name: str, value: Any) -> int | float:
        if value is None:
            return MISSING
        if isinstance(value, list | tuple):
            self._lists.add(name)
            return sum(1 << self._code(name, member) for member in set(value))
        if isinstance(value, int | float | date):
            return as_number(value)
        return self._code(name, str(value))

    def _code(self, name: str, value: str) -> int:
        codes = self._codes.setdefault(name, {})
        return codes.setdefault(value, len(codes))

    def _grow(self, size: int) -> None:
        if size <= len(self._alive):
            return
        extra = max(size - len(self._alive), len(self._alive), 256)
        self._alive = np.append(self._alive, np.zeros(extra, np.bool_))
        for name, column in self._columns.items():
            more = np.full(extra, MISSING, column.dtype)
            self._columns[name] = np.append(column, more)


def as_number(value: Bound) -> int | float:
    """A day or a moment as a number that grows with it."""
    if isinstance(value, datetime):
        return (value - EPOCH) // MICROSECOND
    return value.toordinal() if isinstance(value, date) else value
