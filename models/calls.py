"""Open calls (揭榜挂帅): a problem published for anyone to take up."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .accounts import Organisation, User
from .base import Base, Code, Facts, Fen, Lines, Prose, Title, enum_column
from .likeness import Known, keep_keys
from .needs import Need
from .states import (
    CALL_MOVES,
    UNOPENED_CALL_STATES,
    CallMode,
    CallPhase,
    CallStatus,
    move,
)

# What a call is judged by until its issuer says otherwise (weights sum to 100).
DEFAULT_CRITERIA: tuple[dict[str, Any], ...] = (
    {"name": "技术方案", "weight": 40, "words": "路线可行，指标逐条有依据"},
    {"name": "团队与基础", "weight": 25, "words": "人员、设备和已有成果"},
    {"name": "进度与经费", "weight": 20, "words": "安排合理，用钱有依据"},
    {"name": "应用前景", "weight": 15, "words": "能在发榜单位落地"},
)


def default_criteria() -> list[dict[str, Any]]:
    """`DEFAULT_CRITERIA` as a fresh list, for one call to change."""
    return [dict(one) for one in DEFAULT_CRITERIA]


class Call(Known, Base):
    """An open call with assessable goals and money behind it (whole fen).

    The window is half open: a bid is in time from ``opens_at`` on and before
    ``closes_at``. ``criteria`` are ``{"name", "weight", "words"}``, the weights whole
    per cent; ``issuer_weight`` is the share of the issuer's view in the ranking, in per
    cent. ``by_staff``: drafted by the platform, whose staff therefore know the draft.
    ``approved_at``: when the 论证 was passed; any later edit before the opening takes
    that back. ``revision`` is the number of the newest `CallVersion`; ``end_code`` and
    ``end_reason`` say why a call failed (流榜) or was stopped (终止).
    ``sheets_due_on`` is the day by which the experts are to have judged the bids.
    ``noted_phase`` is how far the worker has told of the clock; nothing goes by it.
    """

    __tablename__ = "calls"
    __table_args__ = (
        CheckConstraint("funding_fen > 0", name="funding_positive"),
        CheckConstraint("max_awards BETWEEN 1 AND 20", name="awards_range"),
        CheckConstraint("mode = 'race' OR max_awards = 1", name="one_when_single"),
        CheckConstraint("issuer_weight BETWEEN 0 AND 50", name="issuer_weight_range"),
        CheckConstraint("opens_at < closes_at", name="window_in_order"),
        CheckConstraint("questions_until <= closes_at", name="questions_in_window"),
        CheckConstraint(
            "status IN ('draft', 'argued', 'withdrawn') OR"
            " (opens_at IS NOT NULL AND closes_at IS NOT NULL"
            " AND questions_until IS NOT NULL)",
            name="window_when_opened",
        ),
        Index("ix_calls_listing", "status", "published_at"),
        Index("ix_calls_known", "issuer_id", "title_key"),
        Index("uq_calls_number", "issuer_id", "external_number", unique=True),
        Index("ix_calls_window", "status", "closes_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str | None] = mapped_column(String(32), unique=True)
    issuer_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    by_staff: Mapped[bool] = mapped_column(default=False)
    status: Mapped[CallStatus] = mapped_column(
        enum_column(CallStatus), default=CallStatus.DRAFT
    )
    title: Mapped[Title]
    field: Mapped[Code] = mapped_column(index=True)
    background: Mapped[Prose]
    goals: Mapped[Lines]
    conditions: Mapped[Prose] = mapped_column(default="")
    contact: Mapped[str] = mapped_column(String(200), default="")
    funding_fen: Mapped[Fen | None]
    mode: Mapped[CallMode] = mapped_column(
        enum_column(CallMode), default=CallMode.SINGLE
    )
    max_awards: Mapped[int] = mapped_column(default=1)
    criteria: Mapped[list[dict[str, Any]]] = mapped_column(
        JSON, default=default_criteria
    )
    issuer_weight: Mapped[int] = mapped_column(default=20)
    opens_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    questions_until: Mapped[datetime | None]
    sheets_due_on: Mapped[date | None]
    approved_at: Mapped[datetime | None]
    return_codes: Mapped[Lines | None]
    return_reason: Mapped[Prose | None]
    revision: Mapped[int] = mapped_column(default=0)
    noted_phase: Mapped[str | None] = mapped_column(String(16))  # of `CallPhase`
    end_code: Mapped[str | None] = mapped_column(String(32))
    end_reason: Mapped[Prose | None]
    is_demo: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column()
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    published_at: Mapped[datetime | None]

    issuer: Mapped[Organisation] = relationship()
    sources: Mapped[list[CallNeed]] = relationship(
        order_by="CallNeed.position", cascade="all, delete-orphan"
    )

    __mapper_args__ = {"version_id_col": version}

    def phase(self, now: datetime) -> CallPhase:
        """What people see at this moment: the state, and the window by the clock."""
        if self.status is CallStatus.OPEN:
            if self.opens_at is not None and now < self.opens_at:
                return CallPhase.UPCOMING
            if self.is_closed_at(now):
                return CallPhase.CLOSED
        return CallPhase(self.status.value)

    def takes_bids_at(self, now: datetime) -> bool:
        """Whether a bid that arrives at this moment is in time."""
        return self.phase(now) is CallPhase.OPEN

    def takes_questions_at(self, now: datetime) -> bool:
        """Whether a question asked at this moment is still answered."""
        return (
            self.phase(now) in (CallPhase.UPCOMING, CallPhase.OPEN)
            and self.questions_until is not None
            and now < self.questions_until
        )

    def is_closed_at(self, now: datetime) -> bool:
        """Whether the window was opened and is over; the closing instant is out."""
        return (
            self.status not in UNOPENED_CALL_STATES
            and self.closes_at is not None
            and now >= self.closes_at
        )

    def move_to(self, status: CallStatus) -> None:
        """Take the next state; raises `IllegalMove` if it may not follow."""
        move(CALL_MOVES, self.status, status)
        self.status = status


keep_keys(Call, "background")


class CallNeed(Base):
    """A need that a call grew from. Restricted ones are shown to nobody else."""

    __tablename__ = "call_needs"

    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id"), primary_key=True)
    need_id: Mapped[int] = mapped_column(
        ForeignKey("needs.id"), primary_key=True, index=True
    )
    position: Mapped[int]

    need: Mapped[Need] = relationship()


class CallVersion(Base):
    """The public text of a call as it was from a moment on; number 1 is the opening.

    ``text`` holds every field of `matchmaker.calls.versions.FIELDS`; ``reason`` is
    empty for the first.
    """

    __tablename__ = "call_versions"

    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    reason: Mapped[Prose]
    text: Mapped[Facts]


class CallQuestion(Base):
    """A question about a call: private until it is answered, then answered to all.

    Who asked is never public.
    """

    __tablename__ = "call_questions"
    __table_args__ = (
        CheckConstraint(
            "(answer IS NULL) = (answered_at IS NULL)", name="answered_with_words"
        ),
        Index("ix_call_questions_call", "call_id", "answered_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    organisation_id: Mapped[int] = mapped_column(
        ForeignKey("organisations.id"), index=True
    )
    text: Mapped[Prose]
    asked_at: Mapped[datetime]
    answer: Mapped[Prose | None]
    answered_at: Mapped[datetime | None]
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    call: Mapped[Call] = relationship()
    organisation: Mapped[Organisation] = relationship()
    user: Mapped[User] = relationship(foreign_keys=[user_id])


class CallInvitation(Base):
    """An organisation that staff asked to take up a call, mostly for an achievement."""

    __tablename__ = "call_invitations"

    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id"), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(
        ForeignKey("organisations.id"), primary_key=True, index=True
    )
    achievement_id: Mapped[int | None] = mapped_column(
        ForeignKey("achievements.id"), index=True
    )
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime]

    organisation: Mapped[Organisation] = relationship()


class CallOpinion(Base):
    """What an expert said of a draft in the 论证, entered by the staff."""

    __tablename__ = "call_opinions"

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id"), index=True)
    expert: Mapped[str] = mapped_column(String(80))
    words: Mapped[Prose]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime]
