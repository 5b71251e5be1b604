"""What the issuer of a call thinks of its bids."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import IssuerView, User, transaction

from ..errors import Invalid
from ..history import service as history
from .finding import held_call, require_review
from .overview import released
from .schema import ViewInput


def give(
    session: Session, actor: User, call_id: int, data: ViewInput, *, now: datetime
) -> IssuerView:
    """Say what the issuer thinks of one bid, or say it anew while bids are judged.

    The staff may enter it for an issuer that is not on the platform; who entered it is
    shown.
    """
    with transaction(session):
        call = held_call(session, actor, call_id, "view.give")
        require_review(call)
        if data.bid not in {bid.id for bid in released(session, call)}:
            raise Invalid({"bid": "这份揭榜书不在本榜之内，请刷新后重选"})
        view = session.scalar(select(IssuerView).where(IssuerView.bid_id == data.bid))
        before = view.score if view else None
        if view is None:
            view = IssuerView(bid_id=data.bid)
            session.add(view)
        view.score, view.words = data.score, data.words
        view.user_id, view.at = actor.id, now
        session.flush()
        changes = {"score": [before, data.score], "bid": [None, data.bid]}
        history.record(session, actor, "view.given", call, now=now, changes=changes)
    return view
