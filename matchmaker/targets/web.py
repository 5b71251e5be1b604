"""The administrator's page of a year's figures, and of the definitions."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import utcnow
from models.states import TargetIndicator
from models.targets import UNITS

from .. import policies
from ..accounts.current import signed_in
from ..dashboards.facts import FACTS
from ..dashboards.methods import METHODS
from ..db import db
from ..errors import Conflict, Invalid
from ..labels import label, today
from ..schema import parse
from . import service
from .schema import LABELS, UNIT_WORDS, DefinitionInput, YearChoice, YearInput, typed

bp = Blueprint("targets", __name__)


@bp.get("/admin/targets")
@login_required
def index() -> ResponseReturnValue:
    return _page(_year())


def _year() -> int:
    """The year asked for; what is no year means this one."""
    try:
        return parse(YearChoice, request.args).year
    except Invalid:
        return today(utcnow()).year


def _page(
    year: int,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    *,
    stale: bool = False,
) -> ResponseReturnValue:
    found = service.sheet(db.session, signed_in(), year)
    stored = _values(found)
    page = render_template(
        "targets/year.html",
        found=found,
        values=stored if values is None else values,
        stored=stored,
        errors=errors or {},
        stale=stale,
        mark=values.get("seen", "") if values and not stale else found.seen,
        units=UNITS,
        facts=FACTS,
        unit_words=UNIT_WORDS,
        definitions=service.definitions(db.session, signed_in()),
        methods=METHODS,
        labels_of=LABELS,
        typed=typed,
        this_year=today(utcnow()).year,
        today=today(utcnow()),
    )
    return page, 409 if stale else 422 if errors else 200


def _values(found: service.YearSheet) -> dict[str, str]:
    """The stored figures as the form shows them."""
    values: dict[str, str] = {}
    for indicator, target in found.targets.items():
        name = f"target_{indicator}"
        values[name] = typed(target.value, UNITS[indicator])
        values[f"{name}_source"] = target.source
    for fact_name, fact in found.facts.items():
        name, kind = f"fact_{fact_name}", FACTS.get(fact_name)
        if kind is not None:
            values[name] = typed(fact.value, kind.unit)
            values[f"{name}_source"] = fact.source
    return values


@bp.post("/admin/targets")
@login_required
def save() -> ResponseReturnValue:
    policies.require(signed_in(), "target.govern")
    year = parse(YearChoice, request.form).year
    try:
        data = parse(YearInput, request.form)
        changed = service.save(db.session, signed_in(), data, now=utcnow())
    except Invalid as invalid:
        return _page(year, request.form.to_dict(), invalid.fields)
    except Conflict:
        return _page(year, request.form.to_dict(), stale=True)
    flash(
        f"已保存 {year} 年的 {changed} 项。" if changed else "没有改动。",
        "success" if changed else "info",
    )
    return redirect(url_for(".index", year=year), 303)


@bp.post("/admin/targets/copy")
@login_required
def copy() -> ResponseReturnValue:
    policies.require(signed_in(), "target.govern")
    year = parse(YearChoice, request.form).year
    source = service.copy(db.session, signed_in(), year, now=utcnow())
    flash(f"已沿用 {source} 年的目标，请逐项核定。", "success")
    return redirect(url_for(".index", year=year), 303)


@bp.route("/admin/targets/definitions", methods=["GET", "POST"])
@login_required
def define() -> ResponseReturnValue:
    """A new formula of an indicator, from a day on."""
    policies.require(signed_in(), "target.govern")
    errors: dict[str, str] = {}
    values: Mapping[str, str] = request.args
    if request.method == "POST":
        values = request.form
        try:
            data = parse(DefinitionInput, request.form)
            row = service.define(db.session, signed_in(), data, now=utcnow())
        except Invalid as invalid:
            errors = invalid.fields
        else:
            words = f"{label(row.indicator)}自 {row.from_on} 起按新口径计算。"
            flash(words, "success")
            return redirect(url_for(".index", _anchor="definitions"), 303)
    page = render_template(
        "targets/define.html",
        values=values,
        errors=errors,
        labels_of=LABELS,
        indicators=list(TargetIndicator),
        methods=METHODS,
        unit_words=UNIT_WORDS,
    )
    return page, 422 if errors else 200
