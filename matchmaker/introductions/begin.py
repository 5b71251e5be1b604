"""Begin an introduction, whoever asks for it: the step that all of them share.

It only flushes. `requests.service` is for people; an event meeting calls it itself.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import (
    Achievement,
    Call,
    Introduction,
    IntroductionAnswer,
    Need,
    Suggestion,
    User,
)
from models.introductions import subject_of
from models.states import (
    OPEN_INTRODUCTIONS,
    Interest,
    IntroductionOrigin,
    IntroductionStatus,
    Secrecy,
    Side,
)

from ..errors import Conflict
from ..history import service as history
from . import moves, routes, tell
from .facts import facts_of

REQUESTED, CREATED = "introduction.requested", "introduction.created"


@dataclass(frozen=True)
class Subject:
    """What the talks are about, and the pair they come from, where there is one."""

    need: Need | None = None
    achievement: Achievement | None = None
    call: Call | None = None
    suggestion: Suggestion | None = None

    @property
    def word(self) -> str:
        parts = (self.need, self.achievement, self.call)
        need, achievement, call = (one.id if one else None for one in parts)
        return subject_of(need, achievement, call)

    @property
    def is_demo(self) -> bool:
        return any(
            one.is_demo for one in (self.need, self.achievement, self.call) if one
        )

    @property
    def is_restricted(self) -> bool:
        return self.need is not None and self.need.secrecy is Secrecy.RESTRICTED


@dataclass(frozen=True)
class Begun:
    """The introduction, and whether it is new rather than found there already."""

    introduction: Introduction
    is_new: bool


def begin(
    session: Session,
    actor: User | None,
    subject: Subject,
    origin: IntroductionOrigin,
    *,
    seeker_id: int,
    provider_id: int,
    interested: Collection[Side] = (),
    message: str = "",
    form_key: str = "",
    now: datetime,
) -> Begun:
    """Begin talks inside the running transaction, or find those that go on already.

    ``interested`` are the sides that have said so by what they did: whoever asked,
    or met at an event. A provider is told nothing of a restricted need before its
    owner is among them. Raises `Conflict` «introduction.same_side».
    """
    if seeker_id == provider_id:
        raise Conflict("introduction.same_side")
    known = Side.SEEKER in interested or not subject.is_restricted
    introduction = Introduction(
        origin=origin,
        suggestion_id=subject.suggestion.id if subject.suggestion else None,
        need=subject.need,
        achievement=subject.achievement,
        call=subject.call,
        subject=subject.word,
        seeker_id=seeker_id,
        provider_id=provider_id,
        status=IntroductionStatus.WAITING,
        status_since=now,
        provider_knows=known or Side.PROVIDER in interested,
        requested_by_id=actor.id if actor and interested else None,
        message=message,
        is_demo=subject.is_demo,
        created_at=now,
        updated_at=now,
    )
    existing = _going_on(session, introduction)
    if existing is None:
        try:
            with session.begin_nested():
                session.add(introduction)
                session.flush()
        except IntegrityError:
            # Somebody else began the same at this moment.
            existing = _going_on(session, introduction)
            if existing is None:
                raise
    if existing is not None:
        _join(session, existing, actor, interested, now=now)
        return Begun(existing, False)
    _open(session, introduction, actor, interested, form_key, now=now)
    return Begun(introduction, True)


def _going_on(session: Session, wanted: Introduction) -> Introduction | None:
    return session.scalar(
        select(Introduction).where(
            Introduction.seeker_id == wanted.seeker_id,
            Introduction.provider_id == wanted.provider_id,
            Introduction.subject == wanted.subject,
            Introduction.status.in_(OPEN_INTRODUCTIONS),
        )
    )


def _open(
    session: Session,
    introduction: Introduction,
    actor: User | None,
    interested: Collection[Side],
    form_key: str,
    *,
    now: datetime,
) -> None:
    """Note and tell the beginning; where both met and want to, they talk at once."""
    proposal = routes.propose(facts_of(session, introduction))
    introduction.route, introduction.route_words = proposal.route, proposal.words
    history.record(
        session,
        actor,
        REQUESTED if interested else CREATED,
        introduction,
        now=now,
        changes={"form": form_key} if form_key else {},
    )
    for side in interested:
        note_interest(session, introduction, side, actor, now=now)
    if len(set(interested)) == len(Side):
        moves.move(
            session, introduction, actor, IntroductionStatus.TALKING, now=now, told=True
        )
        tell.sides(session, introduction, "introduction_agreed", now=now, actor=actor)
        return
    for side in Side:
        if side not in interested:
            tell.side(session, introduction, side, "introduction_asked", now=now)


def note_interest(
    session: Session,
    introduction: Introduction,
    side: Side,
    actor: User | None,
    *,
    now: datetime,
) -> None:
    """Enter that the side is interested; the owner's word lets the provider know."""
    if actor is None:
        raise ValueError("an answer is somebody's")
    introduction.answers.append(
        IntroductionAnswer(
            side=side, interest=Interest.INTERESTED, user_id=actor.id, at=now
        )
    )
    introduction.provider_knows = introduction.provider_knows or side is Side.SEEKER
    session.flush()


def _join(
    session: Session,
    existing: Introduction,
    actor: User | None,
    interested: Collection[Side],
    *,
    now: datetime,
) -> None:
    """A provider that asks for talks it was not told of learns of them.

    It can ask only for what it may see: the need is restricted no longer.
    """
    if Side.PROVIDER in interested and not existing.provider_knows:
        existing.provider_knows = True
        existing.updated_at = now
        history.record(session, actor, "introduction.joined", existing, now=now)
