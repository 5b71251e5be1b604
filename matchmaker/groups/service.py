"""Needs that one solution could serve, proposed to staff; live, not stored.

Full texts lead the search, so none of it is for anybody but staff.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import select
from sqlalchemy.orm import Session

from index import explain, groups, naming
from index.groups import Group, Link
from index.hybrid import HybridIndex
from index.sync import LiveIndex
from models import Achievement, Need, Suggestion, User
from models.fields import district_name
from models.outbox import RecordType
from models.states import SuggestionKind, SuggestionStatus

from .. import policies
from ..labels import money
from ..matches.evidence import in_words
from ..search.service import load
from .schema import GroupQuery

PER_PAGE = 10
# The newest so many are compared, so that the page stays quick.
MOST_NEEDS = 2000
BEST_ANSWERS = 5
MOST_PAIRS = 3
MOST_ANSWERS = 3
MOST_TERMS = 10

State = tuple[int, frozenset[int]]
_nearness: WeakKeyDictionary[LiveIndex, tuple[State, dict[Link, float]]] = (
    WeakKeyDictionary()
)


@dataclass(frozen=True)
class Sentences:
    """What two members say to each other."""

    left: Need
    right: Need
    quotes: tuple[str, str]
    words: str


@dataclass(frozen=True)
class Alike:
    """A group as staff see it.

    budget   the sum of what is named, as number and unit; ``open_budgets`` of the
             members name none
    answers  achievements among the best of several members, with of how many
    """

    name: str
    needs: list[Need]
    organisations: int
    districts: list[str]
    budget: tuple[str, str] | None
    open_budgets: int
    terms: list[str]
    pairs: list[Sentences]
    answers: list[tuple[Achievement, int]]


@dataclass(frozen=True)
class Proposals:
    """One page of groups; ``fields`` counts all of them by field of a member."""

    rows: list[Alike]
    total: int
    page: int
    pages: int
    fields: Mapping[str, int]
    compared: int
    all_compared: bool


@dataclass(frozen=True)
class Compared:
    """All groups there are, the most alike first, and what they were found by."""

    groups: Sequence[Group]
    answers: Mapping[int, Sequence[int]]
    fields: Mapping[str, int]
    number: int
    all_compared: bool


def propose(
    session: Session, index: LiveIndex, user: User, query: GroupQuery
) -> Proposals:
    """One page of the groups among all published needs, the most alike first."""
    found = compare(session, index, user, query)
    first = (query.page - 1) * PER_PAGE
    return Proposals(
        as_seen(session, index, user, found, found.groups[first : first + PER_PAGE]),
        len(found.groups),
        query.page,
        max(1, ceil(len(found.groups) / PER_PAGE)),
        found.fields,
        found.number,
        found.all_compared,
    )


def compare(
    session: Session, index: LiveIndex, user: User, query: GroupQuery
) -> Compared:
    """The groups among all published needs, by the numbers of their members."""
    policies.require(user, "need.group")
    rows = session.execute(_published(user)).all()
    ids, whole = [row.id for row in rows[:MOST_NEEDS]], len(rows) <= MOST_NEEDS
    fields = {row.id: row.field for row in rows}
    answers = _answers(session, ids)
    with index.reading(session) as held:
        near = _near(index, held, ids)
    owners = {row.id: row.organisation_id for row in rows}
    found = groups.group(groups.strengths(near, answers), owners, groups.FLOOR)
    counts = Counter(
        code for one in found for code in {fields[id_] for id_ in one.members}
    )
    if query.field:
        wanted = set(query.field)
        found = [g for g in found if wanted & {fields[id_] for id_ in g.members}]
    return Compared(found, answers, counts, len(ids), whole)


def as_seen(
    session: Session,
    index: LiveIndex,
    user: User,
    compared: Compared,
    some: Sequence[Group],
) -> list[Alike]:
    """These of the groups with their needs and reasons, as staff read them."""
    policies.require(user, "need.group")
    with index.reading(session) as held:
        return [_as_seen(session, held, user, one, compared.answers) for one in some]


def _published(user: User) -> Any:
    kind = RecordType.NEED
    return (
        select(Need.id, Need.field, Need.organisation_id)
        .where(
            policies.where(policies.visible(user, kind), kind),
            policies.where(policies.listed(kind), kind),
        )
        .order_by(Need.published_at.desc(), Need.id.desc())
        .limit(MOST_NEEDS + 1)
    )


def _answers(session: Session, ids: Sequence[int]) -> dict[int, list[int]]:
    """The best achievements suggested for each need and not rejected."""
    query = (
        select(Suggestion.need_id, Suggestion.achievement_id)
        .where(
            Suggestion.kind == SuggestionKind.NEED_ACHIEVEMENT,
            Suggestion.status != SuggestionStatus.REJECTED,
            Suggestion.need_id.in_(ids),
        )
        .order_by(Suggestion.score.desc(), Suggestion.id)
    )
    found: dict[int, list[int]] = defaultdict(list)
    for need_id, achievement_id in session.execute(query):
        best = found[need_id or 0]
        if achievement_id and len(best) < BEST_ANSWERS:
            best.append(achievement_id)
    return found


def _near(index: LiveIndex, held: HybridIndex, ids: Sequence[int]) -> dict[Link, float]:
    """How near the needs are, computed once for each state of the index."""
    state = index.feed.high, frozenset(index.feed.gaps)
    known = _nearness.get(index)
    if known is None or known[0] != state:
        near = groups.nearness(held.shelves[RecordType.NEED, True], ids)
        known = _nearness[index] = state, near
    return known[1]


def _as_seen(
    session: Session,
    held: HybridIndex,
    user: User,
    one: Group,
    answers: Mapping[int, Sequence[int]],
) -> Alike:
    needs: list[Need] = load(session, user, RecordType.NEED, list(one.members))
    shelf = held.shelves[RecordType.NEED, True]
    records = [record for need in needs if (record := shelf.get(need.id))]
    terms = groups.common_terms(shelf, records)
    budgets = [need.budget_fen for need in needs if need.budget_fen]
    return Alike(
        name=naming.name(terms, records) or needs[0].title,
        needs=needs,
        organisations=len({need.organisation_id for need in needs}),
        districts=list(dict.fromkeys(district_name(need.district) for need in needs)),
        budget=money(sum(budgets)) if budgets else None,
        open_budgets=len(needs) - len(budgets),
        terms=list(terms)[:MOST_TERMS],
        pairs=_pairs(held, needs),
        answers=_shared(session, user, needs, answers),
    )


def _pairs(held: HybridIndex, needs: Sequence[Need]) -> list[Sentences]:
    """For some other members, the sentence that speaks most to one of the first."""
    first, *others = needs[: MOST_PAIRS + 1]
    mine = held.get(RecordType.NEED, first.id, inside=True)
    found = []
    for other in others:
        theirs = held.get(RecordType.NEED, other.id, inside=True)
        if mine is None or theirs is None:
            continue
        for pair in explain.pairs(mine, theirs, held, inside=True)[:1]:
            quotes = pair.left.text, pair.right.text
            found.append(Sentences(first, other, quotes, in_words(pair.nearness)))
    return found


def _shared(
    session: Session,
    user: User,
    needs: Sequence[Need],
    answers: Mapping[int, Sequence[int]],
) -> list[tuple[Achievement, int]]:
    users = Counter(id_ for need in needs for id_ in answers.get(need.id, ()))
    best = sorted(users, key=lambda id_: (-users[id_], id_))
    several = [id_ for id_ in best if users[id_] > 1][:MOST_ANSWERS]
    items = load(session, user, RecordType.ACHIEVEMENT, several)
    return [(item, users[item.id]) for item in items]
