"""What lies near a record, for the person who looks: live, not stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from index.approval import RATED
from index.hybrid import Hit, HybridIndex, IndexedRecord
from index.ranking import SEARCH_FLOOR
from index.sync import LiveIndex
from index.text import Source, facts, full_source
from models import Achievement, Need, Record, User, kind_of
from models.outbox import Audience, RecordType
from models.states import SuggestionKind

from .. import policies
from ..needs import budgets
from ..rankers.active import active
from ..search.service import load
from . import evidence
from .pairs import PAIRS
from .rating import Rating, rate


@dataclass(frozen=True)
class Near:
    """A record close to another, with its reasons (the evidence macro's dict).

    ``probability`` is how likely staff would approve the pair.
    """

    item: Any
    score: float
    evidence: dict[str, Any]
    probability: float = 0.0


@dataclass(frozen=True, eq=False)
class Candidate:
    """A record that might lie near another, and the pair as the ranker sees it.

    ``left`` asks, ``right`` could answer; ``item`` is whichever was looked for.
    """

    item: Record
    left: tuple[Record, IndexedRecord]
    right: tuple[Record, IndexedRecord]
    hit: Hit
    rating: Rating
    likely: bool


@dataclass(frozen=True, eq=False)
class Candidates:
    """The most likely first, with the index they were found in."""

    found: Sequence[Candidate]
    held: HybridIndex
    inside: bool


def nearby(
    session: Session,
    index: LiveIndex,
    user: User | None,
    item: Record,
    kind: RecordType,
    *,
    limit: int = 5,
    now: datetime,
) -> list[Near]:
    """The published records of ``kind`` nearest to ``item`` that ``user`` may see.

    Only those as likely to be approved as a suggestion must be, the likeliest first.
    Works at once, also for a record the worker has not encoded yet. ``item``
    speaks with the words this person reads; what is found is found by words they
    may read. The need (or the call, beside an achievement) asks, and stands left
    in the evidence, as in a suggestion.
    """
    looked = candidates(
        session, index, user, item, kind, most=max(limit, RATED), now=now
    )
    likely = [one for one in looked.found if one.likely][:limit]
    return [_near(user, looked, one) for one in likely]


def _near(user: User | None, looked: Candidates, one: Candidate) -> Near:
    (left, asking), (right, found) = one.left, one.right
    why = evidence.build(
        left,
        right,
        asking,
        found,
        looked.held,
        one.hit.parts,
        inside=looked.inside,
        budget=budgets.seen(user, left),
    )
    return Near(one.item, one.hit.score, why, one.rating.probability)


def candidates(
    session: Session,
    index: LiveIndex,
    user: User | None,
    item: Record,
    kind: RecordType,
    *,
    most: int = RATED,
    now: datetime,
) -> Candidates:
    """The records nearest to ``item``, likely or not, read as `nearby` reads them."""
    inside = policies.searches_inside(user)
    mine = as_question(session, index, user, item)
    if mine is None:
        return Candidates([], index.caught_up(session), inside)
    asks = (mine.kind, kind) in PAIRS.values()
    options: dict[str, Any] = {
        "inside": inside,
        "condition": policies.listed(kind, now),
        "limit": most,
    }
    with index.reading(session) as held:
        if asks:
            hits = held.rank(mine.question(), kind, **options)
        else:
            hits = held.rank_askers(mine, kind, **options)
    rows = {
        row.id: row for row in load(session, user, kind, [h.record_id for h in hits])
    }
    pair = next(p for p, sides in PAIRS.items() if set(sides) == {mine.kind, kind})
    model = active(session)
    found = []
    for hit in hits:
        theirs = held.get(kind, hit.record_id, inside=inside)
        row = rows.get(hit.record_id)
        if row is None or theirs is None:
            continue
        left, right = (item, mine), (row, theirs)
        if not asks:
            left, right = right, left
        sides = left[0], right[0], left[1], right[1]
        money = budgets.seen(user, left[0])
        rating = rate(model, pair, hit.features, *sides, money)
        likely = rating.probability >= model.least
        found.append(Candidate(row, left, right, hit, rating, likely))
    found.sort(key=lambda one: (-one.rating.probability, one.item.id))
    return Candidates(found, held, inside)


def fits(
    session: Session,
    held: HybridIndex,
    user: User | None,
    need: Need,
    achievement: Achievement,
    asking: IndexedRecord,
    offered: IndexedRecord,
    *,
    inside: bool,
) -> bool:
    """Whether `nearby` would name the need beside the achievement, to this person.

    Asked of one pair, when one side is new: as likely as a suggestion must be, and
    not below what a search would show.
    """
    shelf = held.shelves[RecordType.ACHIEVEMENT, inside]
    hit = shelf.compare(asking.question(), offered)
    if hit.score < SEARCH_FLOOR:
        return False
    model = active(session)
    pair = SuggestionKind.NEED_ACHIEVEMENT
    sides = need, achievement, asking, offered
    rating = rate(model, pair, hit.features, *sides, budgets.seen(user, need))
    return rating.probability >= model.least


def as_question(
    session: Session, index: LiveIndex, user: User | None, item: Record
) -> IndexedRecord | None:
    """The record as this person reads it, from the index or encoded here and now."""
    source = readable(user, item)
    return None if source is None else as_indexed(session, index, item, source)


def as_indexed(
    session: Session, index: LiveIndex, item: Record, source: Source
) -> IndexedRecord:
    """The record by these words, from the index or encoded here and now."""
    kind = kind_of(item)
    for inside in (True, False):
        stored = index.caught_up(session).get(kind, item.id, inside=inside)
        if stored is not None and stored.text_hash == source.hash:
            return stored
    prepared = index.prepared(source)
    return prepared.indexed(kind, item.id, Audience.INSIDE, facts(item, kind))


def readable(user: User | None, item: Record) -> Source | None:
    """The words of the record that this person reads; None if there are none."""
    if not isinstance(item, Need) or policies.reads_full_text(user, item):
        return full_source(item)
    public = item.public_text
    if public is None:
        return None
    return Source(public.title, public.problem, tuple(public.targets))
