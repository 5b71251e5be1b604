"""What every step of a contract after its text takes, from confirming on."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, Field, field_validator
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ValidationInfo

from models.fields import CONTRACT_WORDS

from ...registrations.schema import plain_code
from ...schema import Input, Money, Text
from ..inputs import ActualDay, Note, RowNumber, Words


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
    words: Annotated[Text, Field(max_length=1000, validate_default=True)] = ""

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
