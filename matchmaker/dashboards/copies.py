"""Take a board away as a workbook; who took what is noted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy.orm import Session

from models import User, transaction

from .. import policies
from ..contracts import cuts
from ..history import service as history
from ..labels import minute, today
from ..sheets.writer import Sheet
from . import charts, export, funnel, leagues, words, year
from .schema import LeagueQuery, Narrowing, YearQuery

Make = Callable[[Session, User, Any, datetime], list[Sheet]]


@dataclass(frozen=True)
class Maker:
    """How a board becomes sheets, and what may be asked of it."""

    name: str
    title: str
    query: type[BaseModel]
    make: Make


@dataclass(frozen=True)
class Copy:
    """A file to be: its name, its sheets; rows are read as they are written."""

    name: str
    sheets: Sequence[Sheet]


def take(
    session: Session, actor: User, maker: Maker, query: BaseModel, *, now: datetime
) -> Copy:
    """The board as it is now."""
    policies.require(actor, "board.read")
    with transaction(session):
        changes = {"board": [None, maker.name], "filters": [None, _given(query)]}
        history.record(
            session, actor, "board.exported", actor, now=now, changes=changes
        )
    return Copy(
        f"{maker.title}-{today(now).isoformat()}.xlsx",
        maker.make(session, actor, query, now),
    )


def _given(query: BaseModel) -> str:
    """The address of the board as it was asked for."""
    given = query.model_dump(mode="json", exclude_defaults=True)
    if isinstance(query, Narrowing):
        given = query.address()
    return str(given)


def _notes(when: year.Period, now: datetime, *more: str) -> list[str]:
    return [f"{when.year} 年，数据截至 {minute(now)}", *(text for text in more if text)]


def _year(
    session: Session, actor: User, query: Narrowing, now: datetime
) -> list[Sheet]:
    found = year.year_board(session, actor, query, now=now)
    filters = "；".join(text for _, text in cuts.words(session, query.cut))
    demo = f"含 {found.demo} 份示例合同" if found.demo else ""
    pace = ""
    if found.pace is not None:
        pace = words.pace(
            found.period, found.pace.projection, found.target_fen, found.targets_of
        )
    notes = _notes(found.period, now, filters, demo, pace)
    return export.year_sheets(found, charts.of_board(found), notes)


def _funnel(
    session: Session, actor: User, query: YearQuery, now: datetime
) -> list[Sheet]:
    when = year.period(query.year, now)
    found = funnel.funnel(session, actor, when.year)
    return export.funnel_sheets(found, _notes(when, now))


def _leagues(
    session: Session, actor: User, query: LeagueQuery, now: datetime
) -> list[Sheet]:
    when = year.period(query.year, now)
    league = leagues.sellers(session, actor, when.year, query.kind)
    managers = leagues.managers(session, actor, when.year)
    return export.league_sheets(league, managers, _notes(when, now))


def _exposure(
    session: Session, actor: User, query: YearQuery, now: datetime
) -> list[Sheet]:
    when = year.period(query.year, now)
    found = leagues.exposure(session, actor, when.year)
    return export.exposure_sheets(found, _notes(when, now))


MAKERS: Mapping[str, Maker] = {
    maker.name: maker
    for maker in (
        Maker("year", "年度看板", Narrowing, _year),
        Maker("funnel", "转化漏斗", YearQuery, _funnel),
        Maker("leagues", "排行", LeagueQuery, _leagues),
        Maker("exposure", "推荐分布", YearQuery, _exposure),
    )
}
