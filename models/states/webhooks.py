"""Messages to servers of others."""

from enum import StrEnum


class WebhookFormat(StrEnum):
    """In which form a message arrives: our signed JSON, or that of a group's robot."""

    JSON = "json"
    WECOM = "wecom"
    DINGTALK = "dingtalk"


class WebhookStop(StrEnum):
    """Who switched a hook off, or what did."""

    OWNER = "owner"
    ADMIN = "admin"
    FAILURES = "failures"
    GONE = "gone"


class DeliveryState(StrEnum):
    """What became of a message; ``cancelled``: its hook was switched off before."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"
