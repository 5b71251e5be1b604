"""The form of a call as it is stored, and what two people changed of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models import Call

from ... import labels, moments
from ...posting import merge
from ...posting.merge import base, last_change
from ..versions.text import MOMENTS, criteria_words
from .schema import LABELS, from_form

__all__ = ["base", "chosen", "form_values", "last_change", "posted", "rows"]

PARTS = ("name", "weight", "words")


def form_values(call: Call) -> dict[str, Any]:
    """The call as its own form would post it."""
    return {
        "issuer": call.issuer.name,
        "title": call.title,
        "field": call.field,
        "background": call.background,
        "goals": call.goals,
        "conditions": call.conditions,
        "contact": call.contact,
        "funding": labels.wan(call.funding_fen),
        "mode": str(call.mode),
        "max_awards": str(call.max_awards),
        "criteria": [
            {part: str(one.get(part, "")) for part in PARTS} for one in call.criteria
        ],
        "issuer_weight": str(call.issuer_weight),
    } | {name: moments.typed(getattr(call, name)) for name in MOMENTS}


def _words(name: str, values: Mapping[str, Any]) -> str:
    value = values.get(name)
    if name == "criteria":
        return criteria_words(value or [])
    if isinstance(value, list):
        return "\n".join(str(part) for part in value if part)
    if name in MOMENTS:
        return str(value or "").replace("T", " ")
    return labels.in_words(name, merge.plain(value)) if value else ""


SHAPE = merge.Shape(_words, unchosen=frozenset({"promise", "reason"}))


def rows(
    stored: Mapping[str, Any], typed: Mapping[str, Any], form: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Every field that differs, with both texts and what is proposed."""
    return merge.rows(SHAPE, LABELS, stored, typed, form)


def posted(typed: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What was typed as hidden fields of the page that asks for the choices."""
    parts = [name for name in typed if name.startswith("criterion_")]
    found = merge.hidden(typed, ["criteria", *parts])
    for one in typed.get("criteria") or []:
        found += [(f"criterion_{part}", str(one.get(part, ""))) for part in PARTS]
    return found


def chosen(form: Any, stored: Mapping[str, Any]) -> dict[str, Any]:
    """The form again, with the stored text wherever it was chosen."""
    values = merge.chosen(SHAPE, from_form(form), stored, form)
    return values | {"promise": form.get("promise", "")}
