"""Contracts as a program reads them: lines of the ledger, one contract, its stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from models import Contract
from models.states import ContractSource, ContractState, ContractType, PartyKind

from ..api.answers import Output, Slice
from . import page, registering, text
from .page import View
from .plan_answers import PaymentReceiptOut, PlanLineOut, plan_line, receipt
from .text_answers import ContractText
from .words import LABELS


class ContractLine(Output):
    """A contract as a line of the ledger; sums in 分."""

    id: int
    version: int
    code: str
    registration_number: str | None
    name: str
    state: ContractState
    state_since: datetime
    source: ContractSource
    type: ContractType | None
    total: int | None
    technology: int | None
    buyer_name: str
    buyer_kind: PartyKind | None
    buyer_region: str
    seller_name: str
    seller_kind: PartyKind | None
    seller_region: str
    field: str
    technology_field: str
    signed_on: date | None
    recognised_on: date | None
    manager: str | None
    updated_at: datetime
    demo: bool


class LedgerLine(ContractLine):
    """``received`` arrived in the year whose receipts the list is of."""

    received: int | None


class Ledger(Slice[LedgerLine]):
    """Contracts, and what all that were found come to, in 分.

    ``counted`` is 成交额 of the recognised; ``states`` counts every state, the filter
    of states left out.
    """

    total_fen: int
    counted_fen: int
    technology_fen: int
    states: dict[ContractState, int]
    paid_year: int | None
    received_fen: int | None


class ContractStand(ContractLine):
    """Where a contract stands.

    ``mark`` is that of its text, to be sent as ``seen`` by who has read it; ``side`` is
    «buyer» or «seller» where it is one's own; ``steps`` are those one may take now;
    ``missing`` is what is still to be filled in, by field; ``waits_for`` the sides that
    have yet to confirm a text that may still change.
    """

    mark: str
    side: str | None
    steps: list[str]
    missing: dict[str, str]
    waits_for: list[str]


class AmendmentChange(Output):
    """A field before and after, in words."""

    field: str
    before: str
    after: str


class ContractAmendmentOut(Output):
    number: int
    amended_on: date
    reason: str
    changes: list[AmendmentChange]


class PartyConfirmation(Output):
    """Whether a party is on the platform and confirmed the text, and on what word."""

    side: str
    is_here: bool
    confirmed_at: datetime | None
    words: str


class ContractLogLine(Output):
    at: datetime
    who: str
    what: str
    detail: str


class ContractOut(ContractStand, ContractText):
    """A contract with its text, its payments and all that happened to it."""

    labels = LABELS

    plan: list[PlanLineOut]
    receipts: list[PaymentReceiptOut]
    received: int
    confirmations: list[PartyConfirmation]
    office: str
    submitted_on: date | None
    correction_words: str | None
    refused_code: str | None
    refused_words: str | None
    cancelled_on: date | None
    cancelled_words: str | None
    amendments: list[ContractAmendmentOut]
    award_id: int | None
    created_at: datetime
    log: list[ContractLogLine]


def facts(contract: Contract) -> dict[str, Any]:
    """The fields of `ContractLine`."""
    return {
        "id": contract.id,
        "version": contract.version,
        "code": contract.code,
        "registration_number": contract.registration_number,
        "name": contract.name,
        "state": contract.state,
        "state_since": contract.state_since,
        "source": contract.source,
        "type": contract.type,
        "total": contract.total_fen,
        "technology": contract.technology_fen,
        "buyer_name": contract.buyer_name,
        "buyer_kind": contract.buyer_kind,
        "buyer_region": contract.buyer_region or "",
        "seller_name": contract.seller_name,
        "seller_kind": contract.seller_kind,
        "seller_region": contract.seller_region or "",
        "field": contract.field or "",
        "technology_field": contract.technology_field or "",
        "signed_on": contract.signed_on,
        "recognised_on": contract.recognised_on,
        "manager": contract.manager.name if contract.manager else None,
        "updated_at": contract.updated_at,
        "demo": contract.is_demo,
    }


def stand(view: View) -> dict[str, Any]:
    """The fields of `ContractStand`."""
    return facts(view.contract) | {
        "mark": view.mark,
        "side": view.side or None,
        "steps": sorted(view.may),
        "missing": dict(view.missing),
        "waits_for": view.waits_for,
    }


def whole(
    view: View, award_id: int | None, log: Sequence[Mapping[str, Any]]
) -> ContractOut:
    """The contract as its page shows it to this reader."""
    contract = view.contract
    return ContractOut.model_validate(
        text.values(contract)
        | stand(view)
        | _states(contract)
        | {
            "plan": [plan_line(one) for one in view.lines],
            "receipts": [receipt(one) for one in contract.receipts],
            "received": view.received_fen,
            "award_id": award_id,
            "created_at": contract.created_at,
            "log": [
                ContractLogLine(
                    at=one["iso"],
                    who=one["who"],
                    what=one["what"],
                    detail=one["detail"],
                )
                for one in log
            ],
        }
    )


def _states(contract: Contract) -> dict[str, Any]:
    """What became of it at the office, and what both sides said to the text."""
    refused = contract.refused_code
    return {
        "confirmations": [
            PartyConfirmation(
                side=side,
                is_here=getattr(contract, f"{side}_id") is not None,
                confirmed_at=getattr(contract, f"{side}_confirmed_at"),
                words=getattr(contract, f"{side}_confirmed_words"),
            )
            for side in ("buyer", "seller")
        ],
        "office": contract.office,
        "submitted_on": contract.submitted_on,
        "correction_words": contract.correction_words or None,
        "refused_code": refused,
        "refused_words": registering.refused_words(refused, contract.refused_words)
        if refused
        else None,
        "cancelled_on": contract.cancelled_on,
        "cancelled_words": contract.cancelled_words or None,
        "amendments": [
            ContractAmendmentOut(
                number=one.number,
                amended_on=one.amended_on,
                reason=one.reason,
                changes=[
                    AmendmentChange(field=field, before=before, after=after)
                    for field, before, after in page.change_rows(one.changes)
                ],
            )
            for one in contract.amendments
        ],
    }
