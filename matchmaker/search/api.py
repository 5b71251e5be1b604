"""Search and lists of needs, achievements and calls, and matching a text."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from models import kind_of, utcnow
from models.conditions import Condition
from models.outbox import RecordType

from .. import policies
from ..accounts.current import current, signed_in
from ..api.answers import Output, Place, Slice
from ..api.operations import Operations
from ..db import db
from ..errors import Invalid
from . import rows
from .listing import Row
from .live import live_index
from .schema import ListQuery
from .service import whole
from .words import says_nothing

operations = Operations("search", "检索与匹配")

VAGUE = "这些词太笼统，无法检索"


class Found(Output):
    """A record as a line of a list.

    ``answer`` is the sentence that speaks to the words, or how the text begins.
    """

    id: int
    kind: RecordType
    title: str
    organisation: str
    field: str
    status: str
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
    item = row.item
    card = rows.card(current(), item, utcnow())
    return Found(
        id=item.id,
        kind=kind_of(item),
        title=card["title"],
        organisation=card["organisation_label"],
        field=item.field,
        status=str(item.status),
        published_at=item.published_at,
        answer="".join(text for text, _ in rows.snippet(card, row)),
        parts=dict(row.parts),
        demo=item.is_demo,
    )


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
