"""The form of an achievement as it is stored, and what two people changed of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models import Achievement

from .. import labels
from ..posting import merge
from .schema import IP, OWNERS, from_form

LISTS = ("indicators", "modes")
MONEY = ("price", "valuation_low", "valuation_high")


def form_values(item: Achievement) -> dict[str, Any]:
    """The achievement as its own form would post it."""
    return {
        "title": item.title,
        "field": item.field,
        "inventors": item.inventors,
        "abstract": item.abstract,
        "indicators": item.indicators,
        "applications": item.applications,
        "trl": str(item.level or ""),
        "trl_scale": str(item.trl_scale),
        "trl_proof": str(item.trl_proof or ""),
        "trl_proof_on": labels.day(item.trl_proof_on),
        "trl_proof_by": item.trl_proof_by or "",
        "stage": str(item.stage or ""),
        "ip": [{key: str(value) for key, value in row.items()} for row in item.ip],
        "ownership": str(item.ownership or ""),
        "owners": [
            {"name": row["name"], "share": f"{row['share']:g}"} for row in item.owners
        ],
        "use_until": labels.day(item.use_until),
        "modes": item.modes,
        "terms": item.terms,
        "price": labels.wan(item.price_fen),
        "valuation_low": labels.wan(item.valuation_low_fen),
        "valuation_high": labels.wan(item.valuation_high_fen),
        "valuation_method": str(item.valuation_method or ""),
        "valuation_on": labels.day(item.valuation_on),
        "pilot_wanted": "1" if item.pilot_wanted else "",
        "pilot_needs": item.pilot_needs,
    }


def typed(form: Any) -> dict[str, Any]:
    """What was typed, as it was typed; blank rows are left out."""
    values: dict[str, Any] = form.to_dict()
    read = from_form(form)
    rows = {
        name: [row for row in read[name] if any(row.values())] for name in SHAPE.columns
    }
    return values | {name: read[name] for name in LISTS} | rows


def _words(name: str, values: Mapping[str, Any]) -> str:
    value = values.get(name)
    if name == "ip":
        return "\n".join(map(_right, value or []))
    if name == "owners":
        return "\n".join(f"{row['name']} {row['share']}%" for row in value or [])
    if name == "pilot_wanted":
        return "是" if value else ""
    if name == "trl_scale":
        return {str(k): words for k, words in labels.SCALES.items()}.get(
            value or "", ""
        )
    unit = "万元" if name in MONEY else "级" if name == "trl" else ""
    words = merge.words(name, values)
    return f"{words} {unit}" if unit and words.replace(".", "").isdigit() else words


def _right(row: Mapping[str, str]) -> str:
    """A row of the rights, as one reads it."""
    count, family = row.get("count"), row.get("family")
    parts = (
        row.get("type"),
        row.get("status"),
        row.get("number"),
        count and f"{count} 件",
        family and f"同族 {family}",
    )
    return " ".join(part for part in parts if part)


SHAPE = merge.Shape(
    _words,
    unchosen=frozenset({"promise"}),
    columns={"ip": IP, "owners": OWNERS},
)
