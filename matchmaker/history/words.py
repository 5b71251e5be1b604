"""The history of a record as a person reads it."""

from collections.abc import Mapping, Sequence
from typing import Any

from models import History

from .. import labels
from ..differences import Piece, pieces, shortened

LONGEST = 120
# Shorter texts are easier read whole, one after the other.
SHORTEST_PROSE = 20
# Shown as they are: there is nothing before, or nothing after.
PLAIN = {"reason": "原因", "words": "说明", "attachment": "附件"}
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
            "texts": _texts(row.changes, names),
            "tone": TONES.get(row.action.rpartition(".")[2], "info"),
        }
        for row in rows
    ]


def _texts(
    changes: Mapping[str, Any], names: Mapping[str, str]
) -> list[tuple[str, list[Piece]]]:
    """Changed prose by label: what went, what came, and a little around each."""
    return [
        (label, shortened(pieces(*map(_prose, changes[name]))))
        for name, label in names.items()
        if name in changes and name not in PLAIN and _is_prose(name, changes[name])
    ]


def _is_prose(name: str, change: Any) -> bool:
    """Whether a change is shown word by word: texts and lists of lines, not codes."""
    return name not in labels.CODED and any(
        len(_prose(side)) > SHORTEST_PROSE for side in change
    )


def _prose(value: Any) -> str:
    if isinstance(value, list):
        return "\n".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


def _detail(changes: Mapping[str, Any], names: Mapping[str, str]) -> str:
    labelled = dict(names) | PLAIN
    return "\n".join(
        f"{label}：{_change(name, *changes[name])}"
        for name, label in labelled.items()
        if name in changes and (name in PLAIN or not _is_prose(name, changes[name]))
    )


def _change(name: str, before: Any, after: Any) -> str:
    if name in ("reason", "words"):
        return str(after)
    if name == "attachment":
        return str(after or before)
    return f"{_short(name, before)} → {_short(name, after)}"


def _short(name: str, value: Any) -> str:
    text = labels.in_words(name, value)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"
