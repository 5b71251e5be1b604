"""JSON and parameters read strictly: what the schema does not allow is refused.

Forms are read leniently, since people type into them; a program that sends a number
as text, or a field that does not exist, has a fault its author wants to hear of.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from math import isinf
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema
from werkzeug.datastructures import MultiDict

from ..errors import DomainError, Invalid
from ..moments import instant
from ..schema import CONTROL

DEEPEST = 32
# More values than any body has; and of so many faults the author has heard enough.
MOST_VALUES, MOST_TOLD = 20_000, 100
# What a whole number may have: the columns hold 64 bits.
MOST = 2**63 - 1
DECIMAL = re.compile(r"-?\d{1,15}(\.\d{1,15})?", re.ASCII)

formats = FormatChecker(())


@formats.checks("date", raises=ValueError)
def _is_date(value: object) -> bool:
    return not isinstance(value, str) or bool(date.fromisoformat(value))


@formats.checks("date-time", raises=ValueError)
def _is_moment(value: object) -> bool:
    return not isinstance(value, str) or bool(instant(value))


class Unreadable(DomainError):
    """The body is no JSON that could mean one thing only; ``words`` say why."""

    def __init__(self, words: str) -> None:
        super().__init__("api.unreadable")
        self.words = words


def read(text: bytes) -> Any:
    """The JSON text; raises `Unreadable` for what is no plain, unambiguous JSON."""
    try:
        data = json.loads(
            text.decode(),  # else its first bytes could say UTF-16
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_int=_number,
            parse_float=_fraction,
        )
    except UnicodeDecodeError as error:
        raise Unreadable("请求体不是 UTF-8 编码的 JSON") from error
    except RecursionError as error:
        raise Unreadable("JSON 嵌套过深") from error
    except json.JSONDecodeError as error:
        raise Unreadable(
            f"请求体不是有效的 JSON：第 {error.lineno} 行第 {error.colno} 列有误"
        ) from error
    _bounded(data)
    return data


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for name, value in pairs:
        if name in data:
            raise Unreadable(f"JSON 对象里「{name[:60]}」出现了两次")
        data[name] = value
    return data


def _constant(name: str) -> Any:
    raise Unreadable(f"JSON 里没有 {name} 这样的数值")


def _number(text: str) -> int:
    if len(text) > 20 or abs(int(text)) > MOST:
        raise Unreadable(f"数值 {text[:20]}… 过大")
    return int(text)


def _fraction(text: str) -> float:
    value = float(text)
    if isinf(value):
        raise Unreadable(f"数值 {text[:20]}… 过大")
    return value


def _bounded(data: Any) -> None:
    """Refuse what is deeper or longer than a check against the schema should see."""
    level, number = [data], 0
    for _ in range(DEEPEST + 1):
        number += len(level)
        if number > MOST_VALUES:
            raise Unreadable(f"JSON 中的值超过 {MOST_VALUES} 个")
        level = [inner for value in level for inner in _inside(value)]
    if level:
        raise Unreadable("JSON 嵌套过深")


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


class Untitled(GenerateJsonSchema):
    """Without titles that only repeat the names of the fields."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


@cache
def schema(model: type[BaseModel]) -> Mapping[str, Any]:
    """Of what a program may send, as the OpenAPI document shows it."""
    return model.model_json_schema(schema_generator=Untitled)


@cache
def validator(model: type[BaseModel]) -> Draft202012Validator:
    return Draft202012Validator(schema(model), format_checker=formats)


def check(model: type[BaseModel], data: Any) -> None:
    """Raise `Invalid` with a message a field, named by JSON pointer, if it breaks."""
    errors: dict[str, str] = {}
    for error in validator(model).iter_errors(data):
        for place, words in _told(error):
            if len(errors) < MOST_TOLD:
                errors.setdefault(place, words)
    for place, text in _texts(data):
        if CONTROL.search(text):
            errors.setdefault(place, "含有无法识别的控制字符，请删除后重试")
    if errors:
        raise Invalid(errors)


def _told(error: ValidationError) -> Iterator[tuple[str, str]]:
    place = [str(part) for part in error.absolute_path]
    broken: Any = error.schema
    given: Any = error.instance
    if error.validator == "additionalProperties":
        for name in given.keys() - broken.get("properties", {}).keys():
            yield pointer([*place, name]), "没有这一项，请检查名称"
    elif error.validator == "required":
        for name in broken["required"]:
            if name not in given:
                yield pointer([*place, name]), "请填写此项"
    elif inner := _of_the_only_kind(error):
        for one in inner:
            yield from _told(one)
    else:
        yield pointer(place), _words(error)


def _of_the_only_kind(error: ValidationError) -> list[ValidationError]:
    """What is wrong with the value as the one thing, beside null, that it may be."""
    kinds: Any = error.validator_value if error.validator == "anyOf" else ()
    said = [place for place, one in enumerate(kinds) if one.get("type") != "null"]
    if len(said) != 1:
        return []
    return [one for one in error.context or () if one.relative_schema_path[0] in said]


def _words(error: ValidationError) -> str:
    if error.validator == "anyOf" and error.context:
        return _words(error.context[0])
    words = WORDS.get(str(error.validator), "请检查此项的格式")
    value: Any = error.validator_value
    if error.validator == "type":
        value = TYPES.get(str(value), value)
    elif error.validator == "enum":
        value = "、".join(map(str, value))
    elif error.validator == "format":
        words = FORMATS[str(value)]
    return words.format(value)


WORDS = {
    "type": "应为{}",
    "enum": "应为下列之一：{}",
    "const": "应为 {}",
    "minLength": "至少填写 {} 个字",
    "maxLength": "最多 {} 个字，请精简",
    "minItems": "至少填写 {} 项",
    "maxItems": "最多 {} 项",
    "minimum": "不能小于 {}",
    "maximum": "不能大于 {}",
    "exclusiveMinimum": "须大于 {}",
    "exclusiveMaximum": "须小于 {}",
    "pattern": "请检查此项的格式",
}
FORMATS = {
    "date": "请填写日期，例如 2027-06-30",
    "date-time": "请填写带时区的时刻，例如 2027-06-30T17:00:00+08:00",
}
TYPES = {
    "string": "文字（string）",
    "integer": "整数（integer）",
    "number": "数字（number）",
    "boolean": "true 或 false（boolean）",
    "array": "列表（array）",
    "object": "对象（object）",
}


def _texts(data: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    if isinstance(data, str):
        yield pointer(place), data
    elif isinstance(data, dict):
        for name, value in data.items():
            if CONTROL.search(name):
                yield pointer(place), name
            yield from _texts(value, (*place, name))
    elif isinstance(data, list):
        for number, value in enumerate(data):
            yield from _texts(value, (*place, str(number)))


def pointer(parts: list[str] | tuple[str, ...]) -> str:
    """The place as a JSON pointer without its first slash (RFC 6901)."""
    return "/".join(part.replace("~", "~0").replace("/", "~1") for part in parts)


def parameters(
    model: type[BaseModel], args: MultiDict[str, str], besides: frozenset[str]
) -> dict[str, Any]:
    """The parameters of an address as JSON would have them; raises `Invalid`.

    ``besides`` are those that are not the model's.
    """
    whole = schema(model)
    shapes, inside = whole.get("properties", {}), whole.get("$defs", {})
    data: dict[str, Any] = {}
    for name, values in args.lists():
        shape = _inner(shapes.get(name, {}), inside)
        if shape.get("type") == "array":
            items = _inner(shape.get("items", {}), inside)
            data[name] = [_typed(value, items) for value in values]
        elif len(values) > 1:
            raise Invalid({name: "只能出现一次"})
        elif name not in besides:
            data[name] = _typed(values[0], shape)
    check(model, data)
    return data


def _inner(shape: Mapping[str, Any], inside: Mapping[str, Any]) -> Mapping[str, Any]:
    """The shape that is not «null», itself and not its name."""
    for one in shape.get("anyOf", ()):
        if one.get("type") != "null":
            return _inner(one, inside)
    if "$ref" in shape:
        return dict(inside[shape["$ref"].rpartition("/")[2]])
    return shape


def _typed(value: str, shape: Mapping[str, Any]) -> Any:
    if shape.get("type") == "integer" and value.isascii():
        digits = value.removeprefix("-")
        if digits.isdigit() and len(digits) < 19:
            return int(value)
    if shape.get("type") == "number" and DECIMAL.fullmatch(value):
        return float(value)
    if shape.get("type") == "boolean":
        return {"true": True, "false": False}.get(value, value)
    return value
