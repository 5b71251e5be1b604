"""Lists in pages: which page is there for the one asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Generic, TypeVar

from sqlalchemy import Select
from sqlalchemy.orm import Session

Item = TypeVar("Item")
# Rows that are read at once where all pages leave together.
AT_ONCE = 500


@dataclass(frozen=True)
class Part:
    """Some rows of a list, as a program asks for them: so many after the first ones."""

    start: int
    size: int


@dataclass(frozen=True)
class Turn:
    """A page of a list; a list of nothing has one page, and it is empty.

    ``page`` is the one there is, counted from 1: beyond the last it is the last.
    ``first`` is where a part begins that is no page.
    """

    page: int
    pages: int
    size: int
    first: int | None = None

    @property
    def start(self) -> int:
        """How many rows stand before it."""
        return (self.page - 1) * self.size if self.first is None else self.first

    def rows(self, query: Select[Any]) -> Any:
        """The query, narrowed to the rows of this page."""
        return query.offset(self.start).limit(self.size)


@dataclass(frozen=True)
class Page(Generic[Item]):
    """One page of a list; ``page`` is the one shown, not the one asked for."""

    items: Sequence[Item]
    total: int
    page: int
    pages: int


def turn(asked: int | Part, total: int, size: int) -> Turn:
    """The page to show of ``total`` rows, ``size`` a page; or just the part."""
    if isinstance(asked, Part):
        return Turn(1, 1, asked.size, asked.start)
    pages = max(1, ceil(total / size))
    return Turn(min(asked, pages), pages, size)


def streamed(session: Session, query: Select[Any]) -> Iterator[Any]:
    """The records of all pages, read in portions, none of them kept."""
    yield from session.scalars(query.execution_options(yield_per=AT_ONCE))
