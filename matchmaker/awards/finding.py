"""Find awards and milestones, as far as a person may know of them; and hold them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, joinedload, selectinload

from models import Award, Bid, Call, Milestone, User
from models.session import lock

from .. import policies
from ..errors import NotFound

LARGEST_ID = 2**31 - 1
WHOLE = (
    joinedload(Award.call).joinedload(Call.issuer),
    joinedload(Award.bid).joinedload(Bid.organisation),
    selectinload(Award.goals),
    selectinload(Award.amendments),
    selectinload(Award.milestones).selectinload(Milestone.payments),
)


def find(session: Session, user: User | None, award_id: int) -> Award:
    """The award with all that hangs on it; raises `NotFound`."""
    query = select(Award).where(Award.id == award_id, policies.visible_awards(user))
    found: Award = _one(session, "award", award_id, query.options(*WHOLE))
    return found


def find_milestone(session: Session, user: User | None, milestone_id: int) -> Milestone:
    """The milestone; raises `NotFound`."""
    query = select(Milestone).where(
        Milestone.id == milestone_id, policies.visible_milestones(user)
    )
    found: Milestone = _one(session, "milestone", milestone_id, query)
    return found


def _one(session: Session, kind: str, number: int, query: Any) -> Any:
    found = session.scalar(query) if 0 < number <= LARGEST_ID else None
    if found is None:
        raise NotFound(kind)
    return found


def held(session: Session, actor: User, award_id: int, action: str) -> Award:
    """The award with the row of its call locked: all of a call change in turn.

    Raises `NotFound` or `Forbidden`.
    """
    award = find(session, actor, award_id)
    policies.require(actor, action, award)
    lock(session, award.call)
    # What was read before the lock was ours may have changed by now.
    session.expire_all()
    return find(session, actor, award_id)


def held_milestone(
    session: Session, actor: User, milestone_id: int, action: str
) -> Milestone:
    """The milestone of an award that is held likewise."""
    milestone = find_milestone(session, actor, milestone_id)
    held(session, actor, milestone.award_id, action)
    return find_milestone(session, actor, milestone_id)


def of_call(session: Session, user: User | None, call_id: int) -> Sequence[Award]:
    """The awards of a call that this person may know of, in the order of the result."""
    query = (
        select(Award)
        .where(Award.call_id == call_id, policies.visible_awards(user))
        .options(*WHOLE)
        .order_by(Award.id)
    )
    return session.scalars(query).all()


def all_of(session: Session, call_id: int) -> Sequence[Award]:
    """All awards of a call, whoever asks: for rules about them together."""
    query = select(Award).where(Award.call_id == call_id).options(*WHOLE)
    return session.scalars(query.order_by(Award.id)).all()


def rivals(session: Session, award: Award) -> int:
    """How many others of the same call still run."""
    found = all_of(session, award.call_id)
    return sum(one.is_runner for one in found if one.id != award.id)


def is_here(session: Session, organisation_id: int) -> bool:
    """Whether anybody of the organisation can act on the platform itself."""
    there = exists().where(User.organisation_id == organisation_id, User.active)
    return bool(session.scalar(select(there)))
