"""How good the suggestions are in use: read from the decisions, nothing is written."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session, joinedload

from index.metrics import Reliability, reliability, wilson
from models import (
    Activation,
    Need,
    OutboxTask,
    Proposal,
    Review,
    Suggestion,
    User,
)
from models.conditions import Every
from models.outbox import RecordType
from models.states import (
    Decision,
    RejectReason,
    SuggestionKind,
    SuggestionStatus,
)

from .. import policies
from ..labels import today
from ..matches.service import standing_decisions
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


def quality(session: Session, user: User, *, now: datetime) -> Quality:
    """What staff may read about the quality of the matching."""
    policies.require(user, "quality.read")
    decided = _decided(session, user)
    fair = [
        row
        for row in decided
        if row.probability is not None and weight(row.decision, row.reason)
    ]
    activations = session.scalars(
        select(Activation).order_by(Activation.id.desc())
    ).all()
    needs, number = unsupplied(session, user)
    return Quality(
        active=active(session).name,
        since=activations[0].at if activations else None,
        activations=activations,
        total=_rate("", decided),
        by_ranker=[_rate(name, rows) for name, rows in _by_ranker(decided)],
        by_week=_by_week(decided, today(now)),
        reasons=_reasons(decided),
        told=reliability(
            [row.probability for row in fair], [_approved(row) for row in fair], BINS
        ),
        compared=len(fair),
        unsupplied=needs,
        unsupplied_total=number,
    )


def _decided(session: Session, user: User) -> list[Any]:
    """Every approval and rejection that still stands, in the order of time."""
    query = (
        select(
            Review.suggestion_id,
            Review.decision,
            Review.reason,
            Review.ranker,
            Review.probability,
            Review.at,
        )
        .join(Review.suggestion)
        .where(policies.visible_suggestions(user), ~_of_a_person())
        .order_by(Review.suggestion_id, Review.id)
    )
    every: Iterable[Any] = session.execute(query)
    found = [
        row
        for _, rows in groupby(every, lambda row: row.suggestion_id)
        for row in standing_decisions(rows)
        if row.decision in (Decision.APPROVE, Decision.REJECT)
    ]
    return sorted(found, key=lambda row: (row.at, row.suggestion_id))


def _of_a_person() -> ColumnElement[bool]:
    """Whether somebody had proposed the pair by then: that says nothing of a ranker."""
    return exists().where(
        Proposal.suggestion_id == Review.suggestion_id, Proposal.at <= Review.at
    )


def _approved(row: Any) -> bool:
    return bool(row.decision is Decision.APPROVE)


def _rate(name: str, rows: Sequence[Any]) -> Rate:
    approved = sum(map(_approved, rows))
    return Rate(name, approved, len(rows), *wilson(approved, len(rows)))


def _by_ranker(decided: Sequence[Any]) -> list[tuple[str, list[Any]]]:
    """The newest ranker first, as its decisions came."""
    found: dict[str, list[Any]] = defaultdict(list)
    for row in reversed(decided):
        found[row.ranker].append(row)
    return list(found.items())


def _by_week(decided: Sequence[Any], day: date) -> list[Rate]:
    """The weeks of the last `WEEKS` in which something was decided, oldest first."""
    first = day - timedelta(days=day.weekday(), weeks=WEEKS - 1)
    found: dict[date, list[Any]] = defaultdict(list)
    for row in decided:
        on = today(row.at)
        if on >= first:
            found[on - timedelta(days=on.weekday())].append(row)
    return [_rate(week.isoformat(), rows) for week, rows in sorted(found.items())]


def _reasons(decided: Sequence[Any]) -> Reasons:
    groups = _by_ranker(decided)
    counts = [Counter(row.reason for row in rows) for _, rows in groups]
    given = sorted(
        (reason for reason in RejectReason if any(count[reason] for count in counts)),
        key=lambda reason: -sum(count[reason] for count in counts),
    )
    return Reasons(
        [name for name, _ in groups],
        [(reason, [count[reason] for count in counts]) for reason in given],
    )


def unsupplied(session: Session, user: User) -> tuple[Sequence[Need], int]:
    """Published needs without a likely achievement, longest first, and how many."""
    condition = _without_supply(session, user)
    total = session.scalar(select(func.count(Need.id)).where(*condition)) or 0
    query = (
        select(Need)
        .where(*condition)
        .options(joinedload(Need.organisation))
        .order_by(Need.published_at.asc().nulls_last(), Need.id)
        .limit(MOST_NEEDS)
    )
    return session.scalars(query).all(), total


def _without_supply(session: Session, user: User) -> list[ColumnElement[bool]]:
    kind = RecordType.NEED
    readable = Every((policies.visible(user, kind), policies.listed(kind)))
    likely = exists().where(
        Suggestion.need_id == Need.id,
        Suggestion.kind == SuggestionKind.NEED_ACHIEVEMENT,
        Suggestion.status != SuggestionStatus.REJECTED,
        Suggestion.probability >= active(session).least,
    )
    # Of what still waits for the worker nothing can be said.
    waits = exists().where(
        OutboxTask.record_type == kind, OutboxTask.record_id == Need.id
    )
    return [policies.where(readable, kind), ~likely, ~waits]
