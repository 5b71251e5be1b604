"""What came of a review: winners or none, the reason for each bid, objections."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .accounts import User
from .base import Base, Prose, enum_column
from .bids import Bid
from .calls import Call
from .states import (
    OBJECTION_MOVES,
    RESULT_MOVES,
    ObjectionState,
    ResultState,
    move,
)


class CallResult(Base):
    """The result of a call's review; another one follows an objection upheld.

    ``failed_words`` say why nobody wins (流榜); empty where somebody does. ``basis`` is
    the mark of the scores it was drafted from. The notice period (公示期) is half open:
    objections are in time from ``notice_from`` on and before ``notice_until``.
    """

    __tablename__ = "call_results"
    __table_args__ = (
        UniqueConstraint("call_id", "number"),
        Index("ix_call_results_notice", "state", "notice_until"),
        CheckConstraint("notice_from < notice_until", name="notice_in_order"),
        CheckConstraint(
            "state = 'draft' OR notice_until IS NOT NULL", name="announced_for_a_time"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id"))
    number: Mapped[int]
    state: Mapped[ResultState] = mapped_column(
        enum_column(ResultState), default=ResultState.DRAFT
    )
    failed_words: Mapped[Prose] = mapped_column(default="")
    without_issuer: Mapped[bool] = mapped_column(default=False)
    basis: Mapped[str] = mapped_column(String(64))
    notice_from: Mapped[datetime | None]
    notice_until: Mapped[datetime | None]
    drafted_at: Mapped[datetime]
    drafted_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    call: Mapped[Call] = relationship()
    outcomes: Mapped[list[BidOutcome]] = relationship(
        order_by="BidOutcome.rank, BidOutcome.bid_id",
        cascade="all, delete-orphan",
        back_populates="result",
    )

    __mapper_args__ = {"version_id_col": version}

    @property
    def is_failure(self) -> bool:
        """Whether nobody wins (流榜)."""
        return bool(self.failed_words)

    @property
    def winners(self) -> list[BidOutcome]:
        return [one for one in self.outcomes if one.won]

    def is_noticed_at(self, now: datetime) -> bool:
        """Whether an objection that arrives at this moment is in time."""
        return (
            self.state is ResultState.ANNOUNCED
            and self.notice_from is not None
            and self.notice_until is not None
            and self.notice_from <= now < self.notice_until
        )

    def move_to(self, state: ResultState) -> None:
        """Take the next state; raises `IllegalMove` if it may not follow."""
        move(RESULT_MOVES, self.state, state)
        self.state = state


class BidOutcome(Base):
    """Whether a bid won, and the reason as its bidder reads it.

    ``points`` are hundredths of a point, as ranked when it was drafted.
    """

    __tablename__ = "bid_outcomes"
    __table_args__ = (UniqueConstraint("result_id", "bid_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    result_id: Mapped[int] = mapped_column(ForeignKey("call_results.id"))
    bid_id: Mapped[int] = mapped_column(ForeignKey("bids.id"), index=True)
    won: Mapped[bool]
    rank: Mapped[int]
    points: Mapped[int]
    reason: Mapped[Prose]

    result: Mapped[CallResult] = relationship(back_populates="outcomes")
    bid: Mapped[Bid] = relationship()

    @property
    def told_bidder_id(self) -> int:
        """The organisation that reads its reason."""
        return self.bid.organisation_id


class Objection(Base):
    """Somebody objects to an announced result (异议).

    ``user_id`` is empty for a visitor, who leaves a name and an e-mail to be answered.
    """

    __tablename__ = "objections"
    __table_args__ = (
        CheckConstraint(
            "(state = 'open') = (answer IS NULL)", name="decided_with_words"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    result_id: Mapped[int] = mapped_column(ForeignKey("call_results.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    name: Mapped[str] = mapped_column(String(64))
    email: Mapped[str] = mapped_column(String(254), index=True)
    words: Mapped[Prose]
    at: Mapped[datetime]
    state: Mapped[ObjectionState] = mapped_column(
        enum_column(ObjectionState), default=ObjectionState.OPEN
    )
    answer: Mapped[Prose | None]
    answered_at: Mapped[datetime | None]
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    result: Mapped[CallResult] = relationship()
    answered_by: Mapped[User | None] = relationship(foreign_keys=[answered_by_id])

    def move_to(self, state: ObjectionState) -> None:
        """Take the next state; raises `IllegalMove` if it may not follow."""
        move(OBJECTION_MOVES, self.state, state)
        self.state = state
