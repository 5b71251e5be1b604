"""Needs; and the modes of cooperation, which achievements share."""

from collections.abc import Mapping
from enum import StrEnum


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


class NeedStatus(StrEnum):
    DRAFT = "draft"
    PENDING = "pending"
    PUBLISHED = "published"
    RETURNED = "returned"
    SOLVED = "solved"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


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

# What anybody may read, secrecy permitting; the rest is its owner's and the staff's.
PUBLIC_NEED_STATES = frozenset({NeedStatus.PUBLISHED, NeedStatus.SOLVED})
