"""The calls open now for programs: a feed of news (Atom) and a calendar of deadlines.

Both hold what a visitor may read and nothing else.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from models import Call
from models.fields import field_name
from models.outbox import RecordType
from models.states import CallStatus

from .. import feeds, labels, policies
from ..feeds import MOST, Deadline, News

NAME = "揭榜榜单"


def ahead(session: Session, *, now: datetime) -> Sequence[Call]:
    """The calls whose end is still ahead, begun or not, the nearest end first."""
    kind = RecordType.CALL
    query = (
        select(Call)
        .where(
            policies.where(policies.visible(None, kind), kind),
            Call.status == CallStatus.OPEN,
            Call.closes_at > now,
        )
        .options(joinedload(Call.issuer))
        .order_by(Call.closes_at, Call.id)
        .limit(MOST)
    )
    return session.scalars(query).all()


def atom(calls: Sequence[Call], base: str) -> bytes:
    """An Atom feed of these calls; ``base`` is the address of the site."""
    news = [
        News(
            page=f"/calls/{call.id}",
            title=call.title,
            author=call.issuer.name,
            published=call.published_at or call.updated_at,
            updated=call.updated_at,
            summary=_summary(call),
            category=(call.field, field_name(call.field)),
        )
        for call in calls
    ]
    return feeds.atom(NAME, "/calls", news, base)


def calendar(calls: Sequence[Call], base: str) -> bytes:
    """An iCalendar of the ends of bids and of questions."""
    found = []
    for call in calls:
        for what, words, at in (
            ("closes", "揭榜截止", call.closes_at),
            ("questions", "提问截止", call.questions_until),
        ):
            if at is not None:
                found.append(_deadline(call, what, words, at))
    return feeds.calendar(NAME, "calls", found, base)


def _deadline(call: Call, what: str, words: str, at: datetime) -> Deadline:
    return Deadline(
        uid=f"call-{call.id}-{what}",
        page=f"/calls/{call.id}",
        title=f"{words}：{call.title}",
        words=f"{labels.until(at)}。{_summary(call)}",
        # The last minute of the window: at the end itself it is over.
        begins=at - timedelta(minutes=1),
        ends=at,
        changed=call.updated_at,
        version=call.version,
    )


def _summary(call: Call) -> str:
    ends = f"{labels.until(call.closes_at)}截止" if call.closes_at else ""
    money = " ".join(labels.money(call.funding_fen)).strip()
    short = feeds.shortened(call.background)
    return f"发榜单位：{call.issuer.name}；榜单金额：{money}；{ends}。{short}"
