"""Calls before they are opened, for programs: written, argued, published."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar

from models import Call, utcnow
from models.states import CallStatus

from ... import policies
from ...accounts.current import signed_in
from ...api.answers import Output, Place, Slice
from ...api.operations import Operations, Shape
from ...db import db
from ..api import CallOut, CallReturn, shown
from ..service import find_call
from . import arguing, service
from .schema import LABELS, CallDraft, Opening, Opinion, Seen
from .web import periods

operations = Operations("calls", "榜单起草和论证")


class CallBody(CallDraft):
    """A call as a program sends it; ``funding`` is in 分.

    With ``draft`` it is put aside, else it goes to the 论证 and must be whole. Staff
    name the ``issuer``; for others it is their own organisation. ``needs`` are read
    when it is made.
    """

    labels: ClassVar[Mapping[str, str]] = LABELS | {"draft": "只存为草稿"}

    draft: bool = False
    promise: bool = False


Body = Annotated[Mapping[str, Any], Shape(CallBody)]


class OpinionOut(Output):
    """What an expert said of the draft; the staff alone read it."""

    id: int
    expert: str
    words: str
    at: datetime


def _found(call_id: int, action: str) -> Call:
    """The call, found and allowed before anything else is looked at."""
    call = find_call(db.session, signed_in(), call_id)
    policies.require(signed_in(), action, call)
    return call


@operations.post("/calls", "call_drafts.new", "起草榜单", status=201)
def create(body: Body, key: str) -> CallOut:
    data = service.read_form(body, submit=not body.get("draft", False))
    call = service.create_call(
        db.session, signed_in(), data, form_key=key, now=utcnow()
    )
    return shown(call)


@operations.put("/calls/<int:call_id>", "call_drafts.edit", "修改没有发布的榜单")
def edit(call_id: int, body: Body, version: int) -> CallOut:
    """已提交论证的改后须是完整的，并重新论证；草稿可以仍是草稿。"""
    call = _found(call_id, "call.edit")
    service.require_editable(call)
    whole = call.status is not CallStatus.DRAFT or not body.get("draft", False)
    data = service.read_form(body, submit=whole)
    call = service.edit_call(
        db.session, signed_in(), call_id, data, version=version, now=utcnow()
    )
    return shown(call)


@operations.post(
    "/calls/<int:call_id>/withdraw", "call_drafts.withdraw", "撤回没有发布的榜单"
)
def withdraw(call_id: int, body: Seen) -> CallOut:
    call = arguing.withdraw(
        db.session, signed_in(), call_id, body.version, now=utcnow()
    )
    return shown(call)


@operations.get("/calls/<int:call_id>/opinions", "call_drafts.hear", "论证的专家意见")
def opinions(call_id: int, place: Place) -> Slice[OpinionOut]:
    call = _found(call_id, "call.argue")
    found = arguing.opinions(db.session, call)
    return place.whole(found, OpinionOut.model_validate)


@operations.post(
    "/calls/<int:call_id>/opinions", "call_drafts.hear", "记录专家意见", status=201
)
def hear(call_id: int, body: Opinion) -> OpinionOut:
    said = arguing.hear(db.session, signed_in(), call_id, body, now=utcnow())
    return OpinionOut.model_validate(said)


@operations.post("/calls/<int:call_id>/return", "call_drafts.give_back", "退回修改")
def give_back(call_id: int, body: CallReturn) -> CallOut:
    call = arguing.give_back(db.session, signed_in(), call_id, body, now=utcnow())
    return shown(call)


@operations.post("/calls/<int:call_id>/approve", "call_drafts.approve", "论证通过")
def approve(call_id: int, body: Seen) -> CallOut:
    call = arguing.approve(db.session, signed_in(), call_id, body.version, now=utcnow())
    return shown(call)


@operations.post("/calls/<int:call_id>/open", "call_drafts.open_call", "发布榜单")
def open_call(call_id: int, body: Opening) -> CallOut:
    """不写揭榜开始就立即开始；不写提问截止就是揭榜截止前若干天。"""
    call = arguing.open_call(
        db.session, signed_in(), call_id, body, periods=periods(), clock=utcnow
    )
    return shown(call)
