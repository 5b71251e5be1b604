"""How good the suggestions are in use: read from the decisions, nothing is written.

Pairs and decisions are counted by their columns in memory (`index.pairs`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from index.catalogue import Catalogue
from index.columns import Order
from index.facts import MISSING, Column, as_number
from index.metrics import Reliability, reliability, wilson
from index.pairs import Decisions
from models import Activation, Need, OutboxTask, Proposal, User
from models.conditions import EVERYTHING, Between, Condition, Every, Mask, OneOf
from models.outbox import RecordType
from models.states import (
    Decision,
    RejectReason,
    SuggestionKind,
    SuggestionStatus,
)

from .. import policies
from ..labels import CITY, today
from ..matches.service import standing_decisions
from ..search.service import load
from .active import active
from .lessons import weight

WEEKS = 12
BINS = 5
MOST_NEEDS = 50


@dataclass(frozen=True)
class Rate:
    """Decided pairs of one ranker or one week; ``low`` to ``high`` is 95 %."""

    name: str
    approved: int
    decided: int
    low: float
    high: float

    @property
    def share(self) -> float:
        return self.approved / self.decided if self.decided else 0.0


@dataclass(frozen=True)
class Reasons:
    """How often each reason of rejection was given, by ranker, most frequent first."""

    rankers: Sequence[str]
    rows: Sequence[tuple[RejectReason, Sequence[int]]]


@dataclass(frozen=True)
class Quality:
    """The page. ``since`` is empty while the shipped ranker was never replaced."""

    active: str
    since: datetime | None
    activations: Sequence[Activation]
    total: Rate
    by_ranker: Sequence[Rate]
    by_week: Sequence[Rate]
    reasons: Reasons
    told: Reliability
    compared: int
    unsupplied: Sequence[Need]
    unsupplied_total: int


@dataclass(frozen=True, eq=False)
class Decided:
    """Every approval and rejection that still stands, in the order of time.

    (n,) each; rankers and reasons as numbers, named by ``rankers`` and ``reasons``;
    probability -1 where it was unknown, ``at`` in microseconds.
    """

    approved: Mask
    ranker: Column
    reason: Column
    probability: Column
    at: Column
    rankers: Mapping[int, str]
    reasons: Mapping[int, str]

    def __len__(self) -> int:
        return len(self.at)


def quality(
    session: Session, catalogue: Catalogue, user: User, *, now: datetime
) -> Quality:
    """What staff may read about the quality of the matching."""
    policies.require(user, "quality.read")
    decided = _decided(session, catalogue, user)
    fair = _teaching(decided) & (decided.probability != MISSING)
    activations = session.scalars(
        select(Activation).order_by(Activation.id.desc())
    ).all()
    needs, number = unsupplied(session, catalogue, user)
    return Quality(
        active=active(session).name,
        since=activations[0].at if activations else None,
        activations=activations,
        total=_rate("", decided.approved),
        by_ranker=[
            _rate(decided.rankers[ranker], decided.approved[decided.ranker == ranker])
            for ranker in _newest_first(decided)
        ],
        by_week=_by_week(decided, today(now)),
        reasons=_reasons(decided),
        told=reliability(
            decided.probability[fair].tolist(), decided.approved[fair].tolist(), BINS
        ),
        compared=int(fair.sum()),
        unsupplied=needs,
        unsupplied_total=number,
    )


def _decided(session: Session, catalogue: Catalogue, user: User) -> Decided:
    proposed = _proposed(session)
    with catalogue.reading_decisions(session) as (held, pairs):
        known = pairs.sides_meet(policies.side_rule(user))
        counted = held.mask(OneOf("decision", (Decision.APPROVE, Decision.REJECT)))
        counted &= pairs.of(held.numbers("suggestion_id"), known)
        counted[_taken_back(held)] = False
        counted[_of_people(held, proposed)] = False
        rows = np.flatnonzero(counted)
        at, of = held.numbers("at")[rows], held.numbers("suggestion_id")[rows]
        rows = rows[np.lexsort((of, at))]
        return Decided(
            held.mask(OneOf("decision", (Decision.APPROVE,)))[rows],
            held.numbers("ranker")[rows],
            held.numbers("reason")[rows],
            held.numbers("probability")[rows],
            held.numbers("at")[rows],
            held.facts.words("ranker"),
            held.facts.words("reason"),
        )


def _proposed(session: Session) -> Mapping[int, datetime]:
    """The pairs that people proposed, and when first."""
    first = func.min(Proposal.at).label("first")
    query = select(Proposal.suggestion_id, first).group_by(Proposal.suggestion_id)
    return {row.suggestion_id: row.first for row in session.execute(query)}


def _of_people(held: Decisions, proposed: Mapping[int, datetime]) -> list[int]:
    """The rows of decisions on what a person had proposed: no ranker's merit."""
    pairs, at = held.numbers("suggestion_id"), held.numbers("at")
    rows = np.flatnonzero(np.isin(pairs, list(proposed)))
    return [
        row for row in rows.tolist() if at[row] >= as_number(proposed[int(pairs[row])])
    ]


@dataclass(frozen=True)
class _Line:
    """A decision and its row."""

    decision: Decision
    row: int


def _taken_back(held: Decisions) -> list[int]:
    """The rows of the decisions that stand no longer.

    Few pairs have an undoing; only their decisions are gone through one by one.
    """
    pairs, words = held.numbers("suggestion_id"), held.facts.words("decision")
    undone = held.mask(OneOf("decision", (Decision.UNDO,)))
    concerned = held.mask(EVERYTHING) & np.isin(pairs, pairs[undone])
    lines: dict[int, list[_Line]] = defaultdict(list)
    rows = np.flatnonzero(concerned)
    for row in rows[np.argsort(held.ids[rows])].tolist():
        decision = Decision(words[int(held.numbers("decision")[row])])
        lines[int(pairs[row])].append(_Line(decision, row))
    standing = {
        line.row for some in lines.values() for line in standing_decisions(some)
    }
    return [row for row in rows.tolist() if row not in standing]


def _teaching(decided: Decided) -> Mask:
    """The decisions that tell whether a pair fits, and not merely its price or so."""
    teaches = [
        number
        for number, reason in decided.reasons.items()
        if weight(Decision.REJECT, RejectReason(reason))
    ]
    return np.asarray(decided.approved | np.isin(decided.reason, teaches))


def _rate(name: str, approved: Mask) -> Rate:
    number = int(approved.sum())
    return Rate(name, number, len(approved), *wilson(number, len(approved)))


def _newest_first(decided: Decided) -> list[int]:
    """The rankers by their last decisions, the newest first."""
    return list(dict.fromkeys(decided.ranker[::-1].tolist()))


def _by_week(decided: Decided, day: date) -> list[Rate]:
    """The weeks of the last `WEEKS` in which something was decided, oldest first."""
    first = day - timedelta(days=day.weekday(), weeks=WEEKS - 1)
    weeks = [first + timedelta(weeks=number) for number in range(WEEKS)]
    mornings = [datetime.combine(week, time(), CITY) for week in weeks]
    places = np.searchsorted([as_number(m) for m in mornings], decided.at, "right") - 1
    return [
        _rate(week.isoformat(), decided.approved[places == place])
        for place, week in enumerate(weeks)
        if (places == place).any()
    ]


def _reasons(decided: Decided) -> Reasons:
    rankers = _newest_first(decided)
    counts = {
        RejectReason(word): [
            int(((decided.reason == number) & (decided.ranker == ranker)).sum())
            for ranker in rankers
        ]
        for number, word in decided.reasons.items()
    }
    given = sorted(
        (reason for reason in RejectReason if any(counts.get(reason, ()))),
        key=lambda reason: -sum(counts[reason]),
    )
    return Reasons(
        [decided.rankers[ranker] for ranker in rankers],
        [(reason, counts[reason]) for reason in given],
    )


def unsupplied(
    session: Session, catalogue: Catalogue, user: User
) -> tuple[Sequence[Need], int]:
    """Published needs without a likely achievement, longest first, and how many."""
    kind = RecordType.NEED
    # Of what still waits for the worker nothing can be said.
    waiting = session.scalars(
        select(OutboxTask.record_id).where(OutboxTask.record_type == kind)
    ).all()
    readable = Every((policies.visible(user, kind), policies.listed(kind)))
    with catalogue.reading_pairs(session) as pairs:
        needs = pairs.records[kind]
        likely = pairs.mask(_likely(active(session).least))
        wanted = needs.mask(readable) & ~needs.among(waiting)
        wanted &= ~needs.among(pairs.numbers("need_id")[likely])
        ids = needs.page(wanted, Order.OLDEST, 0, MOST_NEEDS)
    return load(session, user, kind, ids), int(wanted.sum())


def _likely(least: float) -> Condition:
    """A need's pair with an achievement that is likely enough and was not refused."""
    open_states = set(SuggestionStatus) - {SuggestionStatus.REJECTED}
    return Every(
        (
            OneOf("kind", (SuggestionKind.NEED_ACHIEVEMENT.value,)),
            OneOf("status", tuple(sorted(open_states))),
            Between("probability", low=least),
        )
    )
