"""What an achievement may be when it is typed in: a draft, and for publication."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from models.states import Mode, Ownership, ProofKind, Stage, ValuationMethod

from ..posting.columns import Columns
from ..schema import (
    Day,
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
from .rights import IP_TYPES, PATENTS, WrongNumber, read

ACHIEVEMENT_MODES: tuple[Mode, ...] = (
    Mode.TRANSFER,
    Mode.LICENCE,
    Mode.OPEN_LICENCE,
    Mode.EQUITY,
    Mode.JOINT,
    Mode.COMMISSIONED,
    Mode.SERVICE,
    Mode.CONSULTING,
    Mode.PAY_AFTER_USE,
    Mode.INVEST_THEN_SHARE,
)
GRANTED, LAPSED = "授权", "失效"
IP_STATES = (GRANTED, "申请中", "登记", "未申请", LAPSED)
MOST_IP_ROWS = 10
MOST_OWNERS = 6
NINE, THIRTEEN = 9, 13
LABELS: dict[str, str] = {
    "title": "成果名称",
    "field": "技术领域",
    "inventors": "完成人",
    "abstract": "成果简介",
    "indicators": "已达到的指标",
    "applications": "应用领域和产品",
    "trl": "技术成熟度",
    "trl_scale": "成熟度等级制",
    "trl_proof": "成熟度证明",
    "trl_proof_on": "证明日期",
    "trl_proof_by": "出具单位",
    "stage": "所处阶段",
    "ip": "知识产权",
    "ownership": "权属",
    "owners": "共有各方",
    "use_until": "使用权截止",
    "modes": "转化方式",
    "terms": "付款和作价安排",
    "price": "意向价格",
    "valuation_low": "评估价下限",
    "valuation_high": "评估价上限",
    "valuation_method": "评估方法",
    "valuation_on": "评估日期",
    "pilot_wanted": "中试基地意向",
    "pilot_needs": "中试要求",
    "promise": "保密承诺",
}


def _once_each(modes: list[Mode]) -> list[Mode]:
    return [mode for mode in ACHIEVEMENT_MODES if mode in modes]


def _of(words: tuple[str, ...], name: str) -> Any:
    def check(word: str) -> str:
        if word not in words:
            raise PydanticCustomError("ip", "请从列表中选择{name}", {"name": name})
        return word

    return AfterValidator(check)


def _one_if_blank(count: Any) -> Any:
    return 1 if count is None or not str(count).strip() else count


class IpRow(Input):
    """So many rights of one type in one state, or one of them by its number."""

    type: Annotated[Text, _of(IP_TYPES, "类型")]
    status: Annotated[Text, _of(IP_STATES, "状态")]
    count: Annotated[int, Field(ge=1, le=9999), BeforeValidator(_one_if_blank)] = 1
    number: Annotated[Text, Field(max_length=40)] = ""
    family: Annotated[Text, Field(max_length=100)] = ""

    @field_validator("number")
    @classmethod
    def written_as_its_kind_is(cls, number: str, info: ValidationInfo) -> str:
        kind = info.data.get("type")  # absent when it was itself invalid
        if not number or kind is None:
            return number
        try:
            return read(kind, number)
        except WrongNumber as wrong:
            raise PydanticCustomError(
                "ip_number", "{words}", {"words": str(wrong)}
            ) from wrong

    @model_validator(mode="after")
    def one_number_one_right(self) -> Self:
        if self.number and self.count != 1:
            raise PydanticCustomError("ip", "写了号码的一行只算 1 件，几件请分几行写")
        return self

    def stored(self) -> dict[str, Any]:
        """As the table keeps it: without what was left out."""
        optional = {"number": self.number, "family": self.family}
        return {"type": self.type, "status": self.status, "count": self.count} | {
            name: text for name, text in optional.items() if text
        }


class OwnerRow(Input):
    """Who owns how much, in per cent."""

    name: Annotated[Text, Field(min_length=2, max_length=100)]
    share: Annotated[
        Decimal,
        BeforeValidator(lambda text: str(text).rstrip("%％ ")),
        Field(gt=0, lt=100, decimal_places=2, max_digits=4),
    ]

    def stored(self) -> dict[str, Any]:
        return {"name": self.name, "share": float(self.share)}


def _none_if_blank(row: Any) -> Any:
    if isinstance(row, dict) and not any(str(part).strip() for part in row.values()):
        return None
    return row


def _filled(rows: list[Any]) -> list[Any]:
    return [row for row in rows if row is not None]


def _at_most_ten(rows: list[IpRow]) -> list[IpRow]:
    if len(rows) > MOST_IP_ROWS:
        raise PydanticCustomError("ip", "最多 10 行，请合并同类的知识产权")
    return rows


def _a_few_owners(rows: list[OwnerRow]) -> list[OwnerRow]:
    if len(rows) > MOST_OWNERS:
        raise PydanticCustomError("owners", "最多 6 方，其余各方请合并写")
    return rows


def _not_ahead(day: date | None, info: ValidationInfo) -> date | None:
    if day is not None and day > (info.context or {}).get("today", day):
        raise PydanticCustomError("day_ahead", "日期还没有到，请核对")
    return day


ShortTitle = Annotated[Text, Field(max_length=60)]
Level = Annotated[int, Field(ge=1, le=THIRTEEN)]
Modes = Annotated[list[Mode], AfterValidator(_once_each)]
IpRows = Annotated[
    list[Annotated[IpRow | None, BeforeValidator(_none_if_blank)]],
    AfterValidator(_filled),
    AfterValidator(_at_most_ten),
]
OwnerRows = Annotated[
    list[Annotated[OwnerRow | None, BeforeValidator(_none_if_blank)]],
    AfterValidator(_filled),
    AfterValidator(_a_few_owners),
]
PastDay = Annotated[Day | None, Optional, AfterValidator(_not_ahead)]
Words = Annotated[Text, Field(max_length=1000)]


class AchievementDraft(Input):
    """An achievement put aside: named, and what else is there is well formed."""

    title: Annotated[ShortTitle, Field(min_length=1), worded(1)]
    field: FieldOrBlank = ""
    inventors: Annotated[Text, Field(max_length=200)] = ""
    abstract: Annotated[Text, Field(max_length=5000)] = ""
    indicators: TwelveLines = []
    applications: Words = ""
    # The scale before the level, which is read on it.
    trl_scale: Annotated[int | None, Optional] = NINE
    trl: Annotated[Level | None, Optional] = None
    trl_proof: Annotated[ProofKind | None, Optional] = None
    trl_proof_on: PastDay = None
    trl_proof_by: Annotated[Text, Field(max_length=200)] = ""
    stage: Annotated[Stage | None, Optional] = None
    ip: IpRows = []
    ownership: Annotated[Ownership | None, Optional] = None
    owners: OwnerRows = []
    use_until: Annotated[Day | None, Optional] = None
    modes: Modes = []
    terms: Words = ""
    price: WanAsFen = None
    valuation_low: WanAsFen = None
    valuation_high: WanAsFen = None
    valuation_method: Annotated[ValuationMethod | None, Optional] = None
    valuation_on: PastDay = None
    pilot_wanted: bool = False
    pilot_needs: Annotated[Text, Field(max_length=500)] = ""

    @field_validator("trl_scale")
    @classmethod
    def known_scale(cls, scale: int | None) -> int:
        if scale not in (None, NINE, THIRTEEN):
            raise PydanticCustomError("scale", "请选择九级制或十三级制")
        return scale or NINE

    @field_validator("trl")
    @classmethod
    def on_its_scale(cls, level: int | None, info: ValidationInfo) -> int | None:
        scale = info.data.get("trl_scale") or THIRTEEN
        if level is not None and level > scale:
            raise PydanticCustomError(
                "scale", "九级制最高 9 级；更高的级别请把等级制选为十三级制"
            )
        return level

    @field_validator("valuation_high")
    @classmethod
    def not_below_low(cls, high: int | None, info: ValidationInfo) -> int | None:
        low = info.data.get("valuation_low")
        if high is not None and low is not None and high < low:
            raise PydanticCustomError("range", "上限不能低于下限")
        return high


class AchievementInput(AchievementDraft):
    """An achievement ready for review."""

    # What is left out altogether is checked like what is left blank.
    model_config = ConfigDict(validate_default=True)

    title: Annotated[Text, Field(min_length=6, max_length=60), InWords]
    field: FieldCode
    inventors: Annotated[Text, Field(min_length=2, max_length=200)]
    abstract: Annotated[Text, Field(min_length=30, max_length=5000), InSentences]
    trl: Level
    stage: Stage
    ownership: Ownership
    modes: Modes
    promise: Promise = False

    @field_validator("trl_proof_by")
    @classmethod
    def proof_says_by_whom(cls, by: str, info: ValidationInfo) -> str:
        kind, on = info.data.get("trl_proof"), info.data.get("trl_proof_on")
        if kind is not None and not by:
            raise PydanticCustomError("proof", "请写明由哪家单位出具")
        if kind is None and (by or on) and "trl_proof" in info.data:
            raise PydanticCustomError("proof", "请同时选择证明的种类，或清空日期和单位")
        return by

    @field_validator("trl_proof_on")
    @classmethod
    def proof_says_when(cls, on: date | None, info: ValidationInfo) -> date | None:
        if info.data.get("trl_proof") is not None and on is None:
            raise PydanticCustomError("proof", "请填写证明的日期")
        return on

    @field_validator("owners")
    @classmethod
    def shares_add_up(
        cls, rows: list[OwnerRow], info: ValidationInfo
    ) -> list[OwnerRow]:
        ownership = info.data.get("ownership")
        if ownership is Ownership.SHARED:
            if len(rows) < 2:
                raise PydanticCustomError("owners", "共有请写明至少两方及各自的份额")
            if sum(row.share for row in rows) != 100:
                raise PydanticCustomError("owners", "各方份额相加须等于 100%")
        elif rows and ownership is not None:
            raise PydanticCustomError(
                "owners", "权属不是共有，请清空各方份额，或把权属改选为共有"
            )
        return rows

    @field_validator("use_until")
    @classmethod
    def use_has_an_end(cls, day: date | None, info: ValidationInfo) -> date | None:
        ownership = info.data.get("ownership")
        if ownership is Ownership.LONG_TERM_USE:
            if day is None:
                raise PydanticCustomError("use", "请填写长期使用权的截止日期")
            if day <= (info.context or {}).get("today", date.min):
                raise PydanticCustomError("use", "截止日期须晚于今天")
        elif day is not None and ownership is not None:
            raise PydanticCustomError(
                "use", "权属不是长期使用权，请清空截止日期，或改选权属"
            )
        return day

    @field_validator("modes")
    @classmethod
    def some_way(cls, modes: list[Mode], info: ValidationInfo) -> list[Mode]:
        if not modes:
            raise PydanticCustomError("modes", "请至少选择一种转化方式")
        rows = info.data.get("ip")
        if (
            Mode.OPEN_LICENCE in modes
            and rows is not None
            and not any(row.type in PATENTS and row.status == GRANTED for row in rows)
        ):
            raise PydanticCustomError(
                "modes", "开放许可须有已授权的专利，请在知识产权中列出"
            )
        return modes

    @field_validator("valuation_on", mode="after")
    @classmethod
    def valuation_in_full(cls, on: date | None, info: ValidationInfo) -> date | None:
        names = ("valuation_low", "valuation_high", "valuation_method")
        known = [info.data[name] for name in names if name in info.data]
        if len(known) < len(names):
            return on  # one of them is wrong and says so itself
        known.append(on)
        if any(part is not None for part in known) and None in known:
            raise PydanticCustomError(
                "valuation", "评估价请写全：下限、上限、方法、日期；没有评估过就都留空"
            )
        return on

    @field_validator("pilot_needs")
    @classmethod
    def wished_for(cls, needs: str, info: ValidationInfo) -> str:
        if needs and info.data.get("pilot_wanted") is False:
            raise PydanticCustomError(
                "pilot", "写了中试要求，请同时勾选希望对接中试基地"
            )
        return needs


IP = Columns("ip", ("type", "status", "count", "number", "family"))
OWNERS = Columns("owner", ("name", "share"))


def from_form(form: Any) -> Mapping[str, Any]:
    """The posted form (werkzeug's MultiDict) with its columns as rows."""
    if getattr(form, "getlist", None) is None:
        return dict(form)  # a program sends rows
    data: dict[str, Any] = dict(form.items())
    for name in ("indicators", "modes"):
        data[name] = form.getlist(name)
    return data | {"ip": IP.read(form), "owners": OWNERS.read(form)}
