"""The steps of a milestone, for programs."""

from __future__ import annotations

from models import Milestone, utcnow

from ... import policies
from ...accounts.current import signed_in
from ...api.operations import Operations
from ...db import db
from .. import finding, page
from ..api import MilestoneOut, milestone
from ..schema import (
    Delivery,
    IssuerJudgement,
    PaymentInput,
    PaymentRemoval,
    StaffJudgement,
)
from . import payments, service

operations = Operations("awards", "里程碑和拨款")


class MilestonePayment(PaymentInput):
    """Money that was paid for a milestone; ``amount_paid`` is in 分."""


def _shown(one: Milestone) -> MilestoneOut:
    award = finding.find(db.session, signed_in(), one.award_id)
    view = page.view(db.session, signed_in(), award, utcnow())
    return milestone(next(it for it in view.milestones if it.milestone.id == one.id))


@operations.get("/milestones/<int:milestone_id>", "milestones.show", "一个里程碑")
def show_milestone(milestone_id: int) -> MilestoneOut:
    found = finding.find_milestone(db.session, signed_in(), milestone_id)
    policies.require(signed_in(), "award.read", found)
    return _shown(found)


@operations.post(
    "/milestones/<int:milestone_id>/deliver", "milestones.deliver", "交付里程碑"
)
def deliver(milestone_id: int, body: Delivery) -> MilestoneOut:
    return _shown(
        service.deliver(db.session, signed_in(), milestone_id, body, now=utcnow())
    )


@operations.post(
    "/milestones/<int:milestone_id>/view", "milestones.view", "发榜单位的判断"
)
def view(milestone_id: int, body: IssuerJudgement) -> MilestoneOut:
    return _shown(
        service.view(db.session, signed_in(), milestone_id, body, now=utcnow())
    )


@operations.post(
    "/milestones/<int:milestone_id>/judge", "milestones.judge", "里程碑的结论"
)
def judge(milestone_id: int, body: StaffJudgement) -> MilestoneOut:
    """整改的要写新的期限；发榜单位没有同意的不能通过。"""
    return _shown(
        service.judge(db.session, signed_in(), milestone_id, body, now=utcnow())
    )


@operations.post("/milestones/<int:milestone_id>/pay", "milestones.pay", "登记拨款")
def pay(milestone_id: int, body: MilestonePayment) -> MilestoneOut:
    return _shown(
        payments.pay(db.session, signed_in(), milestone_id, body, now=utcnow())
    )


@operations.post(
    "/milestones/<int:milestone_id>/take-back", "milestones.take_back", "删除拨款登记"
)
def take_back(milestone_id: int, body: PaymentRemoval) -> MilestoneOut:
    """经过里保留记录。"""
    return _shown(
        payments.take_back(db.session, signed_in(), milestone_id, body, now=utcnow())
    )
