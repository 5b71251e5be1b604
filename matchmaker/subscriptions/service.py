"""Save searches, change them, stop them; the worker's part is in `tell`."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import delete, func, select, union_all
from sqlalchemy.orm import Session, joinedload

from models import TABLES, Finding, Subscription, User, transaction
from models.outbox import RecordType
from models.session import lock
from models.states import AchievementStatus, Frequency

from .. import policies
from ..errors import Conflict, NotFound
from ..notices import service as notices
from ..paging import Part, turn
from ..search.service import find, load
from .schema import BuyersInput, FrequencyInput, SubscriptionInput

MOST = 50
PER_PAGE = 20
# An achievement that still looks for a taker.
SEEKING = frozenset(
    {
        AchievementStatus.PENDING,
        AchievementStatus.PUBLISHED,
        AchievementStatus.RETURNED,
    }
)


@dataclass(frozen=True)
class Watched:
    """A subscription with how much it has found, and when last."""

    item: Subscription
    found: int
    last: datetime | None


@dataclass(frozen=True)
class Findings:
    """One page of what a subscription found; ``page`` is the one shown.

    A record the person may no longer see is left out, and counted nowhere.
    """

    rows: Sequence[tuple[Finding, Any]]
    total: int
    page: int
    pages: int


def subscribe(
    session: Session, actor: User, data: SubscriptionInput, *, now: datetime
) -> tuple[Subscription, bool]:
    """Watch a search; the same one again takes its new frequency, and runs again.

    Returns the subscription and whether it is new.
    """
    with transaction(session):
        policies.require(actor, "subscription.create")
        return _watch(session, actor, data, data.kind, data.stored(), None, now=now)


def subscribe_to_buyers(
    session: Session, actor: User, data: BuyersInput, *, now: datetime
) -> tuple[Subscription, bool]:
    """Watch for needs that fit an achievement, for those who may look for them."""
    with transaction(session):
        policies.require(actor, "subscription.create")
        kind = RecordType.ACHIEVEMENT
        item = find(session, actor, kind, data.achievement_id)
        policies.require(actor, "achievement.find_buyers", item)
        if item.status not in SEEKING:
            raise Conflict("subscription.not_seeking")
        need = RecordType.NEED
        return _watch(session, actor, data, need, {}, item.id, now=now)


def _watch(
    session: Session,
    actor: User,
    data: FrequencyInput,
    kind: RecordType | None,
    query: dict[str, Any],
    achievement_id: int | None,
    *,
    now: datetime,
) -> tuple[Subscription, bool]:
    lock(session, actor)  # two requests at once would both find nothing
    asked = [kind and kind.value, query, achievement_id]
    plain = json.dumps(asked, ensure_ascii=False, sort_keys=True)
    fingerprint = sha256(plain.encode()).hexdigest()
    mine = Subscription.user_id == actor.id
    known = session.scalar(
        select(Subscription).where(mine, Subscription.fingerprint == fingerprint)
    )
    if known is not None:
        _start_again(known, now)
        known.frequency, known.by_mail = data.frequency, data.by_mail
        return known, False
    count = session.scalar(select(func.count(Subscription.id)).where(mine)) or 0
    if count >= MOST:
        raise Conflict("subscription.too_many", most=MOST)
    subscription = Subscription(
        user_id=actor.id,
        record_type=kind,
        query=query,
        achievement_id=achievement_id,
        fingerprint=fingerprint,
        frequency=data.frequency,
        by_mail=data.by_mail,
        created_at=now,
        since=now,
    )
    session.add(subscription)
    session.flush()
    return subscription, True


def change(
    session: Session,
    actor: User,
    subscription_id: int,
    data: FrequencyInput,
    *,
    now: datetime,
) -> Subscription:
    """Take another frequency; what waited for a digest goes out at the new time."""
    with transaction(session):
        subscription = _locked(session, actor, subscription_id)
        subscription.frequency, subscription.by_mail = data.frequency, data.by_mail
        if data.frequency is Frequency.INSTANT:
            session.info["wake"] = True
    return subscription


def stop(
    session: Session, actor: User, subscription_id: int, *, now: datetime
) -> Subscription:
    """Tell the person nothing more; stopping twice is no matter."""
    with transaction(session):
        subscription = _locked(session, actor, subscription_id)
        _stop(session, subscription, now)
    return subscription


def resume(
    session: Session, actor: User, subscription_id: int, *, now: datetime
) -> Subscription:
    """Watch again, for what is published from now on."""
    with transaction(session):
        subscription = _locked(session, actor, subscription_id)
        _start_again(subscription, now)
    return subscription


def remove(session: Session, actor: User, subscription_id: int) -> None:
    """Forget the subscription and what it found."""
    with transaction(session):
        subscription = _locked(session, actor, subscription_id)
        session.execute(
            delete(Finding).where(Finding.subscription_id == subscription.id)
        )
        notices.withdraw(
            session, "subscription_digest", "subscription_id", subscription.id
        )
        session.delete(subscription)


def stop_by_link(
    session: Session, subscription_id: int, *, now: datetime
) -> Subscription:
    """Stop what the link in a mail is about; its signature was checked before."""
    with transaction(session):
        subscription = _locked_by_link(session, subscription_id)
        _stop(session, subscription, now)
    return subscription


def resume_by_link(
    session: Session, subscription_id: int, *, now: datetime
) -> Subscription:
    """Take back what was stopped by the link."""
    with transaction(session):
        subscription = _locked_by_link(session, subscription_id)
        _start_again(subscription, now)
    return subscription


def by_link(session: Session, subscription_id: int) -> Subscription:
    """What a link in a mail is about; raises `NotFound` once it was deleted."""
    subscription = session.get(Subscription, subscription_id)
    if subscription is None:
        raise NotFound("subscription")
    return subscription


def _locked_by_link(session: Session, subscription_id: int) -> Subscription:
    subscription = by_link(session, subscription_id)
    lock(session, subscription)
    return subscription


def _stop(session: Session, subscription: Subscription, now: datetime) -> None:
    subscription.stopped_at = subscription.stopped_at or now
    # What was not told yet is told no more, nor at a later start.
    session.execute(
        delete(Finding).where(
            Finding.subscription_id == subscription.id, Finding.told_at.is_(None)
        )
    )


def _start_again(subscription: Subscription, now: datetime) -> None:
    if subscription.stopped_at is not None:
        subscription.stopped_at, subscription.since = None, now


def find_subscription(
    session: Session, actor: User, subscription_id: int
) -> Subscription:
    """One of the person's own; raises `NotFound` for anybody else's."""
    # Larger ids do not fit the column; PostgreSQL would refuse the query itself.
    subscription = (
        session.get(Subscription, subscription_id) if subscription_id < 2**31 else None
    )
    if subscription is None or not policies.may(
        actor, "subscription.change", subscription
    ):
        raise NotFound("subscription")
    return subscription


def _locked(session: Session, actor: User, subscription_id: int) -> Subscription:
    subscription = find_subscription(session, actor, subscription_id)
    lock(session, subscription)
    return subscription


def listed(session: Session, actor: User) -> list[Watched]:
    """The person's subscriptions: those that run, then the stopped, newest first."""
    counts = (
        select(
            Finding.subscription_id,
            func.count().label("found"),
            func.max(Finding.found_at).label("last"),
        )
        .where(Finding.user_id == actor.id, Finding.told_at.is_not(None))
        .group_by(Finding.subscription_id)
        .subquery()
    )
    query = (
        select(Subscription, func.coalesce(counts.c.found, 0), counts.c.last)
        .outerjoin(counts, counts.c.subscription_id == Subscription.id)
        .where(Subscription.user_id == actor.id)
        .options(joinedload(Subscription.achievement))
        .order_by(Subscription.stopped_at.is_not(None), Subscription.id.desc())
    )
    return [Watched(*row) for row in session.execute(query)]


def running(session: Session, actor: User, achievement_id: int) -> Subscription | None:
    """Whether the person is told of needs for this achievement already."""
    return session.scalar(
        select(Subscription).where(
            Subscription.user_id == actor.id,
            Subscription.achievement_id == achievement_id,
            Subscription.stopped_at.is_(None),
        )
    )


def findings(
    session: Session, actor: User, subscription: Subscription, page: int | Part
) -> Findings:
    """What the subscription found and its owner may still see, newest first."""
    seen = union_all(
        *(
            select(Finding.id.label("id"))
            .join(table, table.id == Finding.record_id)
            .where(
                Finding.subscription_id == subscription.id,
                Finding.told_at.is_not(None),
                Finding.record_type == kind,
                policies.where(policies.visible(actor, kind), kind),
            )
            for kind, table in TABLES.items()
        )
    ).subquery()
    total = session.scalar(select(func.count()).select_from(seen)) or 0
    here = turn(page, total, PER_PAGE)
    shown = session.scalars(
        select(Finding)
        .where(Finding.id.in_(select(seen.c.id)))
        .order_by(Finding.id.desc())
        .offset(here.start)
        .limit(here.size)
    ).all()
    items = {
        (kind, item.id): item
        for kind in RecordType
        for item in load(
            session,
            actor,
            kind,
            [one.record_id for one in shown if one.record_type is kind],
        )
    }
    keys = ((one, (one.record_type, one.record_id)) for one in shown)
    rows = [(one, items[key]) for one, key in keys if key in items]
    return Findings(rows, total, here.page, here.pages)
