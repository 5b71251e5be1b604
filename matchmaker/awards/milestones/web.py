"""The steps of a milestone; it is shown on the page of its award."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import Milestone
from models.base import utcnow

from ... import policies
from ...accounts.current import signed_in
from ...db import db
from ...schema import parse
from ...steps import Step
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


STEPS = {
    "deliver": Step(
        "award.deliver", Delivery, service.deliver, "已交付，等发榜单位和平台判断。"
    ),
    "view": Step(
        "award.view",
        IssuerJudgement,
        service.view,
        "已记录发榜单位的判断，等平台给出结论。",
    ),
    "judge": Step(
        "award.govern", StaffJudgement, service.judge, "结论已告知承担单位和发榜单位。"
    ),
    "pay": Step("award.pay", PaymentInput, payments.pay, "已登记拨款。"),
    "take_back": Step(
        "award.pay",
        PaymentRemoval,
        payments.take_back,
        "已删除这笔拨款登记，经过里保留记录。",
    ),
}


def _take(name: str, milestone_id: int) -> ResponseReturnValue:
    one = STEPS[name]
    milestone = _allowed(milestone_id, one.action)

    def do() -> None:
        data = parse(one.asks, request.form, context())
        one.take(db.session, signed_in(), milestone_id, data, now=utcnow())

    failed, anchor = f"{name}-{milestone_id}", f"milestone-{milestone_id}"
    return step(milestone.award_id, failed, do, one.done, anchor)


for _name in STEPS:
    bp.add_url_rule(
        f"/milestones/<int:milestone_id>/{_name.replace('_', '-')}",
        _name,
        login_required(partial(_take, _name)),
        methods=["POST"],
    )
