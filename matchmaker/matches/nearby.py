"""What lies near a record, for the person who looks: live, not stored."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from index import embed
from index.hybrid import Hit, IndexedRecord
from index.sync import LiveIndex
from index.text import Source, facts, full_source
from models import Need, Record, User, kind_of
from models.outbox import Audience, RecordType

from .. import policies
from ..search.service import load
from . import evidence

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

    Works at once, also for a record the worker has not encoded yet. The question
    is the text of ``item`` this person reads; what is found is found by texts
    they may read.
    """
    inside = policies.searches_inside(user)
    asking = as_question(session, index, user, item)
    if asking is None:
        return []
    hits = index.rank(
        session,
        asking.question(),
        kind,
        inside=inside,
        condition=policies.listed(kind),
        limit=limit,
        floor=FLOOR,
    )
    by_id = {hit.record_id: hit for hit in hits}
    rows = load(session, user, kind, list(by_id))
    return [
        Near(row, by_id[row.id].score, evidence_)
        for row in rows
        if (evidence_ := _why(session, index, item, row, asking, by_id[row.id], inside))
    ]


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
    [prepared] = embed.prepare(index.encoder, [source])
    return IndexedRecord(
        kind=kind,
        id=item.id,
        audience=Audience.INSIDE,
        text_hash=source.hash,
        passages=prepared.passages,
        terms=prepared.terms,
        vectors=prepared.vectors,
        questions=prepared.questions,
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


def _why(
    session: Session,
    index: LiveIndex,
    item: Record,
    row: Record,
    asking: IndexedRecord,
    hit: Hit,
    inside: bool,
) -> dict[str, Any]:
    kind = kind_of(row)
    held = index.caught_up(session)
    found = held.get(kind, row.id, inside=inside)
    if found is None:
        return {}
    # Whoever has the problem stands on the left, whichever side was the question.
    if kind is RecordType.NEED or (kind is RecordType.CALL and asking.kind is ACH):
        return evidence.build(row, item, found, asking, held, hit.parts, inside=inside)
    return evidence.build(item, row, asking, found, held, hit.parts, inside=inside)


ACH = RecordType.ACHIEVEMENT
