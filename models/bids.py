"""Bids for open calls (揭榜书), sealed until two people release them together."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    LargeBinary,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .accounts import Organisation, User
from .base import Base, enum_column
from .calls import Call
from .states import BID_MOVES, BidState, move


class Bid(Base):
    """One organisation's offer for one call.

    What is sealed is ciphertext; its keys are stored wrapped (`matchmaker.bids.vault`).
    ``draft`` is what was saved since the last submission, its key for the bidder
    alone; ``sealed`` the submission in force, its key for the bidder and for the
    release. The release puts the text into ``content`` and ``salt`` and destroys what
    was sealed; a withdrawal destroys it and leaves nothing.

    number       how often it was submitted; ``digest`` that of the last time
    key_id       the fingerprint of the master key, while anything is sealed
    content      the form as `matchmaker.bids.content` has it; only once released
    """

    __tablename__ = "bids"
    __table_args__ = (
        UniqueConstraint("call_id", "organisation_id"),
        CheckConstraint("(draft IS NULL) = (draft_key IS NULL)", name="draft_with_key"),
        CheckConstraint(
            "(state = 'submitted') = (sealed IS NOT NULL)"
            " AND (sealed IS NULL) = (sealed_key IS NULL)"
            " AND (sealed IS NULL) = (release_key IS NULL)",
            name="sealed_while_submitted",
        ),
        CheckConstraint(
            "state IN ('draft', 'submitted') OR draft IS NULL", name="draft_while_open"
        ),
        CheckConstraint(
            "(state = 'released') = (content IS NOT NULL)"
            " AND (content IS NULL) = (salt IS NULL)",
            name="content_once_released",
        ),
        CheckConstraint(
            "(state IN ('submitted', 'released')) = (digest IS NOT NULL)"
            " AND (digest IS NULL) = (submitted_at IS NULL)",
            name="digest_of_submission",
        ),
        CheckConstraint(
            "(key_id IS NULL) = (draft IS NULL AND sealed IS NULL)",
            name="key_named_while_sealed",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id"))
    organisation_id: Mapped[int] = mapped_column(
        ForeignKey("organisations.id"), index=True
    )
    # Who saved or submitted it last.
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    state: Mapped[BidState] = mapped_column(
        enum_column(BidState), default=BidState.DRAFT
    )
    number: Mapped[int] = mapped_column(default=0)
    digest: Mapped[str | None] = mapped_column(String(64))
    submitted_at: Mapped[datetime | None]
    draft: Mapped[bytes | None] = mapped_column(LargeBinary)
    draft_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealed_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    release_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    key_id: Mapped[str | None] = mapped_column(String(16), index=True)
    content: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    salt: Mapped[str | None] = mapped_column(String(64))
    is_demo: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column()
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    call: Mapped[Call] = relationship()
    organisation: Mapped[Organisation] = relationship()
    submissions: Mapped[list[BidSubmission]] = relationship(
        order_by="BidSubmission.number", back_populates="bid"
    )
    files: Mapped[list[BidFile]] = relationship(
        order_by="BidFile.id", back_populates="bid", cascade="all, delete-orphan"
    )

    __mapper_args__ = {"version_id_col": version}

    def move_to(self, state: BidState) -> None:
        """Take the next state; raises `IllegalMove` if it may not follow."""
        move(BID_MOVES, self.state, state)
        self.state = state

    @property
    def told_issuer_id(self) -> int | None:
        """The organisation that issued the call, once it may read the bid."""
        return self.call.issuer_id if self.state is BidState.RELEASED else None


class BidSubmission(Base):
    """The receipt of one submission: stays whatever becomes of the bid."""

    __tablename__ = "bid_submissions"
    __table_args__ = (UniqueConstraint("bid_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    bid_id: Mapped[int] = mapped_column(ForeignKey("bids.id"))
    number: Mapped[int]
    at: Mapped[datetime]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)

    bid: Mapped[Bid] = relationship(back_populates="submissions")
    user: Mapped[User] = relationship()


class BidFile(Base):
    """A file of a bid: encrypted in the store, and its name in ``facts``.

    ref        what the ciphertext is bound to
    facts      sealed JSON: name, kind, size and SHA-256 of the file itself
    bidder_key the data key of file and facts, wrapped for the bidder
    stored     the SHA-256 of the ciphertext, by which the store has it
    in_draft, in_submission   of which of the two it is part; the same while nothing
               was changed since the submission
    data_key   in the open, once the bid is released; the file stays as it is stored
    name, kind, size, sha256  likewise
    """

    __tablename__ = "bid_files"
    __table_args__ = (
        CheckConstraint("in_draft OR in_submission", name="part_of_something"),
        CheckConstraint(
            "(data_key IS NULL) = (name IS NULL) AND (name IS NULL) = (kind IS NULL)"
            " AND (name IS NULL) = (size IS NULL)"
            " AND (name IS NULL) = (sha256 IS NULL)"
            " AND (data_key IS NULL) = (bidder_key IS NOT NULL)"
            " AND (facts IS NULL) = (bidder_key IS NULL)",
            name="open_or_sealed",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    bid_id: Mapped[int] = mapped_column(ForeignKey("bids.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    facts: Mapped[bytes | None] = mapped_column(LargeBinary)
    bidder_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    stored: Mapped[str] = mapped_column(String(64), index=True)
    in_draft: Mapped[bool]
    in_submission: Mapped[bool]
    data_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    name: Mapped[str | None] = mapped_column(String(160))
    kind: Mapped[str | None] = mapped_column(String(8))
    size: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]

    bid: Mapped[Bid] = relationship(back_populates="files")


class BidRelease(Base):
    """The opening of the bids of one call: who approved it, and how it went.

    ``faults``: what did not open or does not agree with its receipt, as
    ``{"bid_id", "organisation", "what"}``.
    """

    __tablename__ = "bid_releases"
    __table_args__ = (
        CheckConstraint("first_by_id <> second_by_id", name="two_people"),
        CheckConstraint(
            "(second_by_id IS NULL) = (second_at IS NULL)", name="second_with_moment"
        ),
        CheckConstraint(
            "released_at IS NULL OR second_by_id IS NOT NULL OR bids = 0",
            name="released_by_two",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id"), unique=True)
    first_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    first_at: Mapped[datetime]
    second_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    second_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    bids: Mapped[int] = mapped_column(default=0)
    faults: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)

    first_by: Mapped[User] = relationship(foreign_keys=[first_by_id])
    second_by: Mapped[User | None] = relationship(foreign_keys=[second_by_id])
