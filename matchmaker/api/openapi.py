"""The OpenAPI 3.1 description, made of what the operations declare."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from . import english, reading, strict
from .answers import MOST_ROWS, SOME_ROWS, Output
from .operations import NUMBER, PREFIX, Operation
from .problems import TYPE, Problem
from .registry import kinds, operations, scopes
from .repeating import HEADER

REF = "#/components/schemas/{model}"
INTRODUCTION = """\
企业发布技术需求、高校登记科技成果、双方对接直至技术合同登记，页面上能做的都能由程序来做。

Everything a person does on the pages, a program does here. Send an access token as
`Authorization: Bearer mmt_…`; what is open to visitors needs none. Money is whole 分
(1 元 = 100), moments are UTC, states are codes. Refusals are problem documents
(RFC 9457), in English with `Accept-Language: en`.
"""


@cache
def document() -> str:
    """The description as JSON text."""
    return json.dumps(_document(), ensure_ascii=False, separators=(",", ":"))


@cache
def _document() -> dict[str, Any]:
    schemas = _schemas()
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations():
        path = PREFIX + operation.path
        paths.setdefault(path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "长沙技术交易撮合平台 API",
            "version": "1",
            "description": INTRODUCTION,
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag, "description": title} for tag, title in kinds().items()],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "权限范围：" + "、".join(scopes()),
                }
            },
            "responses": {str(status): _refusal(status) for status in english.TITLES},
        },
    }


def _schemas() -> dict[str, Any]:
    models: dict[type[BaseModel], None] = {Problem: None}
    for one in operations():
        for model in (one.body, None if one.returns_file else one.returns):
            if model is not None and model is not type(None):
                models[model] = None
    names, found = models_json_schema(
        [(model, _mode(model)) for model in models],
        ref_template=REF,
        schema_generator=strict.Untitled,
    )
    schemas: dict[str, Any] = found["$defs"]
    odd = [
        model for (model, _), ref in names.items() if _name(model) not in ref["$ref"]
    ]
    if odd:
        raise ValueError(f"two models have one name: {odd[0].__name__}")
    for model in models:
        _name_fields(model, schemas[_name(model)])
    for one in operations():
        if one.item and one.item not in models:
            _name_fields(one.item, schemas[_name(one.item)])
        if "fields" in reading.besides(one) and one.item:
            # Only the chosen fields are there; the number, where there is one, always.
            number = {"id"} & schemas[_name(one.item)]["properties"].keys()
            schemas[_name(one.item)]["required"] = sorted(number)
    return schemas


def _name_fields(model: type[BaseModel], schema: dict[str, Any]) -> None:
    """Give the fields the names people know them by."""
    for name, words in getattr(model, "labels", {}).items():
        if name in schema["properties"]:
            schema["properties"][name]["title"] = words


def _mode(model: type[BaseModel]) -> Any:
    return "serialization" if issubclass(model, Output) else "validation"


def _name(model: Any) -> str:
    return re.sub(r"[^a-zA-Z0-9.\-_]", "_", model.__name__)


def _operation(one: Operation) -> dict[str, Any]:
    said: dict[str, Any] = {
        "operationId": one.name,
        "tags": [one.tag],
        "summary": one.summary,
        "parameters": [*_numbers(one), *_parameters(one), *_headers(one)],
        "responses": _responses(one),
        "security": [{"token": [one.scope]}],
    }
    if one.is_open:
        said["security"].insert(0, {})
    if one.view.__doc__:
        said["description"] = one.view.__doc__
    if one.body is not None:
        said["requestBody"] = _content("application/json", _ref(one.body))
    elif "file" in one.asks:
        said["requestBody"] = _content("multipart/form-data", FORM)
    return said


FORM = {
    "type": "object",
    "properties": {"file": {"type": "string", "format": "binary"}},
    "required": ["file"],
}


def _content(kind: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": {kind: {"schema": schema}}}


def _ref(model: Any) -> dict[str, str]:
    return {"$ref": REF.format(model=_name(model))}


def _numbers(one: Operation) -> list[dict[str, Any]]:
    shape = {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}
    return [
        {"name": name, "in": "path", "required": True, "schema": shape}
        for name in NUMBER.findall(one.rule)
    ]


def _parameters(one: Operation) -> list[dict[str, Any]]:
    """Those of the address, the model's own and the common ones."""
    found: list[dict[str, Any]] = []
    if one.query is not None:
        schema = strict.schema(one.query)
        inner = schema.get("$defs", {})
        for name, shape in reading.asked(one, schema).items():
            found.append(
                {
                    "name": name,
                    "in": "query",
                    "required": name in schema.get("required", ()),
                    "schema": _inline(shape, inner),
                }
            )
    besides = reading.besides(one)
    if "limit" in besides:
        found.append(_query("limit", {"type": "integer", "minimum": 1} | LIMIT))
        found.append(_query("cursor", {"type": "string"}))
    if "fields" in besides:
        assert one.item is not None
        names = {"type": "string", "enum": list(one.item.model_fields)}
        chosen = _query("fields", {"type": "array", "items": names, "minItems": 1})
        found.append(chosen | {"style": "form", "explode": False})
    return found


LIMIT = {"maximum": MOST_ROWS, "default": SOME_ROWS}
WORDS = {
    "limit": "一次最多返回多少条",
    "cursor": "上一次返回的 next，从那里继续读",
    "fields": "只返回这些字段，用逗号分开；id 总会返回",
}


def _query(name: str, shape: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": WORDS[name],
        "schema": shape,
    }


def _inline(shape: Any, inner: Mapping[str, Any]) -> Any:
    """The shape with what it refers to in its place."""
    if isinstance(shape, list):
        return [_inline(one, inner) for one in shape]
    if not isinstance(shape, dict):
        return shape
    if "$ref" in shape:
        found = _inline(inner[shape["$ref"].rpartition("/")[2]], inner)
        return found | {k: v for k, v in shape.items() if k != "$ref"}
    return {
        name: _inline(value, inner)
        for name, value in shape.items()
        # What is left out of an address is not there; it is never null.
        if not (name == "default" and value is None)
    }


SENT_AGAIN = "同一个键重复发送的请求只办理一次，一天之内得到同样的回答"
# Its answer holds a secret, so it is not kept.
MADE_ONCE = "同一个键重复发送的请求只办理一次；第一次的回答不保存"


def _headers(one: Operation) -> list[dict[str, Any]]:
    found = []
    if one.keyed or "key" in one.asks:
        found.append(
            _header(
                HEADER,
                {"type": "string", "pattern": "^[!-~]{8,64}$"},
                SENT_AGAIN if one.keyed else MADE_ONCE,
            )
        )
    if "version" in one.asks:
        found.append(
            _header(
                "If-Match",
                {"type": "string"},
                "读取时得到的 ETag；其间有人修改过的，得到 412",
                required=True,
            )
        )
    return found


def _header(
    name: str, shape: Mapping[str, Any], words: str, *, required: bool = False
) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": required,
        "description": words,
        "schema": shape,
    }


def _responses(one: Operation) -> dict[str, Any]:
    # 409 of what is read: it is not there yet, or no more.
    refusals = {400, 401, 403, 404, 405, 409, 422, 429, 503}
    if not one.reads:
        refusals |= {413, 415}
    if "version" in one.asks:
        refusals |= {412, 428}
    good: dict[str, Any] = {"description": "OK"}
    if one.returns_file:
        good["content"] = {"*/*": {}}  # a file, of whatever kind
    elif one.status != 204:
        good["content"] = {"application/json": {"schema": _ref(one.returns)}}
    found = {str(one.status): good}
    if one.reads:
        found["304"] = {"description": "If-None-Match 所指的回答没有变化"}
    return found | {
        str(status): {"$ref": f"#/components/responses/{status}"}
        for status in sorted(refusals)
    }


def _refusal(status: int) -> dict[str, Any]:
    return {
        "description": english.title(status),
        "content": {TYPE: {"schema": _ref(Problem)}},
    }


@cache
def described() -> Mapping[str, Any]:
    """Each operation by its name, as the description has it."""
    return {
        said["operationId"]: {"path": path, "method": method.upper(), **said}
        for path, methods in _document()["paths"].items()
        for method, said in methods.items()
    }


def schemas_of(chosen: Sequence[Operation]) -> dict[str, Any]:
    """The schemas that these operations speak of, by name, with those inside them."""
    every = _document()["components"]["schemas"]
    waiting = sorted(_names([described()[one.name] for one in chosen]))
    found: dict[str, Any] = {}
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found[name] = every[name]
            waiting += sorted(_names(every[name]))
    return found


def _names(shape: Any) -> set[str]:
    if isinstance(shape, list):
        return set().union(*map(_names, shape))
    if not isinstance(shape, dict):
        return set()
    named = str(shape.get("$ref", ""))
    inner = set().union(*map(_names, shape.values()))
    return inner | {named.rpartition("/")[2]} if "/schemas/" in named else inner
