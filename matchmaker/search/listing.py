"""What a list of records is made of, and a list without its pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from index.explain import Segment
from models import Record
from models.conditions import Condition
from models.outbox import RecordType

from .schema import Sort


@dataclass(frozen=True)
class Option:
    value: str
    label: str
    count: int
    selected: bool


@dataclass(frozen=True)
class Facet:
    name: str
    label: str
    options: list[Option]


@dataclass(frozen=True)
class Row:
    """One line of a list.

    answer  the sentence that speaks to the words, cut into (text, marked)
    parts   what the score was computed from, by name; empty without words
    """

    item: Record
    answer: list[Segment] = field(default_factory=list)
    parts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Listing:
    kind: RecordType
    rows: list[Row]
    total: int
    page: int
    pages: int
    facets: list[Facet]
    sort: Sort
    sorts: tuple[Sort, ...]


@dataclass(frozen=True)
class Whole:
    """A list without its pages.

    condition  what each of its records meets, to be asked again on reading them
    ranked     whether words put it in order, and cut it at `DEEPEST`
    rows       reads some of its records, each with what answers the words
    """

    kind: RecordType
    ids: list[int]
    condition: Condition
    ranked: bool
    rows: Callable[[Sequence[int]], list[Row]]
