"""Experts, their reviews of bids, and the result."""

from collections.abc import Mapping
from enum import StrEnum


class TieKind(StrEnum):
    """How an expert is bound to an organisation, so that it must not judge it."""

    EMPLOYER = "employer"
    FORMER = "former"
    PROJECT = "project"
    SHARES = "shares"
    FAMILY = "family"
    OTHER = "other"


class ReviewState(StrEnum):
    """States of one expert's scoring sheet (评分表) of one bid.

    RETURNED: handed back by the staff to be changed. RECUSED: the expert has an
    interest in the bid. REMOVED: the staff took the bid from the expert.
    """

    ASSIGNED = "assigned"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    RECUSED = "recused"
    REMOVED = "removed"


class ResultState(StrEnum):
    """States of the result of a review (评审结果).

    WITHDRAWN: an objection was upheld, and the bids are judged anew.
    """

    DRAFT = "draft"
    ANNOUNCED = "announced"
    FINAL = "final"
    WITHDRAWN = "withdrawn"


class ObjectionState(StrEnum):
    OPEN = "open"
    UPHELD = "upheld"
    DISMISSED = "dismissed"


# A conflict of interest may come to light after the sheet was sent.
REVIEW_MOVES: Mapping[ReviewState, frozenset[ReviewState]] = {
    ReviewState.ASSIGNED: frozenset(
        {ReviewState.SUBMITTED, ReviewState.RECUSED, ReviewState.REMOVED}
    ),
    ReviewState.SUBMITTED: frozenset({ReviewState.RETURNED, ReviewState.RECUSED}),
    ReviewState.RETURNED: frozenset(
        {ReviewState.SUBMITTED, ReviewState.RECUSED, ReviewState.REMOVED}
    ),
    ReviewState.RECUSED: frozenset(),
    ReviewState.REMOVED: frozenset({ReviewState.ASSIGNED, ReviewState.RECUSED}),
}

RESULT_MOVES: Mapping[ResultState, frozenset[ResultState]] = {
    ResultState.DRAFT: frozenset({ResultState.ANNOUNCED}),
    ResultState.ANNOUNCED: frozenset({ResultState.FINAL, ResultState.WITHDRAWN}),
    ResultState.FINAL: frozenset(),
    ResultState.WITHDRAWN: frozenset(),
}

OBJECTION_MOVES: Mapping[ObjectionState, frozenset[ObjectionState]] = {
    ObjectionState.OPEN: frozenset({ObjectionState.UPHELD, ObjectionState.DISMISSED}),
    ObjectionState.UPHELD: frozenset(),
    ObjectionState.DISMISSED: frozenset(),
}

# Reviews that the expert still has in hand, and those that count.
HELD_REVIEWS = frozenset({ReviewState.ASSIGNED, ReviewState.RETURNED})
LIVE_REVIEWS = HELD_REVIEWS | {ReviewState.SUBMITTED}
