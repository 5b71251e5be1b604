"""Search and lists of needs, achievements and calls, and matching a text."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from models import Call, kind_of, utcnow
from models.conditions import Condition
from models.outbox import RecordType
from models.states import CallPhase, Mode

from .. import policies
from ..accounts.current import current, signed_in
from ..api.answers import Output, Place, Slice
from ..api.operations import Operations
from ..db import db
from ..errors import Invalid
from ..needs import budgets
from . import rows
from .listing import Row
from .live import live_index
from .schema import ListQuery
from .service import whole
from .web import searches
from .words import says_nothing

operations = Operations("search", "检索与匹配")

VAGUE = "这些词太笼统，无法检索"


class Found(Output):
    """A record as a line of a list.

    ``answer`` is the sentence that speaks to the words, or how the text begins;
    ``phase`` the state of a call by the clock of this moment. What a need has, an
    achievement asks or a call pays lies between ``amount_low`` and ``amount_high``,
    in 分; null is 面议.
    """

    id: int
    kind: RecordType
    title: str
    organisation: str
    field: str
    district: str | None
    status: str
    phase: CallPhase | None
    trl: int | None
    trl_scale: int | None
    modes: list[Mode]
    amount_low: int | None
    amount_high: int | None
    deadline: date | None
    opens_at: datetime | None
    closes_at: datetime | None
    published_at: datetime | None
    answer: str
    parts: dict[str, float]
    demo: bool


class SearchQuery(ListQuery):
    """Words, and the kind of record they are looked for in."""

    kind: RecordType = RecordType.ACHIEVEMENT
    q: Annotated[str, Field(min_length=1, max_length=2000)]


def found(row: Row) -> Found:
    """The line as the caller may read it."""
    user, item, now = current(), row.item, utcnow()
    card, budget = rows.card(user, item, now), budgets.seen(user, item)
    return Found(
        id=item.id,
        kind=kind_of(item),
        title=card["title"],
        organisation=card["organisation_label"],
        field=item.field,
        district=getattr(item, "district", None),
        status=str(item.status),
        phase=item.phase(now) if isinstance(item, Call) else None,
        trl=card.get("trl"),
        trl_scale=card.get("trl_scale"),
        modes=getattr(item, "cooperation", None) or getattr(item, "modes", []),
        amount_low=budget.low,
        amount_high=budget.high,
        deadline=getattr(item, "deadline", None),
        opens_at=getattr(item, "opens_at", None),
        closes_at=getattr(item, "closes_at", None),
        published_at=item.published_at,
        answer="".join(text for text, _ in rows.snippet(card, row)),
        parts=dict(row.parts),
        demo=item.is_demo,
    )


@searches
def count_search() -> None:
    """Take the request from the allowance for searches; it may be refused here."""


def listed(
    kind: RecordType,
    query: ListQuery,
    place: Place,
    *,
    own: bool = False,
    base: Condition | None = None,
) -> Slice[Found]:
    """The list the pages show, by the same words, facets and order.

    ``own`` are the records of one's organisation, or those that meet ``base``.
    """
    if query.q and not own:
        count_search()
    user = current()
    states = own or policies.searches_inside(user)
    if not states:
        query = query.model_copy(update={"status": []})
    if not own and query.q and says_nothing(query.q):
        raise Invalid({"q": VAGUE})
    every = whole(
        db.session,
        live_index(),
        user,
        kind,
        query,
        base=(base or policies.owned(signed_in(), kind)) if own else None,
        ranked=not own,
        states=states,
        now=utcnow(),
    )
    return place.among(every.ids, every.rows, found)


@operations.get("/search", "search.results", "按意思检索一类信息")
def results(query: SearchQuery, place: Place) -> Slice[Found]:
    return listed(query.kind, query, place)
