"""Pages of the boards, and the public one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required
from pydantic import BaseModel

from models import Introduction, Suggestion, utcnow

from .. import policies
from ..accounts.current import signed_in
from ..awards import accepted
from ..contracts import cuts
from ..contracts.cuts import Cut, Standing
from ..contracts.groupings import Grouping
from ..db import db
from ..errors import Invalid
from ..schema import parse
from ..sheets.web import download
from ..sheets.writer import write_sheets
from . import charts, copies, funnel, leagues, methods, public, words, year
from .schema import LeagueQuery, Narrowing, StepQuery, YearQuery

bp = Blueprint("boards", __name__)

Query = TypeVar("Query", bound=BaseModel)


@bp.context_processor
def _words() -> dict[str, Any]:
    return {
        "words": words,
        "charts": charts,
        "Grouping": Grouping,
        "Standing": Standing,
        "cuts": cuts,
        "three_kinds": methods.OF_THREE_KINDS,
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
        chosen=_chosen(query),
        ledger=_ledger(found.period.year, query.cut),
    )


def _chosen(query: Narrowing) -> list[tuple[str, str]]:
    """The filters in force with the address without each."""
    return [
        (
            text,
            url_for(
                ".index",
                **query.address(cut=[str(one) for one in query.cut if one is not cut]),
            ),
        )
        for cut, text in cuts.words(db.session, query.cut)
    ]


def _ledger(year: int, kept: Sequence[Cut] = ()) -> Callable[..., str]:
    """What gives the address of the contracts behind a figure of a board.

    Called with what cuts the board's year further; ``stands``: with other contracts
    than those that count; ``whole``: with all that the cuts themselves say.
    """

    def address(
        *more: Cut, stands: Standing = Standing.COUNTED, whole: Sequence[Cut] = ()
    ) -> str:
        found = whole or (cuts.standing(stands, year), *kept, *more)
        return url_for("contracts.browse", cut=[str(one) for one in found])

    return address


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
    return url_for("introductions.show", introduction_id=introduction.id)


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
        ledger=_ledger(when.year),
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
    """A board as a workbook."""
    policies.require(signed_in(), "board.read")
    made = copies.MAKERS.get(request.form.get("board", ""))
    if made is None:
        raise Invalid({"board": "没有这个看板，请从看板页面导出"})
    query = _asked(made.query, request.form)
    copy = copies.take(db.session, signed_in(), made, query, now=utcnow())
    return download(write_sheets(copy.sheets), copy.name)
