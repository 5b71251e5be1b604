"""The text of a contract as a program reads it: in its form's names, or in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from models.states import (
    CompleterPriority,
    ContractType,
    PartyKind,
    PaymentManner,
)

from ..api.answers import Output
from .export import Section
from .plan_answers import PlanText
from .schema import ContractDraft
from .words import LABELS


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


class FormRow(Output):
    label: str
    words: str


class FormSection(Output):
    title: str
    rows: list[FormRow]


class RegistrationForm(Output):
    """The registration form, every code in words."""

    sections: list[FormSection]


def form(sections: Sequence[Section]) -> RegistrationForm:
    """The registration form, section by section."""
    return RegistrationForm(
        sections=[
            FormSection(
                title=one.title,
                rows=[FormRow(label=label, words=words) for label, words in one.rows],
            )
            for one in sections
        ]
    )


def proposal(draft: ContractDraft, proposed: frozenset[str]) -> ContractProposal:
    """A form as far as it can be filled in."""
    return ContractProposal.model_validate(
        draft.model_dump() | {"proposed": sorted(proposed)}
    )
