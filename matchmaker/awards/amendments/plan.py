"""What is left to deliver of a task book, as a text that is kept and compared."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from models import Award, AwardAmendment, Milestone
from models.states import MilestoneState

from ...money import in_yuan
from ..schema import AmendmentInput

Plan = Mapping[str, Any]
PARTS = {"title": "名称", "deliverable": "交付物", "due_on": "期限"}


@dataclass(frozen=True)
class Change:
    """One thing an amendment changes, in words."""

    what: str
    before: str
    after: str


def of_award(award: Award) -> dict[str, Any]:
    """The plan as it stands."""
    return {
        "amount_fen": award.amount_fen,
        "ends_on": str(award.ends_on),
        "milestones": [_line(one) for one in award.milestones if one.is_undelivered],
    }


def _line(one: Milestone) -> dict[str, Any]:
    return {
        "id": one.id,
        "position": one.position,
        "title": one.title,
        "deliverable": one.deliverable,
        "due_on": one.due_on.isoformat(),
        "payment_fen": one.payment_fen,
    }


def typed(award: Award, data: AmendmentInput) -> dict[str, Any]:
    """The plan as it is to be; a new milestone comes after all there were."""
    positions = {one.id: one.position for one in award.milestones}
    following = max(positions.values()) + 1
    lines = []
    for one in data.milestones:
        position = positions.get(one.id) if one.id else None
        if position is None:
            position, following = following, following + 1
        lines.append(
            {
                "id": one.id,
                "position": position,
                "title": one.title,
                "deliverable": one.deliverable,
                "due_on": one.due_on.isoformat(),
                "payment_fen": one.payment or 0,
            }
        )
    days = [one.due_on for one in settled(award)]
    days += [one.due_on for one in data.milestones]
    return {
        "amount_fen": data.amount,
        "ends_on": str(max(days, default=None)),
        "milestones": lines,
    }


def settled(award: Award) -> list[Milestone]:
    """The milestones no amendment touches: delivered, or judged."""
    return [
        one
        for one in award.milestones
        if not one.is_undelivered and one.state is not MilestoneState.DROPPED
    ]


def mark(text: Any) -> str:
    """Tells one text from another."""
    whole = json.dumps(text, ensure_ascii=False, sort_keys=True)
    return sha256(whole.encode()).hexdigest()[:32]


def mark_of(amendment: AwardAmendment) -> str:
    """Tells one proposal from another."""
    day = str(amendment.amended_on)
    return mark([amendment.id, amendment.after, amendment.reason, day])


def changed(before: Plan, after: Plan) -> Iterator[tuple[Any, Any]]:
    """The lines that differ, each before and after; None where there is none."""
    later = {one["id"]: one for one in after["milestones"] if one["id"]}
    for line in before["milestones"]:
        if later.get(line["id"]) != line:
            yield line, later.get(line["id"])
    for line in after["milestones"]:
        if line["id"] is None:
            yield None, line


def touches(amendment: AwardAmendment, milestone: Milestone) -> bool:
    """Whether the amendment changes or drops the milestone."""
    lines = changed(amendment.before, amendment.after)
    return any(before and before["id"] == milestone.id for before, _ in lines)


def differences(before: Plan, after: Plan) -> list[Change]:
    """Everything that differs, for people."""
    found = []
    if before["amount_fen"] != after["amount_fen"]:
        sums = in_yuan(before["amount_fen"]), in_yuan(after["amount_fen"])
        found.append(Change("立项金额", *sums))
    if before["ends_on"] != after["ends_on"]:
        found.append(Change("完成期限", before["ends_on"], after["ends_on"]))
    for old, new in changed(before, after):
        if old is None:
            found.append(Change(f"里程碑 {new['position']}", "无", _whole(new)))
        elif new is None:
            found.append(Change(_name(old), _whole(old), "取消"))
        else:
            found.extend(_of_line(old, new))
    return found


def _of_line(old: Plan, new: Plan) -> Iterator[Change]:
    for part, label in PARTS.items():
        if old[part] != new[part]:
            yield Change(f"{_name(old)}：{label}", old[part], new[part])
    if old["payment_fen"] != new["payment_fen"]:
        yield Change(
            f"{_name(old)}：付款", _paid(old["payment_fen"]), _paid(new["payment_fen"])
        )


def _name(line: Plan) -> str:
    return f"里程碑 {line['position']}「{line['title']}」"


def _paid(fen: int) -> str:
    return in_yuan(fen) if fen else "不付款"


def _whole(line: Plan) -> str:
    paid = _paid(line["payment_fen"])
    return f"{line['title']}：{line['deliverable']}；{line['due_on']} 前；{paid}"
