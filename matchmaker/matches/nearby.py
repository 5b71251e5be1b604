"""What lies near a record, for the person who looks: live, not stored."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from index.hybrid import IndexedRecord
from index.sync import LiveIndex
from index.text import Source, facts, full_source
from models import Need, Record, User, kind_of
from models.outbox import Audience, RecordType

from .. import policies
from ..search.service import load
from . import evidence
from .suggest import PAIRS

# Shown to the person who wrote the text: nearer than a search result must be,
# farther than what staff are asked to review.
FLOOR = 4.0


@dataclass(frozen=True)
class Near:
    """A record close to another, with its reasons (the evidence macro's dict)."""

    item: Any
    score: float
    evidence: dict[str, Any]


def nearby(
    session: Session,
    index: LiveIndex,
    user: User | None,
    item: Record,
    kind: RecordType,
    *,
    limit: int = 5,
) -> list[Near]:
    """The published records of ``kind`` nearest to ``item`` that ``user`` may see.

    Works at once, also for a record the worker has not encoded yet. ``item``
    speaks with the words this person reads; what is found is found by words they
    may read. The need (or the call, beside an achievement) asks, and stands left
    in the evidence, as in a suggestion.
    """
    inside = policies.searches_inside(user)
    mine = as_question(session, index, user, item)
    if mine is None:
        return []
    options: dict[str, Any] = {
        "inside": inside,
        "condition": policies.listed(kind),
        "limit": limit,
        "floor": FLOOR,
    }
    asks = (mine.kind, kind) in PAIRS.values()
    with index.reading(session) as held:
        if asks:
            hits = held.rank(mine.question(), kind, **options)
        else:
            hits = held.rank_askers(mine, kind, **options)
    rows = {
        row.id: row for row in load(session, user, kind, [h.record_id for h in hits])
    }
    found: list[Near] = []
    for hit in hits:
        theirs = held.get(kind, hit.record_id, inside=inside)
        row = rows.get(hit.record_id)
        if row is None or theirs is None:
            continue
        if asks:
            why = evidence.build(
                item, row, mine, theirs, held, hit.parts, inside=inside
            )
        else:
            why = evidence.build(
                row, item, theirs, mine, held, hit.parts, inside=inside
            )
        found.append(Near(row, hit.score, why))
    return found


def as_question(
    session: Session, index: LiveIndex, user: User | None, item: Record
) -> IndexedRecord | None:
    """The record as this person reads it, from the index or encoded here and now."""
    source = readable(user, item)
    if source is None:
        return None
    kind = kind_of(item)
    for inside in (True, False):
        stored = index.caught_up(session).get(kind, item.id, inside=inside)
        if stored is not None and stored.text_hash == source.hash:
            return stored
    prepared = index.prepared(source)
    return IndexedRecord(
        kind=kind,
        id=item.id,
        audience=Audience.INSIDE,
        text_hash=source.hash,
        passages=prepared.passages,
        terms=prepared.terms,
        vectors=prepared.vectors,
        questions=prepared.questions,
        tokens=prepared.tokens,
        asking_tokens=prepared.asking_tokens,
        facts=facts(item, kind),
    )


def readable(user: User | None, item: Record) -> Source | None:
    """The words of the record that this person reads; None if there are none."""
    if not isinstance(item, Need) or policies.reads_full_text(user, item):
        return full_source(item)
    public = item.public_text
    if public is None:
        return None
    return Source(public.title, public.problem, tuple(public.targets))
