"""Which subscriptions a record that was just published answers.

Asked by the worker only. Whether the reader may see the record is decided first,
by the same conditions as in a list; then whether it meets the filters; then whether
it says what was sought, by the score a search would give it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from index import explain
from index.asked import pack, unpack
from index.facts import Facts
from index.hybrid import HybridIndex, IndexedRecord
from index.ranking import SEARCH_FLOOR
from index.sync import LiveIndex
from index.text import facts
from models import Need, Record, Subscription, User, kind_of, transaction
from models.conditions import Every

from .. import policies
from ..matches.nearby import as_question, fits
from ..search.schema import ListQuery
from ..search.service import chosen
from .service import SEEKING


@dataclass(frozen=True)
class Match:
    """A subscription the record answers, with the sentence that says so."""

    subscription_id: int
    quote: str


def anybody_waits(session: Session, item: Record, *, now: datetime) -> bool:
    """Whether some running subscription might be told of the record."""
    if not policies.is_listed(item, now):
        return False
    return session.scalar(_running(item).limit(1)) is not None


def matches(
    session: Session, index: LiveIndex, item: Record, *, now: datetime
) -> list[Match]:
    """The subscriptions to which the record is news, in the order they were made."""
    if not policies.is_listed(item, now):
        return []
    options = (
        joinedload(Subscription.user),
        joinedload(Subscription.achievement),
    )
    query = _running(item).options(*options).order_by(Subscription.id)
    allowed = _allowed(list(session.scalars(query)), item)
    if not allowed:
        return []
    ids = [one.id for one in allowed]
    _encode(session, index, allowed)
    # Encoding wrote to the tables; what was read before is read anew.
    session.refresh(item)
    allowed = [session.get_one(Subscription, id_) for id_ in ids]
    found = []
    with index.reading(session) as held:
        for one in allowed:
            quote = _answers(session, index, held, one, item)
            if quote is not None:
                found.append(Match(one.id, quote))
    return found


def _running(item: Record) -> Any:
    kind = kind_of(item)
    return (
        select(Subscription)
        .join(User, User.id == Subscription.user_id)
        .where(
            Subscription.stopped_at.is_(None),
            or_(Subscription.record_type.is_(None), Subscription.record_type == kind),
            Subscription.since <= item.published_at,
            User.active.is_(True),
        )
    )


def _allowed(some: Sequence[Subscription], item: Record) -> list[Subscription]:
    """Those whose reader may see the record, did not post it, and filters for it."""
    kind = kind_of(item)
    table = Facts()
    table.put(0, facts(item, kind))
    # Whoever wrote it need not be told.
    own = {
        one.user_id
        for one in some
        if policies.holds(policies.owned(one.user, kind), item)
    }
    found = []
    for one in some:
        query = ListQuery.model_construct(**ListQuery().model_dump() | one.query)
        wanted = Every((policies.visible(one.user, kind), chosen(query, kind)))
        if one.user_id not in own and bool(wanted.mask(table)[0]):
            found.append(one)
    return found


def may_see(user: User, item: Record, *, now: datetime) -> bool:
    """Whether the record is on offer, and to this person."""
    kind = kind_of(item)
    on_offer = Every((policies.listed(kind, now), policies.visible(user, kind)))
    return policies.holds(on_offer, item)


def _encode(session: Session, index: LiveIndex, some: Sequence[Subscription]) -> None:
    """Keep the words of these subscriptions encoded, so that each is read once."""
    name = index.encoder.name
    lacking = {one.id: one.words for one in some if one.words and one.asked_by != name}
    if not lacking:
        return
    session.rollback()  # no transaction stays open while the encoder computes
    asked = {id_: pack(index.question(words)) for id_, words in lacking.items()}
    with transaction(session):
        for one in session.scalars(
            select(Subscription).where(Subscription.id.in_(asked))
        ):
            one.asked, one.asked_by = asked[one.id], name


def _answers(
    session: Session,
    index: LiveIndex,
    held: HybridIndex,
    one: Subscription,
    item: Record,
) -> str | None:
    """The sentence that answers what is sought; None if the record does not."""
    kind, inside = kind_of(item), policies.searches_inside(one.user)
    record = held.get(kind, item.id, inside=inside)
    if record is None:
        return None
    if one.achievement is not None:
        return _needs_it(session, index, held, one, item, record)
    if not one.words or one.asked is None:
        return ""
    question = unpack(one.asked, one.words)
    if held.shelves[kind, inside].compare(question, record).score < SEARCH_FLOOR:
        return None
    passage = explain.answer(record, question)
    return passage.text if passage else ""


def _needs_it(
    session: Session,
    index: LiveIndex,
    held: HybridIndex,
    one: Subscription,
    item: Record,
    need: IndexedRecord,
) -> str | None:
    achievement, user = one.achievement, one.user
    assert achievement is not None
    assert isinstance(item, Need)
    if achievement.status not in SEEKING or not policies.may(
        user, "achievement.find_buyers", achievement
    ):
        return None
    offered = as_question(session, index, user, achievement)
    inside = policies.searches_inside(user)
    if offered is None or not fits(
        session, held, user, item, achievement, need, offered, inside=inside
    ):
        return None
    pairs = explain.pairs(need, offered, held, inside=inside)
    return pairs[0].left.text if pairs else ""
