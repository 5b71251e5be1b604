"""Hooks: where the notices of an organisation go besides, and what became of each."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .accounts import Organisation
from .base import Base, Lines, Prose, enum_column
from .states import DeliveryState, WebhookFormat, WebhookStop


class Webhook(Base):
    """An address of an organisation (none: of the platform) that hears of its notices.

    address      sealed: that of a robot is its password
    shown        the address as it may be looked at, its secrets struck out
    secret       sealed; what our messages are signed with, or the robot's own 加签
    old_secrets  those it replaced, the last one first, as long as they sign beside it
    events       the kinds of notice it hears of
    stopped_why  empty while it is on
    failures     messages given up one after the other, since the last that arrived
    """

    __tablename__ = "webhooks"
    __table_args__ = (
        CheckConstraint(
            "format != 'json' OR secret IS NOT NULL", name="json_is_signed"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int | None] = mapped_column(
        ForeignKey("organisations.id"), index=True
    )
    name: Mapped[str] = mapped_column(String(60))
    format: Mapped[WebhookFormat] = mapped_column(enum_column(WebhookFormat))
    address: Mapped[Prose]
    shown: Mapped[str] = mapped_column(String(600))
    host: Mapped[str] = mapped_column(String(260))
    secret: Mapped[Prose | None]
    events: Mapped[Lines]
    stopped_why: Mapped[WebhookStop | None] = mapped_column(enum_column(WebhookStop))
    failures: Mapped[int] = mapped_column(default=0)
    arrived_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    # Of what people change; what the worker notes does not make a form outdated.
    version: Mapped[int] = mapped_column(default=1)

    organisation: Mapped[Organisation | None] = relationship()
    old_secrets: Mapped[list[WebhookOldSecret]] = relationship(
        order_by="WebhookOldSecret.id.desc()", cascade="all, delete-orphan"
    )

    @property
    def is_on(self) -> bool:
        """Whether it hears of what happens."""
        return self.stopped_why is None


class WebhookOldSecret(Base):
    """A secret that was replaced, sealed as it was; it signs ``until`` then."""

    __tablename__ = "webhook_old_secrets"

    id: Mapped[int] = mapped_column(primary_key=True)
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhooks.id"), index=True)
    secret: Mapped[Prose]
    until: Mapped[datetime]


class WebhookDelivery(Base):
    """One message to one hook: written with the notice, sent by the worker.

    ``reference`` is its id for the receiver, the same at every attempt. ``title`` says
    no more than a stranger may read: it lies on servers of others. Until it is sent the
    row is the message.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        Index("ix_webhook_deliveries_due", "state", "retry_at"),
        Index("ix_webhook_deliveries_log", "webhook_id", "id"),
        Index("ix_webhook_deliveries_created_at", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhooks.id"))
    reference: Mapped[str] = mapped_column(String(40), unique=True)
    event: Mapped[str] = mapped_column(String(48))
    title: Mapped[Prose]
    record_type: Mapped[str] = mapped_column(String(32))
    record_id: Mapped[int]
    occurred_at: Mapped[datetime]
    state: Mapped[DeliveryState] = mapped_column(
        enum_column(DeliveryState), default=DeliveryState.WAITING
    )
    attempts: Mapped[int] = mapped_column(default=0)
    status_code: Mapped[int | None]
    answer: Mapped[Prose | None]
    last_error: Mapped[Prose | None]
    created_at: Mapped[datetime]
    retry_at: Mapped[datetime]
    tried_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]

    webhook: Mapped[Webhook] = relationship()

    @property
    def organisation_id(self) -> int | None:
        """Whose it is: of the hook's organisation."""
        return self.webhook.organisation_id


class WebhookHost(Base):
    """A server that hooks may name: a host, «*.» before it for all below, a port.

    ``allows_http`` takes addresses without TLS, ``allows_private`` those of a network
    of one's own.
    """

    __tablename__ = "webhook_hosts"

    id: Mapped[int] = mapped_column(primary_key=True)
    pattern: Mapped[str] = mapped_column(String(260), unique=True)
    allows_http: Mapped[bool] = mapped_column(default=False)
    allows_private: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
