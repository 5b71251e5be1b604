"""Two people edited the same record: what differs, who changed it, what is chosen.

The form carries a short hash of every field as it was when the form was opened. So
it is known which of the two changed a field since; only where both did must the
person decide.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from models import History

from .. import labels
from ..differences import pieces
from .columns import Columns

CHOICE = "choose_"
MACHINERY = (
    "csrf_token",
    "action",
    "version",
    "seen",
    "base",
    "form_key",
    "hints_seen",
)
Values = Mapping[str, Any]


@dataclass(frozen=True)
class Shape:
    """How the fields of a form hang together.

    words     a field as a person reads it, from all values of the form
    together  fields that go with another and are not chosen by themselves
    unchosen  fields nobody chooses but keeps as typed: marks, ticks
    columns   fields that hold rows, and the columns a form posts them as
    """

    words: Callable[[str, Values], str]
    together: Mapping[str, str] = field(default_factory=dict)
    unchosen: frozenset[str] = frozenset()
    columns: Mapping[str, Columns] = field(default_factory=dict)


def words(name: str, values: Values) -> str:
    """A field as most are read: a list line by line, a code by its word."""
    value = values.get(name)
    if isinstance(value, list):
        return "\n".join(labels.in_words(name, part) for part in value if part)
    return labels.in_words(name, plain(value)) if value else ""


def base(values: Values) -> str:
    """A short hash of every field, for the form to carry."""
    return json.dumps({n: _mark(v) for n, v in values.items()}, separators=(",", ":"))


def rows(
    shape: Shape,
    names: Mapping[str, str],
    stored: Values,
    typed: Values,
    form: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Every field that differs, with both texts and what is proposed."""
    begun = _read_base(form.get("base", ""))
    found = []
    for name, label in names.items():
        if name in shape.unchosen or name in shape.together or name not in stored:
            continue
        parts = [name, *(p for p, whole in shape.together.items() if whole == name)]
        if all(_same(stored.get(part), typed.get(part)) for part in parts):
            continue
        mine = any(begun.get(part) != _mark(typed.get(part)) for part in parts)
        theirs = any(begun.get(part) != _mark(stored.get(part)) for part in parts)
        left, right = shape.words(name, stored), shape.words(name, typed)
        found.append(
            {
                "name": CHOICE + name,
                "label": label,
                "stored": left,
                "typed": right,
                "pieces": pieces(left, right),
                "both": mine and theirs,
                "choice": "stored" if theirs else "typed",
            }
        )
    return found


def hidden(typed: Values, leave_out: Sequence[str] = ()) -> list[tuple[str, str]]:
    """The plain fields that were typed, as hidden fields of the page of choices."""
    machinery = (*MACHINERY, *leave_out)
    found: list[tuple[str, str]] = []
    for name, value in typed.items():
        if name not in machinery and not name.startswith(CHOICE):
            values = value if isinstance(value, list) else [value]
            found += [(name, str(one)) for one in values]
    return found


def posted(shape: Shape, typed: Values) -> list[tuple[str, str]]:
    """All that was typed, as hidden fields of the page of choices."""
    parts = [part for columns in shape.columns.values() for part in columns.names]
    found = hidden(typed, [*shape.columns, *parts])
    for name, columns in shape.columns.items():
        found += columns.posted(typed.get(name) or [])
    return found


def chosen(shape: Shape, typed: Values, stored: Values, form: Any) -> dict[str, Any]:
    """What was typed, with the stored text wherever it was chosen."""
    values = {name: typed.get(name, "") for name in stored}
    for name in stored:
        if form.get(CHOICE + shape.together.get(name, name)) == "stored":
            values[name] = stored[name]
    return values | {name: typed.get(name, "") for name in shape.unchosen}


def last_change(entries: Sequence[History]) -> dict[str, str]:
    """Who saved meanwhile, and when."""
    if not entries:
        return {"who": "", "when": ""}
    actor = entries[0].actor
    return {"who": actor.name if actor else "", "when": labels.minute(entries[0].at)}


def plain(value: Any) -> Any:
    """A value without what is no difference: line ends, blanks, mere proposals."""
    if isinstance(value, list):
        return [plain(part) for part in value if not _is_blank(part)]
    if isinstance(value, Mapping):
        # What the platform only proposes is nobody's change.
        rest = {} if value.get("proposed") else value
        shown = {k: str(v) for k, v in rest.items() if str(v).strip()}
        return {"must": str(value.get("must", True))} | shown | {"proposed": ""}
    return str(value or "").replace("\r\n", "\n").strip()


def _is_blank(part: Any) -> bool:
    if isinstance(part, Mapping):
        return not any(str(value).strip() for value in part.values())
    return not part


def _read_base(text: str) -> dict[str, str]:
    try:
        found = json.loads(text) if len(text) < 10_000 else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _same(left: Any, right: Any) -> bool:
    return bool(plain(left) == plain(right))


def _mark(value: Any) -> str:
    text = json.dumps(plain(value), ensure_ascii=False, sort_keys=True)
    return sha256(text.encode("utf-8", "replace")).hexdigest()[:10]
