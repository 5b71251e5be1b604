"""Payments for milestones: noted once a milestone passed, never more than agreed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import AwardPayment, Milestone, User, transaction
from models.states import MilestoneState

from ... import policies
from ...errors import Conflict, Invalid
from ...history import service as history
from ...labels import day, today
from ...money import in_yuan
from .. import tell
from ..finding import held_milestone
from ..schema import PaymentInput, PaymentRemoval
from .service import name


def pay(
    session: Session,
    actor: User,
    milestone_id: int,
    data: PaymentInput,
    *,
    now: datetime,
) -> Milestone:
    """Note that money was paid: all of what the milestone is worth, or a part.

    Raises `Conflict` «milestone.not_passed», `Invalid` for more than is still open or a
    day before it passed.
    """
    with transaction(session):
        milestone = held_milestone(session, actor, milestone_id, "award.pay")
        if milestone.state is not MilestoneState.PASSED:
            raise Conflict("milestone.not_passed")
        assert data.amount_paid is not None
        assert milestone.judged_at is not None
        if data.amount_paid > milestone.unpaid_fen:
            words = f"这个里程碑还可拨付 {in_yuan(milestone.unpaid_fen)}，不能超过"
            raise Invalid({"amount_paid": words})
        if data.paid_on < today(milestone.judged_at):
            passed = day(milestone.judged_at)
            raise Invalid({"paid_on": f"不能早于里程碑通过的日期 {passed}"})
        payment = AwardPayment(
            amount_fen=data.amount_paid,
            paid_on=data.paid_on,
            words=data.words,
            user_id=actor.id,
            at=now,
        )
        milestone.payments.append(payment)
        session.flush()
        words = f"{name(milestone)}，{data.paid_on}。{data.words}"
        _note(session, actor, milestone, "paid", words, payment.amount_fen, now)
        tell.bidder(
            session,
            milestone.award,
            "award_paid",
            now=now,
            milestone=name(milestone),
            amount=in_yuan(payment.amount_fen),
        )
    return milestone


def take_back(
    session: Session,
    actor: User,
    milestone_id: int,
    data: PaymentRemoval,
    *,
    now: datetime,
) -> Milestone:
    """Strike out a payment that was noted by mistake; the history keeps it."""
    with transaction(session):
        milestone = held_milestone(session, actor, milestone_id, "award.pay")
        policies.require(actor, "award.pay", milestone)
        payment = session.scalar(
            select(AwardPayment).where(
                AwardPayment.id == data.payment_id,
                AwardPayment.milestone_id == milestone.id,
            )
        )
        if payment is None:
            raise Invalid({"payment_id": "这个里程碑没有这笔拨款登记，请刷新后重选"})
        fen, paid_on = payment.amount_fen, payment.paid_on
        milestone.payments.remove(payment)
        session.flush()
        words = f"{name(milestone)}，{paid_on}"
        _note(session, actor, milestone, "payment_removed", words, fen, now)
    return milestone


def _note(
    session: Session,
    actor: User,
    milestone: Milestone,
    what: str,
    words: str,
    fen: int,
    now: datetime,
) -> None:
    milestone.award.updated_at = now
    told = f"{in_yuan(fen)}，{words}"
    history.record(
        session,
        actor,
        f"award.{what}",
        milestone.award,
        now=now,
        changes={"words": [None, told]},
    )
