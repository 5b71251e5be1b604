"""What a decision of the staff teaches the ranker."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from index.evaluate import is_held_out
from models import Introduction, IntroductionAnswer, Need, Review, Suggestion
from models.states import Decision, Interest, RejectReason

from ..matches.service import standing_decisions

# How much a refusal for this reason counts as «does not fit»; 0: it teaches nothing.
#
# The ranker tells how well two sides fit each other, so only refusals that say
# «these two do not fit» are lessons. The other problem, the wrong conditions, a
# target missed and too little readiness are about the pair and would hold next
# year. Price, timing and capacity are about today's offer of one side: a model that
# took them for «not alike» would put the same technology last when the price has
# come down. A duplicate says that another pair was as good, which is praise. «Other»
# is explained in words that a fit cannot read, so it is left out too.
TEACHES: Mapping[RejectReason, float] = {
    RejectReason.OTHER_PROBLEM: 1.0,
    RejectReason.WRONG_CONDITIONS: 1.0,
    RejectReason.TARGET_MISSED: 1.0,
    RejectReason.NOT_READY: 1.0,
    RejectReason.PRICE: 0.0,
    RejectReason.TIMING: 0.0,
    RejectReason.CAPACITY: 0.0,
    RejectReason.DUPLICATE: 0.0,
    RejectReason.OTHER: 0.0,
}

# A side that was brought together with another and declined knows more of the fit
# than the staff who approved the pair. For these reasons of the dictionary
# «introduction_declined» it says «these two do not fit»; its other reasons (price,
# time, capacity, solved or transferred meanwhile) and whatever an administrator adds
# say nothing about likeness, as above.
DECLINED_TEACHES: Mapping[str, float] = {
    "not_fitting": 1.0,
    "indicators": 1.0,
    "readiness": 1.0,
}


@dataclass(frozen=True)
class Lesson:
    """A pair as it was decided on; ``asks`` names the need or call."""

    asks: str
    approved: bool
    weight: float
    features: Mapping[str, float]

    @property
    def held_out(self) -> bool:
        """Whether it is kept for comparing rankers; a need's pairs go together."""
        return is_held_out(self.asks)


def weight(decision: Decision, reason: RejectReason | None) -> float:
    """How much the decision counts; putting a pair off decides nothing."""
    if decision is Decision.APPROVE:
        return 1.0
    if decision is Decision.REJECT and reason is not None:
        return TEACHES[reason]
    return 0.0


def lessons(session: Session) -> list[Lesson]:
    """Every decision that still holds, was made on known features, and teaches.

    Where a side declined the approved pair because the two do not fit, that is the
    lesson in place of the approval.
    """
    declined = _declined(session)
    query = (
        select(
            Review.suggestion_id,
            Review.decision,
            Review.reason,
            Review.features,
            Review.at,
            Suggestion.need_id,
            Suggestion.call_id,
            Need.code,
        )
        .join(Review.suggestion)
        .outerjoin(Suggestion.need)
        .order_by(Review.suggestion_id, Review.id)
    )
    found = []
    every: Iterable[Any] = session.execute(query)
    for _, rows in groupby(every, lambda row: row.suggestion_id):
        for row in standing_decisions(rows):
            counts = weight(row.decision, row.reason)
            approved = row.decision is Decision.APPROVE
            at, heavy = declined.get(row.suggestion_id, (row.at, 0.0))
            if approved and heavy and at >= row.at:
                approved, counts = False, heavy
            if counts and row.features:
                found.append(
                    Lesson(
                        asks=row.code or _asks(row.need_id, row.call_id),
                        approved=approved,
                        weight=counts,
                        features=row.features,
                    )
                )
    return found


def _declined(session: Session) -> dict[int, tuple[datetime, float]]:
    """By pair: when a side last declined it for want of fit, and what that counts."""
    query = (
        select(
            Introduction.suggestion_id,
            IntroductionAnswer.at,
            IntroductionAnswer.reason,
        )
        .join(IntroductionAnswer.introduction)
        .where(
            Introduction.suggestion_id.is_not(None),
            IntroductionAnswer.interest == Interest.DECLINED,
            IntroductionAnswer.reason.in_(DECLINED_TEACHES),
        )
        .order_by(IntroductionAnswer.at, IntroductionAnswer.id)
    )
    rows: Iterable[Any] = session.execute(query)
    return {pair: (at, DECLINED_TEACHES[reason]) for pair, at, reason in rows}


def _asks(need_id: int | None, call_id: int | None) -> str:
    # By its code where it has one: a need of the sample held out there is held
    # out here, so that nothing learnt has seen what it is judged on.
    return f"need {need_id}" if need_id is not None else f"call {call_id}"


def split(found: Iterable[Lesson]) -> tuple[list[Lesson], list[Lesson]]:
    """(to learn from, to compare on)."""
    every = list(found)
    return (
        [lesson for lesson in every if not lesson.held_out],
        [lesson for lesson in every if lesson.held_out],
    )
