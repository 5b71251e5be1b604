"""The form of a change of a task book, and the steps on the page of its award."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import Award
from models.base import utcnow

from ... import labels, policies
from ...accounts.current import signed_in
from ...db import db
from ...errors import Conflict, Invalid
from ...schema import parse
from .. import finding
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
    if not service.is_amendable(award):
        running = award.open_amendment is not None
        raise Conflict("amendment.open" if running else "award.not_amendable")
    now = plan.mark(plan.of_award(award))
    if request.method == "GET":
        return _form(award, page.stored(award), now)
    typed = amendment_from_form(request.form)
    try:
        data = parse(AmendmentInput, typed, context())
        service.propose(db.session, signed_in(), award_id, data, now=utcnow())
    except Invalid as invalid:
        return _form(award, typed, typed.get("seen", ""), errors=invalid.fields)
    except Conflict as conflict:
        if conflict.code != "stale":
            raise
        # What was typed may be of milestones that are delivered by now.
        award = finding.find(db.session, signed_in(), award_id)
        now = plan.mark(plan.of_award(award))
        return _form(award, page.stored(award), now, typed=typed)
    flash("变更已提出，请发榜单位和承担单位确认；都确认后生效。", "success")
    target = url_for("awards.show", award_id=award_id, _anchor="amendments")
    return redirect(target, 303)


def _form(
    award: Award,
    values: dict[str, Any],
    seen: str,
    *,
    errors: dict[str, str] | None = None,
    typed: dict[str, Any] | None = None,
) -> ResponseReturnValue:
    """The form; ``typed`` is what was sent for a plan that is another one by now."""
    lines = list(values["milestones"])
    fixed = plan.settled(award)
    room = MOST_MILESTONES - len(lines) - len(fixed)
    differences = labels.differences(LABELS, page.stored(award), typed) if typed else []
    html = render_template(
        "awards/amend.html",
        award=award,
        fixed=fixed,
        values=values,
        lines=lines + [{}] * max(0, min(SPARE_LINES, room)),
        seen=seen,
        errors=errors or {},
        conflict=typed is not None,
        differences=differences,
        labels_of=LABELS,
    )
    return html, 422 if errors else 409 if typed else 200


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
