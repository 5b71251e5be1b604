"""The form of a need as it is stored, and what two people changed of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from models import Need

from .. import labels
from ..posting import merge
from ..posting.columns import Columns
from . import service
from .schema import MEASURES, from_form
from .targets import words

LISTS = ("public_targets", "cooperation")


def form_values(need: Need) -> dict[str, Any]:
    """The need as its own form would post it."""
    return {
        "title": need.title,
        "field": need.field,
        "district": need.district,
        "problem": need.problem,
        "tried": need.tried,
        "scene": need.scene,
        "targets": need.targets,
        "measures": service.measures_of(need),
        "trl_expected": str(need.trl_expected or ""),
        "budget": labels.wan(need.budget_fen),
        "cooperation": need.cooperation,
        "ip_wish": need.ip_wish or "",
        "solver_conditions": need.solver_conditions,
        "deadline": labels.day(need.deadline),
        "contact": need.contact,
        "park": need.park,
        "secrecy": str(need.secrecy),
        "public_title": need.public_title or "",
        "public_problem": need.public_problem or "",
        "public_targets": need.public_targets or [],
        "public_approved": need.public_approved or "",
    }


def typed(form: Any) -> dict[str, Any]:
    """What was typed, as it was typed; rows without a sentence are left out."""
    values: dict[str, Any] = form.to_dict()
    together = from_form(form)
    lists = {name: form.getlist(name) for name in LISTS}
    return values | lists | {n: together[n] for n in ("targets", "measures")}


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
    return merge.words(name, values)


class _Measures(Columns):
    """Of a measure the page of choices keeps what was typed, not that it is a guess."""

    def posted(self, rows: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
        return super().posted(
            {**row, "need": "must" if row.get("must", True) else "wish", "proposed": ""}
            for row in rows
        )


SHAPE = merge.Shape(
    _words,
    together={"measures": "targets"},
    unchosen=frozenset({"promise", "public_approved"}),
    columns={"measures": _Measures(MEASURES.prefix, MEASURES.parts)},
)
