"""The list of bids as a file: which there are and how far, not what they say."""

from __future__ import annotations

from datetime import datetime
from typing import IO

from sqlalchemy.orm import Session

from models import Bid, User
from models.states import BidState

from .. import labels
from ..sheets.leaving import Copy
from ..sheets.tables import Form, Told, demo_mark
from ..sheets.writer import Column
from . import listing

# What the badge of the list says where the word of the state alone would mislead.
STATES = {
    BidState.SUBMITTED: "已提交，密封中",
    BidState.DRAFT: "草稿，没有提交",
}
COLUMNS: tuple[Told[Bid], ...] = (
    (Column("榜单编号", 16), lambda one: one.call.code or ""),
    (Column("榜单", 40), lambda one: one.call.title),
    (Column("发榜单位", 28), lambda one: one.call.issuer.name),
    (Column("揭榜单位", 28), lambda one: one.organisation.name),
    (Column("状态", 16), lambda one: STATES.get(one.state, labels.label(one.state))),
    (Column("揭榜截止", 18, "moment"), lambda one: one.call.closes_at),
    (Column("最近提交", 18, "moment"), lambda one: one.submitted_at),
    (Column("第几次提交", 12, "number"), lambda one: one.number or None),
    (Column("示例", 8), demo_mark),
)
COPY = Copy("bid", "揭榜书", "bid.read", COLUMNS)


def write(session: Session, user: User, form: Form, *, now: datetime) -> IO[bytes]:
    """The bids this person may know of: a sealed one, its bidder alone."""
    return COPY.write(
        session, user, (), form, lambda: listing.every(session, user), now=now
    )
