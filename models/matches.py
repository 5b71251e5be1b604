"""Match suggestions, their evidence, and what staff decided."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    CheckConstraint,
    Connection,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    event,
    insert,
    inspect,
)
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

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
        Index("ix_suggestions_claimed_until", "claimed_until"),
        Index("ix_suggestions_snoozed_until", "snoozed_until"),
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


# What the review desk is narrowed, counted and put in order by.
FOLLOWED = ("status", "snoozed_until", "probability", "created_at", "decided_at")


class SuggestionChange(Base):
    """«Reread this pair and its decisions»: the feed the desk's columns follow.

    Every pair that is written, changed in what is `FOLLOWED`, decided on or deleted
    leaves a line by itself; a statement that changes or deletes many at once must call
    `note_changes`.
    """

    __tablename__ = "suggestion_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    suggestion_id: Mapped[int]


def note_changes(where: Session | Connection, ids: Collection[int]) -> None:
    """Leave a line for each of these pairs, inside the running transaction."""
    if ids:
        rows = [{"suggestion_id": id_} for id_ in sorted(ids)]
        where.execute(insert(SuggestionChange), rows)


@event.listens_for(Suggestion, "after_insert")
@event.listens_for(Suggestion, "after_delete")
def _note(_mapper: Any, connection: Connection, pair: Suggestion) -> None:
    note_changes(connection, [pair.id])


@event.listens_for(Suggestion, "after_update")
def _note_update(_mapper: Any, connection: Connection, pair: Suggestion) -> None:
    state = inspect(pair)
    if any(state.attrs[name].history.has_changes() for name in FOLLOWED):
        note_changes(connection, [pair.id])


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


@event.listens_for(Review, "after_insert")
def _note_review(_mapper: Any, connection: Connection, review: Review) -> None:
    # A decision may leave the pair as it was: put off to the same day once more.
    note_changes(connection, [review.suggestion_id])
