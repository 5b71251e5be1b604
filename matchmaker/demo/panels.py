"""Take out the reviews of demonstration bids, and the results of such calls."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, delete, or_, select
from sqlalchemy.orm import Session

from models import (
    Bid,
    BidOutcome,
    BidReview,
    Call,
    CallResult,
    Expert,
    IssuerView,
    Objection,
    Organisation,
    PanelMember,
    User,
)

from .past import forget

PEOPLE: tuple[Any, ...] = (
    BidReview.user_id,
    IssuerView.user_id,
    PanelMember.user_id,
    PanelMember.added_by_id,
    CallResult.drafted_by_id,
    Objection.user_id,
    Objection.answered_by_id,
    Expert.invited_by_id,
)


def remove(session: Session) -> dict[str, set[int]]:
    """What was said of the bids that go, before they go; the numbers by their name."""
    calls = select(Call.id).where(Call.is_demo)
    homes = select(Organisation.id).where(Organisation.is_demo)
    bids = select(Bid.id).where(
        or_(Bid.call_id.in_(calls), Bid.organisation_id.in_(homes))
    )
    results = select(CallResult.id).where(CallResult.call_id.in_(calls))
    outcomes = or_(BidOutcome.bid_id.in_(bids), BidOutcome.result_id.in_(results))
    gone = {
        "review_id": _ids(session, select(BidReview.id), BidReview.bid_id.in_(bids)),
        "outcome_id": _ids(session, select(BidOutcome.id), outcomes),
        "objection_id": _ids(
            session, select(Objection.id), Objection.result_id.in_(results)
        ),
    }
    for table, name in (
        (Objection, "objection_id"),
        (BidOutcome, "outcome_id"),
        (BidReview, "review_id"),
    ):
        forget(session, table, gone[name])
        session.execute(delete(table).where(table.id.in_(gone[name])))
    session.execute(delete(CallResult).where(CallResult.call_id.in_(calls)))
    session.execute(delete(IssuerView).where(IssuerView.bid_id.in_(bids)))
    session.execute(delete(PanelMember).where(PanelMember.call_id.in_(calls)))
    return gone


def _ids(session: Session, query: Select[Any], where: ColumnElement[bool]) -> set[int]:
    return set(session.scalars(query.where(where)))


def names_person() -> ColumnElement[bool]:
    """Whether a review or a result that stays names the person."""
    return or_(
        *(User.id.in_(select(column).where(column.is_not(None))) for column in PEOPLE)
    )
