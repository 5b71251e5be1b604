"""Every enum of the record, and which state may follow which."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar


class Role(StrEnum):
    ENTERPRISE = "enterprise"
    UNIVERSITY = "university"
    MANAGER = "manager"
    STAFF = "staff"
    ADMIN = "admin"


class OrganisationKind(StrEnum):
    ENTERPRISE = "enterprise"
    UNIVERSITY = "university"
    INSTITUTE = "institute"
    SERVICE_BODY = "service_body"
    PARK = "park"


class NodeKind(StrEnum):
    """The parts of «1+5+N»: the platform, its branches, the service bodies."""

    PLATFORM = "platform"
    BRANCH = "branch"
    BODY = "body"


class OrganisationRole(StrEnum):
    """What a member may do in the name of its organisation.

    MANAGER   also invites and closes members, decides who may join
    OPERATOR  writes and submits what the organisation offers or asks
    READER    reads what the organisation may read, and changes nothing
    """

    MANAGER = "manager"
    OPERATOR = "operator"
    READER = "reader"


class RegistrationState(StrEnum):
    """UNCONFIRMED: the link sent to the e-mail was not opened yet."""

    UNCONFIRMED = "unconfirmed"
    PENDING = "pending"
    RETURNED = "returned"
    APPROVED = "approved"
    REPLACED = "replaced"


class TokenPurpose(StrEnum):
    CONFIRM = "confirm"
    CORRECT = "correct"
    RESET = "reset"
    INVITE = "invite"


class Secrecy(StrEnum):
    """How much of a need others learn (PRODUCT: the two texts)."""

    PUBLIC = "public"
    MASKED = "masked"
    RESTRICTED = "restricted"


class IpWish(StrEnum):
    """Who a firm would have own what is developed for it."""

    BUYER = "buyer"
    SHARED = "shared"
    SOLVER = "solver"
    OPEN = "open"


class NeedStatus(StrEnum):
    DRAFT = "draft"
    PENDING = "pending"
    PUBLISHED = "published"
    RETURNED = "returned"
    SOLVED = "solved"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class AchievementStatus(StrEnum):
    DRAFT = "draft"
    PENDING = "pending"
    PUBLISHED = "published"
    RETURNED = "returned"
    TRANSFERRED = "transferred"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class CallStatus(StrEnum):
    """States of an open call; «已截止» is told by the clock (`Call.is_closed_at`)."""

    DRAFT = "draft"
    ARGUED = "argued"
    OPEN = "open"
    IN_REVIEW = "in_review"
    ANNOUNCED = "announced"
    AWARDED = "awarded"
    FAILED = "failed"
    RUNNING = "running"
    ACCEPTED = "accepted"
    STOPPED = "stopped"


class Stage(StrEnum):
    LAB = "lab"
    SMALL = "small"
    PILOT = "pilot"
    INDUSTRIAL = "industrial"


class Mode(StrEnum):
    """How a technology changes hands; needs and achievements share the words."""

    COMMISSIONED = "commissioned"
    JOINT = "joint"
    TRANSFER = "transfer"
    LICENCE = "licence"
    OPEN_LICENCE = "open_licence"
    CONSULTING = "consulting"
    SERVICE = "service"
    EQUITY = "equity"
    PAY_AFTER_USE = "pay_after_use"
    INVEST_THEN_SHARE = "invest_then_share"


class Ownership(StrEnum):
    UNIT = "unit"
    SHARED = "shared"
    RESEARCHERS = "researchers"
    LONG_TERM_USE = "long_term_use"


class ProofKind(StrEnum):
    """What shows that a level of readiness was reached."""

    EVALUATION = "evaluation"
    TEST = "test"
    USE = "use"
    CONTRACT = "contract"
    INVOICE = "invoice"
    ACCOUNTS = "accounts"


class ValuationMethod(StrEnum):
    COST = "cost"
    INCOME = "income"
    MARKET = "market"
    OTHER = "other"


class Frequency(StrEnum):
    """How soon a subscriber learns of what is new."""

    INSTANT = "instant"
    DAILY = "daily"
    WEEKLY = "weekly"


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


class MailState(StrEnum):
    """What became of a letter; ``filed``: kept in the outbox, for want of a server."""

    WAITING = "waiting"
    SENT = "sent"
    FILED = "filed"
    FAILED = "failed"


class RankerState(StrEnum):
    CANDIDATE = "candidate"
    ACTIVE = "active"
    RETIRED = "retired"


NEED_MOVES: Mapping[NeedStatus, frozenset[NeedStatus]] = {
    NeedStatus.DRAFT: frozenset({NeedStatus.PENDING, NeedStatus.WITHDRAWN}),
    NeedStatus.PENDING: frozenset(
        {NeedStatus.PUBLISHED, NeedStatus.RETURNED, NeedStatus.WITHDRAWN}
    ),
    NeedStatus.RETURNED: frozenset({NeedStatus.PENDING, NeedStatus.WITHDRAWN}),
    NeedStatus.PUBLISHED: frozenset(
        {
            NeedStatus.PENDING,
            NeedStatus.SOLVED,
            NeedStatus.EXPIRED,
            NeedStatus.WITHDRAWN,
        }
    ),
    # A text that staff have checked comes back as it was; an edited one is checked.
    NeedStatus.EXPIRED: frozenset(
        {NeedStatus.PENDING, NeedStatus.PUBLISHED, NeedStatus.WITHDRAWN}
    ),
    NeedStatus.SOLVED: frozenset(),
    NeedStatus.WITHDRAWN: frozenset(),
}

ACHIEVEMENT_MOVES: Mapping[AchievementStatus, frozenset[AchievementStatus]] = {
    AchievementStatus.DRAFT: frozenset(
        {AchievementStatus.PENDING, AchievementStatus.WITHDRAWN}
    ),
    AchievementStatus.PENDING: frozenset(
        {
            AchievementStatus.PUBLISHED,
            AchievementStatus.RETURNED,
            AchievementStatus.WITHDRAWN,
        }
    ),
    AchievementStatus.RETURNED: frozenset(
        {AchievementStatus.PENDING, AchievementStatus.WITHDRAWN}
    ),
    AchievementStatus.PUBLISHED: frozenset(
        {
            AchievementStatus.PENDING,
            AchievementStatus.TRANSFERRED,
            AchievementStatus.EXPIRED,
            AchievementStatus.WITHDRAWN,
        }
    ),
    AchievementStatus.EXPIRED: frozenset(
        {AchievementStatus.PENDING, AchievementStatus.WITHDRAWN}
    ),
    AchievementStatus.TRANSFERRED: frozenset(),
    AchievementStatus.WITHDRAWN: frozenset(),
}

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

# A person may register again before the first try was confirmed; the one that is
# confirmed replaces the others.
REGISTRATION_MOVES: Mapping[RegistrationState, frozenset[RegistrationState]] = {
    RegistrationState.UNCONFIRMED: frozenset(
        {RegistrationState.PENDING, RegistrationState.REPLACED}
    ),
    RegistrationState.PENDING: frozenset(
        {RegistrationState.APPROVED, RegistrationState.RETURNED}
    ),
    RegistrationState.RETURNED: frozenset(
        {RegistrationState.PENDING, RegistrationState.REPLACED}
    ),
    RegistrationState.APPROVED: frozenset(),
    RegistrationState.REPLACED: frozenset(),
}

# A retired ranker comes back by a rollback.
RANKER_MOVES: Mapping[RankerState, frozenset[RankerState]] = {
    RankerState.CANDIDATE: frozenset({RankerState.ACTIVE}),
    RankerState.ACTIVE: frozenset({RankerState.RETIRED}),
    RankerState.RETIRED: frozenset({RankerState.ACTIVE}),
}

# What anybody may read, secrecy permitting; the rest is its owner's and the staff's.
PUBLIC_NEED_STATES = frozenset({NeedStatus.PUBLISHED, NeedStatus.SOLVED})
PUBLIC_ACHIEVEMENT_STATES = frozenset(
    {AchievementStatus.PUBLISHED, AchievementStatus.TRANSFERRED}
)
PUBLIC_CALL_STATES = frozenset(CallStatus) - {CallStatus.DRAFT, CallStatus.ARGUED}


class IllegalMove(ValueError):
    """A state was asked to follow one it may not follow."""


State = TypeVar("State", bound=StrEnum)


def move(moves: Mapping[State, frozenset[State]], old: State, new: State) -> None:
    """Raise `IllegalMove` unless ``new`` may follow ``old``."""
    if new not in moves[old]:
        raise IllegalMove(f"{old} -> {new}")
