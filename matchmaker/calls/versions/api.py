"""The versions of a call, for programs, and how the next is made."""

from __future__ import annotations

from datetime import datetime

from models import CallVersion, utcnow

from ...accounts.current import current, signed_in
from ...api.answers import Place, Slice
from ...api.operations import Operations
from ...db import db
from ..api import CallOut, CallText, shown
from ..service import find_call
from . import service

operations = Operations("calls", "榜单的版本")


class CallVersionOut(CallText):
    """The text as it was from ``at`` on; the first is that of the opening.

    ``changed`` names what differs from the version before.
    """

    id: int
    at: datetime
    reason: str
    changed: list[str]


def _shown(change: service.Change) -> CallVersionOut:
    version: CallVersion = change.version
    facts = {
        "id": version.number,
        "at": version.at,
        "reason": version.reason,
        "funding": version.text.get("funding_fen"),
        "changed": ["funding" if one == "funding_fen" else one for one in change.names],
    }
    return CallVersionOut.model_validate(version.text | facts)


@operations.get("/calls/<int:call_id>/versions", "call_versions.index", "每一版的文本")
def versions(call_id: int, place: Place) -> Slice[CallVersionOut]:
    """新的在前；id 是版本的序号。"""
    call = find_call(db.session, current(), call_id)
    return place.whole(service.of_call(db.session, call), _shown)


@operations.post(
    "/calls/<int:call_id>/amend", "call_versions.amend", "修改已发布的榜单"
)
def amend(call_id: int, body: service.Amendment) -> CallOut:
    """全文重写，并写明原因；揭榜截止只能推迟。"""
    call = service.amend(db.session, signed_in(), call_id, body, clock=utcnow)
    return shown(call)
