"""What a call may be when it is typed in: as a draft, for the 论证, for its opening."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from models.states import CallMode

from ...moments import Moment
from ...posting.columns import Columns
from ...schema import (
    FieldCode,
    FieldOrBlank,
    Input,
    InSentences,
    InWords,
    Optional,
    Promise,
    Text,
    TwelveLines,
    WanAsFen,
    worded,
)
from ...verification.schema import Return, Version

LABELS: dict[str, str] = {
    "issuer": "发榜单位",
    "title": "榜单名称",
    "field": "技术领域",
    "background": "背景",
    "goals": "揭榜目标",
    "conditions": "对揭榜单位的要求",
    "funding": "榜单金额",
    "mode": "揭榜方式",
    "max_awards": "最多立项数",
    "criteria": "评审标准",
    "issuer_weight": "发榜单位意见的权重",
    "contact": "咨询方式",
    "opens_at": "揭榜开始",
    "closes_at": "揭榜截止",
    "questions_until": "提问截止",
    "promise": "保密承诺",
    "reason": "修改原因",
}
# Columns as a history names them.
COLUMN_LABELS = LABELS | {"funding_fen": LABELS["funding"]}
MOST_CRITERIA = 10
MOST_AWARDS = 20
MOST_ISSUER_WEIGHT = 50
LARGEST_ID = 2**31 - 1


class Criterion(Input):
    """What a bid is judged by, and how much of the whole it weighs, in per cent."""

    name: Annotated[Text, Field(min_length=1, max_length=40)]
    weight: Annotated[int, Field(ge=1, le=100)]
    words: Annotated[Text, Field(max_length=200)] = ""


def _few(rows: list[Criterion]) -> list[Criterion]:
    if len(rows) > MOST_CRITERIA:
        raise PydanticCustomError(
            "criteria", "最多 {most} 条，请合并", {"most": MOST_CRITERIA}
        )
    return rows


def _once(rows: list[Criterion]) -> list[Criterion]:
    names = [row.name for row in rows]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise PydanticCustomError(
            "criteria", "「{name}」写了两次，请合并", {"name": twice}
        )
    return rows


def require_hundred(weights: list[int]) -> None:
    """Refuses weights that do not sum to 100."""
    total = sum(weights)
    if total != 100:
        raise PydanticCustomError(
            "weights", "各项权重相加须为 100，现在是 {total}", {"total": total}
        )


Criteria = Annotated[list[Criterion], AfterValidator(_few), AfterValidator(_once)]
LongText = Annotated[Text, Field(max_length=5000)]
Awards = Annotated[Annotated[int, Field(ge=1, le=MOST_AWARDS)] | None, Optional]
Share = Annotated[Annotated[int, Field(ge=0, le=MOST_ISSUER_WEIGHT)] | None, Optional]


class Window(Input):
    """When a call is open; each may be left out, what is there is in order."""

    opens_at: Moment = None
    closes_at: Moment = None
    questions_until: Moment = None

    @field_validator("closes_at")
    @classmethod
    def _after_opening(
        cls, closes: datetime | None, info: ValidationInfo
    ) -> datetime | None:
        opens = info.data.get("opens_at")
        if closes is not None and opens is not None and closes <= opens:
            raise PydanticCustomError("window", "揭榜截止须晚于揭榜开始")
        return closes

    @field_validator("questions_until")
    @classmethod
    def _before_closing(
        cls, until: datetime | None, info: ValidationInfo
    ) -> datetime | None:
        closes, opens = info.data.get("closes_at"), info.data.get("opens_at")
        if until is not None and closes is not None and until > closes:
            raise PydanticCustomError("window", "提问截止不能晚于揭榜截止")
        if until is not None and opens is not None and until < opens:
            raise PydanticCustomError("window", "提问截止不能早于揭榜开始")
        return until


class CallDraft(Window):
    """A call put aside: it has a name, and what else is there is well formed."""

    issuer: Annotated[Text, Field(max_length=200)] = ""
    title: Annotated[Text, Field(max_length=60), Field(min_length=1), worded(1)]
    field: FieldOrBlank = ""
    background: LongText = ""
    goals: TwelveLines = []
    conditions: LongText = ""
    contact: Annotated[Text, Field(max_length=200)] = ""
    funding: WanAsFen = None
    mode: CallMode = CallMode.SINGLE
    max_awards: Awards = None
    criteria: Criteria = []
    issuer_weight: Share = None
    needs: Annotated[
        list[Annotated[int, Field(ge=1, le=LARGEST_ID)]], Field(max_length=50)
    ] = []


class CallInput(CallDraft):
    """A call ready for the 论证."""

    title: Annotated[Text, Field(min_length=6, max_length=60), InWords]
    field: FieldCode
    background: Annotated[Text, Field(min_length=30, max_length=5000), InSentences]
    goals: TwelveLines
    mode: CallMode
    max_awards: Annotated[Awards, Field(validate_default=True)] = None
    criteria: Annotated[Criteria, Field(validate_default=True)] = []
    promise: Promise = False

    @field_validator("goals")
    @classmethod
    def _some_goal(cls, goals: list[str]) -> list[str]:
        if not goals:
            raise PydanticCustomError(
                "goals", "请至少写一条揭榜目标，例如「整机能耗下降 ≥ 20%」"
            )
        return goals

    @field_validator("max_awards")
    @classmethod
    def _race(cls, number: int | None, info: ValidationInfo) -> int | None:
        if info.data.get("mode") is CallMode.RACE and (number or 1) < 2:
            raise PydanticCustomError(
                "race", "赛马制至少立项 2 家，请填写 2 到 20 之间的数"
            )
        return number

    @field_validator("criteria")
    @classmethod
    def _weights(cls, rows: list[Criterion]) -> list[Criterion]:
        if not rows:
            raise PydanticCustomError("criteria", "请至少写一条评审标准")
        require_hundred([row.weight for row in rows])
        return rows


class Opening(Window):
    """The window with which a call is opened; ``version`` is that of the text read.

    No beginning means at once, no end of questions so many days before the end.
    """

    version: Version

    @field_validator("closes_at", mode="before")
    @classmethod
    def _some_end(cls, value: Any) -> Any:
        if not str(value or "").strip():
            raise PydanticCustomError("missing_end", "请填写揭榜截止的日期和时间")
        return value

    closes_at: Annotated[Moment, Field(validate_default=True)] = None


class Opinion(Input):
    """What an expert said of the draft."""

    expert: Annotated[Text, Field(min_length=2, max_length=80), InWords]
    words: Annotated[Text, Field(min_length=5, max_length=2000)]


class Seen(Input):
    """A step taken on a page; ``version`` is that of the text the person read."""

    version: Version


__all__ = ["CallDraft", "CallInput", "Opening", "Opinion", "Return", "Seen"]


CRITERIA = Columns("criterion", ("name", "weight", "words"))


def from_form(form: Any) -> Mapping[str, Any]:
    """The posted form with each criterion as one row; blank rows are left out."""
    getlist = getattr(form, "getlist", None)
    if getlist is None:
        return dict(form)
    data: dict[str, Any] = dict(form.items())
    for name in ("goals", "needs"):
        data[name] = getlist(name)
    rows = CRITERIA.read(form)
    data["criteria"] = [row for row in rows if any(map(str.strip, row.values()))]
    return data
