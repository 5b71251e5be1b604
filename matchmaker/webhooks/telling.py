"""Write the messages to hooks in the transaction that tells people.

A hook hears of what its organisation's members are told, or the platform's staff, as
far as the record is the organisation's own or anybody's to know. The message lies on
servers of others, so it says what happened and where to read on; of the record only
what a stranger may read.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import false, or_, select
from sqlalchemy.orm import Session

from models import (
    Achievement,
    Award,
    Bid,
    BidOutcome,
    Call,
    Contract,
    Introduction,
    Need,
    Objection,
    PublicationList,
    Registration,
    Suggestion,
    User,
    Webhook,
    WebhookDelivery,
)

from .. import policies
from ..notices.words import WORDS as NOTICES
from .events import TEST, WORDS

# The record a notice is about, by the fact that names it.
ABOUT: dict[str, type[Any]] = {
    "need_id": Need,
    "achievement_id": Achievement,
    "call_id": Call,
    "suggestion_id": Suggestion,
    "introduction_id": Introduction,
    "contract_id": Contract,
    "award_id": Award,
    "bid_id": Bid,
    "outcome_id": BidOutcome,
    "objection_id": Objection,
    "registration_id": Registration,
    "list_id": PublicationList,
}
AT_ONCE = 500


def tell(
    session: Session,
    user_ids: Iterable[int],
    kind: str,
    fact: str,
    facts: Mapping[str, Any],
    *,
    now: datetime,
) -> None:
    """Add a message to each hook that hears of this notice; the worker sends it.

    ``fact`` is the name of the fact that says which record it is about.
    """
    if kind not in WORDS or fact not in ABOUT:
        return
    # Whoever tells may be in the middle of something: nothing is written early.
    with session.no_autoflush:
        hooks = _hearing(session, user_ids, kind)
        item = session.get(ABOUT[fact], int(facts[fact])) if hooks else None
        if item is None:
            return
        for hook in hooks:
            if _concerns(hook, item) and not _told(session, hook, kind, item.id, now):
                title = _outside(item)
                write(
                    session, hook, kind, title, fact.removesuffix("_id"), item.id, now
                )


def write(
    session: Session,
    hook: Webhook,
    event: str,
    title: str,
    record_type: str,
    record_id: int,
    now: datetime,
) -> WebhookDelivery:
    """One message to this hook, inside the running transaction."""
    delivery = WebhookDelivery(
        webhook=hook,
        reference=f"msg_{uuid.uuid4().hex}",
        event=event,
        title=title,
        record_type=record_type,
        record_id=record_id,
        occurred_at=now,
        created_at=now,
        retry_at=now,
    )
    session.add(delivery)
    session.info["wake_webhooks"] = True
    return delivery


def _hearing(session: Session, user_ids: Iterable[int], kind: str) -> list[Webhook]:
    """The hooks that are on and want this kind, of those who are told."""
    homes: set[int] = set()
    platform = False
    ids = sorted(set(user_ids))
    for start in range(0, len(ids), AT_ONCE):
        query = select(User).where(User.id.in_(ids[start : start + AT_ONCE]))
        for user in session.scalars(query):
            # Whoever works for the platform is told as such, whatever its firm.
            if user.is_staff:
                platform = True
            elif user.organisation_id is not None:
                homes.add(user.organisation_id)
    whose = or_(
        Webhook.organisation_id.in_(sorted(homes)),
        Webhook.organisation_id.is_(None) if platform else false(),
    )
    hooks = session.scalars(
        select(Webhook).where(Webhook.stopped_why.is_(None), whose).order_by(Webhook.id)
    )
    return [hook for hook in hooks if kind in hook.events]


def _concerns(hook: Webhook, item: Any) -> bool:
    """Whether the record is the business of the hook's organisation, or anybody's.

    A member may be told for its own part, as the manager of others' talks is; that is
    no matter of its organisation.
    """
    if hook.organisation_id is None or isinstance(item, PublicationList):
        return True  # those are told of a list whose records stand in it
    own = item.need if isinstance(item, Suggestion) else item
    if own is not None and policies.belongs_to(own, hook.organisation_id):
        return True
    return isinstance(item, Call) and policies.is_known_to_all(item)


def _told(
    session: Session, hook: Webhook, kind: str, record_id: int, now: datetime
) -> bool:
    """Whether this very event was written to the hook already, for other readers."""
    for new in session.new:
        if (
            isinstance(new, WebhookDelivery)
            and (new.webhook, new.event, new.record_id) == (hook, kind, record_id)
            and new.created_at == now
        ):
            return True
    query = select(WebhookDelivery.id).where(
        WebhookDelivery.webhook_id == hook.id,
        WebhookDelivery.event == kind,
        WebhookDelivery.record_id == record_id,
        WebhookDelivery.created_at == now,
    )
    return session.scalar(query.limit(1)) is not None


def _outside(item: Any) -> str:
    """What may be said of the record on servers of others; empty for nothing.

    The parties of talks and the name of a contract are nobody's else; a need goes by
    its public text. Nothing is said, not to one's own firm, that is not public already.
    """
    if isinstance(item, Contract):
        return f"合同 {item.code}" if item.code else ""
    if isinstance(item, PublicationList):
        return "" if item.is_draft else item.title
    of_record = _subject(item)
    if of_record is None or not policies.is_known_to_all(of_record):
        return ""
    if isinstance(of_record, Need):
        text = of_record.public_text
        return text.title if text is not None else ""
    title: str = of_record.title
    return title


def page_of(delivery: WebhookDelivery) -> tuple[str, dict[str, Any]]:
    """The page a message leads to: its endpoint and the argument of its address."""
    if delivery.event == TEST:
        return "webhooks.show", {"hook_id": delivery.webhook_id}
    _, endpoint, fact = NOTICES[delivery.event]
    return endpoint, {fact: delivery.record_id}


def title_now(session: Session, delivery: WebhookDelivery) -> str:
    """The title of a message that is about to be sent, if it may still be said.

    A day may lie between what happened and the last attempt, months before it is sent
    again by hand: what was withdrawn or made secret meanwhile is named no more.
    """
    if delivery.event == TEST:
        return delivery.title
    item = session.get(ABOUT[f"{delivery.record_type}_id"], delivery.record_id)
    if item is None or not _concerns(delivery.webhook, item):
        return ""
    return delivery.title if _outside(item) == delivery.title else ""


def _subject(item: Any) -> Need | Achievement | Call | None:
    """The need, achievement or call a notice of this record is about."""
    if isinstance(item, Need | Achievement | Call):
        return item
    if isinstance(item, Suggestion):
        return item.need
    if isinstance(item, Award | Bid):
        return item.call
    if isinstance(item, BidOutcome | Objection):
        return item.result.call
    return None
