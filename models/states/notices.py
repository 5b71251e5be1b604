"""Letters and subscriptions."""

from enum import StrEnum


class MailState(StrEnum):
    """What became of a letter; ``filed``: kept in the outbox, for want of a server."""

    WAITING = "waiting"
    SENT = "sent"
    FILED = "filed"
    FAILED = "failed"


class Frequency(StrEnum):
    """How soon a subscriber learns of what is new."""

    INSTANT = "instant"
    DAILY = "daily"
    WEEKLY = "weekly"
