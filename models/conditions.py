"""A rule about records, written once and read two ways: as SQL and as a mask.

What a reader may see and what a list is filtered by are decided on a few facts
of a record. The database needs the rule as a WHERE clause, the search index as
a mask over its rows, applied before anything is ranked or cut. Both come from
the same `Condition`, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, String, and_, cast, false, or_, true

Mask = NDArray[np.bool_]
Column = Callable[[str], ColumnElement[Any]]
# A number, a day or a moment (which is a day with a time).
Bound = int | float | date


class FactTable(Protocol):
    """The facts of the records of an index, one row a record."""

    def everything(self) -> Mask: ...
    def one_of(self, fact: str, values: tuple[str | int, ...]) -> Mask: ...
    def between(self, fact: str, low: Bound | None, high: Bound | None) -> Mask: ...
    def after(self, fact: str, bound: Bound) -> Mask: ...
    def includes(self, fact: str, values: tuple[str, ...]) -> Mask: ...


@dataclass(frozen=True)
class OneOf:
    """The fact is one of these values; an empty list allows nothing."""

    fact: str
    values: tuple[str | int, ...]

    def sql(self, column: Column) -> ColumnElement[bool]:
        return column(self.fact).in_(self.values) if self.values else false()

    def mask(self, facts: FactTable) -> Mask:
        return facts.one_of(self.fact, self.values)


@dataclass(frozen=True)
class Between:
    """The number, day or moment lies in [low, high]; a missing one never does."""

    fact: str
    low: Bound | None = None
    high: Bound | None = None

    def sql(self, column: Column) -> ColumnElement[bool]:
        value = column(self.fact)
        return and_(
            value.is_not(None),
            value >= self.low if self.low is not None else true(),
            value <= self.high if self.high is not None else true(),
        )

    def mask(self, facts: FactTable) -> Mask:
        return facts.between(self.fact, self.low, self.high)


@dataclass(frozen=True)
class After:
    """The day or moment is later than the bound; a missing one never is."""

    fact: str
    bound: Bound

    def sql(self, column: Column) -> ColumnElement[bool]:
        value = column(self.fact)
        return and_(value.is_not(None), value > self.bound)

    def mask(self, facts: FactTable) -> Mask:
        return facts.after(self.fact, self.bound)


@dataclass(frozen=True)
class Includes:
    """The list of codes holds at least one of these."""

    fact: str
    values: tuple[str, ...]

    def sql(self, column: Column) -> ColumnElement[bool]:
        # A JSON list of ASCII codes; the quotes keep «licence» out of «open_licence».
        text = cast(column(self.fact), String)
        found = (text.contains(f'"{value}"', autoescape=True) for value in self.values)
        return or_(false(), *found)

    def mask(self, facts: FactTable) -> Mask:
        return facts.includes(self.fact, self.values)


@dataclass(frozen=True)
class Every:
    """All of the conditions; with none of them, everything."""

    parts: tuple[Condition, ...] = ()

    def sql(self, column: Column) -> ColumnElement[bool]:
        return and_(true(), *(part.sql(column) for part in self.parts))

    def mask(self, facts: FactTable) -> Mask:
        mask = facts.everything()
        for part in self.parts:
            mask &= part.mask(facts)
        return mask


@dataclass(frozen=True)
class AtLeastOne:
    """One of the conditions or more; with none of them, nothing."""

    parts: tuple[Condition, ...] = ()

    def sql(self, column: Column) -> ColumnElement[bool]:
        return or_(false(), *(part.sql(column) for part in self.parts))

    def mask(self, facts: FactTable) -> Mask:
        # Not the opposite of everything: that would hold the rows that are gone.
        mask = np.zeros_like(facts.everything())
        for part in self.parts:
            mask |= part.mask(facts)
        return mask


Condition = OneOf | Between | After | Includes | Every | AtLeastOne
EVERYTHING = Every()
NOTHING = AtLeastOne()
