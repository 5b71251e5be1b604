"""Introductions (对接): two sides brought together, until they sign or part."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .accounts import Organisation, User
from .achievements import Achievement
from .base import Base, Prose, enum_column
from .calls import Call
from .matches import Suggestion
from .needs import Need
from .states import (
    INTRODUCTION_MOVES,
    OPEN_INTRODUCTIONS,
    Interest,
    IntroductionOrigin,
    IntroductionStatus,
    Side,
    TalkEventKind,
    TalkRoute,
    move,
)

STILL_OPEN = text("status IN ('waiting', 'talking', 'drafting')")


def subject_of(
    need_id: int | None, achievement_id: int | None, call_id: int | None
) -> str:
    """What an introduction is about, as one word; no two open ones share it."""
    return f"{need_id or '-'}/{achievement_id or '-'}/{call_id or '-'}"


class Introduction(Base):
    """The seeker's organisation and the provider's talk about a technology.

    At least one of need, achievement and call is named. ``status_since`` is when the
    present state began: its clock. ``manager`` is the technology manager that brings
    the two together, where one was assigned. ``route`` is how they are brought
    together, ``route_words`` why. ``provider_knows`` is false while the talks are about
    a restricted need whose owner has not agreed to them: the provider learns nothing.
    """

    __tablename__ = "introductions"
    __table_args__ = (
        CheckConstraint("seeker_id <> provider_id", name="two_sides"),
        CheckConstraint(
            "need_id IS NOT NULL OR achievement_id IS NOT NULL OR call_id IS NOT NULL",
            name="about_something",
        ),
        CheckConstraint(
            "(status = 'failed') = (failed_code IS NOT NULL)",
            name="failed_for_a_reason",
        ),
        CheckConstraint(
            "(origin = 'suggestion') = (suggestion_id IS NOT NULL)",
            name="suggestion_of_its_origin",
        ),
        Index(
            "uq_introductions_open",
            "seeker_id",
            "provider_id",
            "subject",
            unique=True,
            sqlite_where=STILL_OPEN,
            postgresql_where=STILL_OPEN,
        ),
        Index("ix_introductions_clock", "status", "status_since"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    origin: Mapped[IntroductionOrigin] = mapped_column(enum_column(IntroductionOrigin))
    suggestion_id: Mapped[int | None] = mapped_column(
        ForeignKey("suggestions.id"), index=True
    )
    need_id: Mapped[int | None] = mapped_column(ForeignKey("needs.id"), index=True)
    achievement_id: Mapped[int | None] = mapped_column(
        ForeignKey("achievements.id"), index=True
    )
    call_id: Mapped[int | None] = mapped_column(ForeignKey("calls.id"), index=True)
    subject: Mapped[str] = mapped_column(String(48))
    seeker_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    provider_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    status: Mapped[IntroductionStatus] = mapped_column(
        enum_column(IntroductionStatus), default=IntroductionStatus.WAITING
    )
    status_since: Mapped[datetime]
    provider_knows: Mapped[bool] = mapped_column(default=True)
    requested_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    message: Mapped[Prose] = mapped_column(default="")
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    route: Mapped[TalkRoute | None] = mapped_column(enum_column(TalkRoute))
    route_words: Mapped[Prose] = mapped_column(default="")
    # Of the dictionary «introduction_failed».
    failed_code: Mapped[str | None] = mapped_column(String(32))
    failed_words: Mapped[Prose] = mapped_column(default="")
    is_demo: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column()
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    suggestion: Mapped[Suggestion | None] = relationship()
    need: Mapped[Need | None] = relationship()
    achievement: Mapped[Achievement | None] = relationship()
    call: Mapped[Call | None] = relationship()
    seeker: Mapped[Organisation] = relationship(foreign_keys=[seeker_id])
    provider: Mapped[Organisation] = relationship(foreign_keys=[provider_id])
    requested_by: Mapped[User | None] = relationship(foreign_keys=[requested_by_id])
    manager: Mapped[User | None] = relationship(foreign_keys=[manager_id])
    answers: Mapped[list[IntroductionAnswer]] = relationship(
        back_populates="introduction", order_by="IntroductionAnswer.id"
    )
    events: Mapped[list[TalkEvent]] = relationship(
        back_populates="introduction",
        order_by="TalkEvent.happened_on.desc(), TalkEvent.id.desc()",
    )
    contacts: Mapped[list[ContactGrant]] = relationship(
        back_populates="introduction", order_by="ContactGrant.id"
    )

    __mapper_args__ = {"version_id_col": version}

    def move_to(self, status: IntroductionStatus, *, now: datetime) -> None:
        """Take the next state and start its clock; raises `IllegalMove`."""
        move(INTRODUCTION_MOVES, self.status, status)
        self.status = status
        self.status_since = self.updated_at = now

    @property
    def told_provider_id(self) -> int | None:
        """The provider's organisation, once it may know of the talks."""
        return self.provider_id if self.provider_knows else None

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_INTRODUCTIONS

    def side_of(self, organisation_id: int | None) -> Side | None:
        """On which side the organisation stands; None for neither."""
        if organisation_id is None:
            return None
        sides = {self.seeker_id: Side.SEEKER, self.provider_id: Side.PROVIDER}
        return sides.get(organisation_id)

    def answer_of(self, side: Side) -> IntroductionAnswer | None:
        """What the side answered, if it did."""
        return next((one for one in self.answers if one.side is side), None)

    @property
    def title(self) -> str:
        """What the talks are about, in the words of its first record."""
        about = self.need or self.call or self.achievement
        return about.title if about else ""


class IntroductionAnswer(Base):
    """One side's answer: interested, or not and why; given once."""

    __tablename__ = "introduction_answers"
    __table_args__ = (
        UniqueConstraint("introduction_id", "side"),
        CheckConstraint(
            "(interest = 'declined') = (reason IS NOT NULL)", name="declined_has_reason"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    introduction_id: Mapped[int] = mapped_column(ForeignKey("introductions.id"))
    side: Mapped[Side] = mapped_column(enum_column(Side))
    interest: Mapped[Interest] = mapped_column(enum_column(Interest))
    # Of the dictionary «introduction_declined».
    reason: Mapped[str | None] = mapped_column(String(32))
    words: Mapped[Prose] = mapped_column(default="")
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime]

    introduction: Mapped[Introduction] = relationship(back_populates="answers")
    user: Mapped[User] = relationship()


class TalkEvent(Base):
    """One line of the log: a meeting, a call, a document, a note.

    ``is_internal``: for the platform's staff and the technology manager only.
    """

    __tablename__ = "talk_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    introduction_id: Mapped[int] = mapped_column(
        ForeignKey("introductions.id"), index=True
    )
    kind: Mapped[TalkEventKind] = mapped_column(enum_column(TalkEventKind))
    happened_on: Mapped[date]
    words: Mapped[Prose]
    is_internal: Mapped[bool] = mapped_column(default=False)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]

    introduction: Mapped[Introduction] = relationship(back_populates="events")
    author: Mapped[User] = relationship()


class ContactGrant(Base):
    """A person opens its own contact to the other side; it may take that back."""

    __tablename__ = "contact_grants"
    __table_args__ = (
        UniqueConstraint("introduction_id", "user_id"),
        CheckConstraint("phone <> '' OR by_mail", name="some_way_to_reach"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    introduction_id: Mapped[int] = mapped_column(ForeignKey("introductions.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    side: Mapped[Side] = mapped_column(enum_column(Side))
    phone: Mapped[str] = mapped_column(String(40), default="")
    by_mail: Mapped[bool] = mapped_column(default=True)
    granted_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    introduction: Mapped[Introduction] = relationship(back_populates="contacts")
    user: Mapped[User] = relationship()
