"""What the forms of a contract take: the draft, its plan, and every later step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from itertools import zip_longest
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, field_validator
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ValidationInfo

from models.fields import CONTRACT_WORDS, FIELDS
from models.states import (
    CompleterPriority,
    ContractType,
    PartyKind,
    PaymentManner,
    PaymentTrigger,
)

from ..registrations.schema import checked_code, plain_code
from ..schema import Day, Input, Money, Optional, Text
from .words import INDUSTRIES, PARTY_FORM, REGIONS, SIZES, TICKS, type_of_subtype

MOST_LINES = 24
EARLIEST, LATEST = date(1985, 1, 1), date(2100, 12, 31)
_REGION_CODES = frozenset(code for code, _ in REGIONS)
PLAN_PARTS = ("id", "trigger", "amount", "rate", "base", "due_on", "words")


def _in_reach(day: date) -> date:
    if not EARLIEST <= day <= LATEST:
        raise PydanticCustomError("year", "请核对年份")
    return day


def _percent(value: Any) -> Any:
    """«5», «2.5%» as hundredths of a per cent."""
    if not isinstance(value, str):
        return value
    text = value.strip().removesuffix("%").removesuffix("％").strip()
    if not text:
        return None
    plain = text.replace(".", "", 1)
    if not (plain.isascii() and plain.isdigit() and len(plain) <= 8):
        raise PydanticCustomError("rate", "比例请写成百分数，例如 5 或 2.5")
    points = Decimal(text) * 100
    if points != points.to_integral_value() or not 1 <= points <= 10_000:
        raise PydanticCustomError("rate", "比例应在 0.01% 到 100% 之间，最多两位小数")
    return int(points)


def _tick(value: Any) -> Any:
    if isinstance(value, str):
        if value not in ("", "yes", "no"):
            raise PydanticCustomError("tick", "请选择是或否")
        return {"yes": True, "no": False}.get(value)
    return value


def _listed(words: Mapping[str, str], message: str) -> AfterValidator:
    def known(code: str) -> str:
        if code and code not in words:
            raise PydanticCustomError("listed", "{words}", {"words": message})
        return code

    return AfterValidator(known)


def _unless_kept(check: Callable[[str], str]) -> AfterValidator:
    """The check, but for what the stored contract says already.

    A list may have dropped a word since, and a file may have brought what no form
    would take; neither is to be lost by an edit of something else. The context has
    ``kept``.
    """

    def checked(value: str, info: ValidationInfo) -> str:
        context: Any = info.context or {}
        return value if value in context.get("kept", ()) else check(value)

    return AfterValidator(checked)


def _word(name: str) -> Any:
    """A code of a list the administrator keeps; what is out of use is not taken."""

    def offered(code: str) -> str:
        if code and not CONTRACT_WORDS[name].is_offered(code):
            raise PydanticCustomError("listed", "没有这一项或已停用，请从列表中选择")
        return code

    return Annotated[Text, _unless_kept(offered)]


def _field(code: str) -> str:
    if code and not FIELDS.is_offered(code):
        raise PydanticCustomError("listed", "没有这一项或已停用，请从列表中选择")
    return code


def _phone(text: str) -> str:
    if text and sum(char.isdigit() for char in text) < 7:
        raise PydanticCustomError("phone", "请填写完整的电话号码，固定电话带区号")
    return text


def _postcode(text: str) -> str:
    if text and not (text.isascii() and text.isdigit() and len(text) == 6):
        raise PydanticCustomError("postcode", "邮政编码是 6 位数字")
    return text


def _region(code: str) -> str:
    if code and code not in _REGION_CODES:
        raise PydanticCustomError("region", "请从列表中选择行政区划")
    return code


ActualDay = Annotated[Day, AfterValidator(_in_reach)]
DayOrNone = Annotated[ActualDay | None, Optional]
Tick = Annotated[bool | None, BeforeValidator(_tick)]
CodeOrBlank = Annotated[Annotated[Text, _unless_kept(checked_code)] | None, Optional]
Region = Annotated[Text, _unless_kept(_region)]
PlatformField = Annotated[Text, _unless_kept(_field)]
Line = Annotated[Text, Field(max_length=120)]
Note = Annotated[Text, Field(max_length=200)]
Size = Annotated[Text, _listed(SIZES, "请从列表中选择企业规模")]
Industry = Annotated[Text, _listed(INDUSTRIES, "请从列表中选择行业")]
Phone = Annotated[Text, Field(max_length=40), AfterValidator(_phone)]
Postcode = Annotated[Text, AfterValidator(_postcode)]
RowNumber = Annotated[Annotated[int, Field(ge=1, le=2**31 - 1)] | None, Optional]
Words = Annotated[Text, Field(min_length=2, max_length=1000)]


class PlanLine(Input):
    """One line of the payment plan: a fixed sum, or a share of something."""

    id: RowNumber = None
    trigger: PaymentTrigger
    amount: Money = None
    rate: Annotated[int | None, BeforeValidator(_percent)] = None
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
    subtype: _word("contract_subtype") = ""  # type: ignore[valid-type]
    content: Annotated[Text, Field(max_length=5000)] = ""
    starts_on: DayOrNone = None
    ends_on: DayOrNone = None
    field: PlatformField = ""
    technology_field: _word("technology_field") = ""  # type: ignore[valid-type]
    ip_kind: _word("ip_kind") = ""  # type: ignore[valid-type]
    plan_source: _word("plan_source") = ""  # type: ignore[valid-type]
    aim: _word("aim") = ""  # type: ignore[valid-type]
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


class OwnSide(Input):
    """On which side the organisation stands that begins a contract by itself."""

    own_side: Annotated[str, Field(pattern="^(buyer|seller)$")]


class Confirmation(Input):
    """The mark of the text that was read."""

    seen: Annotated[Text, Field(max_length=64)] = ""


class ConfirmationFor(Confirmation):
    """Staff confirm for a party that is not on the platform, and say on what word."""

    side: Annotated[str, Field(pattern="^(buyer|seller)$")]
    words: Annotated[Text, Field(min_length=4, max_length=200)]


def _not_ahead(day: date, info: ValidationInfo) -> date:
    """Nothing is reported before it happened; the context has ``today``."""
    context: Any = info.context
    if day > context["today"]:
        raise PydanticCustomError("ahead", "日期不能晚于今天")
    return day


def _not_before_signing(day: date, info: ValidationInfo) -> date:
    """The context has ``signed_on``, where the step comes after the signing."""
    context: Any = info.context
    signed_on = context.get("signed_on")
    if signed_on is not None and day < signed_on:
        raise PydanticCustomError(
            "before", "不能早于签订日期 {day}", {"day": signed_on.isoformat()}
        )
    return day


def _not_before_recognition(day: date, info: ValidationInfo) -> date:
    """The context has ``recognised_on``; none until there is one."""
    context: Any = info.context
    recognised_on = context.get("recognised_on")
    if recognised_on is not None and day < recognised_on:
        raise PydanticCustomError(
            "before", "不能早于认定日期 {day}", {"day": recognised_on.isoformat()}
        )
    return day


PastDay = Annotated[ActualDay, AfterValidator(_not_ahead)]
LaterDay = Annotated[PastDay, AfterValidator(_not_before_signing)]


class Signing(Confirmation):
    signed_on: PastDay


class Submission(Input):
    office: Annotated[Text, Field(min_length=2, max_length=120)]
    submitted_on: LaterDay


class Correction(Input):
    words: Words


def _number(text: str) -> str:
    number = plain_code(text)
    if len(number) < 6:
        raise PydanticCustomError("number", "请填写完整的登记编号，至少 6 位")
    return number


class Recognition(Input):
    """What the office decided; the context has ``total`` in fen."""

    registration_number: Annotated[Text, AfterValidator(_number), Field(max_length=40)]
    recognised_on: LaterDay
    technology: Money

    @field_validator("technology")
    @classmethod
    def fixed(cls, part: int | None, info: ValidationInfo) -> int:
        context: Any = info.context
        if part is None:
            raise PydanticCustomError("technology", "请填写登记机构核定的技术交易额")
        if part > context["total"]:
            raise PydanticCustomError("technology", "技术交易额不能超过合同成交额")
        return part


class Refusal(Input):
    code: Annotated[Text, Field(min_length=1, max_length=32)]
    words: Annotated[Text, Field(max_length=1000)] = ""

    @field_validator("code")
    @classmethod
    def offered(cls, code: str) -> str:
        if not CONTRACT_WORDS["contract_refused"].is_offered(code):
            raise PydanticCustomError("listed", "请从列表中选择原因")
        return code

    @field_validator("words")
    @classmethod
    def explained(cls, words: str, info: ValidationInfo) -> str:
        if info.data.get("code") == "other" and not words:
            raise PydanticCustomError("words", "选择其他原因时，请说明")
        return words


class AmendmentInput(Input):
    """Why and from which day a recognised contract changed.

    The context has ``recognised_on``.
    """

    amended_on: PastDay
    reason: Words

    @field_validator("amended_on")
    @classmethod
    def after_recognition(cls, day: date, info: ValidationInfo) -> date:
        return _not_before_recognition(day, info)


class Cancellation(Input):
    """The context has ``recognised_on``."""

    cancelled_on: PastDay
    words: Words

    @field_validator("cancelled_on")
    @classmethod
    def after_recognition(cls, day: date, info: ValidationInfo) -> date:
        return _not_before_recognition(day, info)


class Voiding(Input):
    words: Words


class Happening(Input):
    """The condition of a payment came true."""

    payment_id: Annotated[int, Field(ge=1, le=2**31 - 1)]
    happened_on: LaterDay
    words: Note = ""


class ReceiptInput(Input):
    """Money that arrived, for a line of the plan or for none."""

    payment_id: RowNumber = None
    amount: Money
    received_on: LaterDay
    words: Note = ""

    @field_validator("amount")
    @classmethod
    def something(cls, amount: int | None) -> int:
        if not amount:
            raise PydanticCustomError("amount", "请填写到账金额，须大于 0")
        return amount


class ReceiptRemoval(Input):
    receipt_id: Annotated[int, Field(ge=1, le=2**31 - 1)]


def from_form(form: Any) -> dict[str, Any]:
    """The posted form with the lines of the plan put together.

    A line nobody wrote in is none, whatever trigger its list shows.
    """
    getlist = getattr(form, "getlist", None)
    if getlist is None:
        return dict(form)
    data: dict[str, Any] = dict(form.items())
    columns = (getlist(f"plan_{part}") for part in PLAN_PARTS)
    lines = [
        dict(zip(PLAN_PARTS, row, strict=True))
        for row in zip_longest(*columns, fillvalue="")
    ]
    typed = ("amount", "rate", "base", "due_on", "words")
    data["plan"] = [
        line for line in lines if any(str(line[part]).strip() for part in typed)
    ]
    return data


def tick_words(value: bool | None) -> str:
    """As the form posts it."""
    return {True: "yes", False: "no", None: ""}[value]


def party_value(name: str, value: Any) -> str:
    """A value of a party's form as the form posts it."""
    return tick_words(value) if name in TICKS else str(value or "")
