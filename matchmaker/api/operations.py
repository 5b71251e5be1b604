"""How a feature declares what a program may do.

    needs = Operations("needs", "技术需求")

    @needs.post("/needs/<int:need_id>/withdraw", "needs.withdraw", "撤回需求")
    def withdraw(need_id: int) -> NeedOut: ...

The signature says what a request carries: numbers of the address by name; ``query``
a model of the address's parameters; ``body`` a model, parsed, or
``Annotated[Mapping[str, Any], Shape(Model)]``, only checked against its schema, for
what the feature reads itself; ``place`` where in a list; ``version`` what If-Match
names; ``key`` the key under which a record is made once; ``file`` an uploaded file.
What it returns is the schema of the answer; None is an answer without a body, a
`flask.Response` a file.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

from flask import Response
from pydantic import BaseModel

from .. import matrix

PREFIX = "/api/v1"
NUMBER = re.compile(r"<int:(\w+)>")
READS = frozenset({"GET"})

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Shape:
    """The schema of a body that the feature itself reads on."""

    model: type[BaseModel]


@dataclass(frozen=True)
class Operation:
    """One thing a program may do.

    pages   the addresses of the matrix it stands for; the first decides who may
    status  of the answer when all went well
    keyed   whether a repetition under the same Idempotency-Key is answered alike
    most    how many bytes its file may have; without it, as many as any body
    """

    tag: str
    method: str
    rule: str
    pages: tuple[str, ...]
    summary: str
    view: Callable[..., Any]
    status: int = 200
    keyed: bool = True
    most: Callable[[], int] | None = None

    @property
    def name(self) -> str:
        """Of the operation in the OpenAPI document, and of its endpoint."""
        return f"{self.tag}_{self.view.__name__}".replace("-", "_")

    @property
    def path(self) -> str:
        """The address as people and OpenAPI write it: /needs/{need_id}."""
        return NUMBER.sub(r"{\1}", self.rule)

    @property
    def scope(self) -> str:
        """What a token must be allowed."""
        return f"{self.tag}:{'read' if self.method in READS else 'write'}"

    @cached_property
    def line(self) -> matrix.Route:
        """The line of the matrix that decides who may."""
        page, _, method = self.pages[0].partition("/")
        return matrix.route(page, method or ("GET" if self.reads else "POST"))

    @property
    def reads(self) -> bool:
        return self.method in READS

    @property
    def is_open(self) -> bool:
        """Whether visitors may, too."""
        return self.line.action == matrix.OPEN

    @cached_property
    def hints(self) -> Mapping[str, Any]:
        return get_type_hints(self.view, include_extras=True)

    @cached_property
    def asks(self) -> frozenset[str]:
        """The names of what the view is given."""
        return frozenset(inspect.signature(self.view).parameters)

    @property
    def query(self) -> type[BaseModel] | None:
        return self.hints.get("query")

    @cached_property
    def body(self) -> type[BaseModel] | None:
        """The model whose schema a body must meet."""
        hint = self.hints.get("body")
        if get_origin(hint) is Annotated:
            shape = next(one for one in get_args(hint) if isinstance(one, Shape))
            return shape.model
        return hint

    @property
    def reads_on(self) -> bool:
        """Whether the view gets the body as it came."""
        return get_origin(self.hints.get("body")) is Annotated

    @property
    def returns(self) -> Any:
        return self.hints.get("return")

    @property
    def returns_file(self) -> bool:
        return self.returns is Response

    @cached_property
    def item(self) -> type[BaseModel] | None:
        """The model whose fields may be chosen; that of the items of a list."""
        from .answers import Slice

        model = self.returns
        if not isinstance(model, type) or not issubclass(model, BaseModel):
            return None
        if issubclass(model, Slice):
            inner: type[BaseModel] = get_args(model.model_fields["items"].annotation)[0]
            return inner
        return model


@dataclass
class Operations:
    """The operations of one kind; ``tag`` names them, ``title`` does so for people."""

    tag: str
    title: str
    found: list[Operation] = field(default_factory=list)

    def get(
        self, rule: str, page: str | tuple[str, ...], summary: str
    ) -> Callable[[View], View]:
        """Something to read."""
        return self._add("GET", rule, page, summary)

    def post(
        self,
        rule: str,
        page: str | tuple[str, ...],
        summary: str,
        *,
        status: int = 200,
        keyed: bool = True,
    ) -> Callable[[View], View]:
        """Something to do; 201 for what makes a record."""
        return self._add("POST", rule, page, summary, status=status, keyed=keyed)

    def upload(
        self,
        rule: str,
        page: str | tuple[str, ...],
        summary: str,
        *,
        most: Callable[[], int],
        status: int = 201,
    ) -> Callable[[View], View]:
        """A file to take in, of so many bytes at most; asked once a request."""
        return self._add(
            "POST", rule, page, summary, status=status, keyed=False, most=most
        )

    def put(
        self, rule: str, page: str | tuple[str, ...], summary: str
    ) -> Callable[[View], View]:
        """A record to replace, at the version that If-Match names."""
        return self._add("PUT", rule, page, summary, keyed=False)

    def delete(
        self, rule: str, page: str | tuple[str, ...], summary: str
    ) -> Callable[[View], View]:
        """Something to take away."""
        return self._add("DELETE", rule, page, summary, keyed=False)

    def _add(
        self,
        method: str,
        rule: str,
        page: str | tuple[str, ...],
        summary: str,
        *,
        status: int = 200,
        keyed: bool = False,
        most: Callable[[], int] | None = None,
    ) -> Callable[[View], View]:
        pages = (page,) if isinstance(page, str) else page

        def register(view: View) -> View:
            operation = Operation(
                self.tag, method, rule, pages, summary, view, status, keyed, most
            )
            if operation.returns in (None, type(None)):
                operation = replace(operation, status=204)
            self.found.append(operation)
            return view

        return register
