"""Everything a contract form can know beforehand, so that nobody types it again.

Pure: records in, the values of the form out, as its fields would post them. What is
known stands as it is; what is only likely is named in `Prefilled.proposed`, and the
page marks it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from models import Achievement, Need, Organisation
from models.regions import code_of_district
from models.states import (
    ContractType,
    Mode,
    OrganisationKind,
    PartyKind,
    PaymentManner,
    PaymentTrigger,
)

from ..achievements.rights import LAYOUT, PATENTS, SECRET, SOFTWARE, VARIETY
from ..labels import wan
from .schema import party_value
from .words import PARTY_FORM, PARTY_TICKS

KINDS: dict[OrganisationKind, PartyKind] = {
    OrganisationKind.ENTERPRISE: PartyKind.ENTERPRISE,
    OrganisationKind.UNIVERSITY: PartyKind.UNIVERSITY,
    OrganisationKind.INSTITUTE: PartyKind.INSTITUTE,
}
# Our field -> that of the registration form. A proposal: the two lists cut the
# world differently.
TECHNOLOGY_FIELDS: dict[str, str] = {
    "EM": "manufacturing",
    "AT": "transport",
    "ES": "energy",
    "NM": "materials",
    "IC": "electronics",
    "AI": "electronics",
    "BD": "electronics",
    "AS": "aerospace",
    "BM": "biomedicine",
    "MD": "biomedicine",
    "AG": "agriculture",
    "EP": "environment",
    "RB": "manufacturing",
    "AV": "electronics",
    "CH": "materials",
}
# In the order in which an achievement with several kinds is counted.
IP_KINDS: tuple[tuple[frozenset[str], str], ...] = (
    (PATENTS, "patent"),
    (frozenset({LAYOUT}), "layout"),
    (frozenset({VARIETY}), "plant"),
    (frozenset({SOFTWARE}), "software"),
    (frozenset({SECRET}), "secret"),
)
DEVELOPMENT, TRANSFER = ContractType.DEVELOPMENT, ContractType.TRANSFER
TYPES: dict[Mode, tuple[ContractType, str]] = {
    Mode.COMMISSIONED: (DEVELOPMENT, "development_commissioned"),
    Mode.JOINT: (DEVELOPMENT, "development_joint"),
    Mode.TRANSFER: (TRANSFER, "transfer_"),
    Mode.LICENCE: (ContractType.LICENCE, "licence_"),
    Mode.OPEN_LICENCE: (ContractType.LICENCE, "licence_open"),
    Mode.CONSULTING: (ContractType.CONSULTING, "consulting"),
    Mode.SERVICE: (ContractType.SERVICE, "service"),
    Mode.EQUITY: (TRANSFER, "transfer_"),
}
NOUNS: dict[ContractType, str] = {
    ContractType.DEVELOPMENT: "技术开发合同",
    ContractType.TRANSFER: "技术转让合同",
    ContractType.LICENCE: "技术许可合同",
    ContractType.CONSULTING: "技术咨询合同",
    ContractType.SERVICE: "技术服务合同",
}
MANNERS: dict[Mode, PaymentManner] = {
    Mode.PAY_AFTER_USE: PaymentManner.PAY_AFTER_USE,
    Mode.INVEST_THEN_SHARE: PaymentManner.INVEST_THEN_SHARE,
}
FIRST_TRIGGERS: dict[PaymentManner, PaymentTrigger] = {
    PaymentManner.LUMP_SUM: PaymentTrigger.SIGNING,
    PaymentManner.PAY_AFTER_USE: PaymentTrigger.TEST_PASSED,
    PaymentManner.INVEST_THEN_SHARE: PaymentTrigger.CONVERSION,
}
LONGEST_NAME = 200


@dataclass(frozen=True)
class Party:
    """A side as the platform knows it; ``last`` is its form of its last contract."""

    organisation: Organisation | None = None
    last: Mapping[str, Any] = field(default_factory=dict)
    contact: str = ""
    phone: str = ""


@dataclass(frozen=True)
class Known:
    """All there is to begin with; ``title`` is what the talks are about, in words
    that both sides may read. ``given`` are values of the form that something else
    proposes, such as the task book of an award."""

    title: str = ""
    need: Need | None = None
    achievement: Achievement | None = None
    buyer: Party = Party()
    seller: Party = Party()
    given: Mapping[str, Any] = field(default_factory=dict)

    def with_party(self, side: str, party: Party) -> Known:
        """With what is known of the buyer or the seller."""
        if side == "buyer":
            return replace(self, buyer=party)
        return replace(self, seller=party)


@dataclass(frozen=True)
class Prefilled:
    """The values of the form, and which of them are proposals to look at."""

    values: dict[str, Any]
    proposed: frozenset[str]


def prefill(known: Known) -> Prefilled:
    """The form as far as it fills itself."""
    sure: dict[str, Any] = {}
    likely: dict[str, Any] = {}
    kind, subtype = _type(known)
    sure["field"] = _field(known)
    likely["name"] = _name(known.title, kind)
    likely["type"], likely["subtype"] = str(kind or ""), subtype
    likely["technology_field"] = TECHNOLOGY_FIELDS.get(sure["field"], "")
    likely["ip_kind"] = ip_kind(known.achievement.ip if known.achievement else ())
    likely["plan_source"] = "outside"
    _sums(known, likely)
    likely |= known.given
    for side, party in (("buyer", known.buyer), ("seller", known.seller)):
        _party(side, party, sure, likely)
    values = {**likely, **{name: value for name, value in sure.items() if value}}
    values = {name: value for name, value in values.items() if value}
    proposed = frozenset(
        name for name in likely if values.get(name) and not sure.get(name)
    )
    return Prefilled(values, proposed)


def own_details(side: str, party: Party, values: Mapping[str, Any]) -> dict[str, str]:
    """What the platform knows of a party and its part of the form does not say yet."""
    sure: dict[str, Any] = {}
    likely: dict[str, Any] = {}
    _party(side, party, sure, likely)
    return {
        name: value
        for name, value in (likely | sure).items()
        if value and not values.get(name)
    }


def modes(known: Known) -> list[Mode]:
    """How the two would work together: what both name, else what one of them does."""
    asked = [Mode(code) for code in (known.need.cooperation if known.need else ())]
    offered = [
        Mode(code) for code in (known.achievement.modes if known.achievement else ())
    ]
    both = [mode for mode in asked if mode in offered]
    return both or (offered if known.need is None else asked if not offered else [])


def ip_kind(rows: Iterable[Mapping[str, Any]]) -> str:
    """The kind of the registration form; nothing where no right is listed."""
    kinds = {str(row.get("type", "")) for row in rows}
    return next((code for words, code in IP_KINDS if kinds & words), "")


def _type(known: Known) -> tuple[ContractType | None, str]:
    found = next((TYPES[mode] for mode in modes(known) if mode in TYPES), None)
    if found is None:
        return None, ""
    kind, subtype = found
    if subtype.endswith("_"):
        right = ip_kind(known.achievement.ip if known.achievement else ())
        subtype += {"patent": "patent", "secret": "secret"}.get(right, "other")
    return kind, subtype


def _field(known: Known) -> str:
    about = known.need or known.achievement
    return about.field if about else ""


def _name(title: str, kind: ContractType | None) -> str:
    if not title:
        return ""
    noun = NOUNS[kind] if kind else "技术合同"
    return f"{title[: LONGEST_NAME - len(noun)]}{noun}"


def _sums(known: Known, likely: dict[str, Any]) -> None:
    price = known.achievement.price_fen if known.achievement else None
    fen = price or (known.need.budget_fen if known.need else None)
    manner = _manner(known)
    likely["payment_manner"] = str(manner or "")
    if fen:
        likely["total"] = likely["technology"] = f"{wan(fen)}万元"
    if fen and manner in FIRST_TRIGGERS:
        likely["plan"] = first_plan(manner, likely["total"])


def _manner(known: Known) -> PaymentManner | None:
    offered: Sequence[str] = known.achievement.modes if known.achievement else ()
    asked: Sequence[str] = known.need.cooperation if known.need else ()
    for mode, manner in MANNERS.items():
        if mode.value in (*offered, *asked):
            return manner
    return None


def first_plan(manner: PaymentManner, total: str) -> list[dict[str, str]]:
    """The plan to begin with: all of it at the one point the manner names."""
    line = {"trigger": str(FIRST_TRIGGERS[manner]), "amount": total}
    return [line]


def _party(
    side: str, party: Party, sure: dict[str, Any], likely: dict[str, Any]
) -> None:
    home = party.organisation
    if home is not None:
        sure[f"{side}_name"] = home.name
        sure[f"{side}_code"] = home.credit_code or ""
        sure[f"{side}_kind"] = str(KINDS.get(home.kind, ""))
        sure[f"{side}_region"] = code_of_district(home.district) or ""
    for name in PARTY_FORM:
        sure[f"{side}_{name}"] = party_value(name, party.last.get(name))
    for name, value in (("contact", party.contact), ("phone", party.phone)):
        sure[f"{side}_{name}"] = value or sure[f"{side}_{name}"]
    if home is not None and home.kind in KINDS:
        for name in PARTY_TICKS:
            likely[f"{side}_{name}"] = "no"
        if home.kind is OrganisationKind.INSTITUTE:
            likely[f"{side}_is_rd_body"] = "yes"
