"""Pages of a call before it is opened: the form, the 论证, the opening."""

from datetime import datetime
from typing import Any

from flask import (
    Blueprint,
    current_app,
    flash,
    redirect,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import Call, Need
from models.base import utcnow
from models.calls import default_criteria
from models.fields import FIELDS
from models.outbox import RecordType
from models.states import CallMode, CallStatus

from ... import labels, policies
from ...accounts.current import signed_in
from ...config import Settings
from ...db import db
from ...errors import Invalid
from ...posting.web import Advice, PostedForm
from ...schema import parse
from .. import web as calls
from ..service import find_call
from . import arguing, merge, service
from .from_needs import drafted, named
from .hints import hints
from .schema import LABELS, CallDraft, Opening, Opinion, Return, Seen

bp = Blueprint("call_drafts", __name__)


class CallForm(PostedForm[Call, CallDraft]):
    """A call as its issuer or the staff draft it."""

    kind = RecordType.CALL
    noun = "榜单"
    template = "calls/edit.html"
    names = LABELS
    shape = merge.SHAPE

    def find(self, record_id: int) -> Call:
        return find_call(db.session, signed_in(), record_id)

    def read(self, *, submit: bool, now: datetime) -> CallDraft:
        return service.read_form(request.form, submit=submit)

    def create(self, data: CallDraft, *, form_key: str, now: datetime) -> Call:
        return service.create_call(
            db.session, signed_in(), data, form_key=form_key, now=now
        )

    def change(
        self, item: Call, data: CallDraft, *, version: int, now: datetime
    ) -> Call:
        return service.edit_call(
            db.session, signed_in(), item.id, data, version=version, now=now
        )

    def stored(self, item: Call) -> dict[str, Any]:
        return merge.form_values(item)

    def typed(self) -> dict[str, Any]:
        return merge.typed(request.form)

    def advice(self, data: CallDraft, item: Call | None, now: datetime) -> Advice:
        return Advice(hints(data, window_days=periods().window, now=now))

    def context(self, values: dict[str, Any], item: Call | None) -> dict[str, Any]:
        return {"call": item, "needs": _needs(item, values), **choices()}

    def edit_url(self, item: Call) -> str:
        return url_for(".edit", call_id=item.id)

    def show_url(self, item: Call) -> str:
        return url_for("calls.show", call_id=item.id)

    def done(self, item: Call) -> ResponseReturnValue:
        draft = item.status is CallStatus.DRAFT
        told = "草稿已保存。" if draft else "已提交论证，结果会在通知里告诉您。"
        flash(told, "success")
        return redirect(self.show_url(item), 303)


@bp.route("/calls/new", methods=["GET", "POST"])
@login_required
def new() -> ResponseReturnValue:
    """A new call, empty or drawn from needs (``?need=1&need=2``)."""
    user, form = signed_in(), CallForm()
    policies.require(user, "call.create")
    if request.method == "POST":
        return form.post_new()
    needs = service.linkable(db.session, user, named(request.args.getlist("need")))
    values = {"criteria": default_criteria(), "mode": "single"}
    values |= {"issuer_weight": service.DEFAULT_ISSUER_WEIGHT} | drafted(needs)
    return form.blank(values)


@bp.route("/calls/<int:call_id>/edit", methods=["GET", "POST"])
@login_required
def edit(call_id: int) -> ResponseReturnValue:
    form = CallForm()
    call = form.find(call_id)
    policies.require(signed_in(), "call.edit", call)
    service.require_editable(call)
    return form.post_edit(call) if request.method == "POST" else form.opened(call)


def periods() -> arguing.Periods:
    settings: Settings = current_app.config["SETTINGS"]
    return arguing.Periods(settings.call_window_days, settings.call_question_days)


def choices() -> dict[str, Any]:
    """What the form of a call offers to choose from."""
    user = signed_in()
    return {
        "fields": FIELDS.offered(),
        "modes": [(mode.value, labels.label(mode)) for mode in CallMode],
        "issuers": service.issuers(db.session, user) if user.is_staff else [],
    }


def _needs(call: Call | None, values: dict[str, Any]) -> list[Need]:
    """The needs the call grows from, as this person may know of them."""
    ids = [one.need_id for one in call.sources] if call else values.get("needs") or []
    return service.linkable(db.session, signed_in(), named(map(str, ids)))


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
            db.session, user, call_id, data, periods=periods(), clock=utcnow
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
