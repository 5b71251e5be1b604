"""What the tables know of two sides that are to talk, for the proposal of a route."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Achievement, Call, Introduction, Need, Suggestion
from models.states import SuggestionStatus

from ..needs.targets import complete
from .routes import Facts

# A pair that staff refused says that the two do not fit.
STANDING = (
    SuggestionStatus.PENDING,
    SuggestionStatus.APPROVED,
    SuggestionStatus.SNOOZED,
)


def facts_of(session: Session, introduction: Introduction) -> Facts:
    """The facts of the introduction; of a pair never compared there are fewer."""
    need, item, call = (
        introduction.need,
        introduction.achievement,
        introduction.call,
    )
    targets: Sequence[str] = need.targets if need else call.goals if call else []
    measures = complete(list(targets), need.measures if need else None)
    pair = pair_of(session, introduction)
    verdicts = _verdicts(pair)
    return Facts(
        asked=max(len(targets), sum(verdicts.values())),
        measurable=sum(bool(one.get("value")) for one in measures),
        met=verdicts["met"],
        partial=verdicts["partial"],
        unmet=verdicts["unmet"],
        gap=_gap(need, item),
        level=item.trl if item else None,
        # Of a pair from before there were features the probability is not known.
        odds=pair.probability if pair and pair.features else None,
        has_answer=item is not None or _finds_answer(session, need),
        firms=_firms(session, need, call),
    )


def pair_of(session: Session, introduction: Introduction) -> Suggestion | None:
    """The pair of the introduction's records, whatever became of it."""
    if introduction.suggestion is not None:
        return introduction.suggestion
    return session.scalar(
        select(Suggestion).where(
            Suggestion.need_id == introduction.need_id,
            Suggestion.achievement_id == introduction.achievement_id,
            Suggestion.call_id == introduction.call_id,
        )
    )


def _verdicts(pair: Suggestion | None) -> Counter[str]:
    rows: list[dict[str, Any]] = pair.evidence.get("indicators") or [] if pair else []
    return Counter(row["verdict"] for row in rows)


def _gap(need: Need | None, item: Achievement | None) -> int | None:
    if need is None or item is None or need.trl_expected is None or not item.trl:
        return None
    return need.trl_expected - item.trl


def _finds_answer(session: Session, need: Need | None) -> bool:
    """Whether any achievement is believed to answer the need."""
    if need is None:
        return False
    found = select(Suggestion.id).where(
        Suggestion.need_id == need.id,
        Suggestion.achievement_id.is_not(None),
        Suggestion.status.in_(STANDING),
    )
    return session.scalar(found.limit(1)) is not None


def _firms(session: Session, need: Need | None, call: Call | None) -> int:
    """How many firms have a need that is near the same call, this one among them."""
    if need is None or call is None:
        return 1
    found = session.scalar(
        select(func.count(func.distinct(Need.organisation_id)))
        .join(Suggestion, Suggestion.need_id == Need.id)
        .where(
            Suggestion.call_id == call.id,
            Suggestion.status.in_(STANDING),
            Need.organisation_id != need.organisation_id,
        )
    )
    return 1 + (found or 0)
