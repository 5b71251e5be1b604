"""Needs for programs: a feed of the newest (Atom), the last days of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Need, User
from models.fields import field_name
from models.outbox import RecordType
from models.states import NeedStatus

from .. import feeds, policies
from ..feeds import Deadline, News
from ..posting import expiry
from ..posting.terms import Terms
from . import budgets
from .service import text_for

KIND = RecordType.NEED


def atom(needs: Sequence[Need], base: str) -> bytes:
    """An Atom feed of these needs as every visitor reads them."""
    return feeds.atom("技术需求", "/needs", [_news(need) for need in needs], base)


def _news(need: Need) -> News:
    text = text_for(None, need)
    money = budgets.seen(None, need).words
    return News(
        page=f"/needs/{need.id}",
        title=text.title,
        author=text.organisation,
        published=need.published_at or need.updated_at,
        updated=need.updated_at,
        summary=f"预算：{money}。{feeds.shortened(text.problem)}",
        category=(need.field, field_name(need.field)),
    )


def ending(session: Session, user: User, *, terms: Terms, day: date) -> list[Deadline]:
    """The last days of the person's own needs that are public and not over yet."""
    query = (
        select(Need)
        .where(
            policies.where(policies.owned(user, KIND), KIND),
            Need.status == NeedStatus.PUBLISHED,
        )
        .order_by(Need.id)
    )
    found = ((need, expiry.last_day(need, terms)) for need in session.scalars(query))
    return [_deadline(need, last) for need, last in found if last and last >= day]


def _deadline(need: Need, last: date) -> Deadline:
    return Deadline(
        uid=f"need-{need.id}-ends",
        page=f"/needs/{need.id}",
        title=f"需求到期：{need.title}",
        words="到期后不再公开征集；如果还需要，打开后可以续期。",
        begins=last,
        ends=last + timedelta(days=1),
        changed=need.updated_at,
        version=need.version,
    )


def calendar(deadlines: Sequence[Deadline], base: str) -> bytes:
    """An iCalendar of these last days, each the whole day."""
    return feeds.calendar("本单位需求的到期日", "needs", deadlines, base)
