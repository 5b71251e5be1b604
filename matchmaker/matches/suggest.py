"""Writes match suggestions for a record and keeps them true.

A pair is always scored the same way round, whichever side was published last:
the need (or the call, against an achievement) asks. So a pair has one score.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, or_, select
from sqlalchemy.orm import Session

from index.hybrid import HybridIndex, IndexedRecord
from index.ranking import RANKER, SUGGESTION_FLOOR
from index.sync import LiveIndex
from index.text import full_source
from models import TABLES, Call, Record, Review, Suggestion, transaction
from models.outbox import RecordType
from models.states import SuggestionKind, SuggestionStatus

from .. import policies
from ..history import service as history
from ..labels import today
from . import evidence

NEED, ACHIEVEMENT, CALL = RecordType.NEED, RecordType.ACHIEVEMENT, RecordType.CALL

# (asks, is found) of each kind of pair.
PAIRS: dict[SuggestionKind, tuple[RecordType, RecordType]] = {
    SuggestionKind.NEED_ACHIEVEMENT: (NEED, ACHIEVEMENT),
    SuggestionKind.NEED_CALL: (NEED, CALL),
    SuggestionKind.CALL_ACHIEVEMENT: (CALL, ACHIEVEMENT),
}
COLUMNS: dict[RecordType, Any] = {
    NEED: Suggestion.need_id,
    ACHIEVEMENT: Suggestion.achievement_id,
    CALL: Suggestion.call_id,
}
# More than are kept, since some may turn out to be closed calls.
LOOKED_AT = 20


@dataclass(frozen=True)
class Proposal:
    """A pair with its score and the parts of it; ids of who asks and who is found."""

    kind: SuggestionKind
    left: int
    right: int
    score: float
    parts: Mapping[str, float]


def refresh(
    session: Session,
    index: LiveIndex,
    kind: RecordType,
    record_id: int,
    *,
    limit: int,
    now: datetime,
) -> int:
    """Write what is worth proposing for the record; returns how many pairs are new.

    Pairs nobody has decided on follow the texts: rescored, or dropped when they
    no longer reach the floor or a side is no longer open. A rejected pair comes
    back only when the words of a side have changed; an approved one stays.
    """
    held = index.caught_up(session)
    item = session.get(TABLES[kind], record_id)
    proposals = _proposals(held, kind, record_id) if item else []
    proposals = _best_open(session, proposals, limit, today(now))
    with transaction(session):
        present = {
            (pair.kind, *_ids(pair)): pair
            for pair in session.scalars(select(Suggestion).where(_of(kind, record_id)))
        }
        proposed = {(p.kind, p.left, p.right): p for p in proposals}
        new = 0
        for key, proposal in proposed.items():
            new += _write(session, held, present.pop(key, None), proposal, now)
        _follow(session, held, present.values(), now)
    return new


def _of(kind: RecordType, record_id: int) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = COLUMNS[kind] == record_id
    return condition


def _ids(pair: Suggestion) -> tuple[int, int]:
    ids = {NEED: pair.need_id, ACHIEVEMENT: pair.achievement_id, CALL: pair.call_id}
    left, right = PAIRS[pair.kind]
    return ids[left] or 0, ids[right] or 0


def _proposals(held: HybridIndex, kind: RecordType, record_id: int) -> list[Proposal]:
    mine = held.get(kind, record_id, inside=True)
    if mine is None or not _is_open(held, kind, record_id):
        return []
    found: list[Proposal] = []
    for pair, (asks, answers) in PAIRS.items():
        if kind is asks:
            found += _answers(held, pair, mine, answers)
        elif kind is answers:
            found += _askers(held, pair, mine, asks)
    return found


def _best_open(
    session: Session, proposals: list[Proposal], limit: int, day: date
) -> list[Proposal]:
    """The best ``limit`` of each kind, without calls whose window the clock closed."""
    ids = {_call_of(p) for p in proposals} - {None}
    calls = session.scalars(select(Call).where(Call.id.in_(ids)))
    closed = {call.id for call in calls if not call.takes_bids_on(day)}
    kept: list[Proposal] = []
    for pair in PAIRS:
        some = [p for p in proposals if p.kind is pair and _call_of(p) not in closed]
        kept += sorted(some, key=lambda p: (-p.score, p.left, p.right))[:limit]
    return kept


def _call_of(proposal: Proposal) -> int | None:
    asks, answers = PAIRS[proposal.kind]
    if asks is CALL:
        return proposal.left
    return proposal.right if answers is CALL else None


def _answers(
    held: HybridIndex, pair: SuggestionKind, mine: IndexedRecord, kind: RecordType
) -> list[Proposal]:
    hits = held.rank(
        mine.question(),
        kind,
        inside=True,
        condition=policies.listed(kind),
        limit=LOOKED_AT,
        floor=SUGGESTION_FLOOR,
    )
    return [
        Proposal(pair, mine.id, hit.record_id, hit.score, hit.parts) for hit in hits
    ]


def _askers(
    held: HybridIndex, pair: SuggestionKind, mine: IndexedRecord, kind: RecordType
) -> list[Proposal]:
    hits = held.rank_askers(
        mine,
        kind,
        inside=True,
        condition=policies.listed(kind),
        limit=LOOKED_AT,
        floor=SUGGESTION_FLOOR,
    )
    return [Proposal(pair, h.record_id, mine.id, h.score, h.parts) for h in hits]


def _as_it_stands(held: HybridIndex, pair: Suggestion, day: date) -> Proposal | None:
    """The pair as it would be proposed today; None if it would not."""
    left, right = _ids(pair)
    asks, answers = PAIRS[pair.kind]
    asking = held.get(asks, left, inside=True)
    found = held.get(answers, right, inside=True)
    if asking is None or found is None:
        return None
    if not (_is_open(held, asks, left) and _is_open(held, answers, right)):
        return None
    if pair.call is not None and not pair.call.takes_bids_on(day):
        return None
    hit = held.shelves[answers, True].compare(asking.question(), found)
    if hit.score < SUGGESTION_FLOOR:
        return None
    return Proposal(pair.kind, left, right, hit.score, hit.parts)


def _is_open(held: HybridIndex, kind: RecordType, record_id: int) -> bool:
    record = held.get(kind, record_id, inside=True)
    wanted = policies.listed(kind)
    return record is not None and record.facts.get(wanted.fact) in wanted.values


def _write(
    session: Session,
    held: HybridIndex,
    pair: Suggestion | None,
    proposal: Proposal,
    now: datetime,
) -> int:
    asks, answers = PAIRS[proposal.kind]
    left: Any = session.get_one(TABLES[asks], proposal.left)
    right: Any = session.get_one(TABLES[answers], proposal.right)
    hashes = full_source(left).meaning_hash, full_source(right).meaning_hash
    if pair is None:
        session.add(_new(held, proposal, left, right, hashes, now))
        return 1
    same = (pair.left_hash, pair.right_hash) == hashes
    if pair.status is SuggestionStatus.APPROVED:
        return 0
    if pair.status is SuggestionStatus.REJECTED:
        if same:
            return 0
        pair.move_to(SuggestionStatus.PENDING)
        pair.decided_at = None
        history.record(session, None, "suggestion.reopened", pair, now=now)
    pair.left_hash, pair.right_hash = hashes
    _fill(pair, held, proposal, left, right, now)
    return 0


def _new(
    held: HybridIndex,
    proposal: Proposal,
    left: Record,
    right: Record,
    hashes: tuple[str, str],
    now: datetime,
) -> Suggestion:
    ids = dict(zip(PAIRS[proposal.kind], (left.id, right.id), strict=True))
    pair = Suggestion(
        kind=proposal.kind,
        need_id=ids.get(NEED),
        achievement_id=ids.get(ACHIEVEMENT),
        call_id=ids.get(CALL),
        left_hash=hashes[0],
        right_hash=hashes[1],
        created_at=now,
    )
    _fill(pair, held, proposal, left, right, now)
    return pair


def _fill(
    pair: Suggestion,
    held: HybridIndex,
    proposal: Proposal,
    left: Record,
    right: Record,
    now: datetime,
) -> None:
    asks, answers = PAIRS[proposal.kind]
    asking = held.get(asks, left.id, inside=True)
    found = held.get(answers, right.id, inside=True)
    if asking is None or found is None:
        return
    pair.score = proposal.score
    pair.ranker = RANKER
    pair.updated_at = now
    pair.evidence = evidence.build(
        left, right, asking, found, held, proposal.parts, inside=True
    )


def _follow(
    session: Session, held: HybridIndex, pairs: Iterable[Suggestion], now: datetime
) -> None:
    """Keep pairs that are not among the best in step with their texts, or delete them.

    Deleted are those nobody ever decided on that would not be proposed today.
    """
    for pair in pairs:
        proposal = _as_it_stands(held, pair, today(now))
        if proposal is not None:
            if pair.status in (SuggestionStatus.PENDING, SuggestionStatus.SNOOZED):
                _write(session, held, pair, proposal, now)
            continue
        decided = exists().where(Review.suggestion_id == Suggestion.id)
        session.execute(
            delete(Suggestion).where(
                Suggestion.id == pair.id,
                Suggestion.status == SuggestionStatus.PENDING,
                # Not from under the eyes of whoever reads it just now.
                or_(Suggestion.claimed_until.is_(None), Suggestion.claimed_until < now),
                ~decided,
            )
        )
