"""What a need may be when it is typed in: as a draft, and for publication."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from itertools import zip_longest
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from index.text import simplify
from models.needs import fingerprint
from models.states import IpWish, Mode, Secrecy

from ..masking.draft import Secrets, gives_away
from ..posting.columns import Columns
from ..schema import (
    FEWEST_IN_TEXT,
    FEWEST_IN_TITLE,
    Day,
    District,
    DistrictOrBlank,
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
    require_words,
    worded,
)
from . import targets as measured

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
    "tried": "现在的做法和试过的办法",
    "scene": "使用场景",
    "targets": "希望达到的指标",
    "measures": "指标的数值",
    "trl_expected": "期望的技术成熟度",
    "budget": "预算",
    "cooperation": "合作方式",
    "ip_wish": "知识产权归属意向",
    "solver_conditions": "对解决方的要求",
    "deadline": "截止日期",
    "contact": "联系人",
    "park": "园区",
    "secrecy": "公开范围",
    "public_title": "公开的名称",
    "public_problem": "公开的问题描述",
    "public_targets": "公开的指标",
    "public_approved": "公开文字的确认",
    "promise": "保密承诺",
}
# Columns as a history names them; an approval is a fingerprint, which says nothing.
COLUMN_LABELS = {
    name: words for name, words in LABELS.items() if name != "public_approved"
} | {"budget_fen": LABELS["budget"]}


def _offered(mode: Mode) -> Mode:
    if mode not in NEED_MODES:
        raise PydanticCustomError("mode", "需求不支持这种合作方式，请从所列选项中选择")
    return mode


def _once_each(modes: list[Mode]) -> list[Mode]:
    return [mode for mode in NEED_MODES if mode in modes]


def _number(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).replace(",", "").replace("−", "-")
    if text and not measured.NUMBER.fullmatch(text):
        raise PydanticCustomError(
            "measure", "数值请填写数字，例如 350；没有数字的请选「没有数字」"
        )
    return text


def _known_comparator(code: str) -> str:
    if code and code not in measured.COMPARATORS:
        raise PydanticCustomError("measure", "请从列表中选择比较方式")
    return code


class MeasureRow(Input):
    """What one target asks, as the form has it beside the sentence."""

    name: Annotated[Text, Field(max_length=measured.LONGEST_NAME)] = ""
    comparator: Annotated[Text, AfterValidator(_known_comparator)] = ""
    value: Annotated[Text, AfterValidator(_number)] = ""
    upper: Annotated[Text, AfterValidator(_number)] = ""
    unit: Annotated[Text, Field(max_length=measured.LONGEST_UNIT)] = ""
    must: bool = True
    proposed: bool = False


def _whole(row: MeasureRow) -> MeasureRow:
    """Refuse half a measure: a comparator without a value, a range without its end."""
    if row.comparator in ("", "none"):
        return row
    if not row.value:
        raise PydanticCustomError("measure", "选了比较方式，还要填写数值")
    if row.comparator == "range" and not row.upper:
        raise PydanticCustomError("measure", "「介于」要填写两个数值")
    if row.comparator == "range" and float(row.upper) <= float(row.value):
        raise PydanticCustomError("measure", "「介于」的后一个数值须大于前一个")
    return row


LongText = Annotated[Text, Field(max_length=5000)]
ShortTitle = Annotated[Text, Field(max_length=60)]
Modes = Annotated[
    list[Annotated[Mode, AfterValidator(_offered)]], AfterValidator(_once_each)
]
ExpectedLevel = Annotated[Annotated[int, Field(ge=1, le=9)] | None, Optional]


class NeedDraft(Input):
    """A need put aside: it has a name, and what else is there is well formed."""

    title: Annotated[ShortTitle, Field(min_length=1), worded(1)]
    field: FieldOrBlank = ""
    district: DistrictOrBlank = ""
    problem: LongText = ""
    tried: LongText = ""
    scene: LongText = ""
    targets: TwelveLines = []
    measures: list[Annotated[MeasureRow, AfterValidator(_whole)]] = []
    trl_expected: ExpectedLevel = None
    budget: WanAsFen = None
    cooperation: Modes = []
    ip_wish: Annotated[IpWish | None, Optional] = None
    solver_conditions: LongText = ""
    deadline: Annotated[Day | None, Optional] = None
    contact: Annotated[Text, Field(max_length=200)] = ""
    park: Annotated[Text, Field(max_length=60)] = ""
    secrecy: Secrecy = Secrecy.PUBLIC
    public_title: ShortTitle = ""
    public_problem: LongText = ""
    public_targets: TwelveLines = []
    public_approved: str = ""

    def measured_targets(self) -> list[measured.Measure]:
        """A measure for every target: as corrected, else as read from the sentence."""
        return measured.complete(
            self.targets, [row.model_dump() for row in self.measures]
        )

    @property
    def fingerprint(self) -> str:
        """Of the full text; what an approval of the public text is for."""
        return fingerprint(self.title, self.problem, self.targets)


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
    if told := gives_away([text], Secrets(context["organisation"])):
        raise PydanticCustomError(
            "contact",
            "公开的文字里有单位名称或联系方式「{told}」，请删去：双方都有意向后平台才公开联系方式",
            {"told": told[0]},
        )


class NeedInput(NeedDraft):
    """A need ready for review.

    Parsed with the context ``today`` (a date) and ``organisation`` (the name of
    the firm it is for).
    """

    title: Annotated[Text, Field(min_length=6, max_length=60), InWords]
    field: FieldCode
    district: District
    problem: Annotated[Text, Field(min_length=30, max_length=5000), InSentences]
    targets: TwelveLines
    cooperation: Modes
    secrecy: Secrecy
    public_title: Annotated[ShortTitle, Field(validate_default=True)] = ""
    public_problem: Annotated[LongText, Field(validate_default=True)] = ""
    public_targets: Annotated[TwelveLines, Field(validate_default=True)] = []
    public_approved: Annotated[str, Field(validate_default=True)] = ""
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
        of_title = info.field_name == "public_title"
        least = 6 if of_title else 30
        if len(text) < least:
            raise PydanticCustomError(
                "public_text",
                "选择脱敏公开时须填写，至少 {least} 个字",
                {"least": least},
            )
        require_words(text, FEWEST_IN_TITLE if of_title else FEWEST_IN_TEXT)
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

    @field_validator("public_approved")
    @classmethod
    def approved(cls, mark: str, info: ValidationInfo) -> str:
        known = info.data
        if known.get("secrecy") is not Secrecy.MASKED:
            return ""
        if not {"title", "problem", "targets"} <= known.keys():
            return mark  # the full text itself is to be mended first
        full = fingerprint(known["title"], known["problem"], known["targets"])
        if mark != full:
            raise PydanticCustomError(
                "approval",
                "请对照全文核对公开文字后勾选确认；全文每次改动后都要重新确认",
            )
        return mark


MEASURE_PARTS = ("name", "comparator", "value", "upper", "unit")
MEASURES = Columns("measure", (*MEASURE_PARTS, "need", "proposed"))


def from_form(form: Any) -> Mapping[str, Any]:
    """The posted form (werkzeug's MultiDict) with each target and its measure as one.

    Rows without a sentence go with all that stands beside it.
    """
    getlist = getattr(form, "getlist", None)
    if getlist is None:
        return dict(form)
    data: dict[str, Any] = dict(form.items())
    for name in ("public_targets", "cooperation"):
        data[name] = getlist(name)
    blank = dict.fromkeys(MEASURES.parts, "")
    rows = zip_longest(getlist("targets"), MEASURES.read(form))
    written = [(words, row or blank) for words, row in rows if words and words.strip()]
    data["targets"] = [words for words, _ in written]
    data["measures"] = [_measure(row) for _, row in written]
    return data


def _measure(typed: dict[str, str]) -> dict[str, Any]:
    """A measure as typed; what nobody changed since it was proposed still is."""
    row = {part: typed[part] for part in MEASURE_PARTS}
    untouched = not any(part.strip() for part in row.values())
    proposed = typed["proposed"] and typed["proposed"] == measure_mark(row)
    return row | {
        "must": typed["need"] != "wish",
        "proposed": bool(untouched or proposed),
    }


def measure_mark(row: Mapping[str, Any]) -> str:
    """Tells whether a proposed measure was changed by hand."""
    return "|".join(str(row[part]).strip() for part in MEASURE_PARTS)
