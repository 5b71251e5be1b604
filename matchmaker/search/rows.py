"""A record as one line of a list: what this reader gets to see of it."""

from datetime import date, datetime
from typing import Any

from models import Achievement, Call, Need, User
from models.fields import field_name
from models.outbox import RecordType
from models.states import CallPhase

from .. import labels
from ..needs import budgets
from ..needs.service import text_for
from .listing import Row

LEAD = 96
# Plain words for the parts of a score, in the order they are named by the index.
PARTS: dict[str, str] = {
    "whole": "整篇的意思接近",
    "coverage": "每句话都能对上",
    "lexical": "用了同样的词",
}


def card(
    user: User | None, item: Need | Achievement | Call, now: datetime
) -> dict[str, Any]:
    """The facts of the record that stand in its line, ready for the row macro."""
    if isinstance(item, Need):
        return _need(user, item, labels.today(now))
    if isinstance(item, Achievement):
        return _achievement(item)
    return _call(item, now)


def state(item: Need | Achievement | Call, now: datetime) -> tuple[str, str]:
    """The state in a word, and the tone of its badge; a call's window by the clock."""
    state = item.phase(now) if isinstance(item, Call) else item.status
    return labels.label(state), labels.TONES[state]


def snippet(card: dict[str, Any], row: Row) -> list[tuple[str, bool]]:
    """The sentence that answers the words; without words how the text begins."""
    return row.answer or [(card["lead"], False)]


def _need(user: User | None, need: Need, today: date) -> dict[str, Any]:
    text = text_for(user, need)
    return _common(need, RecordType.NEED) | {
        "title": text.title,
        "endpoint": "needs.show",
        "ids": {"need_id": need.id},
        "organisation_label": text.organisation,
        "trl": need.trl_expected,
        "facts": [
            _modes(need.cooperation),
            f"预算 {budgets.seen(user, need).words}",
            _deadline(need.deadline, today),
        ],
        "lead": _lead(text.problem),
    }


def _achievement(item: Achievement) -> dict[str, Any]:
    return _common(item, RecordType.ACHIEVEMENT) | {
        "title": item.title,
        "endpoint": "achievements.show",
        "ids": {"achievement_id": item.id},
        "organisation_label": item.organisation.name,
        "trl": item.level,
        "trl_scale": item.trl_scale,
        "facts": [
            labels.label(item.stage),
            _modes(item.modes),
            f"意向价格 {_money(item.price_fen)}",
        ],
        "lead": _lead(item.abstract),
    }


def _call(call: Call, now: datetime) -> dict[str, Any]:
    return _common(call, RecordType.CALL) | {
        "title": call.title,
        "endpoint": "calls.show",
        "ids": {"call_id": call.id},
        "organisation_label": call.issuer.name,
        "facts": [
            f"榜单金额 {_money(call.funding_fen)}",
            _window(call, now),
        ],
        "lead": _lead(call.background),
    }


def _common(item: Need | Achievement | Call, kind: RecordType) -> dict[str, Any]:
    return {
        "id": item.id,
        "kind": labels.label(kind),
        "field_label": field_name(item.field),
        "demo": item.is_demo,
        "published_on": labels.day(item.published_at),
        "status": item.status,
    }


def _modes(codes: list[str]) -> str:
    return "、".join(labels.mode_label(code) for code in codes)


def _money(fen: int | None) -> str:
    return " ".join(labels.money(fen)).strip()


def _deadline(day: date | None, today: date) -> str:
    if day is None:
        return "长期有效"
    return f"截止 {day.isoformat()}" if day >= today else f"已于 {day.isoformat()} 截止"


def _window(call: Call, now: datetime) -> str:
    if call.closes_at is None:
        return "未定揭榜时间"
    if call.phase(now) is CallPhase.UPCOMING:
        return f"{labels.since(call.opens_at)} 开始揭榜"
    ends = labels.until(call.closes_at)
    return f"已于 {ends}截止" if call.is_closed_at(now) else f"{ends}截止"


def _lead(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LEAD else line[:LEAD] + "…"


def parts(row: Row) -> list[tuple[str, float]]:
    """What the score was computed from, in words."""
    return [(PARTS.get(name, name), value) for name, value in row.parts.items()]
