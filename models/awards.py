"""What follows a call that was won: task books, milestones, payments, acceptance."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .accounts import Organisation, User
from .base import Base, Facts, Fen, Prose, Title, enum_column
from .bids import Bid
from .calls import Call
from .contracts import Contract
from .states import (
    AMENDMENT_MOVES,
    AWARD_MOVES,
    LIVE_AWARDS,
    MILESTONE_MOVES,
    RUNNERS,
    UNDELIVERED,
    UNJUDGED,
    AmendmentState,
    AwardState,
    GoalVerdict,
    Judgement,
    Liability,
    MilestoneState,
    move,
)

UNSIGNED = "('draft', 'stopped')"
PROPOSED = text("state = 'proposed'")


class Award(Base):
    """One winner of a call: its task book (任务书), and what comes of it.

    Money is whole fen; the payments of the milestones add up to ``amount_fen``.

    pledge         the 军令状, empty where there is none
    drafted_at     when the staff first handed out the task book; before, nobody is
                   asked to confirm what the platform only proposed
    issuer_confirmed_, bidder_confirmed_  who agreed for that side, when, and on what
                   word if the staff did it; an edit empties both
    applied_       how often, when and in what words the winner asked for acceptance
    issuer_agrees  what the issuer says after its own test (``test_words``)
    end_words      why it was accepted, eliminated or stopped; for the two sides
    stop_code      of the dictionary «award_stop»
    """

    __tablename__ = "awards"
    __table_args__ = (
        Index("ix_awards_call", "call_id", "state"),
        CheckConstraint("amount_fen > 0", name="amount_positive"),
        CheckConstraint(
            f"state IN {UNSIGNED} OR (signed_on IS NOT NULL"
            " AND issuer_confirmed_at IS NOT NULL"
            " AND bidder_confirmed_at IS NOT NULL)",
            name="confirmed_by_both",
        ),
        CheckConstraint(
            "(state = 'accepted') = (accepted_on IS NOT NULL)", name="accepted_on_a_day"
        ),
        CheckConstraint(
            "(state = 'stopped') = (stop_code IS NOT NULL)"
            " AND (stop_code IS NULL) = (liability IS NULL)",
            name="stopped_for_a_cause",
        ),
        CheckConstraint(
            "(state IN ('accepted', 'eliminated', 'stopped')) = (ended_at IS NOT NULL)",
            name="ended_at_a_moment",
        ),
        CheckConstraint(
            "(issuer_agrees IS NULL) = (tested_at IS NULL)", name="tested_with_result"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id"))
    bid_id: Mapped[int] = mapped_column(ForeignKey("bids.id"), unique=True)
    state: Mapped[AwardState] = mapped_column(
        enum_column(AwardState), default=AwardState.DRAFT
    )
    state_since: Mapped[datetime]
    amount_fen: Mapped[Fen]
    signed_on: Mapped[date | None]
    pledge: Mapped[Prose] = mapped_column(default="")
    drafted_at: Mapped[datetime | None]
    issuer_confirmed_at: Mapped[datetime | None]
    issuer_confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    issuer_confirmed_words: Mapped[Prose] = mapped_column(default="")
    bidder_confirmed_at: Mapped[datetime | None]
    bidder_confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    bidder_confirmed_words: Mapped[Prose] = mapped_column(default="")
    applied_number: Mapped[int] = mapped_column(default=0)
    applied_at: Mapped[datetime | None]
    applied_words: Mapped[Prose] = mapped_column(default="")
    issuer_agrees: Mapped[bool | None] = mapped_column(Boolean)
    test_words: Mapped[Prose] = mapped_column(default="")
    tested_at: Mapped[datetime | None]
    tested_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    accepted_on: Mapped[date | None]
    ended_at: Mapped[datetime | None]
    end_words: Mapped[Prose] = mapped_column(default="")
    stop_code: Mapped[str | None] = mapped_column(String(32))
    liability: Mapped[Liability | None] = mapped_column(enum_column(Liability))
    contract_id: Mapped[int | None] = mapped_column(
        ForeignKey("contracts.id"), unique=True
    )
    is_demo: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column()
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    call: Mapped[Call] = relationship()
    bid: Mapped[Bid] = relationship()
    contract: Mapped[Contract | None] = relationship()
    goals: Mapped[list[AwardGoal]] = relationship(
        order_by="AwardGoal.position", cascade="all, delete-orphan"
    )
    milestones: Mapped[list[Milestone]] = relationship(
        order_by="Milestone.position",
        cascade="all, delete-orphan",
        back_populates="award",
    )

    amendments: Mapped[list[AwardAmendment]] = relationship(
        order_by="AwardAmendment.number",
        cascade="all, delete-orphan",
        back_populates="award",
    )

    __mapper_args__ = {"version_id_col": version}

    @property
    def open_amendment(self) -> AwardAmendment | None:
        """The change of the task book that waits for the two sides."""
        return next((one for one in self.amendments if one.is_open), None)

    @property
    def issuer_id(self) -> int:
        """The organisation that issued the call."""
        return self.call.issuer_id

    @property
    def bidder_id(self) -> int:
        """The organisation that won and carries it out (承担单位)."""
        return self.bid.organisation_id

    @property
    def bidder(self) -> Organisation:
        return self.bid.organisation

    @property
    def is_live(self) -> bool:
        """Whether something may still come of it."""
        return self.state in LIVE_AWARDS

    @property
    def is_runner(self) -> bool:
        """Whether it is carried out now."""
        return self.state in RUNNERS

    @property
    def paid_fen(self) -> int:
        return sum(one.paid_fen for one in self.milestones)

    @property
    def ends_on(self) -> date | None:
        """By which day all is to be delivered (完成期限)."""
        days = [
            one.due_on
            for one in self.milestones
            if one.state is not MilestoneState.DROPPED
        ]
        return max(days, default=None)

    @property
    def asked(self) -> int:
        """How many milestones it has, but for those both sides agreed to drop."""
        if self.state in (AwardState.ELIMINATED, AwardState.STOPPED):
            return len(self.milestones)
        return sum(one.state is not MilestoneState.DROPPED for one in self.milestones)

    @property
    def claimed_fen(self) -> int:
        """What it takes of the call's money: of what failed only what was paid."""
        ended = self.state in (AwardState.ELIMINATED, AwardState.STOPPED)
        return self.paid_fen if ended else self.amount_fen

    @property
    def may_apply(self) -> bool:
        """Whether every milestone was judged, so that acceptance may be asked for."""
        judged = all(one.state not in UNJUDGED for one in self.milestones)
        return self.state is AwardState.RUNNING and judged

    def move_to(self, state: AwardState, *, now: datetime) -> None:
        """Take the next state; raises `IllegalMove` if it may not follow."""
        move(AWARD_MOVES, self.state, state)
        self.state, self.state_since, self.updated_at = state, now, now


class AwardGoal(Base):
    """A published goal of the call, what was promised, and what came of it.

    ``promised`` is the bid's own answer; ``value`` what is judged by. ``reached`` and
    ``evidence`` are the winner's, of its last application; ``issuer_verdict`` follows
    from the issuer's own test and ``verdict`` is in force: never better than that.
    """

    __tablename__ = "award_goals"
    __table_args__ = (UniqueConstraint("award_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    award_id: Mapped[int] = mapped_column(ForeignKey("awards.id"))
    position: Mapped[int]
    goal: Mapped[Prose]
    promised: Mapped[Prose]
    value: Mapped[Prose]
    reached: Mapped[Prose] = mapped_column(default="")
    evidence: Mapped[Prose] = mapped_column(default="")
    issuer_verdict: Mapped[GoalVerdict | None] = mapped_column(
        enum_column(GoalVerdict, "issuer_goalverdict")
    )
    verdict: Mapped[GoalVerdict | None] = mapped_column(enum_column(GoalVerdict))


class Milestone(Base):
    """What is to be delivered by a day, and paid for once it passed.

    ``due_on`` moves with a rework, ``planned_on`` stays; an amendment sets both. What
    was delivered and said of it is of the last round (``number``); earlier rounds stand
    in the history.
    """

    __tablename__ = "milestones"
    __table_args__ = (
        UniqueConstraint("award_id", "position"),
        Index("ix_milestones_due", "state", "due_on"),
        CheckConstraint("payment_fen >= 0", name="payment_not_negative"),
        CheckConstraint("planned_on <= due_on", name="later_by_rework_alone"),
        CheckConstraint(
            "state IN ('open', 'dropped') OR delivered_at IS NOT NULL",
            name="judged_once_delivered",
        ),
        CheckConstraint(
            "(issuer_judgement IS NULL) = (issuer_at IS NULL)", name="issuer_at_a_time"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    award_id: Mapped[int] = mapped_column(ForeignKey("awards.id"))
    position: Mapped[int]
    title: Mapped[Title]
    deliverable: Mapped[Prose]
    planned_on: Mapped[date]
    due_on: Mapped[date]
    payment_fen: Mapped[Fen]
    state: Mapped[MilestoneState] = mapped_column(
        enum_column(MilestoneState), default=MilestoneState.OPEN
    )
    state_since: Mapped[datetime]
    number: Mapped[int] = mapped_column(default=0)
    delivered_at: Mapped[datetime | None]
    delivered_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    delivered_words: Mapped[Prose] = mapped_column(default="")
    issuer_judgement: Mapped[Judgement | None] = mapped_column(enum_column(Judgement))
    issuer_words: Mapped[Prose] = mapped_column(default="")
    issuer_at: Mapped[datetime | None]
    issuer_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    judged_at: Mapped[datetime | None]
    judged_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    judged_words: Mapped[Prose] = mapped_column(default="")

    award: Mapped[Award] = relationship(back_populates="milestones")
    issuer_by: Mapped[User | None] = relationship(foreign_keys=[issuer_by_id])
    payments: Mapped[list[AwardPayment]] = relationship(
        order_by="AwardPayment.paid_on, AwardPayment.id",
        cascade="all, delete-orphan",
        back_populates="milestone",
    )

    @property
    def issuer_id(self) -> int:
        return self.award.issuer_id

    @property
    def bidder_id(self) -> int:
        return self.award.bidder_id

    @property
    def is_undelivered(self) -> bool:
        return self.state in UNDELIVERED

    @property
    def paid_fen(self) -> int:
        return sum(one.amount_fen for one in self.payments)

    @property
    def unpaid_fen(self) -> int:
        """What is still to be paid, once it passed; before, nothing is due."""
        if self.state is not MilestoneState.PASSED:
            return 0
        return self.payment_fen - self.paid_fen

    def late_days(self, today: date) -> int:
        """How many days it is late by now: not delivered after its day."""
        return max(0, (today - self.due_on).days) if self.is_undelivered else 0

    def move_to(self, state: MilestoneState, *, now: datetime) -> None:
        """Take the next state; raises `IllegalMove` if it may not follow."""
        move(MILESTONE_MOVES, self.state, state)
        self.state, self.state_since = state, now


class AwardPayment(Base):
    """Money that was paid for a milestone that passed (拨付)."""

    __tablename__ = "award_payments"
    __table_args__ = (CheckConstraint("amount_fen > 0", name="amount_positive"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    milestone_id: Mapped[int] = mapped_column(ForeignKey("milestones.id"), index=True)
    amount_fen: Mapped[Fen]
    paid_on: Mapped[date]
    words: Mapped[Prose] = mapped_column(default="")
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime]

    milestone: Mapped[Milestone] = relationship(back_populates="payments")


class AwardAmendment(Base):
    """A change of a task book that is carried out, and what the two sides say to it.

    Both texts are kept whole: ``{"amount_fen", "milestones": [{"id", "title",
    "deliverable", "due_on", "payment_fen"}]}`` of what was not delivered; a milestone
    that is to be new has no ``id``, one that is to be dropped is not in ``after``.

    amended_on     the day of the amendment; without one of its own that on which the
                   second side agrees
    decided_at     when it came into force, or came to nothing for the ``end_words``
    issuer_confirmed_, bidder_confirmed_   as of the task book itself
    """

    __tablename__ = "award_amendments"
    __table_args__ = (
        UniqueConstraint("award_id", "number"),
        Index(
            "uq_award_amendments_open",
            "award_id",
            unique=True,
            sqlite_where=PROPOSED,
            postgresql_where=PROPOSED,
        ),
        CheckConstraint(
            "state != 'in_force' OR (amended_on IS NOT NULL"
            " AND issuer_confirmed_at IS NOT NULL"
            " AND bidder_confirmed_at IS NOT NULL)",
            name="confirmed_by_both",
        ),
        CheckConstraint(
            "(state = 'proposed') = (decided_at IS NULL)", name="decided_at_a_moment"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    award_id: Mapped[int] = mapped_column(ForeignKey("awards.id"))
    number: Mapped[int]
    state: Mapped[AmendmentState] = mapped_column(
        enum_column(AmendmentState), default=AmendmentState.PROPOSED
    )
    amended_on: Mapped[date | None]
    reason: Mapped[Prose]
    before: Mapped[Facts]
    after: Mapped[Facts]
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    end_words: Mapped[Prose] = mapped_column(default="")
    issuer_confirmed_at: Mapped[datetime | None]
    issuer_confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    issuer_confirmed_words: Mapped[Prose] = mapped_column(default="")
    bidder_confirmed_at: Mapped[datetime | None]
    bidder_confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    bidder_confirmed_words: Mapped[Prose] = mapped_column(default="")

    award: Mapped[Award] = relationship(back_populates="amendments")

    @property
    def is_open(self) -> bool:
        """Whether it waits for the two sides."""
        return self.state is AmendmentState.PROPOSED

    def move_to(self, state: AmendmentState, *, now: datetime) -> None:
        """Take the next state; raises `IllegalMove` if it may not follow."""
        move(AMENDMENT_MOVES, self.state, state)
        self.state, self.decided_at = state, now
