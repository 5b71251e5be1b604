"""The form of a call as it is stored, and what two people changed of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models import Call

from ... import labels, moments
from ...posting import merge
from ..versions.text import MOMENTS, criteria_words
from .schema import CRITERIA, from_form


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
            {part: str(one.get(part, "")) for part in CRITERIA.parts}
            for one in call.criteria
        ],
        "issuer_weight": str(call.issuer_weight),
    } | {name: moments.typed(getattr(call, name)) for name in MOMENTS}


def typed(form: Any) -> dict[str, Any]:
    """What was typed, as it was typed; blank rows of criteria are left out."""
    values: dict[str, Any] = form.to_dict()
    together = from_form(form)
    return values | {name: together[name] for name in ("goals", "needs", "criteria")}


def _words(name: str, values: Mapping[str, Any]) -> str:
    if name == "criteria":
        return criteria_words(values.get(name) or [])
    if name in MOMENTS:
        return str(values.get(name) or "").replace("T", " ")
    return merge.words(name, values)


SHAPE = merge.Shape(
    _words,
    unchosen=frozenset({"promise", "reason"}),
    columns={"criteria": CRITERIA},
)
