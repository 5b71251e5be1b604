"""The release of bids, for programs of the staff."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from models import BidRelease, utcnow

from ...accounts.current import signed_in
from ...api.answers import Output
from ...api.operations import Operations
from ...db import db
from ..web import safe
from . import service

operations = Operations("bids", "启封揭榜书")


class ReleaseFault(Output):
    """What did not open, or does not agree with its receipt."""

    bid_id: int
    organisation: str
    what: str


class ReleaseOut(Output):
    """How far the release of a call is.

    ``bids`` is told once the call has closed; ``hindrance`` is why the caller cannot
    press, by its code.
    """

    call: int
    closes_at: datetime | None
    is_closed: bool
    bids: int | None
    first_by: str | None
    first_at: datetime | None
    second_by: str | None
    second_at: datetime | None
    released_at: datetime | None
    faults: list[ReleaseFault]
    hindrance: str | None


def _shown(call_id: int) -> ReleaseOut:
    now = utcnow()
    standing = service.standing(db.session, signed_in(), call_id, now)
    call, release = standing.call, standing.release
    told = call.is_closed_at(now) or standing.is_done
    return ReleaseOut(
        call=call.id,
        closes_at=call.closes_at,
        is_closed=call.is_closed_at(now),
        bids=standing.bids if told else None,
        hindrance=standing.hindrance or None,
        **_pressed(release),
    )


def _pressed(release: BidRelease | None) -> dict[str, Any]:
    second = release.second_by if release else None
    return {
        "first_by": release.first_by.name if release else None,
        "first_at": release.first_at if release else None,
        "second_by": second.name if second else None,
        "second_at": release.second_at if release else None,
        "released_at": release.released_at if release else None,
        "faults": release.faults if release else [],
    }


@operations.get("/calls/<int:call_id>/release", "releases.show", "启封进展")
def show_release(call_id: int) -> ReleaseOut:
    return _shown(call_id)


@operations.post("/calls/<int:call_id>/release", "releases.approve", "批准启封")
def release(call_id: int) -> ReleaseOut:
    """截止之后由两名工作人员先后批准，第二人批准时启封；没有揭榜书的转为流榜。"""
    service.approve(db.session, safe(), signed_in(), call_id, clock=utcnow)
    return _shown(call_id)


@operations.post("/calls/<int:call_id>/release/retry", "releases.retry", "再次启封")
def release_again(call_id: int) -> ReleaseOut:
    """恢复密文或密钥之后，再试没有打开的。"""
    service.retry(db.session, safe(), signed_in(), call_id, clock=utcnow)
    return _shown(call_id)
