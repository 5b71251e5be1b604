"""A candidate pair as the ranker in force sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from index.approval import ApprovalModel, features, judgements, shares, side
from index.hybrid import IndexedRecord
from models import Record
from models.states import SuggestionKind

from ..needs.budgets import Budget, side_seen


@dataclass(frozen=True)
class Rating:
    """What is known of a pair, and how likely staff would approve it."""

    features: Mapping[str, float]
    probability: float


def rate(
    model: ApprovalModel,
    kind: SuggestionKind,
    text: Mapping[str, float],
    left: Record,
    right: Record,
    asking: IndexedRecord,
    found: IndexedRecord,
    budget: Budget,
) -> Rating:
    """Rate the pair; ``text`` holds the text features (`Hit.features`).

    ``budget`` is the money of the asking side, as far as it may count here.
    """
    indicators = shares(judgements(left, asking, found))
    known = features(kind, text, side_seen(left, budget), side(right), indicators)
    return Rating(known, model.probability(known))
