"""Send the messages that wait, and note what became of each: the worker's part.

The row is the message until it is sent. A worker killed after the receiver took it and
before that was noted sends it again, under the same id: receivers drop doubles by it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from models import (
    Webhook,
    WebhookDelivery,
    WebhookHost,
    WebhookOldSecret,
    transaction,
)
from models.states import DeliveryState, WebhookFormat, WebhookStop

from ..config import Settings
from . import formats, hosts, keeping, switch, telling, wire
from .events import TEST, WORDS

log = structlog.get_logger()

AT_ONCE = 10
# A message taken in hand and not noted was lost with its worker: the next may send it
# after this. Longer than a whole handful of receivers that answer at the last moment.
IN_HAND = timedelta(minutes=10)
# After each failed attempt but the last: ten of them in a little less than a day.
WAITS = tuple(
    timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 30, 60, 180, 420, 720)
)
# A hook that has kept us so long lets the others go first for a while, and so does one
# whose receiver is silent.
SHARE, REST = timedelta(seconds=20), timedelta(minutes=1)
# Spread, so that what failed together does not come back together.
SPREAD = 0.2
# So many messages given up one after the other switch the hook off.
MOST_FAILURES = 5
# A robot takes twenty messages a minute and is shut for ten after the next.
ROBOT_RATE, ROBOT_PERIOD = 18, timedelta(minutes=1)
GONE = 410
LOST = "平台的密钥已更换，原来的设置打不开：请在「修改」里重新填写网址，并更换签名密钥"

Clock = Callable[[], datetime]
# The path of a page, by its endpoint and the arguments of its address.
PathOf = Callable[[str, Mapping[str, Any]], str]
Post = Callable[..., wire.Answer]


@dataclass(frozen=True)
class Parcel:
    """All that sending needs, read beforehand: no transaction waits for a receiver."""

    delivery_id: int
    hook_id: int
    form: WebhookFormat
    address: str
    secrets: tuple[str, ...]
    message: formats.Message


@dataclass(frozen=True)
class Outcome:
    """What an attempt came to; ``error`` is empty if the message arrived.

    ``for_good``: trying again changes nothing. ``silent``: nobody answered, nor would
    anybody a moment later.
    """

    error: str = ""
    status: int | None = None
    answer: str = ""
    for_good: bool = False
    silent: bool = False


class Turns:
    """Whose turn it is not: one receiver that is slow or silent holds up no other.

    It outlives a round of the courier, as another begins with every new message.
    """

    def __init__(self) -> None:
        self._kept_us: dict[int, timedelta] = {}
        self._rests: dict[int, datetime] = {}

    def rests_until(self, hook_id: int, now: datetime) -> datetime | None:
        """Until when the hook's messages wait; None if they need not."""
        until = self._rests.get(hook_id)
        return until if until is not None and until > now else None

    def had(
        self, hook_id: int, took: timedelta, *, silent: bool, now: datetime
    ) -> None:
        """Note that an attempt for this hook took so long."""
        kept_us = self._kept_us.pop(hook_id, timedelta()) + took
        if silent or kept_us > SHARE:
            self._rests[hook_id] = now + REST
        else:
            self._kept_us[hook_id] = kept_us


class Courier:
    """Carries what is due, once through, each hook in its turn."""

    def __init__(
        self,
        session: Session,
        settings: Settings,
        *,
        clock: Clock,
        path_of: PathOf,
        turns: Turns,
        post: Post = wire.post,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.session, self.settings, self.clock = session, settings, clock
        self.path_of, self.turns = path_of, turns
        self.post, self.chance = post, chance

    def work_off(self) -> int:
        """Send all that is due; returns how many messages arrived."""
        arrived = 0
        while ids := self._taken_in_hand():
            arrived += sum(self._carry(delivery_id) for delivery_id in ids)
        return arrived

    def _taken_in_hand(self) -> list[int]:
        """The messages to send now, kept from other workers for a while."""
        now = self.clock()
        waiting = (
            WebhookDelivery.state == DeliveryState.WAITING,
            WebhookDelivery.retry_at <= now,
        )
        order = WebhookDelivery.retry_at, WebhookDelivery.id
        due = select(WebhookDelivery).where(*waiting).order_by(*order)
        self.session.rollback()
        if self.session.scalar(due.limit(1)) is None:
            self.session.rollback()
            return []
        with transaction(self.session):
            taken = self.session.scalars(
                due.limit(AT_ONCE).with_for_update(skip_locked=True)
            ).all()
            for delivery in taken:
                delivery.retry_at = now + IN_HAND
            return [delivery.id for delivery in taken]

    def _carry(self, delivery_id: int) -> bool:
        try:
            parcel = self._packed(delivery_id)
            outcome = self._sent(parcel) if isinstance(parcel, Parcel) else parcel
        except Exception as error:
            # Our own fault, and no reason to hold up the others.
            log.error("webhook.broken", delivery=delivery_id, exc_info=error)
            outcome = Outcome("平台内部出错，稍后自动重试")
        if outcome is None:
            return False
        with transaction(self.session):
            # The hook first, as who removes it or switches it off does.
            hook = self.session.scalar(
                select(Webhook)
                .join(WebhookDelivery, WebhookDelivery.webhook_id == Webhook.id)
                .where(WebhookDelivery.id == delivery_id)
                .with_for_update(key_share=True, of=Webhook)
            )
            delivery = self.session.get(WebhookDelivery, delivery_id)
            if hook is None or delivery is None:
                return False  # removed meanwhile
            if delivery.state is not DeliveryState.WAITING:
                return False
            self._note(hook, delivery, outcome)
        return not outcome.error

    def _packed(self, delivery_id: int) -> Parcel | Outcome | None:
        """The message ready to go; None if it does not go now."""
        self.session.rollback()
        delivery = self.session.get(WebhookDelivery, delivery_id)
        if delivery is None or delivery.state is not DeliveryState.WAITING:
            return None
        hook = delivery.webhook
        if not hook.is_on and delivery.event != TEST:
            self._cancel(delivery_id)  # written while the hook was being switched off
            return None
        try:
            until = self.turns.rests_until(hook.id, self.clock())
            if until is None and self._is_busy(hook):
                until = self.clock() + ROBOT_PERIOD
            if until is not None:
                self._put_off(delivery, until)
                return None
            return Parcel(
                delivery.id,
                hook.id,
                hook.format,
                keeping.opened(hook.address, self.settings.key()),
                self._secrets(hook),
                self._message(delivery),
            )
        except keeping.Lost:
            return Outcome(LOST, for_good=True)
        finally:
            self.session.rollback()

    def _secrets(self, hook: Webhook) -> tuple[str, ...]:
        """What to sign with; for a while after a change also the secrets before."""
        key = self.settings.key()
        if hook.secret is None:
            return ()
        found = [keeping.opened(hook.secret, key)]
        for old in hook.old_secrets:
            # Sealed before the site's key was changed, it signs nothing any more.
            with suppress(keeping.Lost):
                if old.until > self.clock():
                    found.append(keeping.opened(old.secret, key))
        return tuple(found)

    def _message(self, delivery: WebhookDelivery) -> formats.Message:
        return formats.Message(
            reference=delivery.reference,
            event=delivery.event,
            words=WORDS[delivery.event],
            title=telling.title_now(self.session, delivery),
            record_type=delivery.record_type,
            record_id=delivery.record_id,
            occurred_at=delivery.occurred_at,
            link=self.settings.base_url + self.path_of(*telling.page_of(delivery)),
        )

    def _is_busy(self, hook: Webhook) -> bool:
        """Whether the robot has had as many messages as it takes for now."""
        if hook.format is WebhookFormat.JSON:
            return False
        query = select(func.count(WebhookDelivery.id)).where(
            WebhookDelivery.webhook_id == hook.id,
            WebhookDelivery.tried_at > self.clock() - ROBOT_PERIOD,
        )
        return (self.session.scalar(query) or 0) >= ROBOT_RATE

    def _cancel(self, delivery_id: int) -> None:
        with transaction(self.session):
            delivery = self.session.get_one(WebhookDelivery, delivery_id)
            delivery.state, delivery.done_at = DeliveryState.CANCELLED, self.clock()

    def _put_off(self, delivery: WebhookDelivery, until: datetime) -> None:
        """Later, with all else of its hook, and not counted: nothing was tried."""
        due = WebhookDelivery.retry_at <= self.clock()
        put_off = (
            update(WebhookDelivery)
            .where(
                WebhookDelivery.webhook_id == delivery.webhook_id,
                WebhookDelivery.state == DeliveryState.WAITING,
                or_(due, WebhookDelivery.id == delivery.id),
            )
            .values(retry_at=until)
        )
        with transaction(self.session):
            self.session.execute(put_off)

    def _sent(self, parcel: Parcel) -> Outcome:
        """Post it; says what came of it, whatever came."""
        began = self.clock()
        outcome = self._answered(parcel)
        now = self.clock()
        self.turns.had(parcel.hook_id, now - began, silent=outcome.silent, now=now)
        return outcome

    def _answered(self, parcel: Parcel) -> Outcome:
        try:
            aim = hosts.target(parcel.address)
            rule = hosts.rule_for(aim, self._rules())
            addresses = hosts.addresses(aim, rule)
            request = formats.request(
                parcel.form, aim, parcel.secrets, parcel.message, now=self.clock()
            )
            answer = self.post(request.aim, addresses, request.headers, request.body)
        except hosts.Refused as error:
            return Outcome(str(error), for_good=True)
        except hosts.Unresolved as error:
            return Outcome(str(error), silent=True)
        except wire.Unreachable as error:
            return Outcome(str(error), silent=True)
        return Outcome(
            formats.failure(parcel.form, answer),
            answer.status,
            formats.shown(answer.body),
            for_good=answer.status == GONE,
        )

    def _rules(self) -> list[hosts.Rule]:
        found = self.session.scalars(select(WebhookHost)).all()
        lines = hosts.rules(self.settings.webhook_hosts, found)
        self.session.rollback()
        return lines

    def _note(self, hook: Webhook, delivery: WebhookDelivery, outcome: Outcome) -> None:
        now = self.clock()
        delivery.attempts += 1
        delivery.tried_at, delivery.status_code = now, outcome.status
        delivery.answer, delivery.last_error = outcome.answer, outcome.error or None
        if not outcome.error:
            delivery.state, delivery.done_at = DeliveryState.SENT, now
            hook.failures, hook.arrived_at = 0, now
            return
        # What was sent and what was answered stay out of the log: they are others'.
        log.warning("webhook.failed", delivery=delivery.id, status=outcome.status)
        last = outcome.for_good or delivery.attempts > len(WAITS)
        if not last and delivery.event != TEST:
            delivery.retry_at = self._after(WAITS[delivery.attempts - 1])
            return
        delivery.state, delivery.done_at = DeliveryState.FAILED, now
        if delivery.event != TEST:
            self._count(hook, delivery, outcome, now)

    def _count(
        self, hook: Webhook, delivery: WebhookDelivery, outcome: Outcome, now: datetime
    ) -> None:
        """One more given up; too many, or a receiver that is gone, end it."""
        hook.failures += 1
        why = WebhookStop.FAILURES
        if outcome.status == GONE:
            why = WebhookStop.GONE
        elif hook.failures < MOST_FAILURES:
            return
        if hook.is_on:
            switch.off_with_notice(
                self.session, None, hook, why, outcome.error, now=now
            )

    def _after(self, wait: timedelta) -> datetime:
        spread = 1 - SPREAD + 2 * SPREAD * self.chance()
        return self.clock() + wait * spread


def tidy(session: Session, *, days: int, now: datetime) -> int:
    """Let go of messages that are over and kept too long, and of secrets past use."""
    with transaction(session):
        over = (
            WebhookDelivery.state != DeliveryState.WAITING,
            WebhookDelivery.created_at < now - timedelta(days=days),
        )
        gone = session.execute(delete(WebhookDelivery).where(*over))
        past = WebhookOldSecret.until <= now
        session.execute(delete(WebhookOldSecret).where(past))
    return int(getattr(gone, "rowcount", 0))
