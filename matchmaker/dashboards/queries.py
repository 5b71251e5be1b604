"""Read the ledger: what the contracts that are meant add up to.

A board is one read of a covering index (`ix_contracts_recognised`), cut in memory:
every figure of a page comes from the same rows, so that the parts of a whole cannot
disagree with it, and nothing is kept that could grow old (`docs/decisions.md`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, String, cast, func, select
from sqlalchemy.orm import Session

from models import Contract
from models.regions import flow
from models.states import COUNTED_CONTRACTS

from ..contracts.cuts import PLACES, Condition, counted
from ..contracts.groupings import (
    SIZE_STEPS_FEN,
    SIZES,
    UNKNOWN,
    Cell,
    Grouping,
    Sum,
    in_order,
    place_key,
    words,
)

Numbers = NDArray[np.int64]

# -- What they add up to ---------------------------------------------------------


# What a board is cut by; all of it stands in the index `ix_contracts_recognised`.
# Columns of few different values travel together as one text, and the rows of a column
# as one long text: tens of thousands of small objects would cost more than the reading
# itself, and set off the collector of garbage (`docs/decisions.md`).
_PART, _ROW = "\x1f", "\x1e"
# What a yes is called, by SQLite and by PostgreSQL.
_TRUE = frozenset({"1", "true"})
_READ: tuple[tuple[str, ...], ...] = (
    ("recognised_on", "is_demo"),
    ("type", "source", "buyer_kind", "seller_kind"),
    ("field", "technology_field"),
    ("seller_region", "buyer_region"),
)


def read(session: Session, conditions: Iterable[Condition]) -> Columns:
    """The contracts that meet the conditions; these say too who may know of them."""
    table: Any = Contract.__table__
    columns = [_joined([table.c[name] for name in names]) for names in _READ]
    columns += [_text(table.c.total_fen, "0"), _text(table.c.technology_fen, "0")]
    # All are gathered in one pass over the rows, so that they stand in one order.
    query = select(*(func.aggregate_strings(column, _ROW) for column in columns)).where(
        *conditions
    )
    found = session.execute(query).one()
    return Columns([[] if text is None else text.split(_ROW) for text in found])


def _joined(columns: Sequence[ColumnElement[Any]]) -> ColumnElement[str]:
    first, *rest = [_text(column, "") for column in columns]
    joined: ColumnElement[str] = first
    for text in rest:
        joined = joined.concat(_PART).concat(text)
    return joined


def _text(column: ColumnElement[Any], empty: str) -> ColumnElement[str]:
    return func.coalesce(cast(column, String), empty)


class Columns:
    """Some contracts, column by column, and what they add up to.

    ``columns`` are the four texts of `_READ`, 成交额 and 技术交易额. Sums are of whole
    numbers of 64 bits: exact.
    """

    def __init__(self, columns: Sequence[Sequence[str]]) -> None:
        *texts, totals, technology = columns
        self.count = len(totals)
        if {len(column) for column in columns} != {self.count}:
            raise ValueError("the columns of the ledger are not of one length")
        self._totals = np.fromiter(map(int, totals), np.int64, self.count)
        self._technology = np.fromiter(map(int, technology), np.int64, self.count)
        # Of each text: the different values, in parts, and which of them a row has.
        self._values: list[list[list[str]]] = []
        self._codes: list[Numbers] = []
        for column in texts:
            places = {value: place for place, value in enumerate(dict.fromkeys(column))}
            self._values.append([value.split(_PART) for value in places])
            codes = map(places.__getitem__, column)
            self._codes.append(np.fromiter(codes, np.int64, self.count))

    @property
    def sum(self) -> Sum:
        return Sum(self.count, int(self._totals.sum()), int(self._technology.sum()))

    @property
    def demo(self) -> int:
        """How many of them are demonstration data."""
        sums = self._by("is_demo", lambda values: values[1])
        return sum(each.count for flag, each in sums.items() if flag in _TRUE)

    def cut(self, grouping: Grouping, terms: Mapping[str, str]) -> list[Cell]:
        """The parts by this grouping; together they are the whole."""
        cells = (
            Cell(key, words(grouping, key, terms), total)
            for key, total in self.sums(grouping).items()
        )
        return in_order(grouping, cells)

    def sums(self, grouping: Grouping) -> dict[str, Sum]:
        """The sum of each key that any of them has."""
        if grouping is Grouping.SIZE:
            steps = np.array(SIZE_STEPS_FEN, np.int64)
            places = np.searchsorted(steps, self._totals, "right")
            found = self._add(places, list(SIZES))
            return {key: each for key, each in found.items() if each.count}
        if grouping is Grouping.FLOW:
            return self._by("seller_region", lambda pair: flow(*pair).value)
        column = PLACES[grouping].key if grouping in PLACES else grouping.value
        if grouping is Grouping.MONTH:
            column = "recognised_on"
        place = next(names.index(column) for names in _READ if column in names)
        key_of = _KEYS.get(grouping, _or_unknown)
        return self._by(column, lambda values: key_of(values[place]))

    def days(self) -> dict[date, int]:
        """成交额 of each day on which something was recognised, in fen."""
        sums = self._by("recognised_on", lambda values: values[0])
        return {date.fromisoformat(d): each.total_fen for d, each in sums.items() if d}

    def _by(self, column: str, key_of: Callable[[list[str]], str]) -> dict[str, Sum]:
        """Sum by key, of which the few different values are asked, not every row."""
        text = next(place for place, names in enumerate(_READ) if column in names)
        keys: dict[str, int] = {}
        key_at = [
            keys.setdefault(key_of(values), len(keys)) for values in self._values[text]
        ]
        return self._add(np.array(key_at, np.int64)[self._codes[text]], list(keys))

    def _add(self, places: NDArray[Any], keys: Sequence[str]) -> dict[str, Sum]:
        counts = np.bincount(places, minlength=len(keys))
        totals, technology = (np.zeros(len(keys), np.int64) for _ in range(2))
        np.add.at(totals, places, self._totals)
        np.add.at(technology, places, self._technology)
        numbers = (counts.tolist(), totals.tolist(), technology.tolist())
        return {
            key: Sum(*each)
            for key, each in zip(keys, zip(*numbers, strict=True), strict=True)
        }


def _or_unknown(value: str) -> str:
    return value or UNKNOWN


def _month(day: str) -> str:
    return str(int(day[5:7])) if day else UNKNOWN


# How a key is made of a value, where it is not the value itself.
_KEYS: Mapping[Grouping, Callable[[str], str]] = {
    Grouping.MONTH: _month,
    Grouping.DISTRICT: place_key,
    Grouping.BUYER_DISTRICT: place_key,
}


def total(session: Session, conditions: Iterable[Condition]) -> Sum:
    """What the contracts add up to, without cutting them."""
    query = select(
        func.count(), func.sum(Contract.total_fen), func.sum(Contract.technology_fen)
    ).where(*conditions)
    count, total_fen, technology_fen = session.execute(query).one()
    return Sum(count, int(total_fen or 0), int(technology_fen or 0))


def days(
    session: Session, first: date, last: date, conditions: Iterable[Condition] = ()
) -> dict[int, dict[date, int]]:
    """成交额 of each day, by year, of what was recognised from one day to another."""
    query = (
        select(Contract.recognised_on, func.sum(Contract.total_fen))
        .where(counted(first, last), *conditions)
        # By state too: then the index has them in this order already.
        .group_by(Contract.state, Contract.recognised_on)
    )
    found: dict[int, dict[date, int]] = {}
    for day, fen in session.execute(query):
        if day is not None:
            year = found.setdefault(day.year, {})
            year[day] = year.get(day, 0) + int(fen or 0)
    return found


def first_year(session: Session) -> int | None:
    """The year of the first contract that counts; None while there is none."""
    firsts = [
        select(func.min(Contract.recognised_on))
        .where(Contract.state == state)
        .scalar_subquery()
        for state in sorted(COUNTED_CONTRACTS)
    ]
    found = [day for day in session.execute(select(*firsts)).one() if day]
    return min(found).year if found else None
