"""What the first page tells, and the codes that records are written in."""

from __future__ import annotations

from datetime import datetime

from models import Call, Need, utcnow
from models.fields import DISTRICTS, FIELDS, Vocabulary

from .. import labels
from ..accounts.current import current
from ..api.answers import Output
from ..api.operations import Operations
from ..dashboards import public, words
from ..db import db
from ..dictionaries import service as dictionaries
from ..needs.service import text_for
from ..search.live import live_index
from . import service

operations = Operations("home", "概况")


class NewLine(Output):
    """A record published lately."""

    id: int
    title: str
    organisation: str
    field: str
    published_at: datetime | None
    demo: bool


class YearLine(Output):
    """The turnover of the year's registered contracts, rounded as it is told to all.

    ``reached`` is null where so few contracts are summed that it would tell of one;
    ``target`` may be that of another year, ``target_year``.
    """

    year: int
    reached: str | None
    target: str | None
    target_year: int | None


class HomeOut(Output):
    """How much is open for business as far as the caller may know, and the newest."""

    needs: int
    achievements: int
    calls: int
    turnover: YearLine
    newest_needs: list[NewLine]
    newest_calls: list[NewLine]


class CodeLine(Output):
    """A code and its words; what is not ``offered`` stands in old records only."""

    code: str
    label: str
    offered: bool


class CodeList(Output):
    """The codes of a list, such as the reasons for which a need is returned."""

    name: str
    title: str
    codes: list[CodeLine]


class CodesOut(Output):
    """The codes there are, with their words.

    ``lists`` are the reasons and classes that the administrator keeps,
    ``enumerations`` the states and kinds of this description, by the name they have
    in it: each code with its word.
    """

    fields: list[CodeLine]
    districts: list[CodeLine]
    lists: list[CodeList]
    enumerations: dict[str, dict[str, str]]


@operations.get("/home", "home.index", "首页的数字和最新信息")
def index() -> HomeOut:
    now = utcnow()
    front = service.front(db.session, live_index(), current(), now=now)
    counts = front.counts
    return HomeOut(
        needs=counts.needs,
        achievements=counts.achievements,
        calls=counts.calls,
        turnover=_year(public.headline(db.session, now=now)),
        newest_needs=[_need(need) for need in front.needs],
        newest_calls=[_call(call) for call in front.calls],
    )


def _year(line: public.Headline) -> YearLine:
    reached, target = line.reached_fen, line.target_fen
    return YearLine(
        year=line.year,
        reached=None if reached is None else words.amount(reached),
        target=None if target is None else words.target(target),
        target_year=line.targets_of,
    )


def _need(need: Need) -> NewLine:
    text = text_for(current(), need)
    return NewLine(
        id=need.id,
        title=text.title,
        organisation=text.organisation,
        field=need.field,
        published_at=need.published_at,
        demo=need.is_demo,
    )


def _call(call: Call) -> NewLine:
    return NewLine(
        id=call.id,
        title=call.title,
        organisation=call.issuer.name,
        field=call.field,
        published_at=call.published_at,
        demo=call.is_demo,
    )


@operations.get("/codes", "search.results", "技术领域、区县、各种原因和状态的代码")
def codes() -> CodesOut:
    return CodesOut(
        fields=_codes(FIELDS),
        districts=_codes(DISTRICTS),
        lists=[
            CodeList(
                name=kind.name,
                title=kind.title,
                codes=[
                    CodeLine(code=one.code, label=one.label, offered=one.active)
                    for one in entries
                ],
            )
            for kind, entries in dictionaries.choices(db.session)
        ],
        enumerations=labels.enumerations(),
    )


def _codes(known: Vocabulary) -> list[CodeLine]:
    return [
        CodeLine(code=code, label=text, offered=known.is_offered(code))
        for code, text in known.items()
    ]
