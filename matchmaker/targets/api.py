"""The figures of a year and the formulas of the indicators, for programs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, ClassVar

from models import Definition, utcnow
from models.states import TargetIndicator

from ..accounts.current import signed_in
from ..api.answers import Output, Place, Slice
from ..api.operations import Operations, Shape
from ..db import db
from ..schema import parse
from . import service
from .schema import LABELS, DefinitionInput, YearChoice, YearInput

operations = Operations("targets", "目标与口径")


class FigureOut(Output):
    """A figure in 分, hundredths of a per cent, or pieces; and where it is from."""

    value: int
    source: str


class YearFigures(Output):
    """The figures of a year.

    ``seen`` is the mark of their state, to be sent with what replaces them;
    ``copy_from`` the last year whose targets may be taken over, if none are set.
    """

    year: int
    seen: str
    copy_from: int | None
    targets: dict[TargetIndicator, FigureOut]
    facts: dict[str, FigureOut]


class DefinitionBody(DefinitionInput):
    """A formula of an indicator, from a day on."""

    labels: ClassVar[Mapping[str, str]] = LABELS


class DefinitionOut(Output):
    """A formula; a later one takes its place from its day on."""

    id: int
    indicator: TargetIndicator
    name: str
    method: str
    words: str
    from_on: date
    author: str | None
    created_at: datetime


def _figures(year: int) -> YearFigures:
    found = service.sheet(db.session, signed_in(), year)
    return YearFigures(
        year=found.year,
        seen=found.seen,
        copy_from=found.copy_from,
        targets={
            indicator: FigureOut.model_validate(row)
            for indicator, row in found.targets.items()
        },
        facts={
            name: FigureOut.model_validate(row) for name, row in found.facts.items()
        },
    )


def _definition(row: Definition) -> DefinitionOut:
    return DefinitionOut(
        id=row.id,
        indicator=row.indicator,
        name=row.name,
        method=row.method,
        words=row.words,
        from_on=row.from_on,
        author=row.author.name if row.author else None,
        created_at=row.created_at,
    )


@operations.get("/targets", "targets.index", "一年的目标和基础数据")
def index(query: YearChoice) -> YearFigures:
    return _figures(query.year)


@operations.put("/targets", "targets.save", "修改一年的目标和基础数据")
def save(body: Annotated[Mapping[str, Any], Shape(YearInput)]) -> YearFigures:
    """金额是分，比例以 0.01% 计，其他是个数。没有写出的一律删除；seen 读取时得到。"""
    data = parse(YearInput, body)
    service.save(db.session, signed_in(), data, now=utcnow())
    return _figures(data.year)


@operations.post("/targets/copy", "targets.copy", "沿用上一年的目标")
def copy(body: YearChoice) -> YearFigures:
    service.copy(db.session, signed_in(), body.year, now=utcnow())
    return _figures(body.year)


@operations.get("/targets/definitions", "targets.define", "各项指标的口径")
def definitions(place: Place) -> Slice[DefinitionOut]:
    """按指标，新的在前。"""
    return place.whole(service.definitions(db.session, signed_in()), _definition)


@operations.post(
    "/targets/definitions", "targets.define", "给一项指标定新的口径", status=201
)
def define(body: DefinitionBody) -> DefinitionOut:
    return _definition(service.define(db.session, signed_in(), body, now=utcnow()))
