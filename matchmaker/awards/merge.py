"""The form of a task book as it is stored, and what two people changed of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models import Award

from .. import labels
from ..posting import merge
from .schema import AMENDED, MILESTONES


def form_values(award: Award) -> dict[str, Any]:
    """The task book as its form would post it."""
    return {
        "amount": f"{labels.wan(award.amount_fen)}万元",
        "signed_on": str(award.signed_on or ""),
        "pledge": award.pledge,
        "values": [goal.value for goal in award.goals],
        "milestones": [
            {
                "title": one.title,
                "deliverable": one.deliverable,
                "due_on": str(one.planned_on),
                "payment": f"{labels.wan(one.payment_fen)}万元",
            }
            for one in award.milestones
        ],
    }


def _words(name: str, values: Mapping[str, Any]) -> str:
    if name == "values":
        return "\n".join(f"目标 {n}：{one}" for n, one in enumerate(values[name], 1))
    if name == "milestones":
        return "\n".join(_line(row) for row in values[name])
    return merge.words(name, values)


def _line(row: Mapping[str, str]) -> str:
    return "，".join(filter(None, map(row.get, MILESTONES.parts)))


SHAPE = merge.Shape(_words, columns={"milestones": MILESTONES})
AMENDMENT = merge.Shape(
    _words,
    unchosen=frozenset({"amended_on", "reason"}),
    columns={"milestones": AMENDED},
)
