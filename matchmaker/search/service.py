"""Lists, facets and search over needs, achievements and calls.

A list is counted and put in order by columns held in memory (`index.catalogue`),
with words the index ranks; the rows come from the tables. The reader's condition
holds in each of the three.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from math import ceil
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from index.columns import Columns, Order, is_draft
from index.explain import answer, segments
from index.hybrid import Hit, HybridIndex, Question
from index.ranking import SEARCH_FLOOR
from index.sync import LiveIndex
from models import TABLES, Achievement, Call, Need, Record, User
from models.conditions import EVERYTHING, Condition, Every, Includes, Mask, OneOf
from models.fields import DISTRICTS, FIELDS
from models.outbox import RecordType
from models.states import AchievementStatus, CallStatus, Mode, NeedStatus, Stage

from .. import policies
from ..labels import label
from .listing import Facet, Listing, Option, Row, Whole
from .schema import ListQuery, Sort

PER_PAGE = 20
DEEPEST = 200

# Facet name in the URL -> the column it is about, for each kind.
FACETS: dict[RecordType, dict[str, str]] = {
    RecordType.NEED: {
        "field": "field",
        "district": "district",
        "mode": "cooperation",
        "trl": "trl_expected",
    },
    RecordType.ACHIEVEMENT: {
        "field": "field",
        "stage": "stage",
        "mode": "modes",
        "trl": "trl",
    },
    RecordType.CALL: {"field": "field"},
}
FACET_LABELS = {
    "field": "技术领域",
    "district": "区县",
    "mode": "合作方式",
    "trl": "技术成熟度",
    "stage": "所处阶段",
    "status": "状态",
}
SORTS: dict[RecordType, tuple[Sort, ...]] = {
    RecordType.NEED: (Sort.NEWEST, Sort.DEADLINE, Sort.AMOUNT),
    RecordType.ACHIEVEMENT: (Sort.NEWEST, Sort.TRL, Sort.AMOUNT),
    RecordType.CALL: (Sort.NEWEST, Sort.DEADLINE, Sort.AMOUNT),
}
STATES: dict[RecordType, type[StrEnum]] = {
    RecordType.NEED: NeedStatus,
    RecordType.ACHIEVEMENT: AchievementStatus,
    RecordType.CALL: CallStatus,
}
TEXTS = {
    RecordType.NEED: ("title", "problem", "scene"),
    RecordType.ACHIEVEMENT: ("title", "abstract", "inventors", "applications"),
    RecordType.CALL: ("title", "background"),
}
ORDERS = {
    Sort.NEWEST: Order.NEWEST,
    Sort.DEADLINE: Order.DEADLINE,
    Sort.AMOUNT: Order.AMOUNT,
    Sort.TRL: Order.READINESS,
}


def browse(
    session: Session,
    index: LiveIndex,
    user: User | None,
    kind: RecordType,
    query: ListQuery,
    *,
    base: Condition | None = None,
    facets: bool = True,
    ranked: bool = True,
    states: bool = False,
    size: int = PER_PAGE,
    now: datetime,
) -> Listing:
    """One page of the records this reader may see that answer the query.

    ``base`` narrows the list further (a public list: `policies.listed`; one's
    own: `policies.owned`); the reader's own condition always holds. ``ranked``
    off looks for the very words instead of their meaning: for one's own records,
    which an index for outsiders does not hold in every state. With ``states``
    the state is a facet, and choosing one leads out of the public list. ``size``
    is the number of rows on a page.
    """
    search = _search(
        session, index, user, kind, query, base, ranked=ranked, states=states, now=now
    )
    sort = _sort(kind, query, search.ranks)
    shown, found = search.run(sort, size, facets)
    rows = search.page(shown)
    sorts = ((Sort.RELEVANCE,) if search.ranks else ()) + SORTS[kind]
    pages = max(1, ceil(search.total / size))
    return Listing(kind, rows, search.total, query.page, pages, found, sort, sorts)


def whole(
    session: Session,
    index: LiveIndex,
    user: User | None,
    kind: RecordType,
    query: ListQuery,
    *,
    base: Condition | None = None,
    ranked: bool = True,
    states: bool = False,
    now: datetime,
) -> Whole:
    """What all pages of the same `browse` show together."""
    search = _search(
        session, index, user, kind, query, base, ranked=ranked, states=states, now=now
    )
    ids = search.all(_sort(kind, query, search.ranks))
    return Whole(kind, ids, search.condition(None), search.ranks, search.page)


def _search(
    session: Session,
    index: LiveIndex,
    user: User | None,
    kind: RecordType,
    query: ListQuery,
    base: Condition | None,
    *,
    ranked: bool,
    states: bool,
    now: datetime,
) -> _Search:
    """The search that the list is, for this reader at this moment."""
    wide = Every((policies.visible(user, kind), base or EVERYTHING))
    public = base is None and not (states and query.status)
    scope = Every((wide, policies.listed(kind, now))) if public else wide
    words = query.q.strip()
    search = _Search(session, index, user, kind, words, scope, query, ranked)
    search.any_state = wide if states else None
    search.base = base
    return search


def _sort(kind: RecordType, query: ListQuery, words: bool) -> Sort:
    allowed = SORTS[kind] + ((Sort.RELEVANCE,) if words else ())
    default = Sort.RELEVANCE if words else Sort.NEWEST
    return query.sort if query.sort in allowed else default


def chosen(query: ListQuery, kind: RecordType, skip: str | None = None) -> Condition:
    """The facets of the query as a condition, leaving out the group ``skip``."""
    parts: list[Condition] = []
    for name, column in (FACETS[kind] | {"status": "status"}).items():
        values = tuple(getattr(query, name))
        if name == skip or not values:
            continue
        plain = tuple(value if name == "trl" else str(value) for value in values)
        kind_of = Includes if name == "mode" else OneOf
        parts.append(kind_of(column, plain))
    return Every(tuple(parts))


class _Search:
    """One request's searches: the same words under several conditions."""

    def __init__(
        self,
        session: Session,
        index: LiveIndex,
        user: User | None,
        kind: RecordType,
        words: str,
        scope: Condition,
        query: ListQuery,
        ranked: bool,
    ) -> None:
        self.session, self.index, self.user = session, index, user
        self.ranks = bool(words) and ranked
        self.kind, self.words, self.scope, self.query = kind, words, scope, query
        self.model: Any = TABLES[kind]
        self.hits: dict[int, Hit] = {}
        self.found: dict[str | None, list[int]] = {}
        self.any_state: Condition | None = None  # what the facet of states counts
        self.base: Condition | None = None
        self.total = 0
        self.inside = policies.searches_inside(user)

    @cached_property
    def copy(self) -> HybridIndex:
        """The index as the search saw it; catching up asks the tables each time."""
        return self.index.caught_up(self.session)

    @cached_property
    def question(self) -> Question:
        return self.index.question(self.words)

    def condition(self, skip: str | None) -> Condition:
        scope = (self.any_state or self.scope) if skip == "status" else self.scope
        return Every((scope, chosen(self.query, self.kind, skip)))

    def ids(self, skip: str | None) -> list[int] | None:
        """The records that answer the words, best first; None without words."""
        if not self.ranks:
            return None
        if skip not in self.found:
            self.found[skip] = self._ranked(skip)
        return self.found[skip]

    def _ranked(self, skip: str | None) -> list[int]:
        question = self.question  # encoded before others have to wait for the index
        with self.index.reading(self.session) as held:
            hits = held.rank(
                question,
                self.kind,
                inside=self.inside,
                condition=self.condition(skip),
                limit=DEEPEST,
                floor=SEARCH_FLOOR,
            )
        self.hits.update((hit.record_id, hit) for hit in hits)
        return [hit.record_id for hit in hits]

    def run(self, sort: Sort, size: int, facets: bool) -> tuple[list[int], list[Facet]]:
        """The ids of one page, and the facets."""
        groups = self._groups() if facets else {}
        # What answers the words is looked up before the columns are held.
        ids = {skip: self.ids(skip) for skip in (None, *map(self._skipped, groups))}
        ranked = ids[None]
        with self.columns() as columns:
            shown = _mask(columns, self.condition(None), ranked)
            self.total = int(shown.sum()) if ranked is None else len(ranked)
            first = (self.query.page - 1) * size
            if ranked is not None and sort is Sort.RELEVANCE:
                page = ranked[first : first + size]
            else:
                page = columns.page(shown, self.order(sort), first, size)
            found = [
                self._facet(
                    name,
                    columns.counts(
                        _mask(columns, self.condition(name), ids[self._skipped(name)]),
                        column,
                    ),
                )
                for name, column in groups.items()
            ]
        return page, found

    def all(self, sort: Sort) -> list[int]:
        """The ids of all pages."""
        ranked = self.ids(None)
        if ranked is not None and sort is Sort.RELEVANCE:
            return ranked
        with self.columns() as columns:
            shown = _mask(columns, self.condition(None), ranked)
            return columns.page(shown, self.order(sort), 0, int(shown.sum()))

    def order(self, sort: Sort) -> Order:
        """Exact amounts order only what the reader may read to the fen."""
        order = ORDERS[sort]
        own = self.user is not None and self.base == policies.owned(
            self.user, self.kind
        )
        exact = self.inside or own
        return Order.SHOWN if order is Order.AMOUNT and not exact else order

    @contextmanager
    def columns(self) -> Iterator[Columns]:
        """What the list is counted and ordered by.

        A list of one's own holds drafts, and is looked through for the very words.
        """
        with self.index.catalogue.reading(self.session) as every:
            if self.base is None:
                yield every[self.kind]
                return
            scope = self.any_state or self.scope
            own = every[self.kind].only(every[self.kind].mask(scope))
        where = policies.where(scope, self.kind)
        own.read(self.session, where & is_draft(self.kind))
        if self.words and not self.ranks:
            texts = [getattr(self.model, name) for name in TEXTS[self.kind]]
            said = or_(*(t.icontains(self.words, autoescape=True) for t in texts))
            query = select(self.model.id).where(where, said)
            own = own.only(own.among(self.session.scalars(query).all()))
        yield own

    def page(self, ids: Sequence[int]) -> list[Row]:
        return self._rows(load(self.session, self.user, self.kind, ids))

    def _rows(self, items: Sequence[Record]) -> list[Row]:
        return [self._row(item) for item in items]

    def _row(self, item: Record) -> Row:
        hit = self.hits.get(item.id)
        if hit is None:
            return Row(item)
        record = self.copy.get(self.kind, item.id, inside=self.inside)
        passage = answer(record, self.question) if record else None
        text = passage.text if passage else ""
        return Row(item, segments(text, self.question.terms), hit.parts)

    def _groups(self) -> dict[str, str]:
        groups = dict(FACETS[self.kind])
        return {"status": "status"} | groups if self.any_state else groups

    def _skipped(self, name: str) -> str | None:
        """The group left out while this one is counted, where that changes anything."""
        alone = name == "status" or bool(getattr(self.query, name))
        return name if alone else None

    def _facet(self, name: str, counts: Mapping[str, int]) -> Facet:
        selected = {str(value) for value in getattr(self.query, name)}
        options = [
            Option(value, text, counts.get(value, 0), value in selected)
            for value, text in _choices(self.kind, name)
            if counts.get(value) or value in selected
        ]
        return Facet(name, FACET_LABELS[name], options)


def _mask(columns: Columns, condition: Condition, ids: list[int] | None) -> Mask:
    """What meets the condition, and is among ``ids`` where words were asked for."""
    mask = columns.mask(condition)
    return mask if ids is None else mask & columns.among(ids)


def _choices(kind: RecordType, name: str) -> list[tuple[str, str]]:
    if name == "field":
        return list(FIELDS.items())
    if name == "district":
        return list(DISTRICTS.items())
    if name == "trl":
        return [(str(level), f"{level} 级") for level in range(1, 10)]
    if name == "status":
        return [(state.value, label(state)) for state in STATES[kind]]
    members = Mode if name == "mode" else Stage
    return [(member.value, label(member)) for member in members]


def with_organisation(kind: RecordType) -> list[Any]:
    """What loads the organisation with a record of the kind."""
    if kind is RecordType.CALL:
        return [joinedload(Call.issuer)]
    if kind is RecordType.NEED:
        return [joinedload(Need.organisation)]
    return [joinedload(Achievement.organisation)]


def load(
    session: Session,
    user: User | None,
    kind: RecordType,
    ids: Sequence[int],
    *,
    within: Condition = EVERYTHING,
) -> list[Any]:
    """The visible records among ``ids``, in that order, with their organisations."""
    model: Any = TABLES[kind]
    seen = Every((policies.visible(user, kind), within))
    query = (
        select(model)
        .where(model.id.in_(ids), policies.where(seen, kind))
        .options(*with_organisation(kind))
    )
    rows = {row.id: row for row in session.scalars(query)}
    return [rows[id_] for id_ in ids if id_ in rows]


def find(session: Session, user: User | None, kind: RecordType, id_: int) -> Any:
    """One record; raises `NotFound` if there is none that this person may see."""
    from ..errors import NotFound

    # Larger ids do not fit the column; PostgreSQL would refuse the query itself.
    if id_ <= 0 or id_ >= 2**31:
        raise NotFound(kind.value)
    rows = load(session, user, kind, [id_])
    if not rows:
        raise NotFound(kind.value)
    return rows[0]
