"""The least that a schema allows, to get past it to the rules behind."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from matchmaker.api import strict


def least(model: type[BaseModel]) -> Any:
    """A body with just what must be there."""
    schema = strict.schema(model)
    return _value(schema, schema.get("$defs", {}))


def _value(shape: Mapping[str, Any], inside: Mapping[str, Any]) -> Any:
    if "$ref" in shape:
        return _value(inside[shape["$ref"].rpartition("/")[2]], inside)
    for way in ("anyOf", "allOf", "oneOf"):
        if way in shape:
            return _value(shape[way][0], inside)
    if "const" in shape:
        return shape["const"]
    if "enum" in shape:
        return shape["enum"][0]
    return _PLAIN[shape.get("type", "object")](shape, inside)


def _object(shape: Mapping[str, Any], inside: Mapping[str, Any]) -> Any:
    return {
        name: _value(shape["properties"][name], inside)
        for name in shape.get("required", ())
    }


def _array(shape: Mapping[str, Any], inside: Mapping[str, Any]) -> Any:
    return [_value(shape["items"], inside)] * shape.get("minItems", 0)


def _string(shape: Mapping[str, Any], _: Mapping[str, Any]) -> Any:
    if shape.get("format") == "date":
        return "2026-11-23"
    if shape.get("format") == "date-time":
        return "2026-11-23T04:00:00Z"
    return ("请用一句话说明情况" * 9)[: shape.get("maxLength", 60)]


def _number(shape: Mapping[str, Any], _: Mapping[str, Any]) -> Any:
    return shape.get("minimum", shape.get("exclusiveMinimum", 0) + 1)


_PLAIN = {
    "object": _object,
    "array": _array,
    "string": _string,
    "integer": _number,
    "number": _number,
    "boolean": lambda *_: True,
    "null": lambda *_: None,
}
