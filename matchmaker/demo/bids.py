"""Take out the bids for demonstration calls, and those of demonstration bidders."""

from __future__ import annotations

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.orm import Session

from models import (
    Bid,
    BidFile,
    BidRelease,
    BidSubmission,
    Call,
    Organisation,
    User,
)

from .past import forget

PEOPLE = (
    Bid.user_id,
    BidFile.user_id,
    BidSubmission.user_id,
    BidRelease.first_by_id,
    BidRelease.second_by_id,
)


def remove(session: Session) -> set[int]:
    """The bids, receipts and releases; their ciphertext is cleared away later."""
    calls = select(Call.id).where(Call.is_demo)
    homes = select(Organisation.id).where(Organisation.is_demo)
    ids = set(
        session.scalars(
            select(Bid.id).where(
                or_(Bid.call_id.in_(calls), Bid.organisation_id.in_(homes))
            )
        )
    )
    for table in (BidFile, BidSubmission):
        session.execute(delete(table).where(table.bid_id.in_(ids)))
    forget(session, Bid, ids)
    session.execute(delete(Bid).where(Bid.id.in_(ids)))
    session.execute(delete(BidRelease).where(BidRelease.call_id.in_(calls)))
    return ids


def names_person() -> ColumnElement[bool]:
    """Whether a bid that stays names the person."""
    return or_(
        *(User.id.in_(select(column).where(column.is_not(None))) for column in PEOPLE)
    )
