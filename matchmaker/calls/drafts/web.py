"""Pages of a call before it is opened: the form, the 论证, the opening."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import (
    Blueprint,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import Call, Need
from models.base import utcnow
from models.calls import default_criteria
from models.fields import FIELDS
from models.states import CallMode, CallStatus

from ... import labels, policies
from ...accounts.current import signed_in
from ...config import Settings
from ...db import db
from ...errors import Conflict, Invalid
from ...history import service as history
from ...needs.hints import Hint, seen_mark
from ...schema import parse
from .. import web as calls
from ..service import find_call
from . import arguing, merge, service
from .from_needs import drafted, named
from .hints import hints
from .schema import LABELS, CallDraft, Opening, Opinion, Return, Seen, from_form

bp = Blueprint("call_drafts", __name__)

MOST_KEY = 64


@dataclass(frozen=True)
class Shown:
    """Which form is on the page: that of a call, or a new one with its key."""

    call: Call | None = None
    key: str = ""
    version: int | None = None


@dataclass(frozen=True)
class Advice:
    """What the author should see before the call is handed in."""

    hints: list[Hint]
    mark: str
    similar: None = None

    @property
    def nothing(self) -> bool:
        return not self.hints


@bp.route("/calls/new", methods=["GET", "POST"])
@login_required
def new() -> ResponseReturnValue:
    """A new call, empty or drawn from needs (``?need=1&need=2``)."""
    user, now = signed_in(), utcnow()
    policies.require(user, "call.create")
    if request.method == "GET":
        needs = service.linkable(db.session, user, named(request.args.getlist("need")))
        values = {"criteria": default_criteria(), "mode": "single"}
        values |= {"issuer_weight": service.DEFAULT_ISSUER_WEIGHT} | drafted(needs)
        return _form(values, shown=Shown(key=secrets.token_urlsafe(16)))
    key = request.form.get("form_key", "")[:MOST_KEY] or secrets.token_urlsafe(16)
    shown = Shown(key=key)
    try:
        if (page := _before_saving(shown, now)) is not None:
            return page
        data = service.read_form(request.form, submit=_submitting())
        call = service.create_call(db.session, user, data, form_key=key, now=now)
    except Invalid as invalid:
        return _refused(invalid, shown)
    except Conflict as conflict:
        if conflict.code != "form_used":
            raise
        made = find_call(db.session, user, int(str(conflict.facts["id"])))
        return _merge(made, used=True)
    return _done(call)


@bp.route("/calls/<int:call_id>/edit", methods=["GET", "POST"])
@login_required
def edit(call_id: int) -> ResponseReturnValue:
    user, now = signed_in(), utcnow()
    call = find_call(db.session, user, call_id)
    policies.require(user, "call.edit", call)
    service.require_editable(call)
    if request.method == "GET":
        return _form(merge.form_values(call), shown=Shown(call))
    shown = Shown(call, version=_version())
    if _action() == "merge":
        chosen = merge.chosen(request.form, merge.form_values(call))
        return _form(chosen, shown=shown)
    try:
        if (page := _before_saving(shown, now)) is not None:
            return page
        submit = _submitting() or call.status is not CallStatus.DRAFT
        data = service.read_form(request.form, submit=submit)
        call = service.edit_call(
            db.session, user, call_id, data, version=_version(), now=now
        )
    except Invalid as invalid:
        return _refused(invalid, shown)
    except Conflict as conflict:
        if conflict.code != "stale":
            raise
        return _merge(find_call(db.session, user, call_id))
    return _done(call)


def _before_saving(shown: Shown, now: datetime) -> ResponseReturnValue | None:
    """The form again, nothing saved: asked for, or because there is more to see."""
    action = _action()
    if action in ("draft", "autosave"):
        return None
    asks = action == "check"
    if not asks:
        service.read_form(request.form, submit=True)  # what is wrong comes first
    data = service.read_form(request.form, submit=False)
    if not asks and shown.key and _made_before(shown.key, now):
        return None  # sent twice
    advice = _advice(data, now)
    if not asks and (advice.nothing or request.form.get("hints_seen") == advice.mark):
        return None
    return _form(typed(), shown=shown, advice=advice)


def _advice(data: CallDraft, now: datetime) -> Advice:
    found = hints(data, window_days=_periods().window, now=now)
    return Advice(found, seen_mark(found))


def _made_before(key: str, now: datetime) -> bool:
    made = history.made_before(db.session, signed_in(), "call.created", key, now=now)
    return made is not None


def _periods() -> arguing.Periods:
    settings: Settings = current_app.config["SETTINGS"]
    return arguing.Periods(settings.call_window_days, settings.call_question_days)


def _action() -> str:
    return request.form.get("action", "")


def _submitting() -> bool:
    return _action() not in ("draft", "autosave")


def _version() -> int:
    text = request.form.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def typed() -> dict[str, Any]:
    """What was typed, as it was typed; blank rows of criteria are left out."""
    values: dict[str, Any] = request.form.to_dict()
    together = from_form(request.form)
    return values | {name: together[name] for name in ("goals", "needs", "criteria")}


def choices() -> dict[str, Any]:
    """What the form of a call offers to choose from."""
    user = signed_in()
    return {
        "fields": FIELDS.offered(),
        "modes": [(mode.value, labels.label(mode)) for mode in CallMode],
        "issuers": service.issuers(db.session, user) if user.is_staff else [],
    }


def _form(
    values: dict[str, Any],
    *,
    shown: Shown,
    errors: dict[str, str] | None = None,
    advice: Advice | None = None,
) -> ResponseReturnValue:
    """The form, with what was typed or what is stored."""
    call, version = shown.call, shown.version
    page = render_template(
        "calls/edit.html",
        values=values,
        errors=errors or {},
        call=call,
        form_key=shown.key,
        version=call.version if call and version is None else version,
        base=_base(call, version),
        advice=advice,
        needs=_needs(call, values),
        labels_of=LABELS,
        drafting=call is None or call.status is CallStatus.DRAFT,
        **choices(),
    )
    return page, 422 if errors else 200


def _needs(call: Call | None, values: dict[str, Any]) -> list[Need]:
    """The needs the call grows from, as this person may know of them."""
    ids = [one.need_id for one in call.sources] if call else values.get("needs") or []
    return service.linkable(db.session, signed_in(), named(map(str, ids)))


def _base(call: Call | None, version: int | None) -> str:
    """The call as it was when the form was opened, for telling who changed what."""
    if call is not None and version in (None, call.version):
        return merge.base(merge.form_values(call))
    return request.form.get("base", "")


def _refused(invalid: Invalid, shown: Shown) -> ResponseReturnValue:
    if _action() == "autosave":
        return {"errors": invalid.fields}, 422
    return _form(typed(), errors=invalid.fields, shown=shown)


def _merge(stored: Call, *, used: bool = False) -> ResponseReturnValue:
    """Both versions field by field; the person chooses, then sees the form again."""
    if _action() == "autosave":
        return {"conflict": url_for(".edit", call_id=stored.id)}, 409
    page = render_template(
        "posting/merge.html",
        title=stored.title,
        noun="榜单",
        back=url_for("calls.show", call_id=stored.id),
        action=url_for(".edit", call_id=stored.id),
        seen=("version", stored.version),
        used=used,
        rows=merge.rows(merge.form_values(stored), typed(), request.form),
        typed=merge.posted(typed()),
        last=merge.last_change(history.of_record(db.session, stored)),
    )
    return page, 409


def _done(call: Call) -> ResponseReturnValue:
    if _action() == "autosave":
        return {
            "edit": url_for(".edit", call_id=call.id),
            "version": call.version,
            "base": merge.base(merge.form_values(call)),
            "saved": labels.minute(call.updated_at)[-5:],
        }
    argued = call.status is not CallStatus.DRAFT
    flash("已提交论证，结果会在通知里告诉您。" if argued else "草稿已保存。", "success")
    return redirect(url_for("calls.show", call_id=call.id), 303)


@bp.post("/calls/<int:call_id>/withdraw")
@login_required
def withdraw(call_id: int) -> ResponseReturnValue:
    user = _may("call.withdraw", call_id)
    data = parse(Seen, request.form)
    arguing.withdraw(db.session, user, call_id, data.version, now=utcnow())
    flash("榜单已撤回，没有公开过。", "success")
    return redirect(url_for("calls.show", call_id=call_id), 303)


@bp.post("/calls/<int:call_id>/opinions")
@login_required
def hear(call_id: int) -> ResponseReturnValue:
    user = _may("call.argue", call_id)
    try:
        data = parse(Opinion, request.form)
    except Invalid as invalid:
        return _again(call_id, invalid, "hear")
    arguing.hear(db.session, user, call_id, data, now=utcnow())
    flash("专家意见已记录。", "success")
    return redirect(url_for("calls.show", call_id=call_id, _anchor="opinions"), 303)


@bp.post("/calls/<int:call_id>/return")
@login_required
def give_back(call_id: int) -> ResponseReturnValue:
    user = _may("call.argue", call_id)
    try:
        data = parse(Return, request.form)
        arguing.give_back(db.session, user, call_id, data, now=utcnow())
    except Invalid as invalid:
        return _again(call_id, invalid, "return")
    flash("榜单已退回，起草单位收到通知。", "success")
    return redirect(url_for("calls.browse"), 303)


@bp.post("/calls/<int:call_id>/approve")
@login_required
def approve(call_id: int) -> ResponseReturnValue:
    user = _may("call.argue", call_id)
    data = parse(Seen, request.form)
    arguing.approve(db.session, user, call_id, data.version, now=utcnow())
    flash("论证通过。下一步：核对揭榜时间后发布。", "success")
    return redirect(url_for("calls.show", call_id=call_id), 303)


@bp.post("/calls/<int:call_id>/open")
@login_required
def open_call(call_id: int) -> ResponseReturnValue:
    user = _may("call.argue", call_id)
    try:
        data = parse(Opening, request.form)
        call = arguing.open_call(
            db.session, user, call_id, data, periods=_periods(), clock=utcnow
        )
    except Invalid as invalid:
        return _again(call_id, invalid, "open")
    assert call.closes_at is not None
    flash(f"榜单已发布，{labels.until(call.closes_at)}截止。", "success")
    return redirect(url_for("calls.show", call_id=call_id), 303)


def _may(action: str, call_id: int) -> Any:
    """The person, if they may do this to the call; raises as a service does."""
    user = signed_in()
    policies.require(user, action, find_call(db.session, user, call_id))
    return user


def _again(call_id: int, invalid: Invalid, about: str) -> ResponseReturnValue:
    call = find_call(db.session, signed_in(), call_id)
    values = request.form.to_dict() | {"codes": request.form.getlist("codes")}
    return calls.page(call, values=values, errors=invalid.fields, about=about)
