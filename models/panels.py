"""Who judges the bids of a call, and what they say of each."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .accounts import User
from .base import Base, Prose, enum_column
from .bids import Bid
from .states import LIVE_REVIEWS, REVIEW_MOVES, ReviewState, move

LOWEST, HIGHEST = 0, 100


class PanelMember(Base):
    """An expert on the panel (评审组) of a call; who left stays to be read."""

    __tablename__ = "panel_members"
    __table_args__ = (UniqueConstraint("call_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    added_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    added_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    left_words: Mapped[Prose] = mapped_column(default="")

    user: Mapped[User] = relationship(foreign_keys=[user_id])


class BidReview(Base):
    """One expert's scoring sheet (评分表) of one bid.

    ``scores`` are, in the order of the call's criteria, ``{"score", "words"}``: whole
    points from 0 to 100, None where nothing was entered yet. ``overall`` is the opinion
    on the whole. ``conflict_words`` say what interest made the expert stand aside,
    ``returned_words`` why the staff handed the sheet back.
    """

    __tablename__ = "bid_reviews"
    __table_args__ = (
        UniqueConstraint("bid_id", "user_id"),
        Index("ix_bid_reviews_person", "user_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    bid_id: Mapped[int] = mapped_column(ForeignKey("bids.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    state: Mapped[ReviewState] = mapped_column(
        enum_column(ReviewState), default=ReviewState.ASSIGNED
    )
    scores: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    overall: Mapped[Prose] = mapped_column(default="")
    assigned_at: Mapped[datetime]
    state_since: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    conflict_words: Mapped[Prose] = mapped_column(default="")
    returned_words: Mapped[Prose] = mapped_column(default="")
    version: Mapped[int] = mapped_column()

    bid: Mapped[Bid] = relationship()
    user: Mapped[User] = relationship()

    __mapper_args__ = {"version_id_col": version}

    @property
    def is_live(self) -> bool:
        """Whether it counts, or will once it is submitted."""
        return self.state in LIVE_REVIEWS

    def move_to(self, state: ReviewState, *, now: datetime) -> None:
        """Take the next state; raises `IllegalMove` if it may not follow."""
        move(REVIEW_MOVES, self.state, state)
        self.state, self.state_since = state, now


class IssuerView(Base):
    """What the issuer of the call thinks of a bid, in points and in words."""

    __tablename__ = "issuer_views"
    __table_args__ = (
        CheckConstraint(f"score BETWEEN {LOWEST} AND {HIGHEST}", name="score_range"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    bid_id: Mapped[int] = mapped_column(ForeignKey("bids.id"), unique=True)
    score: Mapped[int]
    words: Mapped[Prose]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime]

    bid: Mapped[Bid] = relationship()
    user: Mapped[User] = relationship()
