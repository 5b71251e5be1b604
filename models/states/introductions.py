"""Introductions (对接): the talks of two sides."""

from collections.abc import Mapping
from enum import StrEnum


class IntroductionOrigin(StrEnum):
    SUGGESTION = "suggestion"
    REQUEST = "request"
    EVENT = "event"
    MANUAL = "manual"


class IntroductionStatus(StrEnum):
    """States of an introduction (对接); each but the last two has a clock."""

    WAITING = "waiting"
    TALKING = "talking"
    DRAFTING = "drafting"
    SIGNED = "signed"
    FAILED = "failed"


class Side(StrEnum):
    """Who asks for a technology and pays, and who provides it."""

    SEEKER = "seeker"
    PROVIDER = "provider"


class Interest(StrEnum):
    INTERESTED = "interested"
    DECLINED = "declined"


class TalkRoute(StrEnum):
    """How the two sides are best brought together (PRODUCT §2)."""

    DIRECT = "direct"
    MEETING = "meeting"
    MANAGER = "manager"
    OPEN_CALL = "open_call"


class TalkEventKind(StrEnum):
    """What a line of the log of an introduction is about."""

    MEETING = "meeting"
    VISIT = "visit"
    PHONE = "phone"
    DOCUMENT = "document"
    NOTE = "note"


INTRODUCTION_MOVES: Mapping[IntroductionStatus, frozenset[IntroductionStatus]] = {
    IntroductionStatus.WAITING: frozenset(
        {IntroductionStatus.TALKING, IntroductionStatus.FAILED}
    ),
    IntroductionStatus.TALKING: frozenset(
        {IntroductionStatus.DRAFTING, IntroductionStatus.FAILED}
    ),
    # Back to talks when the draft was given up.
    IntroductionStatus.DRAFTING: frozenset(
        {
            IntroductionStatus.TALKING,
            IntroductionStatus.SIGNED,
            IntroductionStatus.FAILED,
        }
    ),
    IntroductionStatus.SIGNED: frozenset(),
    IntroductionStatus.FAILED: frozenset(),
}

OPEN_INTRODUCTIONS = frozenset(
    {
        IntroductionStatus.WAITING,
        IntroductionStatus.TALKING,
        IntroductionStatus.DRAFTING,
    }
)
