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
    _words,
    together={"goal_goal": "goal_value", "goal_evidence": "goal_value"},
    unchosen=frozenset({"promise"}),
)


def typed(form: Any) -> dict[str, Any]:
    """What was typed, as it was typed."""
    values: dict[str, Any] = form.to_dict()
    return values | {name: form.getlist(name) for name in LISTS}
