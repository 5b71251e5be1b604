"""A person's work list, for programs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask import url_for

from models import utcnow

from ..accounts.current import signed_in
from ..api.answers import Output, Place, Slice
from ..api.operations import Operations
from ..api.parts import numbered
from ..calendar import service as calendar
from ..calendar.current import city_days
from ..db import db
from . import service
from .schema import WorkQuery
from .service import Item
from .web import when

operations = Operations("work", "待办")


class WorkLine(Output):
    """One thing that waits.

    ``id`` is that of the record, ``page`` where a person deals with it. ``due`` is the
    day by which it should be done, where there is one; ``waited`` counts working days.
    """

    id: int
    source: str
    label: str
    act: str
    title: str
    context: str | None
    since: datetime
    waited: int
    due: date | None
    page: str
    demo: bool


class SourceLine(Output):
    """How much of one kind waits; ``at_least`` where there may be more."""

    source: str
    label: str
    number: int
    at_least: bool


class ObservationLine(Output):
    """A number that staff may care to look at, as of ``at``."""

    name: str
    number: int
    at: datetime


class WorkCounts(Output):
    """How much waits of each kind that may be this person's work."""

    sources: list[SourceLine]
    observed: list[ObservationLine]


def shown(item: Item) -> WorkLine:
    """The item as a line of the list."""
    now = utcnow()
    return WorkLine(
        id=item.id,
        source=item.source.name,
        label=item.source.label,
        act=item.source.act,
        title=item.title,
        context=item.context,
        since=item.since,
        waited=calendar.waited(city_days(), item.since, now),
        due=item.due,
        page=url_for(item.page, **{item.argument: item.id}),  # type: ignore[arg-type]
        demo=item.is_demo,
    )


@operations.get("/work", "work.index", "轮到我处理的事")
def index(query: WorkQuery, place: Place) -> Slice[WorkLine]:
    """有期限的在前，其余按等待时间从长到短。"""

    def read(part: Any) -> Any:
        found = service.work_list(db.session, signed_in(), query, when(), part=part)
        return found.items, found.total

    return numbered(place, read, shown)


@operations.get("/work-counts", "work.index", "各类待办有多少")
def counts() -> WorkCounts:
    user = signed_in()
    found = service.work_list(db.session, user, WorkQuery(), when(), size=1)
    observed = service.observed(db.session, user)
    return WorkCounts(
        sources=[
            SourceLine(
                source=source.name,
                label=source.label,
                number=number,
                at_least=number >= service.MOST_LISTED,
            )
            for source, number in found.counts.items()
        ],
        observed=[ObservationLine.model_validate(one) for one in observed.values()],
    )
