"""Invitations to take up a call, for programs of the staff."""

from __future__ import annotations

from datetime import datetime

from models import CallInvitation, utcnow

from ... import policies
from ...accounts.current import signed_in
from ...api.answers import Output, Place, Slice
from ...api.operations import Operations
from ...db import db
from ..service import find_call
from . import service
from .service import InvitationInput

operations = Operations("calls", "邀请揭榜")


class CallInvitationInput(InvitationInput):
    """The achievement whose holder is invited, by its number."""


class CallInvitationOut(Output):
    """An organisation that was invited, and for which achievement."""

    call: int
    organisation: str
    achievement: int | None
    at: datetime


def _shown(one: CallInvitation) -> CallInvitationOut:
    return CallInvitationOut(
        call=one.call_id,
        organisation=one.organisation.name,
        achievement=one.achievement_id,
        at=one.at,
    )


@operations.get(
    "/calls/<int:call_id>/invitations", "call_invitations.invite", "受邀单位"
)
def invited(call_id: int, place: Place) -> Slice[CallInvitationOut]:
    call = find_call(db.session, signed_in(), call_id)
    policies.require(signed_in(), "call.invite", call)
    return place.whole(service.of_call(db.session, signed_in(), call), _shown)


@operations.post(
    "/calls/<int:call_id>/invitations",
    "call_invitations.invite",
    "邀请揭榜",
    status=201,
)
def invite(call_id: int, body: CallInvitationInput) -> CallInvitationOut:
    made = service.invite(db.session, signed_in(), call_id, body, now=utcnow())
    return _shown(made)
