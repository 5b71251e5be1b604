"""What an achievement may be when it is typed in: a draft, and for publication."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, field_validator
from pydantic_core import PydanticCustomError

from models.states import Mode, Ownership, Stage

from ..schema import (
    FieldCode,
    FieldOrBlank,
    Input,
    Optional,
    Promise,
    Text,
    TwelveLines,
    WanAsFen,
)

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
IP_TYPES = (
    "发明专利",
    "实用新型",
    "外观设计",
    "软件著作权",
    "技术秘密",
    "植物新品种",
    "集成电路布图设计",
)
IP_STATES = ("授权", "申请中", "登记", "未申请")
MOST_IP_ROWS = 10
LABELS: dict[str, str] = {
    "title": "成果名称",
    "field": "技术领域",
    "inventors": "完成人",
    "abstract": "成果简介",
    "indicators": "已达到的指标",
    "trl": "技术成熟度",
    "stage": "所处阶段",
    "ip": "知识产权",
    "ownership": "权属",
    "modes": "转化方式",
    "price": "意向价格",
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


class IpRow(Input):
    """So many rights of one type in one state."""

    type: Annotated[Text, _of(IP_TYPES, "类型")]
    status: Annotated[Text, _of(IP_STATES, "状态")]
    count: Annotated[int, Field(ge=1, le=9999)]


def _none_if_blank(row: Any) -> Any:
    if isinstance(row, dict) and not any(str(part).strip() for part in row.values()):
        return None
    return row


def _filled(rows: list[IpRow | None]) -> list[IpRow]:
    return [row for row in rows if row is not None]


def _at_most_ten(rows: list[IpRow]) -> list[IpRow]:
    if len(rows) > MOST_IP_ROWS:
        raise PydanticCustomError("ip", "最多 10 行，请合并同类的知识产权")
    return rows


ShortTitle = Annotated[Text, Field(max_length=60)]
Level = Annotated[int, Field(ge=1, le=9)]
Modes = Annotated[list[Mode], AfterValidator(_once_each)]
IpRows = Annotated[
    list[Annotated[IpRow | None, BeforeValidator(_none_if_blank)]],
    AfterValidator(_filled),
    AfterValidator(_at_most_ten),
]


class AchievementDraft(Input):
    """An achievement put aside: named, and what else is there is well formed."""

    title: Annotated[ShortTitle, Field(min_length=1)]
    field: FieldOrBlank = ""
    inventors: Annotated[Text, Field(max_length=200)] = ""
    abstract: Annotated[Text, Field(max_length=5000)] = ""
    indicators: TwelveLines = []
    trl: Annotated[Level | None, Optional] = None
    stage: Annotated[Stage | None, Optional] = None
    ip: IpRows = []
    ownership: Annotated[Ownership | None, Optional] = None
    modes: Modes = []
    price: WanAsFen = None


class AchievementInput(AchievementDraft):
    """An achievement ready for review."""

    title: Annotated[Text, Field(min_length=6, max_length=60)]
    field: FieldCode
    inventors: Annotated[Text, Field(min_length=2, max_length=200)]
    abstract: Annotated[Text, Field(min_length=30, max_length=5000)]
    trl: Level
    stage: Stage
    ownership: Ownership
    modes: Modes
    promise: Promise = False

    @field_validator("modes")
    @classmethod
    def some_way(cls, modes: list[Mode]) -> list[Mode]:
        if not modes:
            raise PydanticCustomError("modes", "请至少选择一种转化方式")
        return modes


def from_form(form: Any) -> Mapping[str, Any]:
    """The posted form (werkzeug's MultiDict) with its columns of rights as rows."""
    data: dict[str, Any] = dict(form.items())
    for name in ("indicators", "modes"):
        data[name] = form.getlist(name)
    columns = (form.getlist(f"ip_{part}") for part in ("type", "status", "count"))
    data["ip"] = [
        {"type": type_, "status": status, "count": count}
        for type_, status, count in zip(*columns, strict=False)
    ]
    return data
