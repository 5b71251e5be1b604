"""Two people edited the same need: what differs, who changed it, what is chosen.

The form carries a short hash of every field as it was when the form was opened. So
it is known which of the two changed a field since; only where both did must the
person decide.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from models import History

from .. import labels
from ..differences import pieces
from .targets import words

# Fields that go together with another and are not chosen by themselves.
WITH = {"measures": "targets"}
NOT_CHOSEN = frozenset({"promise", "public_approved"})
CHOICE = "choose_"


def base(values: Mapping[str, Any]) -> str:
    """A short hash of every field, for the form to carry."""
    return json.dumps({n: _mark(v) for n, v in values.items()}, separators=(",", ":"))


def rows(
    names: Mapping[str, str],
    stored: Mapping[str, Any],
    typed: Mapping[str, Any],
    form: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Every field that differs, with both texts and what is proposed."""
    begun = _read_base(form.get("base", ""))
    found = []
    for name, label in names.items():
        if name in NOT_CHOSEN or name in WITH or name not in stored:
            continue
        parts = [name, *(part for part, whole in WITH.items() if whole == name)]
        if all(_same(stored.get(part), typed.get(part)) for part in parts):
            continue
        mine = any(begun.get(part) != _mark(typed.get(part)) for part in parts)
        theirs = any(begun.get(part) != _mark(stored.get(part)) for part in parts)
        left, right = _words(name, stored), _words(name, typed)
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


def posted(typed: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What was typed as hidden fields of the page that asks for the choices."""
    found: list[tuple[str, str]] = []
    for name, value in typed.items():
        if name in ("csrf_token", "action", "version", "base", "form_key", "measures"):
            continue
        if name.startswith((CHOICE, "measure_")):
            continue
        values = value if isinstance(value, list) else [value]
        found += [(name, str(one)) for one in values]
    for one in typed.get("measures") or []:
        for part in ("name", "comparator", "value", "upper", "unit"):
            found.append((f"measure_{part}", str(one.get(part, ""))))
        found.append(("measure_need", "must" if one.get("must", True) else "wish"))
        found.append(("measure_proposed", ""))
    return found


def chosen(form: Any, stored: Mapping[str, Any]) -> dict[str, Any]:
    """The form again, with the stored text wherever it was chosen."""
    from .schema import from_form

    together = from_form(form)
    values = {name: together.get(name, "") for name in stored}
    for name in stored:
        whole = WITH.get(name, name)
        if form.get(CHOICE + whole) == "stored":
            values[name] = stored[name]
    # Another full text asks for another approval.
    return values | {"public_approved": "", "promise": form.get("promise", "")}


def last_change(entries: Sequence[History]) -> dict[str, str]:
    """Who saved meanwhile, and when."""
    if not entries:
        return {"who": "", "when": ""}
    actor = entries[0].actor
    return {"who": actor.name if actor else "", "when": labels.minute(entries[0].at)}


def _read_base(text: str) -> dict[str, str]:
    try:
        found = json.loads(text) if len(text) < 10_000 else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(part) for part in value if part]
    if isinstance(value, Mapping):
        # What the platform only proposes is nobody's change.
        shown = {} if value.get("proposed") else {k: str(v) for k, v in value.items()}
        return {"must": str(value.get("must", True))} | shown | {"proposed": ""}
    return str(value or "").replace("\r\n", "\n").strip()


def _same(left: Any, right: Any) -> bool:
    return bool(_plain(left) == _plain(right))


def _mark(value: Any) -> str:
    text = json.dumps(_plain(value), ensure_ascii=False, sort_keys=True)
    return sha256(text.encode("utf-8", "replace")).hexdigest()[:10]


def _words(name: str, values: Mapping[str, Any]) -> str:
    if name == "targets":
        measures = values.get("measures") or []
        lines = []
        for place, text in enumerate(values.get("targets") or []):
            one = measures[place] if place < len(measures) else {}
            wish = "" if one.get("must", True) else "（期望）"
            told = "" if one.get("proposed") else words(one)
            lines.append(f"{text}{wish}" + (f"［{told}］" if told else ""))
        return "\n".join(lines)
    value = values.get(name)
    if isinstance(value, list):
        return "\n".join(labels.in_words(name, part) for part in value if part)
    return labels.in_words(name, _plain(value)) if value else ""
