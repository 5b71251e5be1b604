"""What is done with an introduction on its page; a card is moved on the board too."""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import utcnow
from models.states import IllegalMove, Interest, IntroductionStatus

from ... import labels, policies
from ...accounts.current import signed_in
from ...db import db
from ...errors import Conflict, Invalid
from ...handlers import CONFLICTS_STATE, conflict_words
from ...schema import parse
from .. import assigning, contacts, service
from ..schema import (
    AnswerInput,
    AssignInput,
    ContactInput,
    IntroductionQuery,
    LogInput,
    MoveInput,
    RouteInput,
)
from ..web import show_page

bp = Blueprint("introduction_steps", __name__)

MOST_KEY = 64


def _act(
    introduction_id: int, action: str, act: Callable[[], str], *, back: str = ""
) -> ResponseReturnValue:
    """Do something with the introduction; a refusal shows its page again."""
    # Not there, or not theirs to do: before anything typed is read.
    introduction = service.find(db.session, signed_in(), introduction_id)
    policies.require(signed_in(), action, introduction)
    try:
        said = act()
    except Invalid as invalid:
        return show_page(introduction_id, errors=invalid.fields, status=422)
    except Conflict as conflict:
        return _refused(introduction_id, conflict_words(conflict), back)
    except IllegalMove:
        db.session.rollback()
        return _refused(introduction_id, CONFLICTS_STATE, back)
    flash(said, "success")
    target = url_for("introductions.show", introduction_id=introduction_id)
    return redirect(back or target, 303)


def _refused(introduction_id: int, problem: str, back: str) -> ResponseReturnValue:
    if back:
        flash(problem, "error")
        return redirect(back, 303)
    return show_page(introduction_id, problem=problem, status=409)


@bp.post("/introductions/<int:introduction_id>/answer")
@login_required
def answer(introduction_id: int) -> ResponseReturnValue:
    def act() -> str:
        data = parse(AnswerInput, request.form)
        found = service.answer(
            db.session, signed_in(), introduction_id, data, now=utcnow()
        )
        if data.interest is Interest.DECLINED:
            return "已答复无意向，原因已告知对方。"
        if found.status is IntroductionStatus.TALKING:
            return "双方都有意向，现在可以互相公开联系方式并开始洽谈。"
        return "已答复有意向，等对方答复。"

    return _act(introduction_id, "introduction.answer", act)


@bp.post("/introductions/<int:introduction_id>/move")
@login_required
def move(introduction_id: int) -> ResponseReturnValue:
    def act() -> str:
        data = parse(MoveInput, request.form)
        found = service.choose_stage(
            db.session, signed_in(), introduction_id, data, now=utcnow()
        )
        return f"已进入「{labels.label(found.status)}」，已通知双方。"

    return _act(introduction_id, "introduction.move", act, back=_back())


def _back() -> str:
    """The board that a card was moved on, with its filters; empty for the page."""
    if "view" not in request.args:
        return ""
    try:
        query = parse(IntroductionQuery, request.args)
    except Invalid:
        return ""
    return url_for("introductions.index", **query.args())


@bp.post("/introductions/<int:introduction_id>/assign")
@login_required
def assign(introduction_id: int) -> ResponseReturnValue:
    def act() -> str:
        data = parse(AssignInput, request.form)
        found = assigning.assign(
            db.session, signed_in(), introduction_id, data, now=utcnow()
        )
        if found.manager is None:
            return "这个对接现在没有技术经理人。"
        return f"已指派 {found.manager.name}，已通知经理人和双方。"

    return _act(introduction_id, "introduction.assign", act)


@bp.post("/introductions/<int:introduction_id>/route")
@login_required
def change_route(introduction_id: int) -> ResponseReturnValue:
    def act() -> str:
        data = parse(RouteInput, request.form)
        assigning.change_route(
            db.session, signed_in(), introduction_id, data, now=utcnow()
        )
        return f"对接方式已改为「{labels.label(data.route)}」。"

    return _act(introduction_id, "introduction.assign", act)


@bp.post("/introductions/<int:introduction_id>/log")
@login_required
def log(introduction_id: int) -> ResponseReturnValue:
    def act() -> str:
        now = utcnow()
        data = parse(LogInput, request.form, {"today": labels.today(now)})
        service.log(
            db.session, signed_in(), introduction_id, data, form_key=_key(), now=now
        )
        return "已记入对接经过。"

    return _act(introduction_id, "introduction.log", act)


def _key() -> str:
    return request.form.get("form_key", "")[:MOST_KEY]


@bp.post("/introductions/<int:introduction_id>/contact")
@login_required
def open_contact(introduction_id: int) -> ResponseReturnValue:
    def act() -> str:
        data = parse(ContactInput, request.form)
        contacts.open_own(db.session, signed_in(), introduction_id, data, now=utcnow())
        return "您的联系方式已对对方公开，随时可以收回。"

    return _act(introduction_id, "introduction.open_contact", act)


@bp.post("/introductions/<int:introduction_id>/contact/revoke")
@login_required
def revoke_contact(introduction_id: int) -> ResponseReturnValue:
    def act() -> str:
        contacts.revoke(db.session, signed_in(), introduction_id, now=utcnow())
        return "已收回，对方不再能查看您的联系方式。"

    return _act(introduction_id, "introduction.open_contact", act)
