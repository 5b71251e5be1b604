"""What a person wants to be told of, and what they were told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .accounts import User
from .achievements import Achievement
from .base import Base, Facts, enum_column
from .outbox import RecordType
from .states import Frequency


class Subscription(Base):
    """A saved search, or «who needs this achievement», watched for one person.

    record_type  the kind sought; empty: every kind
    query        the words and filters, as the address of the list names them
    achievement  whose needs are sought; then ``query`` is empty
    fingerprint  tells the same search of the same person from another one
    since        only what was published from then on is news
    stopped_at   empty while it runs
    sent_at      when the last digest went out
    asked        the words encoded, for the encoder named in ``asked_by``
    """

    __tablename__ = "subscriptions"
    __table_args__ = (
        UniqueConstraint("user_id", "fingerprint"),
        CheckConstraint(
            "achievement_id IS NULL OR record_type = 'need'", name="buyers_are_needs"
        ),
        Index("ix_subscriptions_running", "stopped_at", "record_type"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    record_type: Mapped[RecordType | None] = mapped_column(enum_column(RecordType))
    query: Mapped[Facts]
    achievement_id: Mapped[int | None] = mapped_column(
        ForeignKey("achievements.id"), index=True
    )
    fingerprint: Mapped[str] = mapped_column(String(64))
    frequency: Mapped[Frequency] = mapped_column(enum_column(Frequency))
    by_mail: Mapped[bool]
    created_at: Mapped[datetime]
    since: Mapped[datetime]
    stopped_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    asked: Mapped[bytes | None] = mapped_column(LargeBinary)
    asked_by: Mapped[str | None] = mapped_column(String(120))

    user: Mapped[User] = relationship()
    achievement: Mapped[Achievement | None] = relationship()

    @property
    def words(self) -> str:
        """What is sought, in the person's words; empty for filters alone."""
        return str(self.query.get("q", ""))


class Finding(Base):
    """A record that answered a subscription.

    One row a record and subscription, however often the record is edited: that is
    why nobody is told twice. ``told_at`` is empty while it waits for a digest.
    """

    __tablename__ = "subscription_findings"
    __table_args__ = (
        UniqueConstraint("subscription_id", "record_type", "record_id"),
        Index("ix_subscription_findings_told", "user_id", "record_type", "record_id"),
        Index("ix_subscription_findings_record", "record_type", "record_id"),
        Index("ix_subscription_findings_waiting", "told_at", "subscription_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscriptions.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    record_type: Mapped[RecordType] = mapped_column(enum_column(RecordType))
    record_id: Mapped[int]
    found_at: Mapped[datetime]
    told_at: Mapped[datetime | None]

    subscription: Mapped[Subscription] = relationship()
