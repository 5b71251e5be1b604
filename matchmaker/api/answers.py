"""What is answered: records, slices of lists, and where a list goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, ClassVar, Generic, TypeVar

from flask import Response, current_app, request
from itsdangerous import BadSignature, URLSafeSerializer
from pydantic import BaseModel, ConfigDict
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from ..errors import Invalid
from .operations import Operation

MOST_ROWS, SOME_ROWS = 100, 20
JSON = "application/json"


class Output(BaseModel):
    """What a program reads of a record.

    Money is whole 分, a moment UTC, a state its code. Nothing is left out that is
    not there: it is null. ``labels`` names the fields for people.
    """

    model_config = ConfigDict(
        from_attributes=True, json_schema_mode_override="serialization"
    )

    labels: ClassVar[dict[str, str]] = {}


Item = TypeVar("Item", bound=BaseModel)
Row = TypeVar("Row")


class Slice(Output, Generic[Item]):
    """Some records of a list; ``next`` is the cursor of those that follow."""

    items: list[Item]
    total: int
    next: str | None


@dataclass(frozen=True)
class Place:
    """Where in a list to read on: ``limit`` records after what ``after`` tells."""

    limit: int = SOME_ROWS
    after: Any = None

    def newest(
        self,
        session: Session,
        query: Select[Any],
        number: Any,
        show: Callable[[Any], Item],
    ) -> Slice[Item]:
        """The newest of the query's records, by ``number``, a column that grows.

        A record that comes or goes meanwhile neither repeats nor hides another.
        """
        total = session.scalar(
            select(func.count()).select_from(query.order_by(None).subquery())
        )
        page = query.order_by(None).order_by(number.desc())
        if self.after is not None:
            page = page.where(number < _whole(self.after))
        rows = session.scalars(page.limit(self.limit + 1)).unique().all()
        last = getattr(rows[self.limit - 1], number.key) if self.goes_on(rows) else None
        return self._slice(rows, total or 0, show, last)

    def among(
        self,
        ids: Sequence[int],
        load: Callable[[Sequence[int]], Iterable[Row]],
        show: Callable[[Row], Item],
    ) -> Slice[Item]:
        """The records after the last one read, in the order of ``ids``.

        One that has left the list since is taken to be where it stood.
        """
        start = 0
        if self.after is not None:
            place, last = _pair(self.after)
            try:
                start = ids.index(last) + 1
            except ValueError:
                start = place
        some = ids[start : start + self.limit]
        end = start + len(some)
        mark = [end, some[-1]] if some and end < len(ids) else None
        rows = [show(row) for row in load(some)]
        return Slice[Any](items=rows, total=len(ids), next=cursor(mark))

    def whole(self, rows: Sequence[Row], show: Callable[[Row], Item]) -> Slice[Item]:
        """A list that is short by nature, a part of it; it goes on by numbers."""
        start = 0 if self.after is None else _whole(self.after)
        some = rows[start : start + self.limit]
        end = start + len(some)
        mark = end if some and end < len(rows) else None
        return Slice[Any](
            items=[show(row) for row in some], total=len(rows), next=cursor(mark)
        )

    def goes_on(self, rows: Sequence[Any]) -> bool:
        return len(rows) > self.limit

    def _slice(
        self, rows: Sequence[Any], total: int, show: Callable[[Any], Item], last: Any
    ) -> Slice[Item]:
        items = [show(row) for row in rows[: self.limit]]
        return Slice[Any](items=items, total=total, next=cursor(last))


BAD_CURSOR = "这个 cursor 不是由本列表给出的，请从第一页重新读取"


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Invalid({"cursor": BAD_CURSOR})
    return value


def _pair(value: Any) -> tuple[int, int]:
    if not isinstance(value, list) or len(value) != 2:
        raise Invalid({"cursor": BAD_CURSOR})
    return _whole(value[0]), _whole(value[1])


def _serializer() -> URLSafeSerializer:
    key: str = current_app.config["SECRET_KEY"]
    # Of one list: the cursor of another would mean something else there.
    return URLSafeSerializer(key, salt=f"cursor {request.endpoint}")


def cursor(after: Any) -> str | None:
    """What a program sends to read on; None at the end of the list."""
    if after is None:
        return None
    token = _serializer().dumps(after)
    return token if isinstance(token, str) else token.decode()


def read_cursor(text: str) -> Any:
    """What `cursor` was made of; raises `Invalid` for anything else."""
    try:
        return _serializer().loads(text)
    except BadSignature as error:
        raise Invalid({"cursor": BAD_CURSOR}) from error


def write(operation: Operation, found: Any, fields: frozenset[str]) -> Response:
    """The answer to a request that went well; only the ``fields`` where some are."""
    if isinstance(found, Response):
        return found
    if found is None:
        return Response(status=operation.status)
    data = found.model_dump(mode="json")
    if fields:
        _choose(data, fields, listed=isinstance(found, Slice))
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    response = Response(text, operation.status, content_type=JSON)
    response.headers["ETag"] = etag(found, text)
    return response


def _choose(data: dict[str, Any], fields: frozenset[str], *, listed: bool) -> None:
    for item in data["items"] if listed else [data]:
        for name in set(item) - fields:
            del item[name]


def etag(found: BaseModel, text: str) -> str:
    """Of the very answer, after the version of the record where it has one."""
    mark = sha256(text.encode()).hexdigest()[:16]
    version = getattr(found, "version", None)
    return f'"{mark}"' if version is None else f'"v{version}.{mark}"'
