"""The steps of a milestone; it is shown on the page of its award."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import Milestone
from models.base import utcnow

from ... import policies
from ...accounts.current import signed_in
from ...db import db
from ...schema import parse
from .. import finding
from ..schema import (
    Delivery,
    IssuerJudgement,
    PaymentInput,
    PaymentRemoval,
    StaffJudgement,
)
from ..web import context, step
from . import payments, service

bp = Blueprint("milestones", __name__)


@bp.get("/milestones/<int:milestone_id>")
@login_required
def show(milestone_id: int) -> ResponseReturnValue:
    """The milestone, where its award shows it."""
    milestone = _allowed(milestone_id, "award.read")
    anchor = f"milestone-{milestone.id}"
    return redirect(url_for("awards.show", award_id=milestone.award_id, _anchor=anchor))


def _allowed(milestone_id: int, action: str) -> Milestone:
    milestone = finding.find_milestone(db.session, signed_in(), milestone_id)
    policies.require(signed_in(), action, milestone)
    return milestone


def _step(
    milestone_id: int, action: str, name: str, take: Any, model: Any, done: str
) -> ResponseReturnValue:
    milestone = _allowed(milestone_id, action)
    anchor = f"milestone-{milestone_id}"

    def do() -> None:
        data = parse(model, request.form, context())
        take(db.session, signed_in(), milestone_id, data, now=utcnow())

    return step(milestone.award_id, f"{name}-{milestone_id}", do, done, anchor)


@bp.post("/milestones/<int:milestone_id>/deliver")
@login_required
def deliver(milestone_id: int) -> ResponseReturnValue:
    done = "已交付，等发榜单位和平台判断。"
    return _step(
        milestone_id, "award.deliver", "deliver", service.deliver, Delivery, done
    )


@bp.post("/milestones/<int:milestone_id>/view")
@login_required
def view(milestone_id: int) -> ResponseReturnValue:
    done = "已记录发榜单位的判断，等平台给出结论。"
    return _step(
        milestone_id, "award.view", "view", service.view, IssuerJudgement, done
    )


@bp.post("/milestones/<int:milestone_id>/judge")
@login_required
def judge(milestone_id: int) -> ResponseReturnValue:
    done = "结论已告知承担单位和发榜单位。"
    return _step(
        milestone_id, "award.govern", "judge", service.judge, StaffJudgement, done
    )


@bp.post("/milestones/<int:milestone_id>/pay")
@login_required
def pay(milestone_id: int) -> ResponseReturnValue:
    done = "已登记拨款。"
    return _step(milestone_id, "award.pay", "pay", payments.pay, PaymentInput, done)


@bp.post("/milestones/<int:milestone_id>/take-back")
@login_required
def take_back(milestone_id: int) -> ResponseReturnValue:
    done = "已删除这笔拨款登记，经过里保留记录。"
    return _step(
        milestone_id,
        "award.pay",
        "take_back",
        payments.take_back,
        PaymentRemoval,
        done,
    )
