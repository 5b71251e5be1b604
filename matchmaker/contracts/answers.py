"""Contracts as a program reads them; their text in the names their form has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from models import Contract, Receipt
from models.states import (
    CompleterPriority,
    ContractSource,
    ContractState,
    ContractType,
    PartyKind,
    PaymentManner,
    PaymentTrigger,
)

from ..api.answers import Output, Slice
from . import page, registering, text
from .page import View
from .plan import LineState
from .schema import ContractDraft
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


class PlanText(Output):
    """A line of the payment plan: a sum in 分, or a share in 0.01%."""

    id: int | None
    trigger: PaymentTrigger
    amount: int | None
    rate: int | None
    base: str
    due_on: date | None
    words: str


class PlanLineOut(PlanText):
    """A line as it stands today.

    ``state`` is «paid», «partly», «overdue», «due» or «waiting»; ``owed_from`` the day
    from which it is owed, where that is known; ``proof_id`` the attachment that shows
    that its condition came true.
    """

    contract_id: int
    position: int
    happened_on: date | None
    proof_id: int | None
    state: str
    owed_from: date | None
    received: int


class PaymentReceiptOut(Output):
    id: int
    payment_id: int | None
    amount: int
    received_on: date
    words: str


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


class ContractText(Output):
    """The text of a contract as its form takes it, the payment plan left out."""

    labels = LABELS

    name: str
    type: ContractType | None
    subtype: str
    content: str
    starts_on: date | None
    ends_on: date | None
    field: str
    technology_field: str
    ip_kind: str
    plan_source: str
    aim: str
    is_related_deal: bool | None
    completer_priority: CompleterPriority | None
    total: int | None
    technology: int | None
    payment_manner: PaymentManner | None
    payment_words: str

    buyer_name: str
    buyer_code: str | None
    buyer_kind: PartyKind | None
    buyer_region: str
    buyer_address: str
    buyer_legal_representative: str
    buyer_contact: str
    buyer_phone: str
    buyer_postcode: str
    buyer_is_transfer_body: bool | None
    buyer_is_rd_body: bool | None
    buyer_is_converted: bool | None
    buyer_in_high_tech_zone: bool | None
    buyer_is_listed: bool | None
    buyer_size: str
    buyer_industry: str

    seller_name: str
    seller_code: str | None
    seller_kind: PartyKind | None
    seller_region: str
    seller_address: str
    seller_legal_representative: str
    seller_contact: str
    seller_phone: str
    seller_postcode: str
    seller_is_transfer_body: bool | None
    seller_is_rd_body: bool | None
    seller_is_converted: bool | None
    seller_in_high_tech_zone: bool | None
    seller_is_listed: bool | None
    seller_size: str
    seller_industry: str


class ContractProposal(ContractText):
    """A form as far as it fills itself in; ``proposed`` names what is only likely."""

    plan: list[PlanText]
    proposed: list[str]


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


class FormRow(Output):
    label: str
    words: str


class FormSection(Output):
    title: str
    rows: list[FormRow]


class RegistrationForm(Output):
    """The registration form, every code in words."""

    sections: list[FormSection]


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


def plan_line(state: LineState) -> PlanLineOut:
    line = state.line
    return PlanLineOut(
        id=line.id,
        contract_id=line.contract_id,
        position=line.position,
        trigger=line.trigger,
        amount=line.amount_fen,
        rate=line.rate_bp,
        base=line.base,
        due_on=line.due_on,
        words=line.words,
        happened_on=line.happened_on,
        proof_id=line.proof_id,
        state=state.state,
        owed_from=state.due_on,
        received=state.received_fen,
    )


def receipt(one: Receipt) -> PaymentReceiptOut:
    return PaymentReceiptOut(
        id=one.id,
        payment_id=one.payment_id,
        amount=one.amount_fen,
        received_on=one.received_on,
        words=one.words,
    )


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


def proposal(draft: ContractDraft, proposed: frozenset[str]) -> ContractProposal:
    """A form as far as it can be filled in."""
    return ContractProposal.model_validate(
        draft.model_dump() | {"proposed": sorted(proposed)}
    )
