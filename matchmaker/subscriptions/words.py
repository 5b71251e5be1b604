"""A subscription in words."""

from models import Subscription
from models.fields import field_name
from models.outbox import RecordType
from models.states import Mode, Stage

from ..labels import label

LONGEST = 30
NOUNS = {
    RecordType.NEED: "需求",
    RecordType.ACHIEVEMENT: "成果",
    RecordType.CALL: "榜单",
}
FILTERS = ("field", "district", "mode", "trl", "stage")


def name(subscription: Subscription) -> str:
    """What is watched, short enough for a line: «电池过充 · 需求 · 岳麓区»."""
    if subscription.achievement is not None:
        return f"谁需要「{_short(subscription.achievement.title)}」"
    kind = subscription.record_type
    parts = [_short(subscription.words)] if subscription.words else []
    parts.append(NOUNS[kind] if kind else "需求、成果和榜单")
    if not subscription.words:
        parts[-1] = f"全部{parts[-1]}" if not filters(subscription) else parts[-1]
    return " · ".join(parts + filters(subscription))


def filters(subscription: Subscription) -> list[str]:
    """Each filter in words."""
    return [
        _value(name_, value)
        for name_ in FILTERS
        for value in subscription.query.get(name_, [])
    ]


def _value(name_: str, value: str | int) -> str:
    if name_ == "field":
        return field_name(str(value))
    if name_ == "trl":
        return f"{value} 级"
    if name_ == "mode":
        return label(Mode(str(value)))
    if name_ == "stage":
        return label(Stage(str(value)))
    return str(value)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[:LONGEST] + "…"
