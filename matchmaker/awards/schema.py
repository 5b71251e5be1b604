"""What the forms of an award take."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from models.states import GoalVerdict, Judgement, Liability

from ..posting.columns import Columns
from ..schema import (
    Day,
    Input,
    Money,
    Optional,
    Paged,
    Text,
    worded,
)

LABELS: Mapping[str, str] = {
    "amount": "立项金额",
    "signed_on": "签订日期",
    "amended_on": "变更日期",
    "reason": "变更原因",
    "pledge": "军令状",
    "values": "验收值",
    "milestones": "里程碑",
    "words": "说明",
    "judgement": "结论",
    "due_on": "新的期限",
    "amount_paid": "拨付金额",
    "paid_on": "拨付日期",
    "reached": "达到的值",
    "evidence": "依据",
    "verdicts": "逐条结论",
    "agrees": "是否同意验收",
    "decision": "验收结论",
    "accepted_on": "验收日期",
    "milestone": "依据的里程碑",
    "code": "终止原因",
    "liability": "责任认定",
}
MILESTONES = Columns("milestone", ("title", "deliverable", "due_on", "payment"))
AMENDED = Columns("milestone", ("id", *MILESTONES.parts))
MOST_MILESTONES = 12
LAST_DAY = date(2100, 1, 1)
FEWEST_WORDS = 5

Version = Annotated[Text, Field(max_length=64)]
# What is said to the other side: at least a few words, not only marks.
Words = Annotated[Text, Field(min_length=FEWEST_WORDS, max_length=4000), worded(2)]
Note = Annotated[Text, Field(max_length=500)]
Number = Annotated[int, Field(ge=1, lt=2**31)]


def _past(day: date, info: ValidationInfo) -> date:
    """What happened already, by the day the context names."""
    today = (info.context or {}).get("today")
    if today is not None and day > today:
        raise PydanticCustomError("past", "不能晚于今天")
    return day


Past = Annotated[Day, AfterValidator(_past)]


def _filled(noun: str) -> AfterValidator:
    def check(text: str) -> str:
        if not text:
            raise PydanticCustomError("filled", "{words}", {"words": f"请填写{noun}"})
        return text

    return AfterValidator(check)


def _sum(value: int | None) -> int:
    if value is None:
        raise PydanticCustomError("sum", "请填写付款金额，不付款的填 0")
    return value


def _above_nothing(value: int | None) -> int:
    if not value:
        raise PydanticCustomError("sum", "请填写大于 0 的金额")
    return value


Amount = Annotated[Money, AfterValidator(_above_nothing)]


class MilestoneLine(Input):
    """One line of the plan; nothing is paid where the payment is 0."""

    title: Annotated[Text, Field(max_length=200), _filled("里程碑名称")]
    deliverable: Annotated[Text, Field(max_length=2000), _filled("交付物")]
    due_on: Day
    payment: Annotated[Money, AfterValidator(_sum)]

    @field_validator("due_on")
    @classmethod
    def _in_our_time(cls, day: date) -> date:
        if day >= LAST_DAY:
            raise PydanticCustomError("day", "日期太远，请核对")
        return day


Line = TypeVar("Line", bound=MilestoneLine)


class BookInput(Input):
    """The task book; ``seen`` marks the text the form began with.

    ``values`` are what the goals are judged by, in their order.
    """

    amount: Annotated[Amount, Field(validate_default=True)] = None
    signed_on: Annotated[Past | None, Optional] = None
    pledge: Annotated[Text, Field(max_length=4000)] = ""
    values: list[Annotated[Text, Field(max_length=1000), _filled("验收值")]] = []
    milestones: Annotated[
        list[MilestoneLine], Field(min_length=1, max_length=MOST_MILESTONES)
    ] = Field(default=[], validate_default=True)
    seen: Version = ""

    @field_validator("milestones")
    @classmethod
    def _in_order(cls, lines: list[MilestoneLine]) -> list[MilestoneLine]:
        return in_order(lines)


def in_order(lines: list[Line]) -> list[Line]:
    """Refuse a plan in which something is due before what stands above it."""
    for row, (before, after) in enumerate(pairwise(lines), 2):
        if after.due_on < before.due_on:
            words = f"第 {row} 行：期限不能早于上一个里程碑"
            raise PydanticCustomError("order", "{words}", {"words": words})
    return lines


def book_from_form(form: Any) -> dict[str, Any]:
    """The posted task book with the lines of the plan put together; no blank ones."""
    data: dict[str, Any] = dict(form.items())
    data["values"] = form.getlist("values")
    data["milestones"] = _not_blank(MILESTONES.read(form))
    return data


def _not_blank(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The lines of a plan that say anything; a number alone says nothing."""
    return [row for row in rows if any(row[part].strip() for part in MILESTONES.parts)]


class AmendedLine(MilestoneLine):
    """A milestone as it is to be; a new one has no number."""

    id: Annotated[Number | None, Optional] = None


class AmendmentInput(Input):
    """A change of a task book that is carried out; ``seen`` marks what it began with.

    ``milestones`` are all that is left to deliver: what is not among them is dropped.
    """

    amount: Annotated[Amount, Field(validate_default=True)] = None
    amended_on: Annotated[Past | None, Optional] = None
    reason: Words
    milestones: Annotated[list[AmendedLine], Field(max_length=MOST_MILESTONES)] = []
    seen: Version = ""

    @field_validator("milestones")
    @classmethod
    def _in_order(cls, lines: list[AmendedLine]) -> list[AmendedLine]:
        return in_order(lines)


def amendment_from_form(form: Any) -> dict[str, Any]:
    """The posted change; a line that was emptied is gone from it."""
    data: dict[str, Any] = dict(form.items())
    data["milestones"] = _not_blank(AMENDED.read(form))
    return data


class Confirmation(Input):
    """Which text is agreed to."""

    seen: Version = ""


class Side(StrEnum):
    ISSUER = "issuer"
    BIDDER = "bidder"


class ConfirmationFor(Confirmation):
    """The staff confirm for a side that nobody acts for here, and say on what word."""

    side: Side
    words: Words


class AmendmentEnd(Input):
    """Why a change of a task book comes to nothing."""

    seen: Version = ""
    words: Words


class Delivery(Input):
    """What was delivered, in words; files are added on a page of their own."""

    words: Words


class IssuerJudgement(Input):
    """What the issuer says of what was delivered (``number``: in which round)."""

    number: int
    judgement: Judgement
    words: Words


class StaffJudgement(IssuerJudgement):
    """The judgement in force; a rework has a new day."""

    due_on: Annotated[Day | None, Optional] = None


class PaymentInput(Input):
    """Money that was paid for a milestone."""

    amount_paid: Annotated[Amount, Field(validate_default=True)] = None
    paid_on: Past
    words: Note = ""


class PaymentRemoval(Input):
    """Which payment was noted by mistake."""

    payment_id: Number


class Application(Input):
    """What was reached of each goal, and what shows it, in the order of the goals."""

    reached: list[Annotated[Text, Field(max_length=1000), _filled("达到的值")]] = []
    evidence: list[Annotated[Text, Field(max_length=2000), _filled("依据")]] = []
    words: Words


Verdicts = list[GoalVerdict]


class IssuerTest(Input):
    """What the issuer's own test came to, goal by goal, and in words."""

    number: int
    verdicts: Verdicts = []
    agrees: bool
    words: Words


class AcceptanceDecision(StrEnum):
    """What becomes of an application for acceptance."""

    ACCEPT = "accept"
    RETURN = "return"


class Conclusion(Input):
    """The acceptance as the staff conclude it."""

    number: int
    verdicts: Verdicts = []
    decision: AcceptanceDecision
    accepted_on: Annotated[Past | None, Optional] = None
    words: Words


class Elimination(Input):
    """Why a runner leaves the race, and at which milestone."""

    milestone: int
    words: Words


class Stopping(Input):
    """Why an award ends without acceptance, and who answers for that.

    ``liability`` may be left out where the cause alone says it.
    """

    code: Annotated[Text, Field(max_length=32)]
    liability: Annotated[Liability | None, Optional] = None
    words: Words


class Shown(StrEnum):
    """Which awards a list shows."""

    LIVE = "live"
    ACCEPTED = "accepted"
    ENDED = "ended"
    ALL = "all"


class AwardQuery(Paged):
    """Which awards are listed: by how far they are, by words of call or winner."""

    shown: Shown = Shown.LIVE
    q: Annotated[Text, Field(max_length=200)] = ""
