"""Lists of bids: those a person may know of, and those of one call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from models import Bid, Call, User
from models.states import BidState

from .. import policies
from ..paging import streamed, turn
from .service import own_bid

PER_PAGE = 20


@dataclass(frozen=True)
class Listing:
    """One page of bids; ``page`` is the one shown, not the one asked."""

    bids: Sequence[Bid]
    total: int
    page: int
    pages: int


@dataclass(frozen=True)
class OfCall:
    """What the page of a call says of bids: one's own, and those one may read.

    may_bid  whether the reader, or a visitor once signed in, may bid at this moment
    is_over  whether there is, or was, something to release
    """

    own: Bid | None
    released: Sequence[Bid]
    may_bid: bool
    is_over: bool


def listing(session: Session, user: User, page: int) -> Listing:
    """The bids the person may know of, last changed first."""
    policies.require(user, "bid.read")
    seen = policies.visible_bids(user)
    total = session.scalar(select(func.count(Bid.id)).where(seen)) or 0
    here = turn(page, total, PER_PAGE)
    rows = session.scalars(here.rows(_listed(user))).all()
    return Listing(rows, total, here.page, here.pages)


def every(session: Session, user: User) -> Iterator[Bid]:
    """The bids of all pages, in their order."""
    policies.require(user, "bid.read")
    return streamed(session, _listed(user))


def _listed(user: User) -> Select[Any]:
    return (
        select(Bid)
        .where(policies.visible_bids(user))
        .options(
            joinedload(Bid.call).joinedload(Call.issuer), joinedload(Bid.organisation)
        )
        .order_by(Bid.updated_at.desc(), Bid.id.desc())
    )


def of_call(session: Session, user: User | None, call: Call, now: datetime) -> OfCall:
    """The bids of the call this person may know of."""
    open_now, over = call.takes_bids_at(now), call.is_closed_at(now)
    if user is None:
        return OfCall(None, (), open_now, over)
    may_bid = open_now and policies.may(user, "bid.create")
    may_bid = may_bid and call.issuer_id != user.organisation_id
    own = own_bid(session, user, call) if policies.may(user, "bid.read") else None
    query = (
        select(Bid)
        .where(
            Bid.call_id == call.id,
            Bid.state == BidState.RELEASED,
            policies.visible_bids(user),
        )
        .options(joinedload(Bid.organisation))
        .order_by(Bid.submitted_at, Bid.id)
    )
    return OfCall(own, session.scalars(query).all(), may_bid, over)
