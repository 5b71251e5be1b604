"""The form of a change of a task book, and the steps on the page of its award."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import Award
from models.base import utcnow

from ... import policies
from ...accounts.current import signed_in
from ...db import db
from ...errors import Conflict, Invalid
from ...posting import merge as posting_merge
from ...posting import web as posting
from ...schema import parse
from .. import finding, merge
from ..schema import (
    LABELS,
    MOST_MILESTONES,
    AmendmentEnd,
    AmendmentInput,
    Confirmation,
    ConfirmationFor,
    amendment_from_form,
)
from ..web import SPARE_LINES, context, step
from . import page, plan, service

bp = Blueprint("award_amendments", __name__)


@bp.route("/awards/<int:award_id>/amendment", methods=["GET", "POST"])
@login_required
def propose(award_id: int) -> ResponseReturnValue:
    award = _allowed(award_id, "award.govern")
    service.require_amendable(award)
    stored = page.stored(award)
    if request.method == "GET":
        return _form(award, stored, plan.mark(plan.of_award(award)))
    typed = amendment_from_form(request.form)
    seen = typed.get("seen", "")
    if posting.action() == "merge":
        chosen = posting_merge.chosen(merge.AMENDMENT, typed, stored, request.form)
        return _form(award, chosen, seen)
    try:
        data = parse(AmendmentInput, typed, context())
        service.propose(db.session, signed_in(), award_id, data, now=utcnow())
    except Invalid as invalid:
        return _form(award, typed, seen, errors=invalid.fields)
    except Conflict as conflict:
        if conflict.code != "stale":
            raise
        return _choose(finding.find(db.session, signed_in(), award_id), typed)
    flash("变更已提出，请发榜单位和承担单位确认；都确认后生效。", "success")
    target = url_for("awards.show", award_id=award_id, _anchor="amendments")
    return redirect(target, 303)


def _form(
    award: Award,
    values: dict[str, Any],
    seen: str,
    *,
    errors: dict[str, str] | None = None,
) -> ResponseReturnValue:
    lines = list(values["milestones"])
    fixed = plan.settled(award)
    room = MOST_MILESTONES - len(lines) - len(fixed)
    unchanged = seen == plan.mark(plan.of_award(award))
    base = posting_merge.base(page.stored(award)) if unchanged else ""
    html = render_template(
        "awards/amend.html",
        award=award,
        fixed=fixed,
        values=values,
        lines=lines + [{}] * max(0, min(SPARE_LINES, room)),
        seen=seen,
        base=base or request.form.get("base", ""),
        errors=errors or {},
        labels_of=LABELS,
    )
    return html, 422 if errors else 200


def _choose(award: Award, typed: dict[str, Any]) -> ResponseReturnValue:
    """What is left to deliver changed meanwhile: the person chooses which to keep."""
    return posting.choices(
        award,
        merge.AMENDMENT,
        LABELS,
        page.stored(award),
        typed,
        title=f"{award.call.title}，{award.bidder.name}",
        noun="任务书变更",
        back=url_for("awards.show", award_id=award.id),
        action=url_for(".propose", award_id=award.id),
        seen=("seen", plan.mark(plan.of_award(award))),
        used=False,
    )


def _allowed(award_id: int, action: str) -> Award:
    award = finding.find(db.session, signed_in(), award_id)
    policies.require(signed_in(), action, award)
    return award


def _step(
    award_id: int, action: str, name: str, take: Any, model: Any, done: str
) -> ResponseReturnValue:
    _allowed(award_id, action)

    def do() -> None:
        data = parse(model, request.form)
        take(db.session, signed_in(), award_id, data, now=utcnow())

    return step(award_id, name, do, done, "amendments")


@bp.post("/awards/<int:award_id>/amendment/confirm")
@login_required
def confirm(award_id: int) -> ResponseReturnValue:
    done = "已确认任务书变更。"
    return _step(
        award_id, "award.confirm", "amendment", service.confirm, Confirmation, done
    )


@bp.post("/awards/<int:award_id>/amendment/confirm-for")
@login_required
def confirm_for(award_id: int) -> ResponseReturnValue:
    done = "已代为确认，根据记入经过。"
    side = request.form.get("side", "")
    failed = f"amendment_for_{side}"
    return _step(
        award_id, "award.govern", failed, service.confirm_for, ConfirmationFor, done
    )


@bp.post("/awards/<int:award_id>/amendment/decline")
@login_required
def decline(award_id: int) -> ResponseReturnValue:
    done = "已告知平台和对方，任务书不变。"
    return _step(
        award_id,
        "award.confirm",
        "amendment_decline",
        service.decline,
        AmendmentEnd,
        done,
    )


@bp.post("/awards/<int:award_id>/amendment/withdraw")
@login_required
def withdraw(award_id: int) -> ResponseReturnValue:
    done = "变更已撤回，任务书不变。"
    return _step(
        award_id,
        "award.govern",
        "amendment_withdraw",
        service.withdraw,
        AmendmentEnd,
        done,
    )
