"""Suggested pairs, what staff decide of them, and what ranks them."""

from collections.abc import Mapping
from enum import StrEnum


class SuggestionKind(StrEnum):
    NEED_ACHIEVEMENT = "need_achievement"
    NEED_CALL = "need_call"
    CALL_ACHIEVEMENT = "call_achievement"


class SuggestionStatus(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    SNOOZED = "snoozed"


class Decision(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"
    SNOOZE = "snooze"
    UNDO = "undo"


class RejectReason(StrEnum):
    """Why staff refused a pair.

    The first four speak about the technology; the others (price, timing,
    capacity, duplicate) say nothing about likeness and must not be learnt from
    as «not similar».
    """

    OTHER_PROBLEM = "other_problem"
    WRONG_CONDITIONS = "wrong_conditions"
    TARGET_MISSED = "target_missed"
    NOT_READY = "not_ready"
    PRICE = "price"
    TIMING = "timing"
    CAPACITY = "capacity"
    DUPLICATE = "duplicate"
    OTHER = "other"


SUGGESTION_MOVES: Mapping[SuggestionStatus, frozenset[SuggestionStatus]] = {
    SuggestionStatus.PENDING: frozenset(
        {
            SuggestionStatus.APPROVED,
            SuggestionStatus.REJECTED,
            SuggestionStatus.SNOOZED,
        }
    ),
    SuggestionStatus.SNOOZED: frozenset(
        {
            SuggestionStatus.PENDING,
            SuggestionStatus.APPROVED,
            SuggestionStatus.REJECTED,
            SuggestionStatus.SNOOZED,
        }
    ),
    # A decision is taken back by «undo», to waiting or to the day it was put off
    # to; or to waiting when the text behind it changed.
    SuggestionStatus.APPROVED: frozenset(
        {SuggestionStatus.PENDING, SuggestionStatus.SNOOZED}
    ),
    SuggestionStatus.REJECTED: frozenset(
        {SuggestionStatus.PENDING, SuggestionStatus.SNOOZED}
    ),
}


class RankerState(StrEnum):
    CANDIDATE = "candidate"
    ACTIVE = "active"
    RETIRED = "retired"


# A retired ranker comes back by a rollback.
RANKER_MOVES: Mapping[RankerState, frozenset[RankerState]] = {
    RankerState.CANDIDATE: frozenset({RankerState.ACTIVE}),
    RankerState.ACTIVE: frozenset({RankerState.RETIRED}),
    RankerState.RETIRED: frozenset({RankerState.ACTIVE}),
}
