"""Take out demonstration awards, and those of bids that go, with their milestones."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from models import (
    Attachment,
    Award,
    AwardAmendment,
    AwardGoal,
    AwardPayment,
    Bid,
    Call,
    Contract,
    Milestone,
    Organisation,
    User,
)
from models.attachments import FileOwner

from .past import forget

PEOPLE: tuple[Any, ...] = (
    Award.issuer_confirmed_by_id,
    Award.bidder_confirmed_by_id,
    Award.tested_by_id,
    Milestone.delivered_by_id,
    Milestone.issuer_by_id,
    Milestone.judged_by_id,
    AwardPayment.user_id,
    AwardAmendment.author_id,
    AwardAmendment.issuer_confirmed_by_id,
    AwardAmendment.bidder_confirmed_by_id,
)


def remove(session: Session) -> dict[str, set[int]]:
    """Before bids, calls and contracts go; the numbers by their name."""
    calls = select(Call.id).where(Call.is_demo)
    homes = select(Organisation.id).where(Organisation.is_demo)
    bids = select(Bid.id).where(
        or_(Bid.call_id.in_(calls), Bid.organisation_id.in_(homes))
    )
    awards = set(session.scalars(select(Award.id).where(Award.bid_id.in_(bids))))
    milestones = set(
        session.scalars(select(Milestone.id).where(Milestone.award_id.in_(awards)))
    )
    for owner, ids in (
        (FileOwner.AWARD, awards),
        (FileOwner.MILESTONE, milestones),
    ):
        session.execute(
            delete(Attachment).where(
                Attachment.record_type == owner, Attachment.record_id.in_(ids)
            )
        )
    forget(session, Milestone, milestones)
    forget(session, Award, awards)
    session.execute(
        delete(AwardPayment).where(AwardPayment.milestone_id.in_(milestones))
    )
    for part in (Milestone, AwardGoal, AwardAmendment):
        session.execute(delete(part).where(part.award_id.in_(awards)))
    session.execute(delete(Award).where(Award.id.in_(awards)))
    # A real award keeps its words without the link.
    contracts = select(Contract.id).where(Contract.is_demo)
    session.execute(
        update(Award).where(Award.contract_id.in_(contracts)).values(contract_id=None)
    )
    return {"award_id": awards, "milestone_id": milestones}


def names_person() -> ColumnElement[bool]:
    """Whether an award that stays names the person."""
    return or_(
        *(User.id.in_(select(column).where(column.is_not(None))) for column in PEOPLE)
    )
