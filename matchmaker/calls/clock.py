"""What follows when a window opens or closes by the clock.

Whether it is open nobody asks here: that is told by the clock itself everywhere, also
while no worker runs. This only tells people, and has the pairs looked at anew.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from models import Call, transaction
from models.states import CallPhase, CallStatus

from ..history import service as history
from ..jobs import outbox
from . import tell

AT_ONCE = 50
NOTED = {CallPhase.OPEN: "began", CallPhase.CLOSED: "closed"}


def follow(session: Session, *, now: datetime) -> int:
    """Note every window that opened or closed since the last time; says how many.

    Doing it twice changes nothing.
    """
    total = 0
    while True:
        with transaction(session):
            query = (
                select(Call)
                .where(_is_due(now))
                .order_by(Call.id)
                .limit(AT_ONCE)
                .with_for_update(of=Call, key_share=True)
            )
            calls = session.scalars(query).all()
            for call in calls:
                _note(session, call, now)
        total += len(calls)
        if len(calls) < AT_ONCE:
            return total


def _is_due(now: datetime) -> ColumnElement[bool]:
    noted = Call.noted_phase
    begun = and_(Call.opens_at <= now, noted.is_(None))
    over = and_(Call.closes_at <= now, or_(noted.is_(None), noted == CallPhase.OPEN))
    return and_(Call.status == CallStatus.OPEN, or_(begun, over))


def _note(session: Session, call: Call, now: datetime) -> None:
    phase = call.phase(now)
    step = NOTED[phase]
    call.noted_phase = phase
    history.record(session, None, f"call.{step}", call, now=now)
    tell.followers(session, call, f"call_{step}", now=now)
    tell.authors(session, call, f"call_{step}", now=now)
    outbox.touch(session, call, now=now)
