"""What may be typed about a review: assignments, sheets, views, results, objections."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from models.panels import HIGHEST, LOWEST

from ..accounts.schema import Email, PersonName
from ..errors import Invalid
from ..schema import Day, Input, Optional, Paged, Text, parse, worded

LARGEST_ID = 2**31 - 1
FEWEST_WORDS = 4
# More than any call ever got; a list that is longer is no choice of bids.
MOST_BIDS = 1000
# What a Chinese input method types for digits; other spellings of them are not meant.
FULL_WIDTH = str.maketrans("０１２３４５６７８９", "0123456789")

Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
Version = Annotated[int, Field(ge=0, le=LARGEST_ID)]
# A reason says something: so many letters or characters beside marks and digits.
Reason = Annotated[
    Text, Field(min_length=FEWEST_WORDS, max_length=2000), worded(FEWEST_WORDS)
]
LongReason = Annotated[
    Text, Field(min_length=10, max_length=6000), worded(FEWEST_WORDS)
]
Loose = Annotated[Text, Field(max_length=2000)]

LABELS = {
    "experts": "专家",
    "expert": "专家",
    "bid": "揭榜书",
    "due_on": "评审截止",
    "words": "说明",
    "score": "评分",
    "overall": "总体意见",
    "independent": "独立评审声明",
    "winners": "拟立项单位",
    "failed_words": "流榜原因",
    "without_issuer": "发榜单位意见",
    "name": "姓名",
    "email": "邮箱",
    "objection": "异议内容",
    "decision": "处理结论",
    "answer": "答复",
    "end_words": "流榜原因",
}


def _points(value: Any) -> Any:
    """A score as typed: «８５» is 85, nothing typed is None, the rest is refused."""
    if not isinstance(value, str):
        return value
    text = value.translate(FULL_WIDTH).strip()
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,3}", text) or int(text) > HIGHEST:
        raise PydanticCustomError("points", f"请填写 {LOWEST} 到 {HIGHEST} 的整数")
    return int(text)


InRange = Annotated[int, Field(ge=LOWEST, le=HIGHEST)]
OptionalPoints = Annotated[InRange | None, BeforeValidator(_points)]


def _given(value: Any) -> Any:
    points = _points(value)
    if points is None:
        raise PydanticCustomError("points", f"请打分，{LOWEST} 到 {HIGHEST} 的整数")
    return points


Points = Annotated[InRange, BeforeValidator(_given)]


class PanelInput(Input):
    """Whom to put on the panel, and by when they judge; the first time it is asked."""

    experts: Annotated[list[Id], Field(min_length=1, max_length=50)]
    due_on: Annotated[Day | None, Optional] = None


class AssignInput(Input):
    """One more expert for one bid."""

    bid: Id
    expert: Id


class ReasonInput(Input):
    """Why somebody leaves, is sent back to a sheet, or must not judge a bid."""

    words: Reason


class DueInput(ReasonInput):
    """Another day by which sheets are due, and why."""

    due_on: Day


class DismissInput(ReasonInput):
    """Who leaves the panel, by the number of the account, and why."""

    member: Id


class CriterionDraft(Input):
    """One line of a sheet while it is being written."""

    score: OptionalPoints = None
    words: Loose = ""


class CriterionInput(Input):
    """One line of a sheet as it is submitted."""

    score: Annotated[Points, Field(validate_default=True)] = None  # type: ignore[assignment]
    words: Annotated[Reason, Field(validate_default=True)] = ""


class SheetDraft(Input):
    """The rest of a sheet while it is being written."""

    version: Version
    overall: Annotated[Text, Field(max_length=6000)] = ""


class SheetInput(Input):
    """The rest of a sheet as it is submitted."""

    version: Version
    overall: Annotated[LongReason, Field(validate_default=True)] = ""
    independent: bool = False


def read_sheet(
    form: Mapping[str, Any], names: list[str], *, whole: bool
) -> tuple[SheetDraft | SheetInput, list[dict[str, Any]]]:
    """A posted sheet: the rest of it, and a line for each criterion.

    The criteria are the call's, so their fields are numbered: ``score_0`` and
    ``words_0`` are of the first. Raises `Invalid` with the name of each criterion.
    """
    errors: dict[str, str] = {}
    lines: list[dict[str, Any]] = []
    for place, name in enumerate(names):
        typed = {part: form.get(f"{part}_{place}", "") for part in ("score", "words")}
        try:
            line: Input = parse(CriterionInput if whole else CriterionDraft, typed)
            lines.append(line.model_dump())
        except Invalid as invalid:
            for part, words in invalid.fields.items():
                noun = "评分" if part == "score" else "理由"
                errors[f"{part}_{place}"] = f"「{name}」的{noun}：{words}"
    rest: SheetDraft | SheetInput | None = None
    try:
        rest = parse(SheetInput, form) if whole else parse(SheetDraft, form)
    except Invalid as invalid:
        errors |= invalid.fields
    if whole and not form.get("independent"):
        errors["independent"] = "请确认与揭榜单位没有利害关系后再提交"
    if errors or rest is None:
        raise Invalid(errors)
    return rest, lines


class ViewInput(Input):
    """What the issuer thinks of a bid."""

    bid: Id
    score: Annotated[Points, Field(validate_default=True)] = None  # type: ignore[assignment]
    words: Annotated[Reason, Field(validate_default=True)] = ""


class ResultInput(Input):
    """The result as the staff propose it; ``reasons`` by the number of the bid.

    Winners, or a cause why there are none (流榜); never both.
    """

    version: Version
    winners: Annotated[list[Id], Field(max_length=MOST_BIDS)] = []
    failed_words: Loose = ""
    without_issuer: bool = False
    reasons: dict[int, str] = {}

    @model_validator(mode="after")
    def _one_of_both(self) -> "ResultInput":
        if bool(self.winners) == bool(self.failed_words):
            words = "请选择拟立项单位，或者填写流榜原因，两者只取其一"
            raise PydanticCustomError("one_of_both", "{words}", {"words": words})
        return self


def read_result(form: Any, bid_ids: list[int]) -> ResultInput:
    """The posted proposal; raises `Invalid`, a reason by «reason_7» for the bid 7."""
    errors, reasons = {}, {}
    for bid_id in bid_ids:
        try:
            one = parse(_OneReason, {"reason": form.get(f"reason_{bid_id}", "")})
            reasons[bid_id] = one.reason
        except Invalid as invalid:
            errors[f"reason_{bid_id}"] = next(iter(invalid.fields.values()))
    try:
        data = parse(ResultInput, form)
    except Invalid as invalid:
        # Of the proposal as a whole: shown where the choice is made.
        fields = dict(invalid.fields)
        if "form" in fields:
            fields["winners"] = fields.pop("form")
        raise Invalid(fields | errors) from invalid
    if errors:
        raise Invalid(errors)
    return data.model_copy(update={"reasons": reasons})


class _OneReason(Input):
    reason: LongReason


class AnnounceInput(Input):
    """Which draft is announced."""

    version: Version


class ObjectionInput(Input):
    """An objection; whoever is signed in is known already."""

    objection: LongReason


class VisitorObjection(ObjectionInput):
    """An objection of a visitor, who says where an answer finds it."""

    name: PersonName
    email: Email


class ObjectionDecision(StrEnum):
    """What becomes of an objection, and of the result with it."""

    DISMISS = "dismiss"
    REVIEW = "review"
    FAIL = "fail"


class AnswerInput(Input):
    """The answer to an objection; a call that fails says why."""

    decision: ObjectionDecision
    answer: LongReason
    end_words: Loose = ""

    def missing(self) -> dict[str, str]:
        """What the answer still lacks, by field."""
        if (
            self.decision is ObjectionDecision.FAIL
            and len(self.end_words) < FEWEST_WORDS
        ):
            return {"end_words": "请写明流榜原因，会对外公布"}
        return {}


class PanelQuery(Paged):
    """Which calls under review are listed."""
