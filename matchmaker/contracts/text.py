"""The text of a contract: what the two sides confirm, as one thing to compare."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from typing import Any

from models import Contract, Payment
from models.states import PaymentTrigger

from .. import labels, money
from .schema import party_value, tick_words
from .words import PARTY_COLUMNS, PARTY_FORM, SIDES, TICKS

TEXT_COLUMNS: tuple[str, ...] = (
    "name",
    "type",
    "subtype",
    "total_fen",
    "technology_fen",
    "payment_manner",
    "payment_words",
    "is_related_deal",
    "completer_priority",
    "starts_on",
    "ends_on",
    "content",
    "field",
    "technology_field",
    "ip_kind",
    "plan_source",
    "aim",
    *(
        f"{side}_{name}"
        for side in ("buyer", "seller")
        for name in (*PARTY_COLUMNS, "form")
    ),
)
# Of the text: what is as the table holds it, and what is nothing rather than null.
PLAIN = (
    "name",
    "type",
    "content",
    "starts_on",
    "ends_on",
    "is_related_deal",
    "completer_priority",
    "payment_manner",
    "payment_words",
)
CODED = ("subtype", "field", "technology_field", "ip_kind", "plan_source", "aim")
PAYMENT_COLUMNS = ("trigger", "amount_fen", "rate_bp", "base", "due_on", "words")


def mark(contract: Contract) -> str:
    """Of the text as it stands: tells whether what was read still is what is there."""
    told = {name: _plain(getattr(contract, name)) for name in TEXT_COLUMNS}
    told["plan"] = [
        [_plain(getattr(line, name)) for name in PAYMENT_COLUMNS]
        for line in contract.payments
    ]
    text = json.dumps(told, ensure_ascii=False, sort_keys=True)
    return sha256(text.encode()).hexdigest()[:16]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def form_values(contract: Contract) -> dict[str, Any]:
    """The contract as its own form would post it."""
    values: dict[str, Any] = {
        "name": contract.name,
        "type": str(contract.type or ""),
        "subtype": contract.subtype or "",
        "content": contract.content,
        "starts_on": labels.day(contract.starts_on),
        "ends_on": labels.day(contract.ends_on),
        "field": contract.field or "",
        "technology_field": contract.technology_field or "",
        "ip_kind": contract.ip_kind or "",
        "plan_source": contract.plan_source or "",
        "aim": contract.aim or "",
        "is_related_deal": tick_words(contract.is_related_deal),
        "completer_priority": str(contract.completer_priority or ""),
        "total": typed_sum(contract.total_fen),
        "technology": typed_sum(contract.technology_fen),
        "payment_manner": str(contract.payment_manner or ""),
        "payment_words": contract.payment_words,
        "plan": [line_values(line) for line in contract.payments],
    }
    for side in ("buyer", "seller"):
        for name in PARTY_COLUMNS:
            values[f"{side}_{name}"] = str(getattr(contract, f"{side}_{name}") or "")
        form = getattr(contract, f"{side}_form") or {}
        for name in PARTY_FORM:
            values[f"{side}_{name}"] = party_value(name, form.get(name))
    return values


def values(contract: Contract) -> dict[str, Any]:
    """The contract as a program sends its form, the plan left out."""
    found: dict[str, Any] = {name: getattr(contract, name) for name in PLAIN}
    found |= {name: getattr(contract, name) or "" for name in CODED}
    found |= {"total": contract.total_fen, "technology": contract.technology_fen}
    for side in SIDES:
        for name in PARTY_COLUMNS:
            value = getattr(contract, f"{side}_{name}")
            found[f"{side}_{name}"] = value or ("" if name == "region" else value)
        form = getattr(contract, f"{side}_form") or {}
        for name in PARTY_FORM:
            empty = None if name in TICKS else ""
            found[f"{side}_{name}"] = form.get(name, empty)
    return found


def codes(contract: Contract) -> frozenset[str]:
    """The coded words the contract bears: valid for it even if no form offers them."""
    columns = (
        "subtype",
        "field",
        "technology_field",
        "ip_kind",
        "plan_source",
        "aim",
        *(f"{side}_{name}" for side in SIDES for name in ("code", "region")),
    )
    found = (getattr(contract, name) for name in columns)
    return frozenset(str(code) for code in found if code)


def typed_sum(fen: int | None) -> str:
    """A sum as one types it, its unit with it."""
    return "" if fen is None else f"{labels.wan(fen)}万元"


def typed_rate(rate_bp: int | None) -> str:
    """A share as one types it: 2.5."""
    return "" if rate_bp is None else f"{rate_bp / 100:g}"


def line_values(line: Payment) -> dict[str, str]:
    """A line of the plan as the form posts it."""
    return {
        "id": str(line.id or ""),
        "trigger": str(line.trigger),
        "amount": typed_sum(line.amount_fen),
        "rate": typed_rate(line.rate_bp),
        "base": line.base,
        "due_on": labels.day(line.due_on),
        "words": line.words,
    }


def line_words(values: Mapping[str, Any]) -> str:
    """A line of the plan as a sentence, from what the form holds."""
    trigger = values.get("trigger")
    known = {member.value: labels.label(member) for member in PaymentTrigger}
    parts = [known.get(str(trigger), str(trigger or ""))]
    if values.get("due_on"):
        parts.append(str(values["due_on"]))
    if values.get("amount"):
        parts.append(f"支付 {values['amount']}")
    if values.get("rate"):
        parts.append(
            f"按{values.get('base') or '（未写基数）'}的 {values['rate']}% 支付"
        )
    if values.get("words"):
        parts.append(f"（{values['words']}）")
    return " ".join(part for part in parts if part)


def sum_words(fen: int | None) -> str:
    """A sum as a contract states it: in figures to the 分, and written out."""
    return "" if fen is None else f"{money.in_yuan(fen)}（{money.capital(fen)}）"
