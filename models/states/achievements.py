"""Achievements."""

from collections.abc import Mapping
from enum import StrEnum


class AchievementStatus(StrEnum):
    DRAFT = "draft"
    PENDING = "pending"
    PUBLISHED = "published"
    RETURNED = "returned"
    TRANSFERRED = "transferred"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class Stage(StrEnum):
    LAB = "lab"
    SMALL = "small"
    PILOT = "pilot"
    INDUSTRIAL = "industrial"


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
        {
            AchievementStatus.PENDING,
            AchievementStatus.PUBLISHED,
            AchievementStatus.WITHDRAWN,
        }
    ),
    AchievementStatus.TRANSFERRED: frozenset(),
    AchievementStatus.WITHDRAWN: frozenset(),
}

# What anybody may read; the rest is its owner's and the staff's.
PUBLIC_ACHIEVEMENT_STATES = frozenset(
    {AchievementStatus.PUBLISHED, AchievementStatus.TRANSFERRED}
)
