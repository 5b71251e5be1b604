"""Two people edited the same need: `posting.merge` for the form of a need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import labels
from ..posting import merge
from ..posting.merge import base, last_change
from .schema import from_form
from .targets import words

__all__ = ["base", "chosen", "last_change", "posted", "rows"]


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
    return labels.in_words(name, merge.plain(value)) if value else ""


SHAPE = merge.Shape(
    _words,
    together={"measures": "targets"},
    unchosen=frozenset({"promise", "public_approved"}),
)


def rows(
    names: Mapping[str, str],
    stored: Mapping[str, Any],
    typed: Mapping[str, Any],
    form: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Every field that differs, with both texts and what is proposed."""
    return merge.rows(SHAPE, names, stored, typed, form)


def posted(typed: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What was typed as hidden fields of the page that asks for the choices."""
    parts = [name for name in typed if name.startswith("measure_")]
    found = merge.hidden(typed, ["measures", *parts])
    for one in typed.get("measures") or []:
        for part in ("name", "comparator", "value", "upper", "unit"):
            found.append((f"measure_{part}", str(one.get(part, ""))))
        found.append(("measure_need", "must" if one.get("must", True) else "wish"))
        found.append(("measure_proposed", ""))
    return found


def chosen(form: Any, stored: Mapping[str, Any]) -> dict[str, Any]:
    """The form again, with the stored text wherever it was chosen."""
    values = merge.chosen(SHAPE, from_form(form), stored, form)
    # Another full text asks for another approval.
    return values | {"public_approved": "", "promise": form.get("promise", "")}
