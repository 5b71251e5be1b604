"""Pages of awards: «在研榜单», the execution of a call, one award with its steps."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import Award, Call
from models.base import utcnow
from models.states import GoalVerdict, Judgement, Liability

from .. import labels, policies
from ..accounts.current import current, signed_in
from ..attachments import web as attachments
from ..calls.service import find_call
from ..db import db
from ..errors import Conflict, Forbidden, Invalid
from ..money import in_yuan
from ..posting import merge as posting_merge
from ..posting import web as posting
from ..schema import parse
from ..sheets.web import asked_form, download_table, exports
from ..steps import Step
from . import acceptance, book, ending, export, finding, listing, merge, page, public
from .amendments import page as amending
from .schema import (
    LABELS,
    MOST_MILESTONES,
    AcceptanceDecision,
    Application,
    AwardQuery,
    BookInput,
    Conclusion,
    Confirmation,
    ConfirmationFor,
    Elimination,
    IssuerTest,
    Shown,
    Side,
    Stopping,
    book_from_form,
)

bp = Blueprint("awards", __name__)

SPARE_LINES = 2
TABS = {
    Shown.LIVE: "在研",
    Shown.ACCEPTED: "已验收",
    Shown.ENDED: "淘汰和终止",
    Shown.ALL: "全部",
}


@bp.app_context_processor
def _of_calls() -> dict[str, Any]:
    """What the page of a call says of its awards."""
    return {
        "winners_of": lambda call: public.winners(db.session, call),
        "reads_execution": _reads,
        "in_yuan": in_yuan,
    }


def _reads(call: Call) -> bool:
    """Whether the reader may open the page of the call's execution."""
    user = current()
    if policies.may(user, "award.read", call):
        return True
    return user is not None and bool(finding.of_call(db.session, user, call.id))


@bp.get("/awards")
@login_required
def index() -> ResponseReturnValue:
    """Awards under way; others by their tab."""
    user = signed_in()
    policies.require(user, "award.list")
    errors: dict[str, str] = {}
    try:
        query = parse(AwardQuery, request.args)
    except Invalid as invalid:
        query, errors = AwardQuery(), invalid.fields
    found = listing.browse(db.session, user, query, utcnow())
    tabs = [
        {
            "label": words,
            "count": found.counts[shown],
            "selected": shown is query.shown,
            "url": url_for(".index", shown=shown, q=query.q or None),
        }
        for shown, words in TABS.items()
    ]
    html = render_template(
        "awards/list.html", found=found, query=query, tabs=tabs, errors=errors
    )
    return html, 422 if errors else 200


@bp.post("/awards/export")
@login_required
@exports
def export_rows() -> ResponseReturnValue:
    query, form, now = parse(AwardQuery, request.form), asked_form(), utcnow()
    file = export.write(db.session, signed_in(), query, form, now=now)
    return download_table(file, f"在研榜单-{labels.day(now)}", form)


@bp.get("/calls/<int:call_id>/execution")
@login_required
def of_call(call_id: int) -> ResponseReturnValue:
    """The execution of a call: to a winner its own award alone."""
    user = signed_in()
    call = find_call(db.session, user, call_id)
    awards = finding.of_call(db.session, user, call.id)
    if not awards and not policies.may(user, "award.read", call):
        raise Forbidden("award.read")
    today = labels.today(utcnow())
    return render_template(
        "awards/execution.html",
        call=call,
        lines=[listing.line(one, today) for one in awards],
        timeline=page.timeline(db.session, awards, call) if awards else [],
        sees_all=policies.may(user, "award.read", call),
        today=today,
    )


@bp.get("/awards/<int:award_id>")
@login_required
def show(award_id: int) -> ResponseReturnValue:
    return show_page(award_id)


def show_page(
    award_id: int, *, errors: dict[str, str] | None = None, failed: str = ""
) -> ResponseReturnValue:
    """The page of an award; ``failed`` is the step whose form was wrong."""
    user, now = signed_in(), utcnow()
    award = finding.find(db.session, user, award_id)
    policies.require(user, "award.read", award)
    html = render_template(
        "awards/show.html",
        award=award,
        view=page.view(db.session, user, award, now),
        amendments=amending.view(db.session, user, award),
        steps=page.STEPS,
        here=page.PLACES.get(award.state, ""),
        sides=book.SIDE_NAMES,
        confirmed=lambda side: book.confirmed(award, side),
        cards=attachments.cards,
        judgements=_members(Judgement),
        verdicts=_members(GoalVerdict),
        liabilities=_members(Liability),
        causes=[(one.code, one.label) for one in ending.causes(db.session)],
        labels_of=LABELS,
        values=request.form if failed else {},
        listed=request.form.getlist if failed else lambda _name: [],
        errors=errors or {},
        failed=failed,
        today=labels.today(now).isoformat(),
        timeline=page.timeline(db.session, [award], award.call),
    )
    return html, 422 if errors else 200


def _members(enum: Any) -> list[tuple[str, str]]:
    return [(member.value, labels.label(member)) for member in enum]


def step(
    award_id: int, failed: str, do: Callable[[], object], done: str, anchor: str = ""
) -> ResponseReturnValue:
    """Take a step, or show the page again with what was wrong with its form."""
    try:
        do()
    except Invalid as invalid:
        return show_page(award_id, errors=invalid.fields, failed=failed)
    flash(done, "success")
    target = url_for("awards.show", award_id=award_id, _anchor=anchor or None)
    return redirect(target, 303)


def _allowed(award_id: int, action: str) -> Award:
    """The award, found and allowed before a form is read: its mistakes come last."""
    award = finding.find(db.session, signed_in(), award_id)
    policies.require(signed_in(), action, award)
    return award


def context() -> dict[str, Any]:
    return {"today": labels.today(utcnow())}


@bp.route("/awards/<int:award_id>/edit", methods=["GET", "POST"])
@login_required
def edit(award_id: int) -> ResponseReturnValue:
    award = _allowed(award_id, "award.govern")
    if not book.is_open(award):
        raise Conflict("award.book_closed")
    stored = merge.form_values(award)
    if request.method == "GET":
        return _form(award, stored, book.mark(award))
    typed, seen = book_from_form(request.form), request.form.get("seen", "")
    if posting.action() == "merge":
        chosen = posting_merge.chosen(merge.SHAPE, typed, stored, request.form)
        return _form(award, chosen, seen)
    try:
        data = parse(BookInput, typed, context())
        book.write(db.session, signed_in(), award_id, data, now=utcnow())
    except Invalid as invalid:
        return _form(award, typed, seen, errors=invalid.fields)
    except Conflict as conflict:
        if conflict.code != "stale":
            raise
        return _choose(finding.find(db.session, signed_in(), award_id), typed)
    flash("任务书已发出，请发榜单位和承担单位确认。", "success")
    return redirect(url_for(".show", award_id=award_id), 303)


def _form(
    award: Award,
    values: dict[str, Any],
    seen: str,
    *,
    errors: dict[str, str] | None = None,
) -> ResponseReturnValue:
    lines = list(values["milestones"])
    spare = max(0, min(SPARE_LINES, MOST_MILESTONES - len(lines)))
    unchanged = seen == book.mark(award)
    stored = posting_merge.base(merge.form_values(award)) if unchanged else ""
    html = render_template(
        "awards/edit.html",
        award=award,
        values=values,
        lines=lines + [{}] * spare,
        seen=seen,
        errors=errors or {},
        base=stored or request.form.get("base", ""),
        labels_of=LABELS,
        today=labels.today(utcnow()).isoformat(),
    )
    return html, 422 if errors else 200


def _choose(award: Award, typed: dict[str, Any]) -> ResponseReturnValue:
    """Both texts field by field; the person chooses, then sees the form again."""
    return posting.choices(
        award,
        merge.SHAPE,
        LABELS,
        merge.form_values(award),
        typed,
        title=f"{award.call.title}，{award.bidder.name}",
        noun="项目",
        back=url_for(".show", award_id=award.id),
        action=url_for(".edit", award_id=award.id),
        seen=("seen", book.mark(award)),
        used=False,
    )


STEPS = {
    "confirm": Step(
        "award.confirm",
        Confirmation,
        book.confirm,
        "已确认任务书。任务书有任何改动，都需要双方重新确认。",
    ),
    "eliminate": Step(
        "award.govern",
        Elimination,
        ending.eliminate,
        "已淘汰，理由已告知承担单位和发榜单位。",
    ),
    "stop": Step(
        "award.govern",
        Stopping,
        ending.stop,
        "已终止，原因已告知承担单位和发榜单位。",
    ),
    "apply": Step(
        "award.deliver",
        Application,
        acceptance.apply,
        "已申请验收，等发榜单位测试和平台给出结论。",
    ),
    "test": Step(
        "award.view",
        IssuerTest,
        acceptance.test,
        "测试结论已提交，等平台给出验收结论。",
    ),
}


def _take(name: str, award_id: int) -> ResponseReturnValue:
    one = STEPS[name]
    _allowed(award_id, one.action)

    def do() -> None:
        data = parse(one.asks, request.form)
        one.take(db.session, signed_in(), award_id, data, now=utcnow())

    return step(award_id, name, do, one.done)


for _name in STEPS:
    bp.add_url_rule(
        f"/awards/<int:award_id>/{_name}",
        _name,
        login_required(partial(_take, _name)),
        methods=["POST"],
    )


@bp.post("/awards/<int:award_id>/confirm-for")
@login_required
def confirm_for(award_id: int) -> ResponseReturnValue:
    _allowed(award_id, "award.govern")
    side = request.form.get("side", "")
    failed = f"confirm_{side}" if side in list(Side) else "confirm_for"

    def do() -> None:
        data = parse(ConfirmationFor, request.form)
        book.confirm_for(db.session, signed_in(), award_id, data, now=utcnow())

    return step(award_id, failed, do, "已代为确认，根据记入经过。")


@bp.post("/awards/<int:award_id>/conclude")
@login_required
def conclude(award_id: int) -> ResponseReturnValue:
    _allowed(award_id, "award.govern")

    def do() -> None:
        data = parse(Conclusion, request.form, context())
        acceptance.conclude(db.session, signed_in(), award_id, data, now=utcnow())

    accepted = request.form.get("decision") == AcceptanceDecision.ACCEPT
    done = "已通过验收。" if accepted else "已退回整改，意见已告知承担单位。"
    return step(award_id, "conclude", do, done)
