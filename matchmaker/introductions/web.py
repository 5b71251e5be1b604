"""Pages of introductions: the list and the board, one of them, how they begin."""

import secrets
from collections.abc import Callable, Iterator
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

from models import Introduction, Suggestion, utcnow
from models.fields import FIELDS
from models.states import (
    ContractState,
    IllegalMove,
    Interest,
    IntroductionStatus,
    TalkEventKind,
    TalkRoute,
)

from .. import labels, policies
from ..accounts.current import current, signed_in
from ..attachments import web as attachments
from ..calendar import service as calendar
from ..calendar.current import city_days
from ..config import Settings
from ..contracts import finding as contracts
from ..db import db
from ..errors import Conflict, Invalid
from ..handlers import CONFLICTS_STATE, conflict_words
from ..matches.quotes import mark
from ..needs import budgets
from ..schema import parse
from ..sheets.web import download
from ..sheets.writer import write_workbook
from . import assigning, contacts, lists, service, sight, timeline, words
from .clock import Clock, clock
from .facts import pair_of
from .schema import (
    NOBODY,
    AnswerInput,
    AssignInput,
    ContactInput,
    IntroductionQuery,
    LogInput,
    MoveInput,
    RouteInput,
    Sort,
    View,
)

bp = Blueprint("introductions", __name__)

MOST_KEY = 64
SORTS = [
    (Sort.WAITING.value, "等得最久"),
    (Sort.NEWEST.value, "新发起的在前"),
    (Sort.UPDATED.value, "新有进展的在前"),
]
HEADINGS = (
    "编号",
    "名称",
    "需求方",
    "供给方",
    "阶段",
    "本阶段开始",
    "已等待（工作日）",
    "对接方式",
    "技术经理人",
    "来源",
    "发起日期",
    "未成原因",
    "示例",
)


@bp.app_context_processor
def _words() -> dict[str, Any]:
    """For the pages of records and pairs: talks about them, and forms to begin some."""
    return {
        "talks_about": _about,
        "talks_of_pair": _of_pair,
        "new_form_key": lambda: secrets.token_urlsafe(16),
    }


def _about(item: Any) -> list[dict[str, Any]]:
    user = current()
    if user is None or not policies.may(user, "introduction.read"):
        return []
    return [row(one) for one in lists.of_record(db.session, user, item)]


def _of_pair(pair: Suggestion) -> dict[str, Any] | None:
    """The newest talks that came of the pair, as far as the reader may know."""
    item = pair.need or pair.achievement
    for one in lists.of_record(db.session, signed_in(), item) if item else ():
        same = (one.need_id, one.achievement_id, one.call_id)
        if same == (pair.need_id, pair.achievement_id, pair.call_id):
            return row(one)
    return None


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings


def _overdue() -> datetime:
    return calendar.waits_since(
        city_days(), utcnow(), _settings().introduction_task_days
    )


def _clock(introduction: Introduction) -> Clock | None:
    return clock(introduction, city_days(), utcnow())


def row(introduction: Introduction) -> dict[str, Any]:
    """One introduction as a line or a card shows it to the reader."""
    user = signed_in()
    return {
        "item": introduction,
        "shown": sight.shown(user, introduction),
        "clock": _clock(introduction),
        "stages": [
            status
            for status in service.stages(introduction, user)
            if policies.may(user, "introduction.move", introduction)
        ],
        "url": url_for("introductions.show", introduction_id=introduction.id),
    }


def _limits() -> dict[str, int]:
    """From how many days of waiting a chip warns, and from how many it is late."""
    settings = _settings()
    late = settings.introduction_task_days
    return {"warn": settings.reminder_working_days or late, "late": late}


@bp.get("/introductions")
@login_required
def index() -> ResponseReturnValue:
    user, query = signed_in(), parse(IntroductionQuery, request.args)
    policies.require(user, "introduction.read")
    shared = {
        "query": query,
        "args": query.args(),
        "fields": list(FIELDS.items()),
        "people": [(NOBODY, "还没有指派")]
        + [(str(one.id), one.name) for one in lists.managers(db.session, user)],
        "statuses": [(one.value, labels.label(one)) for one in IntroductionStatus],
        "sorts": SORTS,
        "limits": _limits(),
    }
    if query.view is View.BOARD:
        columns = lists.board(db.session, user, query, _overdue())
        return render_template(
            "introductions/board.html",
            columns=[
                (column.status, [row(one) for one in column.rows], column.total)
                for column in columns
            ],
            **shared,
        )
    found = lists.page(db.session, user, query, _overdue())
    return render_template(
        "introductions/list.html",
        found=found,
        rows=[row(one) for one in found.rows],
        **shared,
    )


@bp.get("/introductions/export")
@login_required
def export() -> ResponseReturnValue:
    """What the list finds, as a workbook; never a contact, never an internal note."""
    user, query = signed_in(), parse(IntroductionQuery, request.args)
    policies.require(user, "introduction.read")
    ends = words.labels_of(db.session, words.ENDS)
    rows = lists.every(db.session, user, query, _overdue())
    file = write_workbook("对接", HEADINGS, _exported(rows, ends))
    return download(file, f"对接-{labels.today(utcnow()).isoformat()}.xlsx")


def _exported(
    rows: Iterator[Introduction], ends: dict[str, str]
) -> Iterator[tuple[object, ...]]:
    user = signed_in()
    for one in rows:
        shown, waits = sight.shown(user, one), _clock(one)
        code = one.failed_code or ""
        yield (
            one.id,
            shown.title,
            shown.seeker,
            shown.provider,
            labels.label(one.status),
            labels.today(one.status_since),
            waits.days if waits else None,
            labels.label(one.route),
            one.manager.name if one.manager else "",
            labels.label(one.origin),
            labels.today(one.created_at),
            ends.get(code, code),
            "示例" if one.is_demo else "",
        )


@bp.get("/introductions/<int:introduction_id>")
@login_required
def show(introduction_id: int) -> ResponseReturnValue:
    return _page(introduction_id)


def _page(
    introduction_id: int,
    *,
    errors: dict[str, str] | None = None,
    problem: str = "",
    status: int = 200,
) -> ResponseReturnValue:
    user, session = signed_in(), db.session
    introduction = service.find(session, user, introduction_id)
    policies.require(user, "introduction.read", introduction)
    side = introduction.side_of(user.organisation_id)
    inside = policies.is_inside_talks(user, introduction)
    today = labels.today(utcnow())
    assigns = policies.may(user, "introduction.assign", introduction)
    pair = pair_of(session, introduction) if introduction.suggestion_id else None
    page = render_template(
        "introductions/show.html",
        **row(introduction) | {"talks": introduction},
        side=side,
        inside=inside,
        opened=inside or policies.talks_are_opened(introduction),
        pair=pair if inside else None,
        answers={one.side.value: one for one in introduction.answers},
        both=sight.both_interested(introduction),
        answering=_answering(introduction),
        declined=_choices(words.ANSWERS),
        failed=[choice[:2] for choice in _choices(words.ENDS)],
        failed_label=words.label_of(session, words.ENDS, introduction.failed_code),
        candidates=assigning.candidates(session, user, introduction, today)
        if assigns and introduction.is_open
        else None,
        represents=assigning.represents(session, introduction, today),
        routes=[(one.value, labels.label(one)) for one in TalkRoute],
        kinds=[(one.value, labels.label(one)) for one in TalkEventKind],
        logs=service.may_log(user, introduction),
        internal=policies.reads_internal_lines(user, introduction),
        own_contact=contacts.own(session, user, introduction),
        may_open=introduction.status in contacts.OPEN_IN
        and side is not None
        and policies.may(user, "introduction.open_contact", introduction),
        readable=contacts.readable(session, user, introduction),
        readings=contacts.readings(session, user, introduction),
        timeline=timeline.entries(session, user, introduction),
        sees=_sees,
        files=attachments.cards(introduction),
        files_url=url_for("attachments.of_introduction", record_id=introduction.id)
        if introduction.is_open and policies.may(user, "introduction.log", introduction)
        else "",
        **_contract_of(introduction),
        limits=_limits(),
        mark=mark,
        today=today.isoformat(),
        form_key=secrets.token_urlsafe(16),
        errors=errors or {},
        values=request.form,
        problem=problem,
    )
    return page, status


def _contract_of(introduction: Introduction) -> dict[str, Any]:
    """Where the contract of the talks is drafted, and those there are already."""
    user = signed_in()
    there = contracts.of_talks(db.session, user, introduction)
    drafts = any(one.state is ContractState.DRAFT for one in there)
    may_draft = (
        introduction.status in contracts.TALKED
        and policies.may(user, "contract.create")
        and not drafts
    )
    place = url_for("contract_forms.new", introduction=introduction.id)
    return {"contract_url": place if may_draft else "", "contracts": there}


def _answering(introduction: Introduction) -> bool:
    """Whether it is the reader's to answer now."""
    user = signed_in()
    side = introduction.side_of(user.organisation_id)
    return (
        introduction.status is IntroductionStatus.WAITING
        and side is not None
        and introduction.answer_of(side) is None
        and policies.may(user, "introduction.answer", introduction)
    )


def _choices(dictionary: str) -> list[tuple[str, str, str]]:
    entries = words.offered(db.session, dictionary)
    return [(one.code, one.label, one.advice) for one in entries]


def _sees(item: Any) -> bool:
    """Whether the reader may open the page of a record of the talks."""
    return item is not None and service.sees(db.session, signed_in(), item)


def _act(
    introduction_id: int, act: Callable[[], str], *, back: str = ""
) -> ResponseReturnValue:
    """Do something with the introduction; a refusal shows its page again."""
    try:
        said = act()
    except Invalid as invalid:
        return _page(introduction_id, errors=invalid.fields, status=422)
    except Conflict as conflict:
        return _refused(introduction_id, conflict_words(conflict), back)
    except IllegalMove:
        db.session.rollback()
        return _refused(introduction_id, CONFLICTS_STATE, back)
    if said:
        flash(said, "success")
    return redirect(back or url_for(".show", introduction_id=introduction_id), 303)


def _refused(introduction_id: int, problem: str, back: str) -> ResponseReturnValue:
    if back:
        flash(problem, "error")
        return redirect(back, 303)
    return _page(introduction_id, problem=problem, status=409)


def _allowed(introduction_id: int, action: str) -> Introduction:
    """Refuse before anything typed is read: not there, or not theirs to do."""
    introduction = service.find(db.session, signed_in(), introduction_id)
    policies.require(signed_in(), action, introduction)
    return introduction


@bp.post("/introductions/<int:introduction_id>/answer")
@login_required
def answer(introduction_id: int) -> ResponseReturnValue:
    _allowed(introduction_id, "introduction.answer")

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

    return _act(introduction_id, act)


@bp.post("/introductions/<int:introduction_id>/move")
@login_required
def move(introduction_id: int) -> ResponseReturnValue:
    _allowed(introduction_id, "introduction.move")

    def act() -> str:
        data = parse(MoveInput, request.form)
        found = service.choose_stage(
            db.session, signed_in(), introduction_id, data, now=utcnow()
        )
        return f"已进入「{labels.label(found.status)}」，已通知双方。"

    return _act(introduction_id, act, back=_back())


def _back() -> str:
    """The board that a card was moved on, with its filters; empty for the page."""
    if "view" not in request.args:
        return ""
    try:
        query = parse(IntroductionQuery, request.args)
    except Invalid:
        return ""
    return url_for(".index", **query.args())


@bp.post("/introductions/<int:introduction_id>/assign")
@login_required
def assign(introduction_id: int) -> ResponseReturnValue:
    _allowed(introduction_id, "introduction.assign")

    def act() -> str:
        data = parse(AssignInput, request.form)
        found = assigning.assign(
            db.session, signed_in(), introduction_id, data, now=utcnow()
        )
        if found.manager is None:
            return "这个对接现在没有技术经理人。"
        return f"已指派 {found.manager.name}，已通知经理人和双方。"

    return _act(introduction_id, act)


@bp.post("/introductions/<int:introduction_id>/route")
@login_required
def change_route(introduction_id: int) -> ResponseReturnValue:
    _allowed(introduction_id, "introduction.assign")

    def act() -> str:
        data = parse(RouteInput, request.form)
        assigning.change_route(
            db.session, signed_in(), introduction_id, data, now=utcnow()
        )
        return f"对接方式已改为「{labels.label(data.route)}」。"

    return _act(introduction_id, act)


@bp.post("/introductions/<int:introduction_id>/log")
@login_required
def log(introduction_id: int) -> ResponseReturnValue:
    _allowed(introduction_id, "introduction.log")

    def act() -> str:
        now = utcnow()
        data = parse(LogInput, request.form, {"today": labels.today(now)})
        service.log(
            db.session, signed_in(), introduction_id, data, form_key=_key(), now=now
        )
        return "已记入对接经过。"

    return _act(introduction_id, act)


def _key() -> str:
    return request.form.get("form_key", "")[:MOST_KEY]


@bp.post("/introductions/<int:introduction_id>/contact")
@login_required
def open_contact(introduction_id: int) -> ResponseReturnValue:
    _allowed(introduction_id, "introduction.open_contact")

    def act() -> str:
        data = parse(ContactInput, request.form)
        contacts.open_own(db.session, signed_in(), introduction_id, data, now=utcnow())
        return "您的联系方式已对对方公开，随时可以收回。"

    return _act(introduction_id, act)


@bp.post("/introductions/<int:introduction_id>/contact/revoke")
@login_required
def revoke_contact(introduction_id: int) -> ResponseReturnValue:
    _allowed(introduction_id, "introduction.open_contact")

    def act() -> str:
        contacts.revoke(db.session, signed_in(), introduction_id, now=utcnow())
        return "已收回，对方不再能查看您的联系方式。"

    return _act(introduction_id, act)


@bp.get("/introductions/<int:introduction_id>/contacts")
@login_required
def read_contacts(introduction_id: int) -> ResponseReturnValue:
    user = signed_in()
    introduction, found = contacts.read(db.session, user, introduction_id, now=utcnow())
    return render_template(
        "introductions/contacts.html",
        talks=introduction,
        shown=sight.shown(user, introduction),
        contacts=found,
    )


@bp.get("/introductions/<int:introduction_id>/need")
@login_required
def read_need(introduction_id: int) -> ResponseReturnValue:
    user = signed_in()
    _allowed(introduction_id, "introduction.read")
    introduction = contacts.read_need(db.session, user, introduction_id, now=utcnow())
    if introduction.need is None:
        return redirect(url_for(".show", introduction_id=introduction_id))
    return render_template(
        "introductions/need.html",
        talks=introduction,
        need=introduction.need,
        budget=budgets.exact(introduction.need),
        pair=introduction.suggestion,
        noted=not policies.is_inside_talks(user, introduction),
        mark=mark,
    )
