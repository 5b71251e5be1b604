"""Pages of introductions: the list and the board, one of them, what it opens."""

import secrets
from typing import Any

from flask import (
    Blueprint,
    current_app,
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
    IntroductionStatus,
    TalkEventKind,
    TalkRoute,
)

from .. import labels, policies
from ..accounts.current import current, signed_in
from ..attachments import web as attachments
from ..calendar.current import city_days
from ..config import Settings
from ..contracts import finding as contracts
from ..db import db
from ..matches.quotes import mark
from ..needs import budgets
from ..schema import parse
from ..sheets.web import asked_form, download_table, exports
from . import assigning, contacts, lists, service, sight, timeline, words
from .current import clock_of, overdue
from .export import write
from .facts import pair_of
from .schema import NOBODY, IntroductionQuery, Sort, View

bp = Blueprint("introductions", __name__)

SORTS = [
    (Sort.WAITING.value, "等得最久"),
    (Sort.NEWEST.value, "新发起的在前"),
    (Sort.UPDATED.value, "新有进展的在前"),
]


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
    one = lists.of_pair(db.session, signed_in(), pair)
    return row(one) if one else None


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings


def row(introduction: Introduction) -> dict[str, Any]:
    """One introduction as a line or a card shows it to the reader."""
    user = signed_in()
    return {
        "item": introduction,
        "shown": sight.shown(user, introduction),
        "clock": clock_of(introduction),
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
        columns = lists.board(db.session, user, query, overdue())
        return render_template(
            "introductions/board.html",
            columns=[
                (column.status, [row(one) for one in column.rows], column.total)
                for column in columns
            ],
            **shared,
        )
    found = lists.page(db.session, user, query, overdue())
    return render_template(
        "introductions/list.html",
        found=found,
        rows=[row(one) for one in found.rows],
        **shared,
    )


@bp.post("/introductions/export")
@login_required
@exports
def export() -> ResponseReturnValue:
    query, form, now = parse(IntroductionQuery, request.form), asked_form(), utcnow()
    file = write(
        db.session,
        signed_in(),
        query,
        form,
        overdue=overdue(),
        days=city_days(),
        now=now,
    )
    return download_table(file, f"对接-{labels.day(now)}", form)


@bp.get("/introductions/<int:introduction_id>")
@login_required
def show(introduction_id: int) -> ResponseReturnValue:
    return show_page(introduction_id)


def show_page(
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
        answering=service.is_asked(user, introduction),
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
        may_open=contacts.may_open(user, introduction),
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


def _choices(dictionary: str) -> list[tuple[str, str, str]]:
    entries = words.offered(db.session, dictionary)
    return [(one.code, one.label, one.advice) for one in entries]


def _sees(item: Any) -> bool:
    """Whether the reader may open the page of a record of the talks."""
    return item is not None and service.sees(db.session, signed_in(), item)


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
    talks = service.find(db.session, user, introduction_id)
    policies.require(user, "introduction.read", talks)
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
