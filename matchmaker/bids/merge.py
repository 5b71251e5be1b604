"""Two windows wrote the same bid: `posting.merge` for its form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..posting import merge
from .schema import LABELS

LISTS = ("goal_goal", "goal_value", "goal_evidence", "schedule")
# The answers to the goals are chosen together.
NAMES: Mapping[str, str] = {
    ("goal_value" if name == "goals" else name): label
    for name, label in LABELS.items()
    if name not in ("promise", "file")
}


def _words(name: str, values: Mapping[str, Any]) -> str:
    if name == "goal_value":
        columns = (values.get(f"goal_{part}") or [] for part in ("value", "evidence"))
        rows = enumerate(zip(*columns, strict=False), 1)
        return "\n".join(f"{n}. {value}\n{proof}".strip() for n, (value, proof) in rows)
    value = values.get(name) or ""
    return "\n".join(value) if isinstance(value, list) else str(value)


SHAPE = merge.Shape(
    _words, together={"goal_goal": "goal_value", "goal_evidence": "goal_value"}
)


def typed(form: Any) -> dict[str, Any]:
    """What was typed, as it was typed."""
    values: dict[str, Any] = form.to_dict()
    return values | {name: form.getlist(name) for name in LISTS}


def rows(stored: Mapping[str, Any], form: Any) -> list[dict[str, Any]]:
    """Every field that differs, with both texts and what is proposed."""
    return merge.rows(SHAPE, NAMES, stored, typed(form), form)


def posted(form: Any) -> list[tuple[str, str]]:
    """What was typed as hidden fields of the page that asks for the choices."""
    return merge.hidden(typed(form), ["seen"])


def chosen(stored: Mapping[str, Any], form: Any) -> dict[str, Any]:
    """The form again, with the stored text wherever it was chosen."""
    return merge.chosen(SHAPE, typed(form), stored, form)


base = merge.base
last_change = merge.last_change
