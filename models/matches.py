"""Match suggestions, their evidence, and what staff decided."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .accounts import User
from .achievements import Achievement
from .base import Base, Facts, Numbers, Prose, enum_column
from .calls import Call
from .needs import Need
from .states import (
    SUGGESTION_MOVES,
    Decision,
    RejectReason,
    SuggestionKind,
    SuggestionStatus,
    move,
)

if TYPE_CHECKING:
    from .proposals import Proposal


class Suggestion(Base):
    """A pair the platform believes in (匹配建议), with its reasons.

    Exactly two of need, achievement and call are set, as ``kind`` says. The
    two hashes are of the texts the pair was judged on: while they hold, a
    rejected pair does not come back. ``probability`` is that of approval, as the
    ``ranker`` told it from the ``features`` (`index.approval`). ``seen_at`` is when
    somebody of the need's organisation first opened the approved pair,
    ``holder_seen_at`` when somebody of the achievement's first looked at its buyers.
    """

    __tablename__ = "suggestions"
    __table_args__ = (
        UniqueConstraint("need_id", "achievement_id"),
        UniqueConstraint("need_id", "call_id"),
        UniqueConstraint("call_id", "achievement_id"),
        CheckConstraint(
            "(kind = 'need_achievement' AND need_id IS NOT NULL"
            " AND achievement_id IS NOT NULL AND call_id IS NULL) OR "
            "(kind = 'need_call' AND need_id IS NOT NULL"
            " AND achievement_id IS NULL AND call_id IS NOT NULL) OR "
            "(kind = 'call_achievement' AND need_id IS NULL"
            " AND achievement_id IS NOT NULL AND call_id IS NOT NULL)",
            name="pair_of_its_kind",
        ),
        CheckConstraint(
            "(status = 'snoozed') = (snoozed_until IS NOT NULL)",
            name="snoozed_until_a_day",
        ),
        Index("ix_suggestions_queue", "status", "probability"),
        Index("ix_suggestions_waiting", "status", "created_at"),
        Index("ix_suggestions_unseen", "seen_at", "status"),
        Index("ix_suggestions_unseen_by_holder", "holder_seen_at", "status"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[SuggestionKind] = mapped_column(enum_column(SuggestionKind))
    need_id: Mapped[int | None] = mapped_column(ForeignKey("needs.id"), index=True)
    achievement_id: Mapped[int | None] = mapped_column(
        ForeignKey("achievements.id"), index=True
    )
    call_id: Mapped[int | None] = mapped_column(ForeignKey("calls.id"), index=True)
    score: Mapped[float]
    probability: Mapped[float] = mapped_column(server_default="0")
    features: Mapped[Numbers] = mapped_column(server_default="{}")
    ranker: Mapped[str] = mapped_column(String(64))
    evidence: Mapped[Facts]
    left_hash: Mapped[str] = mapped_column(String(64))
    right_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[SuggestionStatus] = mapped_column(
        enum_column(SuggestionStatus), default=SuggestionStatus.PENDING
    )
    snoozed_until: Mapped[date | None]
    claimed_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    claimed_until: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    holder_seen_at: Mapped[datetime | None]

    need: Mapped[Need | None] = relationship()
    achievement: Mapped[Achievement | None] = relationship()
    call: Mapped[Call | None] = relationship()
    claimed_by: Mapped[User | None] = relationship()
    reviews: Mapped[list[Review]] = relationship(
        back_populates="suggestion", order_by="Review.id"
    )
    proposals: Mapped[list[Proposal]] = relationship(
        back_populates="suggestion", order_by="Proposal.id"
    )

    __mapper_args__ = {"version_id_col": version}

    def move_to(
        self, status: SuggestionStatus, *, snoozed_until: date | None = None
    ) -> None:
        """Take the next state; raises `IllegalMove` if it may not follow."""
        move(SUGGESTION_MOVES, self.status, status)
        self.status = status
        self.snoozed_until = snoozed_until

    @property
    def left(self) -> Need | Call | None:
        """The side that asks."""
        return self.need or self.call

    @property
    def right(self) -> Achievement | Call | None:
        """The side that could answer."""
        return self.achievement or self.call

    @property
    def by_hand(self) -> bool:
        """Whether a person proposed it, so that no score takes it away."""
        return bool(self.proposals)

    def claimed_by_other(self, user_id: int, now: datetime) -> bool:
        """Whether somebody else works on the pair at this moment."""
        return (
            self.claimed_by_id is not None
            and self.claimed_by_id != user_id
            and self.claimed_until is not None
            and self.claimed_until > now
        )


class Review(Base):
    """One decision of one person about one suggestion; never changed after.

    Score, probability, features and ranker are those the person decided on; of
    decisions older than the probabilities the last but one may be unknown.
    """

    __tablename__ = "reviews"
    __table_args__ = (
        CheckConstraint(
            "(decision = 'reject') = (reason IS NOT NULL)", name="reject_has_reason"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    suggestion_id: Mapped[int] = mapped_column(ForeignKey("suggestions.id"), index=True)
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    decision: Mapped[Decision] = mapped_column(enum_column(Decision))
    reason: Mapped[RejectReason | None] = mapped_column(enum_column(RejectReason))
    words: Mapped[Prose | None]
    from_status: Mapped[SuggestionStatus] = mapped_column(
        enum_column(SuggestionStatus, "from_status")
    )
    to_status: Mapped[SuggestionStatus] = mapped_column(
        enum_column(SuggestionStatus, "to_status")
    )
    snoozed_until: Mapped[date | None]
    score: Mapped[float]
    probability: Mapped[float | None]
    features: Mapped[Numbers | None]
    ranker: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]

    suggestion: Mapped[Suggestion] = relationship(back_populates="reviews")
    reviewer: Mapped[User] = relationship()
