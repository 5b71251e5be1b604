"""What a request carries, read as the operation declares it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from flask import g, request
from pydantic import BaseModel
from werkzeug.exceptions import UnsupportedMediaType

from models import utcnow

from .. import labels
from ..errors import DomainError, Invalid
from ..schema import parse
from . import strict
from .answers import MOST_ROWS, SOME_ROWS, Place, read_cursor
from .operations import Operation
from .repeating import key_sent

# A proxy that compresses an answer marks its ETag as weak; the version is the same.
VERSION = re.compile(r'(?:W/)?"v([0-9]{1,9})(?:\.[0-9a-f]{16})?"')
LIMIT = re.compile(r"[0-9]{1,3}")
FILE = "file"
# What a form takes besides the file itself.
FORM_BYTES = 100_000
NOTHING = frozenset[str]()


class MatchNeeded(DomainError):
    """An edit must say which version it was made from."""


def arguments(operation: Operation, numbers: Mapping[str, Any]) -> dict[str, Any]:
    """What the view is called with; raises `Invalid`, `Unreadable`, `MatchNeeded`."""
    given: dict[str, Any] = dict(numbers)
    g.api_fields = fields(operation)
    if operation.query is not None or request.args:
        query = _query(operation)
        if operation.query is not None:
            given["query"] = query
    if "place" in operation.asks:
        given["place"] = _place()
    if operation.body is not None:
        given["body"] = _body(operation)
    if "version" in operation.asks:
        given["version"] = _version()
    if "key" in operation.asks:
        given["key"] = form_key()
    if "file" in operation.asks:
        given["file"] = _file(operation)
    return given


class Nothing(BaseModel):
    """No parameters."""

    model_config = {"extra": "forbid"}


def besides(operation: Operation) -> frozenset[str]:
    """The parameters that are not the operation's own."""
    lists = {"cursor", "limit"} if "place" in operation.asks else set()
    chosen = {"fields"} if operation.reads and operation.item else set()
    return frozenset(lists | chosen)


def asked(operation: Operation, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of the query's model; a list goes on by cursors, not pages."""
    found = dict(schema.get("properties", {}))
    if "place" in operation.asks:
        found.pop("page", None)
    return found


def _query(operation: Operation) -> BaseModel:
    model = operation.query or Nothing
    if "place" in operation.asks and "page" in request.args:
        raise Invalid({"page": "列表用 cursor 读下去，没有 page 这一项"})
    data = strict.parameters(model, request.args, besides(operation))
    return parse(model, data, _context())


def _context() -> dict[str, Any]:
    """What the rules of many models must know besides the input."""
    return {"today": labels.today(utcnow())}


def _place() -> Place:
    text = request.args.get("limit", str(SOME_ROWS))
    limit = int(text) if LIMIT.fullmatch(text) else 0
    if not 1 <= limit <= MOST_ROWS:
        raise Invalid({"limit": f"请填写 1 到 {MOST_ROWS} 的整数"})
    place = request.args.get("cursor")
    return Place(limit, None if place is None else read_cursor(place))


def fields(operation: Operation) -> frozenset[str]:
    """The fields asked for; none asks for all. ``id`` is always there."""
    if "fields" not in besides(operation) or "fields" not in request.args:
        return NOTHING
    assert operation.item is not None
    asked = [name.strip() for name in request.args["fields"].split(",")]
    unknown = [name for name in asked if name not in operation.item.model_fields]
    if unknown:
        raise Invalid({"fields": f"没有「{unknown[0][:60]}」这一项，请检查名称"})
    return frozenset(asked) | {"id"}


def _body(operation: Operation) -> Any:
    model = operation.body
    assert model is not None
    if request.mimetype != "application/json":
        raise UnsupportedMediaType()
    data = strict.read(request.get_data())
    strict.check(model, data)
    return data if operation.reads_on else parse(model, data, _context())


def _version() -> int:
    """The version an edit was made from."""
    text = request.headers.get("If-Match", "")
    if not text:
        raise MatchNeeded("api.if_match")
    found = VERSION.fullmatch(text.strip())
    # What is no version of ours matches no record.
    return int(found[1]) if found else 0


def _file(operation: Operation) -> Any:
    """The uploaded file; only who was admitted may send more than other bodies."""
    if operation.most is not None:
        request.max_content_length = operation.most() + FORM_BYTES
    if request.mimetype != "multipart/form-data":
        raise UnsupportedMediaType()
    file = request.files.get(FILE)
    if file is None or not file.filename:
        raise Invalid({FILE: "请在 file 中放入要上传的文件"})
    return file


def form_key() -> str:
    """Under which a record is made once: that of the request, or a fresh one."""
    key = key_sent()
    if key is None:
        return secrets.token_urlsafe(16)
    return "api " + sha256(key.encode()).hexdigest()[:40]
