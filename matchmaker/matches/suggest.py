"""Writes match suggestions for a record and keeps them true.

A pair is always scored the same way round, whichever side was published last:
the need (or the call, against an achievement) asks. So a pair has one score. It
names the candidates; which of them are proposed, and in what order, the probability
of approval decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, func, or_, select
from sqlalchemy.orm import Session

from index.approval import RATED, ApprovalModel
from index.hybrid import Hit, HybridIndex, IndexedRecord
from index.requirements import confirmed
from index.sync import LiveIndex
from index.text import full_source
from models import TABLES, Record, Review, Suggestion, kind_of, transaction
from models.matches import note_changes
from models.outbox import RecordType
from models.states import SuggestionKind, SuggestionStatus

from .. import policies
from ..history import service as history
from ..needs import budgets
from ..rankers.active import active
from . import evidence
from .pairs import ACHIEVEMENT, CALL, NEED, PAIRS
from .rating import Rating, rate

COLUMNS: dict[RecordType, Any] = {
    NEED: Suggestion.need_id,
    ACHIEVEMENT: Suggestion.achievement_id,
    CALL: Suggestion.call_id,
}
WAITING = (SuggestionStatus.PENDING, SuggestionStatus.SNOOZED)
# Probabilities of copies of one text differ by rounding.
EQUALLY = 1e-4


@dataclass(frozen=True)
class Judged:
    """A pair as it was found and rated; ``left`` asks, ``right`` was found.

    ``asking`` and ``found`` are the two as the index has them, by their full texts.
    """

    kind: SuggestionKind
    left: Record
    right: Record
    asking: IndexedRecord
    found: IndexedRecord
    hit: Hit
    rating: Rating

    @property
    def key(self) -> tuple[SuggestionKind, int, int]:
        return self.kind, self.left.id, self.right.id


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
    are no longer likely enough or a side is no longer open. A rejected pair comes
    back only when the words of a side have changed; an approved one stays.
    """
    held = index.caught_up(session)
    item = session.get(TABLES[kind], record_id)
    proposals = _proposals(session, held, item, now) if item else []
    proposals = _best(proposals, limit)
    proposals = _uncrowded(session, proposals, kind, limit)
    with transaction(session):
        present = {
            (pair.kind, *_ids(pair)): pair
            for pair in session.scalars(select(Suggestion).where(_of(kind, record_id)))
        }
        proposed = {proposal.key: proposal for proposal in proposals}
        new = 0
        # Again, and not the one from before: another may be in force by now.
        model = active(session)
        for key, proposal in proposed.items():
            new += _write(session, held, present.pop(key, None), proposal, model, now)
        _follow(session, held, present.values(), model, now)
    return new


def _of(kind: RecordType, record_id: int) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = COLUMNS[kind] == record_id
    return condition


def _ids(pair: Suggestion) -> tuple[int, int]:
    ids = {NEED: pair.need_id, ACHIEVEMENT: pair.achievement_id, CALL: pair.call_id}
    left, right = PAIRS[pair.kind]
    return ids[left] or 0, ids[right] or 0


def _proposals(
    session: Session, held: HybridIndex, item: Record, now: datetime
) -> list[Judged]:
    """Every pair of the record that is likely enough, as the ranker in force says."""
    kind, model = kind_of(item), active(session)
    mine = held.get(kind, item.id, inside=True)
    if mine is None or not policies.is_listed(item, now):
        return []
    found: list[Judged] = []
    for pair, sides in PAIRS.items():
        if kind in sides:
            theirs = sides[1] if kind is sides[0] else sides[0]
            hits = _candidates(held, mine, theirs, now, asks=kind is sides[0])
            found += _rated(session, held, model, pair, item, theirs, hits)
    return [p for p in found if p.rating.probability >= model.least]


def _candidates(
    held: HybridIndex,
    mine: IndexedRecord,
    kind: RecordType,
    now: datetime,
    *,
    asks: bool,
) -> list[Hit]:
    listed = policies.listed(kind, now)
    if asks:
        question = mine.question()
        return held.rank(question, kind, inside=True, condition=listed, limit=RATED)
    return held.rank_askers(mine, kind, inside=True, condition=listed, limit=RATED)


def _rated(
    session: Session,
    held: HybridIndex,
    model: ApprovalModel,
    pair: SuggestionKind,
    item: Record,
    kind: RecordType,
    hits: Sequence[Hit],
) -> list[Judged]:
    """The candidates of ``kind`` for the item; those gone meanwhile are left out."""
    table = TABLES[kind]
    ids = [hit.record_id for hit in hits]
    rows = {
        row.id: row for row in session.scalars(select(table).where(table.id.in_(ids)))
    }
    asks = kind is PAIRS[pair][1]
    found = []
    for hit in hits:
        other = rows.get(hit.record_id)
        if other is not None:
            left, right = (item, other) if asks else (other, item)
            proposal = _proposal(held, model, pair, left, right, hit)
            found += [proposal] if proposal else []
    return found


def _proposal(
    held: HybridIndex,
    model: ApprovalModel,
    pair: SuggestionKind,
    left: Record,
    right: Record,
    hit: Hit,
) -> Judged | None:
    asks, answers = PAIRS[pair]
    asking = held.get(asks, left.id, inside=True)
    found = held.get(answers, right.id, inside=True)
    if asking is None or found is None:
        return None
    money = budgets.exact(left)
    rating = rate(model, pair, hit.features, left, right, asking, found, money)
    return Judged(pair, left, right, asking, found, hit, rating)


def _best(proposals: list[Judged], limit: int) -> list[Judged]:
    """The best ``limit`` of each kind."""
    kept: list[Judged] = []
    for pair in PAIRS:
        some = [p for p in proposals if p.kind is pair]
        kept += sorted(some, key=_best_first)[:limit]
    return kept


def _uncrowded(
    session: Session, proposals: list[Judged], kind: RecordType, limit: int
) -> list[Judged]:
    """Without new pairs for whoever has ``limit`` as likely ones waiting already.

    One achievement listed five hundred times would else be five hundred pairs for
    one need.
    """
    kept: list[Judged] = []
    for proposal in proposals:
        asks, answers = PAIRS[proposal.kind]
        if kind is answers:
            likelier = select(func.count(Suggestion.id)).where(
                Suggestion.kind == proposal.kind,
                COLUMNS[asks] == proposal.left.id,
                COLUMNS[answers] != proposal.right.id,
                Suggestion.status.in_(WAITING),
                Suggestion.probability >= proposal.rating.probability - EQUALLY,
            )
            if (session.scalar(likelier) or 0) >= limit:
                continue
        kept.append(proposal)
    return kept


def _best_first(proposal: Judged) -> tuple[float, int, int]:
    return -proposal.rating.probability, proposal.left.id, proposal.right.id


def judge(
    held: HybridIndex,
    pair: SuggestionKind,
    model: ApprovalModel,
    left: Record,
    right: Record,
    asking: IndexedRecord,
    found: IndexedRecord,
) -> Judged:
    """Score and rate one pair; its sides may be on a shelf or not."""
    hit = held.shelves[PAIRS[pair][1], True].compare(asking.question(), found)
    money = budgets.exact(left)
    rating = rate(model, pair, hit.features, left, right, asking, found, money)
    return Judged(pair, left, right, asking, found, hit, rating)


def _as_it_stands(
    held: HybridIndex, pair: Suggestion, model: ApprovalModel, now: datetime
) -> Judged | None:
    """The pair as it would be proposed today; None if it would not.

    What a person proposed is not taken away for being unlikely.
    """
    left, right = pair.left, pair.right
    if left is None or right is None:
        return None
    asks, answers = PAIRS[pair.kind]
    asking = held.get(asks, left.id, inside=True)
    found = held.get(answers, right.id, inside=True)
    if asking is None or found is None:
        return None
    if not (policies.is_listed(left, now) and policies.is_listed(right, now)):
        return None
    judged = judge(held, pair.kind, model, left, right, asking, found)
    if judged.rating.probability < model.least and not pair.by_hand:
        return None
    return judged


def _write(
    session: Session,
    held: HybridIndex,
    pair: Suggestion | None,
    proposal: Judged,
    model: ApprovalModel,
    now: datetime,
) -> int:
    if pair is None:
        session.add(new_pair(held, proposal, model, now))
        return 1
    if pair.status is SuggestionStatus.APPROVED:
        return 0
    if pair.status is SuggestionStatus.REJECTED:
        if (pair.left_hash, pair.right_hash) == _hashes(proposal):
            return 0
        pair.move_to(SuggestionStatus.PENDING)
        pair.decided_at = None
        history.record(session, None, "suggestion.reopened", pair, now=now)
    fill(pair, held, proposal, model, now)
    return 0


def _hashes(proposal: Judged) -> tuple[str, str]:
    return _meaning(proposal.left), _meaning(proposal.right)


def _meaning(record: Record) -> str:
    """Changes with what the record says or asks for; a pair is judged by it."""
    words = full_source(record).meaning_hash
    told = [confirmed(one) for one in getattr(record, "measures", None) or ()]
    if not any(told):
        return words
    return sha256(f"{words} {told}".encode()).hexdigest()


def new_pair(
    held: HybridIndex, proposal: Judged, model: ApprovalModel, now: datetime
) -> Suggestion:
    """A pair that waits for review, with its evidence; it is in no session yet."""
    sides = (proposal.left.id, proposal.right.id)
    ids = dict(zip(PAIRS[proposal.kind], sides, strict=True))
    pair = Suggestion(
        kind=proposal.kind,
        need_id=ids.get(NEED),
        achievement_id=ids.get(ACHIEVEMENT),
        call_id=ids.get(CALL),
        created_at=now,
    )
    fill(pair, held, proposal, model, now)
    return pair


def fill(
    pair: Suggestion,
    held: HybridIndex,
    proposal: Judged,
    model: ApprovalModel,
    now: datetime,
) -> None:
    """Write what the pair was judged on: texts, features, score, evidence."""
    pair.left_hash, pair.right_hash = _hashes(proposal)
    pair.score = proposal.hit.score
    pair.features = dict(proposal.rating.features)
    pair.probability = model.probability(pair.features)
    pair.ranker = model.name
    pair.updated_at = now
    pair.evidence = evidence.build(
        proposal.left,
        proposal.right,
        proposal.asking,
        proposal.found,
        held,
        proposal.hit.parts,
        inside=True,
        budget=budgets.exact(proposal.left),
    )


def _follow(
    session: Session,
    held: HybridIndex,
    pairs: Iterable[Suggestion],
    model: ApprovalModel,
    now: datetime,
) -> None:
    """Keep pairs that are not among the best in step with their texts, or delete them.

    Deleted are those nobody ever proposed or decided on that would not be proposed
    today.
    """
    for pair in pairs:
        proposal = _as_it_stands(held, pair, model, now)
        if proposal is not None:
            if pair.status in WAITING:
                _write(session, held, pair, proposal, model, now)
            continue
        if pair.by_hand:
            continue  # a side is closed: it is off the desk, and comes back with it
        decided = exists().where(Review.suggestion_id == Suggestion.id)
        gone = session.scalars(
            delete(Suggestion)
            .where(
                Suggestion.id == pair.id,
                Suggestion.status == SuggestionStatus.PENDING,
                # Not from under the eyes of whoever reads it just now.
                or_(Suggestion.claimed_until.is_(None), Suggestion.claimed_until < now),
                ~decided,
            )
            .returning(Suggestion.id)
        )
        note_changes(session, gone.all())
