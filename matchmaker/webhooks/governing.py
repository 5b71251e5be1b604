"""What the administrator sees and decides: everybody's hooks, and the hosts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from models import User, Webhook, WebhookHost, transaction
from models.session import lock
from models.states import WebhookStop

from .. import policies
from ..errors import NotFound
from ..history import service as history
from ..labels import label
from ..paging import Page, Part, turn
from . import switch
from .schema import HostInput

PER_PAGE = 50


@dataclass(frozen=True)
class Overview:
    """One page of everybody's hooks, with the hosts the administrator added."""

    hooks: Page[Webhook]
    hosts: Sequence[WebhookHost]


def overview(session: Session, actor: User, page: int) -> Overview:
    """Whose hooks there are, and the hosts they may name."""
    return Overview(everybodys(session, actor, page), added_hosts(session, actor))


def everybodys(session: Session, actor: User, page: int | Part) -> Page[Webhook]:
    """Whose hooks there are, to which hosts; nothing of what goes there."""
    policies.require(actor, "webhook.govern")
    total = session.scalar(select(func.count(Webhook.id))) or 0
    here = turn(page, total, PER_PAGE)
    query = (
        select(Webhook)
        .options(joinedload(Webhook.organisation))
        .order_by(Webhook.stopped_why.is_not(None), Webhook.id.desc())
    )
    hooks = session.scalars(here.rows(query)).all()
    return Page(hooks, total, here.page, here.pages)


def added_hosts(session: Session, actor: User) -> Sequence[WebhookHost]:
    """The hosts the administrator added to those of the setting."""
    policies.require(actor, "webhook.govern")
    return session.scalars(select(WebhookHost).order_by(WebhookHost.pattern)).all()


def stop(session: Session, actor: User, hook_id: int, *, now: datetime) -> Webhook:
    """Switch anybody's hook off; its owner cannot switch it on again."""
    with transaction(session):
        hook = _held(session, actor, hook_id)
        if hook.stopped_why is not WebhookStop.ADMIN:
            why = WebhookStop.ADMIN
            switch.off_with_notice(session, actor, hook, why, label(why), now=now)
    return hook


def release(session: Session, actor: User, hook_id: int, *, now: datetime) -> Webhook:
    """Let the owner of a hook that was stopped here switch it on again."""
    with transaction(session):
        hook = _held(session, actor, hook_id)
        if hook.stopped_why is WebhookStop.ADMIN:
            hook.stopped_why = WebhookStop.OWNER
            history.record(session, actor, "webhook.released", hook, now=now)
    return hook


def _held(session: Session, actor: User, hook_id: int) -> Webhook:
    policies.require(actor, "webhook.govern")
    hook = session.get(Webhook, hook_id) if hook_id < 2**31 else None
    if hook is None:
        raise NotFound("webhook")
    lock(session, hook)
    return hook


def allow_host(
    session: Session, actor: User, data: HostInput, *, now: datetime
) -> WebhookHost:
    """Put a host on the list; one that is there takes what is ticked now."""
    with transaction(session):
        policies.require(actor, "webhook.govern")
        lock(session, actor)
        line = session.scalar(
            select(WebhookHost).where(WebhookHost.pattern == data.pattern)
        )
        values = {
            "allows_http": data.allows_http,
            "allows_private": data.allows_private,
        }
        if line is None:
            line = WebhookHost(pattern=data.pattern, created_at=now, **values)
            entered = {"pattern": data.pattern} | values
            changes = {name: [None, value] for name, value in entered.items()}
            session.add(line)
            session.flush()
        else:
            changes = history.difference(line, values)
            line.allows_http, line.allows_private = values.values()
        if changes:
            action = "webhook_host.allowed"
            history.record(session, actor, action, line, now=now, changes=changes)
    return line


def remove_host(session: Session, actor: User, host_id: int, *, now: datetime) -> str:
    """Take a host off the list: from the next message on nothing goes there."""
    with transaction(session):
        policies.require(actor, "webhook.govern")
        line = session.get(WebhookHost, host_id) if host_id < 2**31 else None
        if line is None:
            raise NotFound("webhook_host")
        pattern = line.pattern
        changes = {"pattern": [pattern, None]}
        history.record(
            session, actor, "webhook_host.removed", line, now=now, changes=changes
        )
        session.delete(line)
    return pattern
