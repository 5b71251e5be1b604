"""Tell people what their subscriptions found: at once, or in a digest.

The worker's part. A `Finding` is written in the transaction that tells, so a worker
may be killed at any moment, and whatever is done twice tells nobody twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.orm.exc import StaleDataError

from index.sync import LiveIndex
from models import TABLES, Call, Finding, Need, Record, Subscription, User, transaction
from models.outbox import RecordType
from models.session import lock
from models.states import Frequency, Secrecy

from ..labels import CITY
from ..mail import service as mail
from ..needs.service import text_for
from ..notices import service as notices
from .match import Match, matches, may_see
from .words import NOUNS, name

PATHS = {
    RecordType.NEED: "/needs/{}",
    RecordType.ACHIEVEMENT: "/achievements/{}",
    RecordType.CALL: "/calls/{}",
}
MOST_IN_MAIL = 20
LONGEST_QUOTE = 200
UNNAMED = "一条不公开全文的需求"


def tell(
    session: Session,
    index: LiveIndex,
    kind: RecordType,
    record_id: int,
    *,
    now: datetime,
) -> int:
    """Note whose subscriptions the record answers, and tell those who want it at once.

    Returns how many people were told. Raises `StaleDataError` if the record changed
    while its matches were worked out: then they are worked out again, a little later.
    """
    item: Any = session.get(TABLES[kind], record_id, populate_existing=True)
    if item is None:
        return 0
    version = item.version
    found = matches(session, index, item, now=now)
    if not found:
        return 0
    with transaction(session):
        item = session.get(TABLES[kind], record_id)
        if item is None:
            return 0
        lock(session, item)
        if item.version != version:
            raise StaleDataError(f"{kind} {record_id} changed meanwhile")
        people = _by_person(session, found)
        return sum(
            _tell_person(session, user, some, item, kind, now)
            for user, some in people
            if may_see(user, item, now=now)
        )


def _by_person(
    session: Session, found: Sequence[Match]
) -> list[tuple[User, list[tuple[Subscription, str]]]]:
    """The subscriptions that still run, with their quotes, for each person."""
    quotes = {match.subscription_id: match.quote for match in found}
    query = (
        select(Subscription)
        .where(Subscription.id.in_(quotes), Subscription.stopped_at.is_(None))
        .options(joinedload(Subscription.user), joinedload(Subscription.achievement))
        .order_by(Subscription.id)
    )
    people: dict[int, tuple[User, list[tuple[Subscription, str]]]] = {}
    for one in session.scalars(query):
        if one.user.active:
            mine = people.setdefault(one.user_id, (one.user, []))
            mine[1].append((one, quotes[one.id]))
    return list(people.values())


def _tell_person(
    session: Session,
    user: User,
    some: Sequence[tuple[Subscription, str]],
    item: Record,
    kind: RecordType,
    now: datetime,
) -> int:
    """Once a person and record, however many of their subscriptions it answers."""
    known = session.scalars(
        select(Finding).where(
            Finding.user_id == user.id,
            Finding.record_type == kind,
            Finding.record_id == item.id,
        )
    ).all()
    noted = {finding.subscription_id for finding in known}
    new = [(one, quote) for one, quote in some if one.id not in noted]
    told_before = any(finding.told_at is not None for finding in known)
    at_once = [pair for pair in new if pair[0].frequency is Frequency.INSTANT]
    for one, _ in new:
        told_at = now if told_before or at_once else None
        session.add(_finding(one, kind, item.id, now, told_at))
    if told_before or not at_once:
        return 0
    for finding in known:
        finding.told_at = now
    first = at_once[0][0]
    notices.queue(
        session,
        [user.id],
        f"subscribed_{kind.value}",
        now=now,
        name=name(first),
        title=_title(user, item),
        subscription_id=first.id,
        **{f"{kind.value}_id": item.id},
    )
    by_mail = next((pair for pair in at_once if pair[0].by_mail), None)
    if by_mail is not None:
        one, quote = by_mail
        mail.queue(
            session,
            user.email,
            "subscribed",
            now=now,
            name=name(one),
            noun=NOUNS[kind],
            subscription=one.id,
            **_in_mail(user, item, kind, quote),
        )
    return 1


def _finding(
    one: Subscription,
    kind: RecordType,
    record_id: int,
    now: datetime,
    told_at: datetime | None,
) -> Finding:
    return Finding(
        subscription_id=one.id,
        user_id=one.user_id,
        record_type=kind,
        record_id=record_id,
        found_at=now,
        told_at=told_at,
    )


def _title(user: User, item: Record) -> str:
    return text_for(user, item).title if isinstance(item, Need) else item.title


def _in_mail(user: User, item: Record, kind: RecordType, quote: str) -> dict[str, Any]:
    """The record as a letter may speak of it: with its public words only.

    Staff see more on the page itself; a letter lies on servers of others.
    """
    path = PATHS[kind].format(item.id)
    if isinstance(item, Need):
        text = item.public_text
        if text is None:
            return {"path": path, "title": UNNAMED, "organisation": "", "quote": ""}
        if item.secrecy is not Secrecy.PUBLIC and user.is_staff:
            quote = ""
        title, organisation = text.title, text.organisation
    else:
        owner = item.issuer if isinstance(item, Call) else item.organisation
        title, organisation = item.title, owner.name
    return {
        "path": path,
        "title": title,
        "organisation": organisation,
        "quote": quote[:LONGEST_QUOTE],
    }


def last_round(frequency: Frequency, now: datetime, hour: int) -> datetime:
    """When digests of this frequency last went out: at ``hour`` in the city.

    Weekly ones on Mondays. What is told at once has no rounds: any moment will do.
    """
    if frequency is Frequency.INSTANT:
        return now
    there = now.astimezone(CITY)
    at = there.replace(hour=hour, minute=0, second=0, microsecond=0)
    if at > there:
        at -= timedelta(days=1)
    return at - timedelta(days=at.weekday()) if frequency is Frequency.WEEKLY else at


def send_digests(session: Session, *, hour: int, now: datetime) -> int:
    """Send every digest whose hour has come; returns how many people were told."""
    rounds = {one: last_round(one, now, hour) for one in Frequency}
    session.rollback()
    due = (
        select(Subscription.id)
        .join(Finding, Finding.subscription_id == Subscription.id)
        .where(
            Subscription.stopped_at.is_(None),
            Finding.told_at.is_(None),
            or_(
                *(
                    (Subscription.frequency == one) & (Finding.found_at < before)
                    for one, before in rounds.items()
                )
            ),
        )
        .distinct()
        .order_by(Subscription.id)
    )
    ids = list(session.scalars(due))
    session.rollback()
    return sum(_send_digest(session, id_, hour, now) for id_ in ids)


def _send_digest(
    session: Session, subscription_id: int, hour: int, now: datetime
) -> bool:
    with transaction(session):
        one = session.get(Subscription, subscription_id)
        if one is None:
            return False
        lock(session, one)
        before = last_round(one.frequency, now, hour)
        waiting = session.scalars(
            select(Finding)
            .where(
                Finding.subscription_id == one.id,
                Finding.told_at.is_(None),
                Finding.found_at < before,
            )
            .order_by(Finding.id)
        ).all()
        if one.stopped_at is not None or not one.user.active:
            return False
        news = []
        for finding in waiting:
            item: Any = session.get(TABLES[finding.record_type], finding.record_id)
            if item is None or not may_see(one.user, item, now=now):
                # Hidden meanwhile; published again, it will be found again.
                session.delete(finding)
                continue
            finding.told_at = now
            news.append((finding.record_type, item))
        if not news:
            return False
        one.sent_at = now
        _told_elsewhere(session, one.user, news, now)
        _send(session, one, news, now)
    return True


def _told_elsewhere(
    session: Session,
    user: User,
    news: Iterable[tuple[RecordType, Any]],
    now: datetime,
) -> None:
    """What waits in another digest of the person has been told by this one."""
    ids: dict[RecordType, list[int]] = defaultdict(list)
    for kind, item in news:
        ids[kind].append(item.id)
    session.flush()
    for kind, some in ids.items():
        session.execute(
            update(Finding)
            .where(
                Finding.user_id == user.id,
                Finding.told_at.is_(None),
                Finding.record_type == kind,
                Finding.record_id.in_(some),
            )
            .values(told_at=now)
        )


def _send(
    session: Session,
    one: Subscription,
    news: Sequence[tuple[RecordType, Any]],
    now: datetime,
) -> None:
    notices.queue(
        session,
        [one.user_id],
        "subscription_digest",
        now=now,
        name=name(one),
        count=len(news),
        subscription_id=one.id,
    )
    if one.by_mail:
        mail.queue(
            session,
            one.user.email,
            "subscription_digest",
            now=now,
            name=name(one),
            count=len(news),
            path=f"/subscriptions/{one.id}",
            subscription=one.id,
            records=[
                _in_mail(one.user, item, kind, "") for kind, item in news[:MOST_IN_MAIL]
            ],
        )
