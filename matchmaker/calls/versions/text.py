"""The public text of a call as one value, kept at its opening and at every change."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Call, CallVersion, User
from models.fields import field_name

from ... import labels

# What a version holds, in the order in which it is read.
FIELDS: dict[str, str] = {
    "title": "榜单名称",
    "field": "技术领域",
    "background": "背景",
    "goals": "揭榜目标",
    "conditions": "对揭榜单位的要求",
    "funding_fen": "榜单金额",
    "mode": "揭榜方式",
    "max_awards": "最多立项数",
    "criteria": "评审标准",
    "issuer_weight": "发榜单位意见的权重",
    "contact": "咨询方式",
    "opens_at": "揭榜开始",
    "closes_at": "揭榜截止",
    "questions_until": "提问截止",
}
MOMENTS = ("opens_at", "closes_at", "questions_until")


def text_of(call: Call) -> dict[str, Any]:
    """Every field of the text as JSON holds it; moments in UTC."""
    values = {name: getattr(call, name) for name in FIELDS}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
    } | {"mode": str(call.mode)}


def keep(
    session: Session,
    call: Call,
    actor: User | None,
    *,
    now: datetime,
    reason: str = "",
) -> CallVersion:
    """Keep the text as it is now under the next number; the caller holds the row."""
    last = session.scalar(
        select(func.max(CallVersion.number)).where(CallVersion.call_id == call.id)
    )
    version = CallVersion(
        call_id=call.id,
        number=(last or 0) + 1,
        at=now,
        user_id=actor.id if actor else None,
        reason=reason,
        text=text_of(call),
    )
    call.revision = version.number
    session.add(version)
    return version


def criteria_words(rows: Sequence[Mapping[str, Any]]) -> str:
    """The criteria with their weights, a line each."""
    return "\n".join(
        f"{one['name']} {one['weight']}%"
        + (f"：{one['words']}" if one["words"] else "")
        for one in rows
    )


def in_words(text: Mapping[str, Any], name: str) -> str:
    """One field of a kept text as a person reads it."""
    value = text.get(name)
    if name == "criteria":
        return criteria_words(value or [])
    if isinstance(value, list):
        return "\n".join(map(str, value))
    if value in (None, ""):
        return ""
    if name == "field":
        return field_name(str(value))
    if name == "funding_fen":
        return " ".join(labels.money(int(str(value)))).strip()
    if name == "mode":
        return labels.in_words("mode", value)
    if name == "issuer_weight":
        return f"{value}%"
    if name in MOMENTS:
        moment = datetime.fromisoformat(str(value))
        return labels.since(moment) if name == "opens_at" else labels.until(moment)
    return str(value)
