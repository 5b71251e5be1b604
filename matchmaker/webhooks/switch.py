"""Switch a hook off, by whoever or whatever does, inside the running transaction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models import User, Webhook, WebhookDelivery
from models.states import DeliveryState, WebhookStop

from ..accounts.service import IN_CHARGE
from ..history import service as history
from ..notices import service as notices


def off(
    session: Session,
    actor: User | None,
    hook: Webhook,
    why: WebhookStop,
    *,
    now: datetime,
) -> None:
    """Nothing is sent any more, nor what waits: it would come as news much later."""
    hook.stopped_why = why
    session.execute(
        update(WebhookDelivery)
        .where(
            WebhookDelivery.webhook_id == hook.id,
            WebhookDelivery.state == DeliveryState.WAITING,
        )
        .values(state=DeliveryState.CANCELLED, done_at=now)
    )
    history.record(session, actor, "webhook.turned_off", hook, now=now)


def off_with_notice(
    session: Session,
    actor: User | None,
    hook: Webhook,
    why: WebhookStop,
    words: str,
    *,
    now: datetime,
) -> None:
    """Off by another than who keeps the hook, who is told why."""
    off(session, actor, hook, why, now=now)
    facts = {"name": hook.name, "why": words, "hook_id": hook.id}
    notices.queue(session, keepers(session, hook), "webhook_stopped", now=now, **facts)


def keepers(session: Session, hook: Webhook) -> list[int]:
    """Who keeps the hook: the managers of its organisation, or the platform's staff."""
    if hook.organisation_id is None:
        return notices.staff(session)
    query = select(User.id).where(
        User.organisation_id == hook.organisation_id, IN_CHARGE
    )
    return list(session.scalars(query))
