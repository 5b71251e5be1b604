"""The facts of indexed records as columns, for conditions to become masks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.conditions import Mask

Column = NDArray[np.int64]
MISSING = -1


class Facts:
    """One row a record. Words are kept as small numbers, lists of codes as bits.

    A fact nobody gave reads as missing: it is in no list and in no range.
    """

    def __init__(self) -> None:
        self._alive = np.zeros(0, np.bool_)
        self._columns: dict[str, Column] = {}
        self._codes: dict[str, dict[str | int, int]] = {}

    def __len__(self) -> int:
        return len(self._alive)

    def put(self, row: int, facts: Mapping[str, Any]) -> None:
        """Enter the facts of a row: strings, numbers, None or lists."""
        self._grow(row + 1)
        self._alive[row] = True
        for known in self._columns.values():
            known[row] = MISSING
        for name, value in facts.items():
            column = self._columns.get(name)
            if column is None:
                column = np.full(len(self._alive), MISSING, np.int64)
                self._columns[name] = column
            column[row] = self._encode(name, value)

    def drop(self, row: int) -> None:
        self._alive[row] = False

    def everything(self) -> Mask:
        return self._alive.copy()

    def one_of(self, fact: str, values: tuple[str | int, ...]) -> Mask:
        wanted = [self._number(fact, value) for value in values]
        known = [number for number in wanted if number is not None]
        return np.asarray(self._alive & np.isin(self._column(fact), known), np.bool_)

    def between(self, fact: str, low: int | None, high: int | None) -> Mask:
        column = self._column(fact)
        mask: Mask = self._alive & (column != MISSING)
        if low is not None:
            mask &= column >= low
        if high is not None:
            mask &= column <= high
        return mask

    def includes(self, fact: str, values: tuple[str, ...]) -> Mask:
        column = self._column(fact)
        wanted = sum(1 << code for code in set(self._known(fact, values)))
        mask: Mask = self._alive & (column != MISSING) & ((column & wanted) != 0)
        return mask

    def _column(self, fact: str) -> Column:
        column = self._columns.get(fact)
        return np.full(len(self._alive), MISSING) if column is None else column

    def _known(self, fact: str, values: Iterable[str | int]) -> list[int]:
        codes = self._codes.get(fact, {})
        return [codes[value] for value in values if value in codes]

    def _number(self, fact: str, value: str | int) -> int | None:
        if isinstance(value, int):
            return value
        return self._codes.get(fact, {}).get(value)

    def _encode(self, name: str, value: Any) -> int:
        if value is None:
            return MISSING
        if isinstance(value, list | tuple):
            return sum(1 << self._code(name, member) for member in set(value))
        if isinstance(value, int):
            return value
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
            self._columns[name] = np.append(column, np.full(extra, MISSING))
