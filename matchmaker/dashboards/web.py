"""Pages of the boards, and the public one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from flask import Blueprint, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required
from pydantic import BaseModel

from models import Contract, Introduction, Suggestion, utcnow
from models.regions import region_name

from .. import policies
from ..accounts.current import signed_in
from ..awards import accepted
from ..db import db
from ..errors import Invalid
from ..schema import parse
from ..sheets.web import download
from ..sheets.writer import write_sheets
from . import charts, copies, funnel, groupings, leagues, public, rows, words, year
from .groupings import Grouping
from .schema import (
    LABELS,
    LeagueQuery,
    Narrowing,
    RowsQuery,
    Sort,
    Standing,
    StepQuery,
    YearQuery,
)

bp = Blueprint("boards", __name__)

Query = TypeVar("Query", bound=BaseModel)


@bp.context_processor
def _words() -> dict[str, Any]:
    return {
        "words": words,
        "charts": charts,
        "Grouping": Grouping,
        "Standing": Standing,
        "region_name": region_name,
    }


def _asked(model: type[Query], form: Mapping[str, Any] | None = None) -> Query:
    """The address as ``model``; raises `Invalid` for a filter there is not."""
    policies.require(signed_in(), "board.read")
    given = request.args if form is None else form
    return parse(model, given)


@bp.get("/board")
def overview() -> ResponseReturnValue:
    """What everybody may know of a year."""
    query = parse(YearQuery, request.args)
    found = public.board(db.session, query.year, now=utcnow())
    return render_template(
        "boards/public.html", found=found, rounded=public.rounded, fewest=public.FEWEST
    )


@bp.get("/boards")
@login_required
def index() -> ResponseReturnValue:
    query = _asked(Narrowing)
    found = year.year_board(db.session, signed_in(), query, now=utcnow())
    return render_template(
        "boards/year.html",
        found=found,
        query=query,
        chart=charts.of_board(found),
        chosen=_chosen(query, found.terms, ".index"),
        rows_url=_rows_url(query, found.period.year),
    )


def _chosen(
    query: Narrowing, terms: Mapping[str, str], endpoint: str
) -> list[tuple[str, str]]:
    """The filters in force with the address without each."""
    return [
        (
            f"{LABELS[grouping]}：{groupings.words(grouping, key, terms)}",
            url_for(endpoint, **query.address(**{grouping.value: ""})),
        )
        for grouping, key in query.keys().items()
    ]


def _rows_url(query: Narrowing, of_year: int) -> Any:
    """The address of the contracts behind a figure of a board: kept filters and new."""

    def address(**filters: Any) -> str:
        return url_for("boards.rows_behind", **query.address(year=of_year, **filters))

    return address


@bp.get("/boards/rows")
@login_required
def rows_behind() -> ResponseReturnValue:
    """The contracts behind a figure; their sum is the figure."""
    query = _asked(RowsQuery)
    found = rows.read(db.session, signed_in(), query, now=utcnow())
    return render_template(
        "boards/rows.html",
        found=found,
        query=query,
        chosen=_chosen(query, found.terms, ".rows_behind"),
        sorts=list(Sort),
        contract_url=_contract_url,
    )


def _contract_url(contract: Contract) -> str:
    return _url_if_known("contracts.show", contract_id=contract.id)


def _url_if_known(endpoint: str, **values: Any) -> str:
    """The address of a page, nothing where this platform has none."""
    known = endpoint in current_app.view_functions
    return url_for(endpoint, **values) if known else ""


@bp.get("/boards/calls")
@login_required
def calls_behind() -> ResponseReturnValue:
    """The accepted calls that a year's figure counts."""
    when = year.period(_asked(YearQuery).year, utcnow())
    found = accepted.of_year(db.session, when.year)
    years = year.offered(db.session, utcnow())
    return render_template("boards/calls.html", found=found, period=when, years=years)


@bp.get("/boards/funnel")
@login_required
def steps() -> ResponseReturnValue:
    when = year.period(_asked(YearQuery).year, utcnow())
    found = funnel.funnel(db.session, signed_in(), when.year)
    years = year.offered(db.session, utcnow())
    return render_template("boards/funnel.html", found=found, period=when, years=years)


@bp.get("/boards/funnel/rows")
@login_required
def step_rows() -> ResponseReturnValue:
    """The pairs that came as far as a step."""
    query = _asked(StepQuery)
    when = year.period(query.year, utcnow())
    found = funnel.pairs_of(
        db.session,
        signed_in(),
        when.year,
        query.step,
        direct=query.direct,
        page=query.page,
    )
    return render_template(
        "boards/funnel_rows.html",
        found=found,
        query=query,
        period=when,
        step_words=funnel.WORDS,
        suggestion_url=_suggestion_url,
        introduction_url=_introduction_url,
    )


def _suggestion_url(suggestion: Suggestion) -> str:
    return url_for("matches.pair", suggestion_id=suggestion.id)


def _introduction_url(introduction: Introduction) -> str:
    return _url_if_known("introductions.show", introduction_id=introduction.id)


@bp.get("/boards/leagues")
@login_required
def league() -> ResponseReturnValue:
    query = _asked(LeagueQuery)
    when = year.period(query.year, utcnow())
    return render_template(
        "boards/leagues.html",
        league=leagues.sellers(db.session, signed_in(), when.year, query.kind),
        managers=leagues.managers(db.session, signed_in(), when.year),
        query=query,
        period=when,
        years=year.offered(db.session, utcnow()),
        rows_url=_rows_url(Narrowing(), when.year),
    )


@bp.get("/boards/exposure")
@login_required
def exposure() -> ResponseReturnValue:
    when = year.period(_asked(YearQuery).year, utcnow())
    found = leagues.exposure(db.session, signed_in(), when.year)
    years = year.offered(db.session, utcnow())
    return render_template(
        "boards/exposure.html", found=found, period=when, years=years
    )


@bp.post("/boards/export")
@login_required
def export() -> ResponseReturnValue:
    """A board, or the rows behind a figure, as a workbook."""
    policies.require(signed_in(), "board.read")
    made = copies.MAKERS.get(request.form.get("board", ""))
    if made is None:
        raise Invalid({"board": "没有这个看板，请从看板页面导出"})
    query = _asked(made.query, request.form)
    copy = copies.take(db.session, signed_in(), made, query, now=utcnow())
    return download(write_sheets(copy.sheets), copy.name)
