"""What a column holds, and in what two versions of a form differ, in words."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from models import states as s
from models.fields import CONTRACT_WORDS, district_name, field_name
from models.regions import region_name

from ..contracts.words import INDUSTRIES, SIDES, SIZES
from ..needs.measures import words as measure_words
from .amounts import money
from .times import minute
from .words import label

LEVELS: list[tuple[str, str]] = [(str(level), f"{level} 级") for level in range(1, 10)]
SCALES: dict[int, str] = {9: "九级制", 13: "十三级制"}
CODED: dict[str, type[StrEnum]] = {
    "review_state": s.ReviewState,
    "objection_state": s.ObjectionState,
    "ip_wish": s.IpWish,
    "secrecy": s.Secrecy,
    "stage": s.Stage,
    "trl_proof": s.ProofKind,
    "valuation_method": s.ValuationMethod,
    "ownership": s.Ownership,
    "cooperation": s.Mode,
    "modes": s.Mode,
    "role": s.Role,
    "interest": s.Interest,
    "type": s.ContractType,
    "payment_manner": s.PaymentManner,
    "completer_priority": s.CompleterPriority,
    "buyer_kind": s.PartyKind,
    "seller_kind": s.PartyKind,
    "trigger": s.PaymentTrigger,
    "state": s.ContractState,
    "mode": s.CallMode,
}
# Codes of lists that are no enums, by the column that holds them.
LISTED: dict[str, Mapping[str, str]] = {
    "subtype": CONTRACT_WORDS["contract_subtype"],
    "refused_code": CONTRACT_WORDS["contract_refused"],
    **{
        name: CONTRACT_WORDS[name]
        for name in ("technology_field", "ip_kind", "plan_source", "aim")
    },
    **{
        f"{side}_{name}": words
        for side in ("buyer", "seller")
        for name, words in (("size", SIZES), ("industry", INDUSTRIES))
    },
    "side": SIDES,
}


def in_words(name: str, value: Any) -> str:
    """A column, or what was typed for it, as a person reads it in a comparison."""
    if value is None or value == "" or value == []:
        return "(未填写)"
    if isinstance(value, list):
        parts = [in_words(name, part) for part in value]
        return "；".join(part for part in parts if part) or "(未填写)"
    if isinstance(value, dict) and "comparator" in value:
        told = measure_words(value)
        return f"{told}（期望）" if told and not value.get("must", True) else told
    if isinstance(value, dict):
        return " ".join(
            f"{part:g}" if isinstance(part, float) else str(part)
            for part in value.values()
            if part
        )
    if isinstance(value, bool):
        return "是" if value else "否"
    if name.endswith("_fen"):
        return " ".join(money(value)).strip()
    if name in ("opens_at", "closes_at", "questions_until"):
        return minute(datetime.fromisoformat(str(value)))
    if name in ("field", "fields"):
        return field_name(value)
    if name in ("district", "districts"):
        return district_name(value)
    if name in ("buyer_region", "seller_region"):
        return region_name(value)
    if name in LISTED:
        return LISTED[name].get(str(value), str(value))
    known = {str(member): label(member) for member in CODED.get(name, ())}
    return known.get(str(value), str(value))


def differences(
    names: Mapping[str, str], stored: Mapping[str, Any], typed: Mapping[str, Any]
) -> list[tuple[str, str, str]]:
    """(label, stored, typed) in words for each part of a form that differs."""
    found = []
    for name, text in names.items():
        if name in stored:
            old, new = (_as_posted(side.get(name)) for side in (stored, typed))
            if old != new:
                found.append((text, in_words(name, old), in_words(name, new)))
    return found


def _as_posted(value: Any) -> Any:
    if isinstance(value, list):
        rows = [_without_blanks(part) for part in value]
        return [part for part in rows if part]
    return str(value or "").replace("\r\n", "\n").strip()


def _without_blanks(part: Any) -> Any:
    if isinstance(part, dict):
        return {name: text for name, text in part.items() if text}
    return part
