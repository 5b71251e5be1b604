"""Hooks, for those who keep them: make, change, test, switch, look at the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, delete, func, select
from sqlalchemy.orm import Session

from models import (
    Organisation,
    User,
    Webhook,
    WebhookDelivery,
    WebhookHost,
    WebhookOldSecret,
    transaction,
)
from models.session import lock
from models.states import DeliveryState, WebhookFormat, WebhookStop

from .. import policies
from ..config import Settings
from ..errors import Conflict, Invalid, NotFound
from ..history import service as history
from ..paging import Page, turn
from . import events, hosts, keeping, switch, telling
from .schema import HookEdit, HookInput

MOST = 10
PER_PAGE = 20
# How long a secret that was replaced still signs, beside the new one.
OVERLAP = timedelta(hours=24)
# So many of them sign at once: each lengthens the headers of every message.
MOST_REPLACED = 5
MOST_TESTS, TESTS_PERIOD = 5, timedelta(minutes=1)
# What the address of each robot must hold: its password there.
TOKENS = {WebhookFormat.WECOM: "key", WebhookFormat.DINGTALK: "access_token"}


@dataclass(frozen=True)
class Made:
    """A hook with its secret in plain, which is shown this once; empty for a robot."""

    hook: Webhook
    secret: str = ""


def listed(session: Session, actor: User) -> Sequence[Webhook]:
    """The hooks the actor keeps: of its organisation, or of the platform."""
    policies.require(actor, "webhook.keep")
    query = select(Webhook).where(_kept_by(actor)).order_by(Webhook.id)
    return session.scalars(query).all()


def _kept_by(actor: User) -> ColumnElement[bool]:
    if actor.is_staff:
        return Webhook.organisation_id.is_(None)
    return Webhook.organisation_id == actor.organisation_id


def find(session: Session, actor: User, hook_id: int) -> Webhook:
    """One the actor keeps; raises `NotFound` for any other."""
    policies.require(actor, "webhook.keep")
    hook = session.get(Webhook, hook_id) if hook_id < 2**31 else None
    if hook is None or not policies.may(actor, "webhook.keep", hook):
        raise NotFound("webhook")
    return hook


def _held(session: Session, actor: User, hook_id: int) -> Webhook:
    hook = find(session, actor, hook_id)
    lock(session, hook)
    return hook


def create(
    session: Session,
    actor: User,
    settings: Settings,
    data: HookInput,
    *,
    now: datetime,
) -> Made:
    """A new hook, on at once; the same form sent twice makes one."""
    with transaction(session):
        policies.require(actor, "webhook.keep")
        _hold_home(session, actor)
        action = "webhook.created"
        made = history.made_before(session, actor, action, data.form_key, now=now)
        known = session.get(Webhook, made) if made and data.form_key else None
        if known is not None:
            return Made(known)
        count = select(func.count(Webhook.id)).where(_kept_by(actor))
        if (session.scalar(count) or 0) >= MOST:
            raise Conflict("webhook.too_many", most=MOST)
        aim = _aim(session, settings, data.format, data.address)
        _check_events(actor, data.events)
        secret = _first_secret(data)
        hook = Webhook(
            organisation_id=None if actor.is_staff else actor.organisation_id,
            name=data.name,
            format=data.format,
            secret=keeping.sealed(secret, settings.key()) if secret else None,
            events=sorted(set(data.events)),
            created_at=now,
        )
        _point(hook, aim, data.address, settings)
        session.add(hook)
        session.flush()
        changes = {"form": data.form_key, "name": [None, hook.name]}
        history.record(session, actor, action, hook, now=now, changes=changes)
    return Made(hook, secret if data.format is WebhookFormat.JSON else "")


def _hold_home(session: Session, actor: User) -> None:
    """Two at once would each find room for one more."""
    lock(session, actor)
    if not actor.is_staff:
        lock(session, session.get_one(Organisation, actor.organisation_id))


def _first_secret(data: HookInput) -> str:
    """Ours for JSON; the robot's own for 钉钉, if it signs; 企业微信 has none."""
    if data.format is WebhookFormat.JSON:
        return keeping.new_secret()
    return data.signing if data.format is WebhookFormat.DINGTALK else ""


def _aim(
    session: Session, settings: Settings, form: WebhookFormat, address: str
) -> hosts.Target:
    """Where the hook is to point, if it may; raises `Invalid`.

    The name is not looked up here: whoever fills in the form would learn from the
    answer what there is inside.
    """
    aim = hosts.target(address)
    token = TOKENS.get(form)
    if token is not None and not aim.value(token):
        words = f"机器人的网址里应有 {token}=…，请从群设置里完整复制"
        raise Invalid({"address": words})
    rows = session.scalars(select(WebhookHost)).all()
    try:
        hosts.rule_for(aim, hosts.rules(settings.webhook_hosts, rows))
    except hosts.Refused as error:
        raise Invalid({"address": str(error)}) from error
    return aim


def _check_events(actor: User, chosen: Sequence[str]) -> None:
    if not events.may_hear(chosen, platform=actor.is_staff):
        raise Invalid({"events": "请从所列选项中选择"})


def _point(hook: Webhook, aim: hosts.Target, address: str, settings: Settings) -> None:
    hook.address = keeping.sealed(address, settings.key())
    hook.shown, hook.host = aim.shown, aim.authority


def edit(
    session: Session,
    actor: User,
    settings: Settings,
    hook_id: int,
    data: HookEdit,
    *,
    now: datetime,
) -> Webhook:
    """Change a hook; raises `Conflict` «stale» for an older version."""
    with transaction(session):
        hook = _held(session, actor, hook_id)
        if hook.version != data.version:
            raise Conflict("stale")
        _check_events(actor, data.events)
        chosen, hook.version = sorted(set(data.events)), hook.version + 1
        changes = history.difference(hook, {"name": data.name})
        if chosen != hook.events:
            changes["events"] = [_in_words(hook.events), _in_words(chosen)]
        hook.name, hook.events = data.name, chosen
        # Neither the address nor a secret stands in the history: only that it changed.
        if data.address:
            aim = _aim(session, settings, hook.format, data.address)
            changes["host"] = [hook.host, aim.authority]
            _point(hook, aim, data.address, settings)
        if data.signing and hook.format is WebhookFormat.DINGTALK:
            hook.secret = keeping.sealed(data.signing, settings.key())
            changes["signing"] = [None, "已更换"]
        if changes:
            history.record(
                session, actor, "webhook.edited", hook, now=now, changes=changes
            )
    return hook


def _in_words(kinds: Sequence[str]) -> str:
    return "、".join(events.WORDS.get(kind, kind) for kind in kinds)


def rotate(
    session: Session, actor: User, settings: Settings, hook_id: int, *, now: datetime
) -> Made:
    """A new secret; each one before signs beside it for a day from its replacement.

    So whoever asks twice, having lost the answer to the first, loses no message: the
    receiver may hold any of them.
    """
    with transaction(session):
        hook = _held(session, actor, hook_id)
        if hook.format is not WebhookFormat.JSON:
            raise Conflict("webhook.no_secret")
        if sum(old.until > now for old in hook.old_secrets) >= MOST_REPLACED:
            raise Conflict("webhook.too_many_secrets", most=MOST_REPLACED)
        secret = keeping.new_secret()
        replaced = WebhookOldSecret(secret=hook.secret, until=now + OVERLAP)
        hook.old_secrets.insert(0, replaced)
        hook.secret = keeping.sealed(secret, settings.key())
        history.record(session, actor, "webhook.secret_rotated", hook, now=now)
    return Made(hook, secret)


def turn_on(session: Session, actor: User, hook_id: int, *, now: datetime) -> Webhook:
    """Hear again, of what happens from now on."""
    with transaction(session):
        hook = _held(session, actor, hook_id)
        _refuse_stopped(hook)
        if not hook.is_on:
            hook.stopped_why, hook.failures = None, 0
            history.record(session, actor, "webhook.turned_on", hook, now=now)
    return hook


def _refuse_stopped(hook: Webhook) -> None:
    if hook.stopped_why is WebhookStop.ADMIN:
        raise Conflict("webhook.stopped_by_admin")


def turn_off(session: Session, actor: User, hook_id: int, *, now: datetime) -> Webhook:
    """Hear nothing any more, until switched on again."""
    with transaction(session):
        hook = _held(session, actor, hook_id)
        if hook.is_on:
            switch.off(session, actor, hook, WebhookStop.OWNER, now=now)
    return hook


def remove(session: Session, actor: User, hook_id: int, *, now: datetime) -> None:
    """Forget the hook with its log."""
    with transaction(session):
        hook = _held(session, actor, hook_id)
        changes = {"name": [hook.name, None]}
        history.record(
            session, actor, "webhook.deleted", hook, now=now, changes=changes
        )
        log = WebhookDelivery.webhook_id == hook.id
        session.execute(delete(WebhookDelivery).where(log))
        session.delete(hook)


def test(
    session: Session, actor: User, hook_id: int, *, now: datetime
) -> WebhookDelivery:
    """Have the worker send a test message, tried once; the hook may be off."""
    with transaction(session):
        hook = _held(session, actor, hook_id)
        _refuse_stopped(hook)
        recent = select(func.count(WebhookDelivery.id)).where(
            WebhookDelivery.webhook_id == hook.id,
            WebhookDelivery.event == events.TEST,
            WebhookDelivery.created_at > now - TESTS_PERIOD,
        )
        if (session.scalar(recent) or 0) >= MOST_TESTS:
            raise Conflict("webhook.too_many_tests")
        history.record(session, actor, "webhook.tested", hook, now=now)
        return telling.write(
            session, hook, events.TEST, hook.name, "webhook", hook.id, now
        )


def resend(
    session: Session, actor: User, delivery_id: int, *, now: datetime
) -> WebhookDelivery:
    """Send a message once more from the start, under its old id."""
    with transaction(session):
        policies.require(actor, "webhook.keep")
        found = (
            session.get(WebhookDelivery, delivery_id) if delivery_id < 2**31 else None
        )
        if found is None or not policies.may(actor, "webhook.keep", found):
            raise NotFound("message")
        lock(session, found.webhook)
        if found.event == events.TEST:
            raise Conflict("webhook.test_again")
        if not found.webhook.is_on:
            raise Conflict("webhook.off")
        if found.state is DeliveryState.WAITING:
            # Waiting for its next attempt: that comes now.
            found.retry_at = now
        else:
            found.state, found.attempts = DeliveryState.WAITING, 0
            found.retry_at, found.done_at = now, None
        session.info["wake_webhooks"] = True
        changes = {"message": [None, found.reference]}
        history.record(
            session, actor, "webhook.resent", found.webhook, now=now, changes=changes
        )
    return found


def log(
    session: Session, actor: User, hook: Webhook, page: int
) -> Page[WebhookDelivery]:
    """What became of the hook's messages, newest first."""
    query = messages(actor, hook)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    here = turn(page, total, PER_PAGE)
    rows = session.scalars(here.rows(query.order_by(WebhookDelivery.id.desc()))).all()
    return Page(rows, total, here.page, here.pages)


def messages(actor: User, hook: Webhook) -> Select[WebhookDelivery]:
    """The hook's messages, for who keeps it."""
    policies.require(actor, "webhook.keep", hook)
    return select(WebhookDelivery).where(WebhookDelivery.webhook_id == hook.id)
