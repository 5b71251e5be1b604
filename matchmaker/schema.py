"""Input from outside: the base model, the shared types, and `parse()`.

Messages are in Chinese and tell the person what to do. Text is normalised to
NFC, line ends to \\n; control characters other than tab and newline are refused,
because the database and the index would each treat them differently.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, TypeVar, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    ValidationError,
)
from pydantic_core import CoreSchema, ErrorDetails, PydanticCustomError

from models.fields import DISTRICTS, FIELDS

from . import money
from .errors import Invalid

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]")


def clean(text: str) -> str:
    """NFC, \\n line ends, no spaces at the edges; refuses control characters."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if CONTROL.search(text):
        raise PydanticCustomError("control", "含有无法识别的控制字符，请删除后重试")
    return unicodedata.normalize("NFC", text).strip()


def _clean(value: Any) -> Any:
    return clean(value) if isinstance(value, str) else value


def _none_if_blank(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def _known_field(code: str) -> str:
    if not code:
        raise PydanticCustomError("field_code", "请选择技术领域")
    if code not in FIELDS:
        raise PydanticCustomError("field_code", "没有这个技术领域，请从列表中选择")
    return code


def _offered_field(code: str) -> str:
    if not FIELDS.is_offered(_known_field(code)):
        raise PydanticCustomError("field_code", "该技术领域已停用，请另选一个")
    return code


def _known_district(name: str) -> str:
    if not name:
        raise PydanticCustomError("district", "请选择所在区县")
    if name not in DISTRICTS:
        raise PydanticCustomError("district", "没有这个区县，请从列表中选择")
    return name


def _offered_district(name: str) -> str:
    if not DISTRICTS.is_offered(_known_district(name)):
        raise PydanticCustomError("district", "该区县已停用，请另选一个")
    return name


def _read_money(text: str) -> int:
    """An amount of a field that asks for 万元, in fen; says what it cannot read."""
    try:
        reading = money.parse(text, money.Unit.WAN)
    except money.MoneyError as error:
        raise PydanticCustomError("money", "{words}", {"words": str(error)}) from error
    if reading.doubt:
        raise PydanticCustomError("money_unit", "{words}", {"words": reading.doubt})
    return reading.fen


def _money(value: Any) -> Any:
    """An amount of nothing or more; nothing written is None."""
    if not isinstance(value, str):
        return value
    return _read_money(value) if value.strip() else None


def _wan_to_fen(value: Any) -> Any:
    """An amount above nothing; «面议» and nothing written are None."""
    if not isinstance(value, str):
        return value
    if value.strip() in ("", "面议"):
        return None
    fen = _read_money(value)
    if fen == 0:
        raise PydanticCustomError("money_sign", "金额须大于 0；面议请留空")
    return fen


def _calendar_day(value: Any) -> Any:
    """Only a written date: a bare number would be read as seconds since 1970."""
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d\d-\d\d", value.strip()):
        raise PydanticCustomError("day", "请填写日期，例如 2027-06-30")
    return value


def _without_blanks(lines: list[str]) -> list[str]:
    return [line for line in lines if line]


def _at_most_twelve(lines: list[str]) -> list[str]:
    if len(lines) > 12:
        raise PydanticCustomError("lines", "最多 12 条，请合并或精简")
    return lines


def _promised(ticked: bool) -> bool:
    if not ticked:
        raise PydanticCustomError("promise", "请确认内容不含国家秘密后再提交")
    return ticked


def require_words(text: str, least: int) -> str:
    """Refuses what is filled in without saying anything: marks, digits, symbols."""
    if text and sum(map(str.isalpha, text)) < least:
        raise PydanticCustomError("worded", "请用文字写明，不能只有标点、数字或符号")
    return text


def worded(least: int) -> AfterValidator:
    """A text of at least so many letters or characters; an empty one passes."""
    return AfterValidator(lambda text: require_words(text, least))


Text = Annotated[str, BeforeValidator(_clean)]
# What a title and a text must hold of letters or characters to say anything.
FEWEST_IN_TITLE, FEWEST_IN_TEXT = 2, 10
InWords = worded(FEWEST_IN_TITLE)
InSentences = worded(FEWEST_IN_TEXT)
# What a record may take; and what one may look for, which old records still have.
FieldCode = Annotated[Text, AfterValidator(_offered_field)]
District = Annotated[Text, AfterValidator(_offered_district)]
AnyField = Annotated[Text, AfterValidator(_known_field)]
AnyDistrict = Annotated[Text, AfterValidator(_known_district)]
# For drafts: what is not chosen yet stays empty.
FieldOrBlank = Annotated[
    Text, AfterValidator(lambda code: code and _offered_field(code))
]
DistrictOrBlank = Annotated[
    Text, AfterValidator(lambda name: name and _offered_district(name))
]
# A program sends whole fen; what people type is read into them.
Fen = Annotated[int, Field(ge=0, le=money.MOST_FEN)]
FenAboveNothing = Annotated[int, Field(ge=1, le=money.MOST_FEN)]
WanAsFen = Annotated[FenAboveNothing | None, BeforeValidator(_wan_to_fen)]
Money = Annotated[Fen | None, BeforeValidator(_money)]
Optional = BeforeValidator(_none_if_blank)
Day = Annotated[date, BeforeValidator(_calendar_day)]
# Blank rows go only after the others were checked: an error names the row as typed.
TwelveLines = Annotated[
    list[Annotated[Text, Field(max_length=200)]],
    AfterValidator(_without_blanks),
    AfterValidator(_at_most_twelve),
]
Promise = Annotated[bool, Field(validate_default=True), AfterValidator(_promised)]


class Input(BaseModel):
    """What arrives from a form, a row of a sheet or the API."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """A form carries more than its fields; a program has no reason to."""
        schema = handler(core)
        handler.resolve_ref_schema(schema)["additionalProperties"] = False
        return schema


class Paged(Input):
    """A page of a list, counted from 1."""

    page: Annotated[int, Field(ge=1, le=100_000)] = 1


Model = TypeVar("Model", bound=BaseModel)


def parse(
    model: type[Model],
    form: Mapping[str, Any],
    context: Mapping[str, Any] | None = None,
) -> Model:
    """The form as ``model``; raises `Invalid` with one message a field.

    ``form`` may be a mapping of strings or werkzeug's MultiDict, whose repeated
    keys become the list fields of the model. ``context`` is what the model's
    rules must know besides the form: today's date, whose form it is.
    """
    getlist = getattr(form, "getlist", None)
    data: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if getlist is not None and _is_list(field.annotation):
            data[name] = getlist(name)
        elif name in form:
            data[name] = form[name]
    try:
        return model.model_validate(data, context=dict(context or {}))
    except ValidationError as error:
        raise Invalid(_messages(error.errors())) from error


def page_number(query: Mapping[str, Any]) -> int:
    """The page asked for in an address; anything that is no page is the first."""
    try:
        return parse(Paged, query).page
    except Invalid:
        return 1


def _is_list(annotation: Any) -> bool:
    return get_origin(annotation) in (list, tuple, frozenset)


def _messages(errors: list[ErrorDetails]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for error in errors:
        place = error["loc"]
        name = str(place[0]) if place else "form"
        text = _message(error)
        if len(place) > 1 and isinstance(place[1], int):
            text = f"第 {place[1] + 1} 行：{text}"
        fields.setdefault(name, text)
    return fields


def _message(error: ErrorDetails) -> str:
    kind, facts = error["type"], error.get("ctx", {})
    unfilled = kind in MESSAGES and error["input"] == ""
    if unfilled or (kind == "too_short" and facts.get("actual_length") == 0):
        kind = "missing"
    elif kind in ("too_short", "too_long") and facts.get("field_type") != "List":
        kind = f"string_{kind}"  # a length checked after `clean` is still of a text
    if kind == "value_error" or kind not in MESSAGES:
        # Our own validators raise PydanticCustomError with the words to show.
        return error["msg"] if _is_chinese(error["msg"]) else "请检查此项的格式"
    return MESSAGES[kind].format(**facts)


def _is_chinese(text: str) -> bool:
    return any("\u4e00" <= char <= "\u9fff" for char in text)


MESSAGES: dict[str, str] = {
    "missing": "请填写此项",
    "string_type": "请填写文字",
    "string_too_short": "至少填写 {min_length} 个字",
    "string_too_long": "最多 {max_length} 个字，请精简",
    "too_short": "至少填写 {min_length} 项",
    "too_long": "最多 {max_length} 项",
    "int_parsing": "请填写整数",
    "int_type": "请填写整数",
    "int_parsing_size": "数字过大",
    "greater_than_equal": "不能小于 {ge}",
    "less_than_equal": "不能大于 {le}",
    "greater_than": "须大于 {gt}",
    "less_than": "须小于 {lt}",
    "decimal_parsing": "请填写数字",
    "decimal_type": "请填写数字",
    "finite_number": "请填写数字",
    "decimal_max_digits": "数字过长，请核对",
    "decimal_whole_digits": "数字过大",
    "decimal_max_places": "最多 {decimal_places} 位小数",
    "enum": "请从所列选项中选择",
    "literal_error": "请从所列选项中选择",
    "date_parsing": "请填写日期，例如 2027-06-30",
    "date_type": "请填写日期，例如 2027-06-30",
    "date_from_datetime_parsing": "请填写日期，例如 2027-06-30",
    "date_from_datetime_inexact": "请填写日期，例如 2027-06-30",
    "bool_parsing": "请勾选或取消勾选",
}
