"""The forms that ask for an introduction, and what they begin."""

import secrets
from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import utcnow
from models.outbox import RecordType

from ... import policies
from ...accounts.current import current, signed_in
from ...db import db
from ...errors import Conflict, Invalid
from ...handlers import conflict_words
from ...needs.service import text_for
from ...schema import parse
from ...search.service import find as find_record
from ..begin import Begun
from ..schema import CreateInput, PairInput, RequestInput
from . import service

bp = Blueprint("requests", __name__)

MOST_KEY = 64


def _key() -> str:
    return request.form.get("form_key", "")[:MOST_KEY]


@bp.post("/matches/<int:suggestion_id>/introduction")
@login_required
def of_pair(suggestion_id: int) -> ResponseReturnValue:
    policies.require(signed_in(), "introduction.request")
    begun = service.request_pair(
        db.session,
        signed_in(),
        suggestion_id,
        parse(PairInput, request.form),
        form_key=_key(),
        now=utcnow(),
    )
    return _begun(begun)


@bp.post("/desk/<int:suggestion_id>/introduction")
@login_required
def by_staff(suggestion_id: int) -> ResponseReturnValue:
    begun = service.create_pair(
        db.session, signed_in(), suggestion_id, form_key=_key(), now=utcnow()
    )
    return _begun(begun)


def _begun(begun: Begun) -> ResponseReturnValue:
    if begun.is_new:
        flash("对接已发起，已请对方答复。", "success")
    else:
        flash("双方已经有进行中的对接，已为您打开。", "info")
    return redirect(
        url_for("introductions.show", introduction_id=begun.introduction.id), 303
    )


@bp.route("/achievements/<int:achievement_id>/introduction", methods=["GET", "POST"])
@login_required
def of_achievement(achievement_id: int) -> ResponseReturnValue:
    return _request(
        RecordType.ACHIEVEMENT,
        achievement_id,
        RecordType.NEED,
        service.require_seeker,
        service.request_achievement,
    )


@bp.route("/needs/<int:need_id>/introduction", methods=["GET", "POST"])
@login_required
def of_need(need_id: int) -> ResponseReturnValue:
    return _request(
        RecordType.NEED,
        need_id,
        RecordType.ACHIEVEMENT,
        service.require_provider,
        service.request_need,
    )


def _request(
    kind: RecordType,
    record_id: int,
    own: RecordType,
    require_side: Callable[[Any], None],
    ask: Callable[..., Begun],
) -> ResponseReturnValue:
    """The form that asks for talks about a record; «own» is what one brings along."""
    user = signed_in()
    policies.require(user, "introduction.request")
    item = find_record(db.session, user, kind, record_id)
    errors: dict[str, str] = {}
    values: Any = request.args
    if request.method == "POST":
        values = request.form
        try:
            data = parse(RequestInput, request.form)
            return _begun(
                ask(db.session, user, record_id, data, form_key=_key(), now=utcnow())
            )
        except Invalid as invalid:
            errors = invalid.fields
    else:
        try:
            require_side(user)
        except Conflict as conflict:
            flash(conflict_words(conflict), "info")
            argument: dict[str, Any] = {f"{kind.value}_id": record_id}
            return redirect(url_for(f"{kind.value}s.show", **argument))
    page = render_template(
        "introductions/request.html",
        kind=kind.value,
        item=item,
        title=_title(kind, item),
        choices=service.choices(db.session, user, own, now=utcnow()),
        form_key=_key() or secrets.token_urlsafe(16),
        values=values,
        errors=errors,
    )
    return page, 422 if errors else 200


def _title(kind: RecordType, item: Any) -> str:
    if kind is RecordType.NEED:
        return text_for(current(), item).title
    return str(item.title)


@bp.route("/introductions/new", methods=["GET", "POST"])
@login_required
def new() -> ResponseReturnValue:
    user = signed_in()
    policies.require(user, "introduction.create")
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            data = parse(CreateInput, request.form)
            return _begun(
                service.create(db.session, user, data, form_key=_key(), now=utcnow())
            )
        except Invalid as invalid:
            errors = invalid.fields
    page = render_template(
        "introductions/new.html",
        values=request.form if request.method == "POST" else request.args,
        form_key=_key() or secrets.token_urlsafe(16),
        errors=errors,
    )
    return page, 422 if errors else 200
