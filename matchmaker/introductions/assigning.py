"""The technology manager of an introduction, and how the two are brought together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from models import Introduction, Organisation, User, transaction

from .. import policies
from ..errors import Conflict, Invalid
from ..history import service as history
from ..labels import label
from ..nodes import mandates
from . import tell
from .schema import AssignInput, RouteInput
from .service import held


def assign(
    session: Session,
    actor: User,
    introduction_id: int,
    data: AssignInput,
    *,
    now: datetime,
) -> Introduction:
    """Give the talks to a technology manager, or to none; who it is, is told.

    Nobody is told of a restricted need before its owner agreed.
    """
    with transaction(session):
        introduction = held(
            session, actor, introduction_id, "introduction.assign", data.version
        )
        if not introduction.is_open:
            raise Conflict("introduction.closed")
        if not introduction.provider_knows:
            raise Conflict("introduction.owner_first")
        before, after = introduction.manager, _manager(session, data.manager)
        if before is after:
            return introduction
        introduction.manager, introduction.updated_at = after, now
        session.flush()
        names = [one.name if one else None for one in (before, after)]
        history.record(
            session,
            actor,
            "introduction.assigned",
            introduction,
            now=now,
            changes={"manager": names},
        )
        if after is not None:
            tell.manager(session, introduction, "introduction_managed", now=now)
            tell.sides(
                session, introduction, "introduction_manager", now=now, name=after.name
            )
    return introduction


def _manager(session: Session, number: int | None) -> User | None:
    if number is None:
        return None
    for person in mandates.managers(session):
        if person.id == number:
            return person
    raise Invalid({"manager": "请从列表中选择技术经理人"})


@dataclass(frozen=True)
class Candidate:
    """A technology manager, whom it represents today, and whether a side is of them."""

    person: User
    represents: tuple[str, ...]
    concerned: bool


def candidates(
    session: Session, actor: User, introduction: Introduction, day: date
) -> list[Candidate]:
    """Who may be given the talks: those who represent one of the sides first."""
    policies.require(actor, "introduction.assign", introduction)
    people = mandates.managers(session)
    represented = mandates.represented_by(session, [one.id for one in people], day)
    sides = {introduction.seeker_id, introduction.provider_id}
    found = [
        Candidate(
            person,
            tuple(home.name for home in represented[person.id]),
            any(home.id in sides for home in represented[person.id]),
        )
        for person in people
    ]
    return sorted(found, key=lambda one: not one.concerned)


def represents(
    session: Session, introduction: Introduction, day: date
) -> list[Organisation]:
    """Which of the two sides the assigned manager represents today."""
    if introduction.manager is None:
        return []
    homes = mandates.represented(session, introduction.manager, day)
    sides = {introduction.seeker_id, introduction.provider_id}
    return [home for home in homes if home.id in sides]


def change_route(
    session: Session,
    actor: User,
    introduction_id: int,
    data: RouteInput,
    *,
    now: datetime,
) -> Introduction:
    """Staff bring the two together another way than proposed, and say why."""
    with transaction(session):
        introduction = held(
            session, actor, introduction_id, "introduction.assign", data.version
        )
        if not introduction.is_open:
            raise Conflict("introduction.closed")
        before = label(introduction.route)
        introduction.route, introduction.route_words = data.route, data.route_words
        introduction.updated_at = now
        session.flush()
        history.record(
            session,
            actor,
            "introduction.routed",
            introduction,
            now=now,
            changes={"route": [before, label(data.route)]},
        )
    return introduction
