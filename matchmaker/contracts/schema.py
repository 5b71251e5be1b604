"""What the form of a contract takes: its draft, and the lines of its plan."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ValidationInfo

from models.states import (
    CompleterPriority,
    ContractType,
    PartyKind,
    PaymentManner,
    PaymentTrigger,
)

from ..posting.columns import Columns
from ..schema import Input, Money, Optional, Text
from .inputs import (
    CodeOrBlank,
    DayOrNone,
    Industry,
    Line,
    Note,
    Phone,
    PlatformField,
    Postcode,
    Region,
    RowNumber,
    Share,
    Size,
    Tick,
    word,
)
from .words import PARTY_FORM, TICKS, type_of_subtype

MOST_LINES = 24
PLAN = Columns("plan", ("id", "trigger", "amount", "rate", "base", "due_on", "words"))


class PlanLine(Input):
    """One line of the payment plan: a fixed sum, or a share of something."""

    id: RowNumber = None
    trigger: PaymentTrigger
    amount: Money = None
    rate: Share = None
    base: Line = ""
    due_on: DayOrNone = None
    words: Note = ""

    @field_validator("rate")
    @classmethod
    def sum_or_share(cls, rate: int | None, info: ValidationInfo) -> int | None:
        if "amount" not in info.data:
            return rate  # what is wrong with the amount is said already
        amount = info.data["amount"]
        if amount == 0:
            raise PydanticCustomError("plan", "金额须大于 0")
        if (amount is None) == (rate is None):
            raise PydanticCustomError("plan", "金额和比例请填写一个，也只填一个")
        return rate

    @field_validator("base")
    @classmethod
    def share_of_something(cls, base: str, info: ValidationInfo) -> str:
        if info.data.get("rate") is not None and not base:
            raise PydanticCustomError("plan", "按比例支付的，请写明按什么提成")
        return base

    @field_validator("due_on")
    @classmethod
    def day_if_dated(cls, due_on: date | None, info: ValidationInfo) -> date | None:
        if info.data.get("trigger") is PaymentTrigger.DATE and due_on is None:
            raise PydanticCustomError("plan", "到约定日期支付的，请填写日期")
        return due_on

    # A default is checked too: the rules above are about what is missing.
    model_config = Input.model_config | {"validate_default": True}


class ContractDraft(Input):
    """A contract as it is being written: what is there is valid, the rest may miss."""

    name: Annotated[Text, Field(min_length=2, max_length=200)]
    type: Annotated[ContractType | None, Optional] = None
    subtype: word("contract_subtype") = ""  # type: ignore[valid-type]
    content: Annotated[Text, Field(max_length=5000)] = ""
    starts_on: DayOrNone = None
    ends_on: DayOrNone = None
    field: PlatformField = ""
    technology_field: word("technology_field") = ""  # type: ignore[valid-type]
    ip_kind: word("ip_kind") = ""  # type: ignore[valid-type]
    plan_source: word("plan_source") = ""  # type: ignore[valid-type]
    aim: word("aim") = ""  # type: ignore[valid-type]
    is_related_deal: Tick = None
    completer_priority: Annotated[CompleterPriority | None, Optional] = None

    total: Money = None
    technology: Money = None
    payment_manner: Annotated[PaymentManner | None, Optional] = None
    payment_words: Annotated[Text, Field(max_length=2000)] = ""
    plan: Annotated[list[PlanLine], Field(max_length=MOST_LINES)] = []

    buyer_name: Annotated[Text, Field(max_length=200)] = ""
    buyer_code: CodeOrBlank = None
    buyer_kind: Annotated[PartyKind | None, Optional] = None
    buyer_region: Region = ""
    buyer_address: Note = ""
    buyer_legal_representative: Line = ""
    buyer_contact: Line = ""
    buyer_phone: Phone = ""
    buyer_postcode: Postcode = ""
    buyer_is_transfer_body: Tick = None
    buyer_is_rd_body: Tick = None
    buyer_is_converted: Tick = None
    buyer_in_high_tech_zone: Tick = None
    buyer_is_listed: Tick = None
    buyer_size: Size = ""
    buyer_industry: Industry = ""

    seller_name: Annotated[Text, Field(max_length=200)] = ""
    seller_code: CodeOrBlank = None
    seller_kind: Annotated[PartyKind | None, Optional] = None
    seller_region: Region = ""
    seller_address: Note = ""
    seller_legal_representative: Line = ""
    seller_contact: Line = ""
    seller_phone: Phone = ""
    seller_postcode: Postcode = ""
    seller_is_transfer_body: Tick = None
    seller_is_rd_body: Tick = None
    seller_is_converted: Tick = None
    seller_in_high_tech_zone: Tick = None
    seller_is_listed: Tick = None
    seller_size: Size = ""
    seller_industry: Industry = ""

    @field_validator("subtype")
    @classmethod
    def of_its_type(cls, code: str, info: ValidationInfo) -> str:
        own, kind = type_of_subtype(code), info.data.get("type")
        if code and own is not None and kind is not None and own is not kind:
            raise PydanticCustomError("subtype", "合同类别与合同类型不一致，请核对")
        return code

    @field_validator("ends_on")
    @classmethod
    def after_the_start(cls, ends_on: date | None, info: ValidationInfo) -> date | None:
        starts_on = info.data.get("starts_on")
        if ends_on is not None and starts_on is not None and ends_on < starts_on:
            raise PydanticCustomError("term", "终止日期不能早于开始日期")
        return ends_on

    @field_validator("technology")
    @classmethod
    def within_the_total(cls, part: int | None, info: ValidationInfo) -> int | None:
        total = info.data.get("total")
        if part is not None and total is not None and part > total:
            raise PydanticCustomError("technology", "技术交易额不能超过合同成交额")
        return part

    @field_validator("seller_code")
    @classmethod
    def of_another(cls, code: str | None, info: ValidationInfo) -> str | None:
        if code is not None and code == info.data.get("buyer_code"):
            raise PydanticCustomError("parties", "买方和卖方不能是同一家单位，请核对")
        return code

    def party_form(self, side: str) -> dict[str, Any]:
        """What the form asks of a party besides its columns; nothing left out."""
        found = {name: getattr(self, f"{side}_{name}") for name in PARTY_FORM}
        return {name: value for name, value in found.items() if value not in ("", None)}

    def columns(self) -> dict[str, Any]:
        """As the table holds it, the payment plan left out."""
        kind = self.type or type_of_subtype(self.subtype)
        found: dict[str, Any] = {
            "name": self.name,
            "type": kind,
            "total_fen": self.total,
            "technology_fen": self.technology,
            "payment_manner": self.payment_manner,
            "payment_words": self.payment_words,
            "is_related_deal": self.is_related_deal,
            "completer_priority": self.completer_priority,
            "starts_on": self.starts_on,
            "ends_on": self.ends_on,
            "content": self.content,
        }
        for name in (
            "subtype",
            "field",
            "technology_field",
            "ip_kind",
            "plan_source",
            "aim",
        ):
            found[name] = getattr(self, name) or None
        for side in ("buyer", "seller"):
            found[f"{side}_name"] = getattr(self, f"{side}_name")
            for name in ("code", "kind", "region"):
                found[f"{side}_{name}"] = getattr(self, f"{side}_{name}") or None
            found[f"{side}_form"] = self.party_form(side)
        return found


def from_form(form: Any) -> dict[str, Any]:
    """The posted form with the lines of the plan put together.

    A line nobody wrote in is none, whatever trigger its list shows.
    """
    if not hasattr(form, "getlist"):
        return dict(form)
    data: dict[str, Any] = dict(form.items())
    typed = ("amount", "rate", "base", "due_on", "words")
    data["plan"] = [
        line for line in PLAN.read(form) if any(line[part].strip() for part in typed)
    ]
    return data


def tick_words(value: bool | None) -> str:
    """As the form posts it."""
    return {True: "yes", False: "no", None: ""}[value]


def party_value(name: str, value: Any) -> str:
    """A value of a party's form as the form posts it."""
    return tick_words(value) if name in TICKS else str(value or "")
