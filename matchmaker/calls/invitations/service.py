"""Invite the holders of matched achievements to take up a call."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from models import Achievement, Call, CallInvitation, User, transaction
from models.outbox import RecordType
from models.states import CallPhase

from ... import policies
from ...errors import Conflict, Invalid, NotFound
from ...history import service as history
from ...notices import service as notices
from ...schema import Input
from ...search.service import find
from .. import tell
from ..service import locked

LARGEST_ID = 2**31 - 1
INVITED_IN = frozenset({CallPhase.UPCOMING, CallPhase.OPEN})


class InvitationInput(Input):
    """For which achievement its holder is invited."""

    achievement: Annotated[int, Field(ge=1, le=LARGEST_ID)]


def invite(
    session: Session, actor: User, call_id: int, data: InvitationInput, *, now: datetime
) -> CallInvitation:
    """Ask the achievement's holder to take up the call; its people are told.

    Raises `Conflict` «call.not_open» outside the window, «call.invited» for who was
    asked already, «call.not_invitable» for the issuer and for who has nobody to tell.
    """
    with transaction(session):
        call = locked(session, actor, call_id, "call.invite")
        if call.phase(now) not in INVITED_IN:
            raise Conflict("call.not_open")
        item = _achievement(session, actor, data.achievement)
        holder = item.organisation_id
        if holder == call.issuer_id or not notices.members_of(session, holder):
            raise Conflict("call.not_invitable")
        if session.get(CallInvitation, (call.id, holder)) is not None:
            raise Conflict("call.invited")
        invitation = CallInvitation(
            call_id=call.id,
            organisation_id=holder,
            achievement_id=item.id,
            user_id=actor.id,
            at=now,
        )
        session.add(invitation)
        # The issuer reads the history, and is not to know who may bid.
        history.record(session, actor, "call.invited", call, now=now)
        tell.members(session, call, holder, "call_invited", now=now)
    return invitation


def _achievement(session: Session, actor: User, number: int) -> Achievement:
    """The achievement that was named; raises `Invalid` for none the actor knows."""
    try:
        found: Achievement = find(session, actor, RecordType.ACHIEVEMENT, number)
    except NotFound as error:
        raise Invalid({"achievement": "没有这项成果，请核对编号"}) from error
    return found


def of_call(
    session: Session, user: User | None, call: Call
) -> Sequence[CallInvitation]:
    """Who was invited, for the staff; a firm learns of its own invitation only."""
    query = (
        select(CallInvitation)
        .where(CallInvitation.call_id == call.id)
        .options(joinedload(CallInvitation.organisation))
        .order_by(CallInvitation.at, CallInvitation.organisation_id)
    )
    if not policies.may(user, "call.invite", call):
        home = user.organisation_id if user else None
        query = query.where(CallInvitation.organisation_id == home)
    return session.scalars(query).all()
