"""The history of a record as a person reads it."""

from collections.abc import Mapping, Sequence
from typing import Any

from models import History

from .. import labels

LONGEST = 120
TONES = {"published": "done", "returned": "late", "withdrawn": "late"}


def entries(rows: Sequence[History], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """The rows for the timeline; ``names`` has the label of each column to show."""
    return [
        {
            "when": labels.minute(row.at),
            "iso": row.at.isoformat(timespec="minutes"),
            "who": row.actor.name if row.actor else "",
            "what": labels.ACTIONS[row.action],
            "detail": _detail(row.changes, names),
            "tone": TONES.get(row.action.rpartition(".")[2], "info"),
        }
        for row in rows
    ]


def _detail(changes: Mapping[str, Any], names: Mapping[str, str]) -> str:
    labelled = dict(names) | {"reason": "原因", "attachment": "附件"}
    return "\n".join(
        f"{label}：{_change(name, *changes[name])}"
        for name, label in labelled.items()
        if name in changes
    )


def _change(name: str, before: Any, after: Any) -> str:
    if name == "reason":
        return str(after)
    if name == "attachment":
        return str(after or before)
    return f"{_short(name, before)} → {_short(name, after)}"


def _short(name: str, value: Any) -> str:
    text = labels.in_words(name, value)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"
