"""The shape of a source of work: one kind of thing that waits for somebody.

Each feature says what of it waits in its own `waiting.py`; `sources` puts them
together. Nothing of the features is known here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    Select,
    String,
    cast,
    literal,
    null,
    select,
)

from models.outbox import RecordType
from models.states import Role

if TYPE_CHECKING:
    from ..posting.terms import Window

AnySelect = Select[*tuple[Any, ...]]
ENTERPRISE, UNIVERSITY = frozenset({Role.ENTERPRISE}), frozenset({Role.UNIVERSITY})
SIDES, MANAGERS = ENTERPRISE | UNIVERSITY, frozenset({Role.MANAGER})
EXPERTS = frozenset({Role.EXPERT})
STAFF = frozenset({Role.STAFF, Role.ADMIN})


@dataclass(frozen=True)
class Days:
    """The days the list is of; what ends by ``soon`` is about to end.

    ``ending`` says the same for each kind that ends by the clock. Talks in which
    nothing happened since before ``quiet`` need a push; what of them waits since before
    ``overdue`` is a task of the staff. So many experts as ``panel_size`` judge a bid,
    and what they owe by ``eve`` is due at once.
    All of them may be parameters, filled in when the query is sent.
    """

    today: date | BindParameter[date]
    soon: date | BindParameter[date]
    ending: Mapping[RecordType, Window]
    quiet: datetime | BindParameter[datetime]
    overdue: datetime | BindParameter[datetime]
    now: datetime | BindParameter[datetime]
    panel_size: int | BindParameter[int]
    tonight: datetime | BindParameter[datetime]
    eve: date | BindParameter[date]


@dataclass(frozen=True)
class When(Days):
    """The moment the list is of."""

    today: date
    soon: date
    quiet: datetime
    overdue: datetime
    now: datetime
    panel_size: int
    tonight: datetime
    eve: date


class Remind(Enum):
    """When somebody is reminded of what waits; always once a wait."""

    AFTER_A_WAIT = "after_a_wait"
    AT_ONCE = "at_once"
    NEVER = "never"


@dataclass(frozen=True, eq=False)
class Source:
    """One kind of thing that waits for somebody.

    name     in addresses and in the table of reminders: never change it
    label    what waits, after a number: «3 条被退回的需求» leaves out the number
    act      what one does about it, on the button
    roles    whose work it is
    owner    the organisation whose members it waits for
    person   the one person it waits for; without either it is for the platform's staff
    waiting  a query with the columns of `columns`
    dated    whether its rows have a day by which they are due
    local    whether its rows say their district or field, so that a node has its own
    pages    by the column ``variant``: the endpoint a row leads to, and the name of
             the argument that gets its id
    """

    name: str
    label: str
    act: str
    roles: frozenset[Role]
    waiting: Callable[[Days], AnySelect]
    pages: Mapping[str, tuple[str, str]]
    owner: Any = None
    remind: Remind = Remind.AFTER_A_WAIT
    due_words: str = "截止"
    dated: bool = False
    person: Any = None
    local: bool = False


def columns(
    record_id: Any,
    title: Any,
    since: Any,
    *,
    is_demo: Any,
    context: Any = None,
    due: Any = None,
    variant: Any = None,
    district: Any = None,
    field: Any = None,
) -> list[ColumnElement[Any]]:
    """The columns of a source.

    since    from when it waits; with the id it tells one wait from another
    context  what the title is to be read with, such as the other side of a pair
    due      the day it is about, where there is one; such rows come first
    district, field   by which a node has it; only of sources that are ``local``
    """
    return [
        record_id.label("id"),
        cast(title, String).label("title"),
        cast(null() if context is None else context, String).label("context"),
        since.label("since"),
        # SQLite would read a cast day as a number; only nothing needs its type said.
        (cast(null(), Date) if due is None else due).label("due"),
        is_demo.label("is_demo"),
        cast(literal("") if variant is None else variant, String).label("variant"),
        cast(null() if district is None else district, String).label("district"),
        cast(null() if field is None else field, String).label("field"),
    ]


def from_rows(rows: Any, **other: Any) -> AnySelect:
    """The columns of a source, of rows that have them by name.

    ``other`` are columns that the rows have not, or not by this name.
    """
    named = {name: rows.c.get(name) for name in ("context", "due")} | other
    own = rows.c
    return select(*columns(own.id, own.title, own.since, is_demo=own.is_demo, **named))


def source_of(
    name: str,
    label: str,
    act: str,
    rows: Any,
    pages: Mapping[str, tuple[str, str]],
    roles: frozenset[Role] | None = None,
    *,
    when: Callable[[Any, Days], ColumnElement[bool]] | None = None,
    **more: Any,
) -> Source:
    """A source of rows; they wait for whom they name as ``owner`` or ``person``.

    Without ``roles`` they are either side's where they name an owner, else the staff's.
    ``when`` says which of them wait on the day of the list; all of them without.
    """
    owner, person = rows.c.get("owner"), rows.c.get("person")
    if roles is None:
        roles = STAFF if owner is None else SIDES

    def waiting(days: Days) -> AnySelect:
        found = from_rows(rows)
        return found if when is None else found.where(when(rows.c, days))

    return Source(name, label, act, roles, waiting, pages, owner, person=person, **more)


def is_near(row: Any, days: Days) -> ColumnElement[bool]:
    """What has a day, from shortly before it; what has none, always."""
    near: ColumnElement[bool] = row.due.is_(None) | (row.due <= days.soon)
    return near
