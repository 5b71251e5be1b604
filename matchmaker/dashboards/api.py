"""The boards, for programs; what everybody may know, and what the staff may."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response
from pydantic import BaseModel

from models import utcnow

from ..accounts.current import signed_in
from ..api.answers import Place, Slice
from ..api.operations import Operations
from ..awards import accepted
from ..db import db
from ..sheets.web import download
from ..sheets.writer import write_sheets
from . import (
    answers,
    copies,
    funnel,
    leagues,
    public,
    public_answers,
    ranking_answers,
    year,
)
from .answers import YearBoardOut
from .public_answers import PublicBoardOut
from .ranking_answers import (
    AcceptedCall,
    ExposureOut,
    FunnelOut,
    LeaguesOut,
    StepPair,
)
from .schema import LeagueQuery, Narrowing, StepQuery, YearQuery

operations = Operations("boards", "看板")


@operations.get("/board", "boards.overview", "公开的年度进展")
def overview(query: YearQuery) -> PublicBoardOut:
    """只有合计数；不足 3 份合同的分项不公布，是 null。"""
    return public_answers.public_board(
        public.board(db.session, query.year, now=utcnow())
    )


@operations.get("/boards/year", "boards.index", "年度看板")
def index(query: Narrowing) -> YearBoardOut:
    """cut 是分项条件，例如 type:development；有条件时没有目标和预计。"""
    found = year.year_board(db.session, signed_in(), query, now=utcnow())
    return answers.year_board(found)


@operations.get("/boards/calls", "boards.calls_behind", "当年验收合格的榜单")
def calls_behind(query: YearQuery, place: Place) -> Slice[AcceptedCall]:
    found = accepted.of_year(db.session, _year(query))
    return place.whole(found, ranking_answers.accepted_call)


def _year(query: YearQuery | StepQuery) -> int:
    return year.period(query.year, utcnow()).year


@operations.get("/boards/funnel", "boards.steps", "转化漏斗")
def steps(query: YearQuery) -> FunnelOut:
    """当年提出的匹配建议走到了哪一步，以及不是由建议开始的对接。"""
    when = _year(query)
    found = funnel.funnel(db.session, signed_in(), when)
    return FunnelOut(
        year=when,
        suggested=ranking_answers.steps(found.suggested),
        direct=ranking_answers.steps(found.direct),
    )


@operations.get("/boards/funnel/pairs", "boards.step_rows", "走到某一步的配对")
def step_rows(query: StepQuery, place: Place) -> Slice[StepPair]:
    found = funnel.all_of(
        db.session, signed_in(), _year(query), query.step, direct=query.direct
    )
    pairs = {one.suggestion_id or one.introduction_id or 0: one for one in found}

    def load(ids: Sequence[int]) -> list[funnel.StepRow]:
        return funnel.loaded(db.session, [pairs[id_] for id_ in ids])

    return place.among(list(pairs), load, ranking_answers.step_pair)


@operations.get("/boards/leagues", "boards.league", "排行")
def league(query: LeagueQuery) -> LeaguesOut:
    session, user, when = db.session, signed_in(), year.period(query.year, utcnow())
    return ranking_answers.leagues_of(
        when,
        leagues.sellers(session, user, when.year, query.kind),
        leagues.managers(session, user, when.year),
    )


@operations.get("/boards/exposure", "boards.exposure", "推荐分布")
def exposure(query: YearQuery) -> ExposureOut:
    when = year.period(query.year, utcnow())
    found = leagues.exposure(db.session, signed_in(), when.year)
    return ranking_answers.exposure_of(when, found)


@operations.get("/boards/year.xlsx", "boards.export", "年度看板（Excel）")
def year_sheet(query: Narrowing) -> Response:
    """每次导出都有记录。"""
    return _copy("year", query)


@operations.get("/boards/funnel.xlsx", "boards.export", "转化漏斗（Excel）")
def funnel_sheet(query: YearQuery) -> Response:
    """每次导出都有记录。"""
    return _copy("funnel", query)


@operations.get("/boards/leagues.xlsx", "boards.export", "排行（Excel）")
def league_sheet(query: LeagueQuery) -> Response:
    """每次导出都有记录。"""
    return _copy("leagues", query)


@operations.get("/boards/exposure.xlsx", "boards.export", "推荐分布（Excel）")
def exposure_sheet(query: YearQuery) -> Response:
    """每次导出都有记录。"""
    return _copy("exposure", query)


def _copy(name: str, query: BaseModel) -> Response:
    maker: Any = copies.MAKERS[name]
    copy = copies.take(db.session, signed_in(), maker, query, now=utcnow())
    return download(write_sheets(copy.sheets), copy.name)
