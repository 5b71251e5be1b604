"""What a single entry of a contract's forms takes: days, shares, ticks, codes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ValidationInfo

from models.fields import CONTRACT_WORDS, FIELDS

from ..registrations.schema import checked_code
from ..schema import Day, Optional, Text
from .words import INDUSTRIES, REGIONS, SIZES

# There was no market of technology before.
EARLIEST, LATEST = date(1985, 1, 1), date(2100, 12, 31)
_REGION_CODES = frozenset(code for code, _ in REGIONS)


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


def word(name: str) -> Any:
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
# In hundredths of a per cent.
BasisPoints = Annotated[int, Field(ge=1, le=10_000)]
Share = Annotated[BasisPoints | None, BeforeValidator(_percent)]
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
