"""Who is told what about a bid; no word of the bid itself, and its digest only to it.

Written inside the running transaction. The platform's staff are told nothing before
the release: not who bids, nor that anybody does.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Bid, BidRelease, Call, User

from .. import labels
from ..calls import tell as of_calls
from ..mail import service as mail
from ..notices import service as notices


def submitted(session: Session, bid: Bid, *, now: datetime) -> None:
    """The receipt, to everybody of the bidder."""
    words = f"第 {bid.number} 次提交已收到"
    _to_bidder(session, bid, "bid_submitted", words, now)


def withdrawn(session: Session, bid: Bid, *, now: datetime) -> None:
    """That nothing is submitted any more."""
    _to_bidder(session, bid, "bid_withdrawn", "揭榜书已撤回，内容已销毁", now)


def _to_bidder(
    session: Session, bid: Bid, kind: str, words: str, now: datetime
) -> None:
    title, moment = bid.call.title, labels.second(now)
    people = _members(session, bid.organisation_id)
    notices.queue(
        session,
        [one.id for one in people],
        kind,
        now=now,
        title=title,
        number=bid.number,
        at=moment,
        digest=bid.digest or "",
        bid_id=bid.id,
    )
    for one in people:
        mail.queue(
            session,
            one.email,
            "bid_receipt",
            now=now,
            title=title,
            words=words,
            at=moment,
            digest=bid.digest or "",
            path=f"/bids/{bid.id}/receipt",
        )


def approved(session: Session, call: Call, actor: User, *, now: datetime) -> None:
    """One of two has approved the release: another of the staff is to decide."""
    others = [one for one in notices.staff(session) if one != actor.id]
    notices.queue(
        session,
        others,
        "release_approved",
        now=now,
        title=call.title,
        name=actor.name,
        call_id=call.id,
    )


def released(session: Session, call: Call, bids: list[Bid], *, now: datetime) -> None:
    """The bids are open: to each bidder, to the issuer, to the staff."""
    for bid in bids:
        people = _members(session, bid.organisation_id)
        notices.queue(
            session,
            [one.id for one in people],
            "bid_released",
            now=now,
            title=call.title,
            bid_id=bid.id,
        )
        for one in people:
            mail.queue(
                session,
                one.email,
                "notice",
                now=now,
                title="您的揭榜书已启封",
                words=f"榜单「{call.title}」已截止并启封，进入评审。",
                path=f"/bids/{bid.id}/receipt",
            )
    notices.queue(
        session,
        {*notices.staff(session), *notices.members_of(session, call.issuer_id)},
        "bids_opened",
        now=now,
        title=call.title,
        count=len(bids),
        call_id=call.id,
    )


def failed(session: Session, call: Call, *, now: datetime) -> None:
    """Nobody bid: to the issuer, the staff and whoever followed the call."""
    for whom in (of_calls.staff, of_calls.authors, of_calls.followers):
        whom(session, call, "call_without_bids", now=now)


def faults(session: Session, release: BidRelease, call: Call, *, now: datetime) -> None:
    """Something did not open or agree: to the staff, who look into it."""
    if release.faults:
        notices.queue(
            session,
            notices.staff(session),
            "release_faults",
            now=now,
            title=call.title,
            count=len(release.faults),
            call_id=call.id,
        )


def _members(session: Session, organisation_id: int) -> list[User]:
    query = select(User).where(User.organisation_id == organisation_id, User.active)
    return list(session.scalars(query.order_by(User.id)))
