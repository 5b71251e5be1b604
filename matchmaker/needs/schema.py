"""What a need may be when it is typed in: as a draft, and for publication."""

import re
import unicodedata
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from index.text import simplify
from models.states import Mode, Secrecy

from ..schema import (
    Day,
    District,
    DistrictOrBlank,
    FieldCode,
    FieldOrBlank,
    Input,
    Optional,
    Promise,
    Text,
    TwelveLines,
    WanAsFen,
)

NEED_MODES: tuple[Mode, ...] = (
    Mode.COMMISSIONED,
    Mode.JOINT,
    Mode.TRANSFER,
    Mode.LICENCE,
    Mode.CONSULTING,
    Mode.SERVICE,
    Mode.EQUITY,
)
LABELS: dict[str, str] = {
    "title": "需求名称",
    "field": "技术领域",
    "district": "所在区县",
    "problem": "要解决的问题",
    "targets": "希望达到的指标",
    "trl_expected": "期望的技术成熟度",
    "budget": "预算",
    "cooperation": "合作方式",
    "deadline": "截止日期",
    "secrecy": "公开范围",
    "public_title": "公开的名称",
    "public_problem": "公开的问题描述",
    "public_targets": "公开的指标",
    "promise": "保密承诺",
}


def _offered(mode: Mode) -> Mode:
    if mode not in NEED_MODES:
        raise PydanticCustomError("mode", "需求不支持这种合作方式，请从所列选项中选择")
    return mode


def _once_each(modes: list[Mode]) -> list[Mode]:
    return [mode for mode in NEED_MODES if mode in modes]


LongText = Annotated[Text, Field(max_length=5000)]
ShortTitle = Annotated[Text, Field(max_length=60)]
Modes = Annotated[
    list[Annotated[Mode, AfterValidator(_offered)]], AfterValidator(_once_each)
]
ExpectedLevel = Annotated[Annotated[int, Field(ge=1, le=9)] | None, Optional]


class NeedDraft(Input):
    """A need put aside: it has a name, and what else is there is well formed."""

    title: Annotated[ShortTitle, Field(min_length=1)]
    field: FieldOrBlank = ""
    district: DistrictOrBlank = ""
    problem: LongText = ""
    targets: TwelveLines = []
    trl_expected: ExpectedLevel = None
    budget: WanAsFen = None
    cooperation: Modes = []
    deadline: Annotated[Day | None, Optional] = None
    secrecy: Secrecy = Secrecy.PUBLIC
    public_title: ShortTitle = ""
    public_problem: LongText = ""
    public_targets: TwelveLines = []


def _bare(text: str) -> str:
    """Only what is read aloud: one width, case and script, no marks."""
    folded = simplify(unicodedata.normalize("NFKC", text)).casefold()
    return re.sub(r"[\W_]+", "", folded)


def names_of(organisation: str) -> set[str]:
    """The ways a firm is called: in full, without «(示例)», without «有限公司»."""
    name = re.sub(r"[(（]示例[)）]\s*$", "", organisation).strip()
    names = {organisation, name}
    for suffix in ("公司", "有限责任", "股份有限", "有限", "股份", "集团"):
        name = name.removesuffix(suffix)
        names.add(name)
    # One character is no name; it would turn up in any sentence.
    return {bare for bare in map(_bare, names) if len(bare) > 1}


def _need_not_name(text: str, info: ValidationInfo) -> None:
    """Refuse a public text that gives the firm away by its own name."""
    context: Any = info.context
    bare = _bare(text)
    if any(name in bare for name in names_of(context["organisation"])):
        raise PydanticCustomError(
            "own_name", "公开的文字里出现了本单位的名称，请改成不能认出单位的说法"
        )


class NeedInput(NeedDraft):
    """A need ready for review.

    Parsed with the context ``today`` (a date) and ``organisation`` (the name of
    the firm it is for).
    """

    title: Annotated[Text, Field(min_length=6, max_length=60)]
    field: FieldCode
    district: District
    problem: Annotated[Text, Field(min_length=30, max_length=5000)]
    targets: TwelveLines
    cooperation: Modes
    secrecy: Secrecy
    public_title: Annotated[ShortTitle, Field(validate_default=True)] = ""
    public_problem: Annotated[LongText, Field(validate_default=True)] = ""
    public_targets: Annotated[TwelveLines, Field(validate_default=True)] = []
    promise: Promise = False

    @field_validator("targets")
    @classmethod
    def measured(cls, targets: list[str]) -> list[str]:
        if not targets:
            raise PydanticCustomError(
                "targets", "请至少写一条希望达到的指标，例如「误报率 ≤ 1%」"
            )
        return targets

    @field_validator("cooperation")
    @classmethod
    def some_way(cls, modes: list[Mode]) -> list[Mode]:
        if not modes:
            raise PydanticCustomError("modes", "请至少选择一种合作方式")
        return modes

    @field_validator("deadline")
    @classmethod
    def not_over(cls, deadline: date | None, info: ValidationInfo) -> date | None:
        context: Any = info.context
        if deadline is not None and deadline < context["today"]:
            raise PydanticCustomError(
                "past", "截止日期已经过去，请填写今天或以后的日期"
            )
        return deadline

    @field_validator("public_title", "public_problem")
    @classmethod
    def masked(cls, text: str, info: ValidationInfo) -> str:
        if info.data.get("secrecy") is not Secrecy.MASKED:
            return ""
        least = 6 if info.field_name == "public_title" else 30
        if len(text) < least:
            raise PydanticCustomError(
                "public_text",
                "选择脱敏公开时须填写，至少 {least} 个字",
                {"least": least},
            )
        _need_not_name(text, info)
        return text

    @field_validator("public_targets")
    @classmethod
    def masked_targets(cls, targets: list[str], info: ValidationInfo) -> list[str]:
        if info.data.get("secrecy") is not Secrecy.MASKED:
            return []
        if not targets:
            raise PydanticCustomError(
                "public_text", "选择脱敏公开时请至少写一条公开指标"
            )
        for target in targets:
            _need_not_name(target, info)
        return targets
