"""Pages of needs: lists, one need, the form, taking it back."""

import secrets
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import Need
from models.base import utcnow
from models.fields import DISTRICTS, FIELDS
from models.outbox import RecordType
from models.states import NeedStatus

from .. import labels, policies
from ..accounts.current import current, signed_in
from ..attachments import web as attachments
from ..db import db
from ..duplicates import service as duplicates
from ..errors import Conflict, Invalid
from ..history import service as history
from ..history.words import entries
from ..matches.nearby import nearby
from ..matches.supply import Shortfall, shortfall
from ..search import rows
from ..search.live import live_index
from ..search.web import list_page, near_cards, searches
from . import service
from .schema import LABELS, NEED_MODES

bp = Blueprint("needs", __name__)

LISTS = ("targets", "public_targets", "cooperation")
COLUMN_LABELS = LABELS | {"budget_fen": LABELS["budget"]}
# Those whose owner waits for an answer.
LOOKING = frozenset({NeedStatus.PENDING, NeedStatus.PUBLISHED})
UNMATCHED = frozenset({NeedStatus.DRAFT, NeedStatus.WITHDRAWN})
MOST_KEY = 64


@bp.get("/needs")
@searches
def browse() -> ResponseReturnValue:
    return list_page("needs/browse.html", RecordType.NEED)


@bp.get("/needs/mine")
@login_required
def mine() -> ResponseReturnValue:
    own = policies.owned(signed_in(), RecordType.NEED)
    return list_page("needs/mine.html", RecordType.NEED, base=own, own=True)


@bp.get("/needs/<int:need_id>")
def show(need_id: int) -> ResponseReturnValue:
    user, session = current(), db.session
    today = labels.today(utcnow())
    need = service.find_need(session, user, need_id)
    full = policies.reads_full_text(user, need)
    matched = full and need.status not in UNMATCHED
    near = _near(need, RecordType.ACHIEVEMENT) if matched else None
    read_history = policies.may(user, "history.read", need)
    return render_template(
        "needs/show.html",
        need=need,
        text=service.text_for(user, need),
        card=rows.card(user, need, today),
        state=rows.state(need, today),
        full=full,
        owner=policies.may(user, "need.edit", need),
        editable=need.status in service.EDITABLE,
        withdrawable=service.may_withdraw(need),
        submitted=full and "submitted" in request.args,
        achievements=near,
        shortfall=_shortfall(need) if near == [] else None,
        calls=_near(need, RecordType.CALL) if matched else None,
        files=attachments.cards(need),
        files_url=_files_url(need),
        similar=duplicates.find(session, live_index(), user, need),
        timeline=entries(history.of_record(session, need), COLUMN_LABELS)
        if read_history
        else None,
    )


def _files_url(need: Need) -> str:
    """Where this reader changes the files of the need; nowhere for most."""
    changes = policies.may(current(), "attachment.change", need)
    if not changes or need.status not in service.EDITABLE:
        return ""
    return url_for("attachments.of_need", record_id=need.id)


def _shortfall(need: Need) -> Shortfall | None:
    if need.status not in LOOKING:
        return None
    return shortfall(db.session, live_index(), signed_in(), need)


def _near(need: Need, kind: RecordType) -> list[dict[str, Any]]:
    found = nearby(db.session, live_index(), current(), need, kind, limit=5)
    return near_cards(found)


@bp.route("/needs/new", methods=["GET", "POST"])
@login_required
def new() -> ResponseReturnValue:
    user = signed_in()
    policies.require(user, "need.create")
    if request.method == "GET":
        organisation = user.organisation
        values = {
            "secrecy": "public",
            "district": organisation and organisation.district,
        }
        return _form(values, key=secrets.token_urlsafe(16))
    key = request.form.get("form_key", "")[:MOST_KEY] or secrets.token_urlsafe(16)
    submit, now = _submitting(), utcnow()
    try:
        data = service.read_form(
            user, request.form, submit=submit, today=labels.today(now)
        )
        need = service.create_need(db.session, user, data, form_key=key, now=now)
    except Invalid as invalid:
        return _form(_typed(), errors=invalid.fields, key=key)
    except Conflict as conflict:
        if conflict.code != "form_used":
            raise
        made = service.find_need(db.session, user, int(str(conflict.facts["id"])))
        return _form(_typed(), need=made, conflict="used")
    return _done(need, submit)


@bp.route("/needs/<int:need_id>/edit", methods=["GET", "POST"])
@login_required
def edit(need_id: int) -> ResponseReturnValue:
    user, now = signed_in(), utcnow()
    need = service.find_need(db.session, user, need_id)
    policies.require(user, "need.edit", need)
    service.require_editable(need)
    if request.method == "GET":
        return _form(form_values(need), need=need)
    submit = _submitting() or need.status is not NeedStatus.DRAFT
    try:
        data = service.read_form(
            user, request.form, submit=submit, today=labels.today(now)
        )
        need = service.edit_need(
            db.session, user, need_id, data, version=_version(), now=now
        )
    except Invalid as invalid:
        return _form(_typed(), errors=invalid.fields, need=need, version=_version())
    except Conflict as conflict:
        if conflict.code != "stale":
            raise
        need = service.find_need(db.session, user, need_id)
        return _form(_typed(), need=need, conflict="stale")
    return _done(need, submit)


@bp.post("/needs/<int:need_id>/withdraw")
@login_required
def withdraw(need_id: int) -> ResponseReturnValue:
    service.withdraw_need(db.session, signed_in(), need_id, now=utcnow())
    flash("需求已撤回，不再出现在任何列表和检索中。", "success")
    return redirect(url_for(".show", need_id=need_id), 303)


def _submitting() -> bool:
    return request.form.get("action") != "draft"


def _version() -> int:
    text = request.form.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _typed() -> dict[str, Any]:
    """What was typed, as it was typed."""
    values: dict[str, Any] = request.form.to_dict()
    return values | {name: request.form.getlist(name) for name in LISTS}


def form_values(need: Need) -> dict[str, Any]:
    """The need as its own form would post it."""
    return {
        "title": need.title,
        "field": need.field,
        "district": need.district,
        "problem": need.problem,
        "targets": need.targets,
        "trl_expected": str(need.trl_expected or ""),
        "budget": labels.wan(need.budget_fen),
        "cooperation": need.cooperation,
        "deadline": labels.day(need.deadline),
        "secrecy": str(need.secrecy),
        "public_title": need.public_title or "",
        "public_problem": need.public_problem or "",
        "public_targets": need.public_targets or [],
    }


def _form(
    values: dict[str, Any],
    *,
    errors: dict[str, str] | None = None,
    need: Need | None = None,
    key: str = "",
    version: int | None = None,
    conflict: str = "",
) -> ResponseReturnValue:
    """The form; with a conflict, what is stored stands beside what was typed."""
    present = form_values(need) if need and conflict else {}
    page = render_template(
        "needs/edit.html",
        values=values,
        errors=errors or {},
        need=need,
        form_key=key,
        version=need.version if need and version is None else version,
        conflict=conflict,
        differences=labels.differences(LABELS, present, values),
        labels_of=LABELS,
        fields=FIELDS.offered(),
        districts=DISTRICTS.offered(),
        levels=labels.LEVELS,
        modes=[(mode.value, labels.label(mode)) for mode in NEED_MODES],
    )
    return page, 409 if conflict else 422 if errors else 200


def _done(need: Need, submit: bool) -> ResponseReturnValue:
    if submit:
        flash("已提交审核。审核通过后发布，结果会在通知里告诉您。", "success")
        return redirect(url_for(".show", need_id=need.id, submitted=1), 303)
    flash("草稿已保存，只有本单位能看到。", "success")
    return redirect(url_for(".show", need_id=need.id), 303)
