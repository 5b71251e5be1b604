"""How long an introduction waits, in working days, and for whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from models import Introduction
from models.states import IntroductionStatus, Side

from ..calendar.days import Calendar
from ..calendar.service import waited


@dataclass(frozen=True)
class Clock:
    """The wait of an introduction: ``days`` are working days since ``since``.

    ``turn`` are the sides that have not answered; in talks it is everybody's turn.
    """

    since: datetime
    days: int
    turn: tuple[Side, ...]


def clock(
    introduction: Introduction, calendar: Calendar, now: datetime
) -> Clock | None:
    """The wait as of now; none once the introduction is over."""
    if not introduction.is_open:
        return None
    since = since_of(introduction)
    return Clock(since, waited(calendar, since, now), turn_of(introduction))


def since_of(introduction: Introduction) -> datetime:
    """From when it waits: for answers since it was begun, in talks since the last step.

    `lists.since` is the same for a query.
    """
    if introduction.status is IntroductionStatus.WAITING:
        return introduction.status_since
    return introduction.updated_at


def turn_of(introduction: Introduction) -> tuple[Side, ...]:
    """The sides whose answer is missing; a provider that knows nothing owes none."""
    if introduction.status is not IntroductionStatus.WAITING:
        return ()
    return tuple(
        side
        for side in Side
        if introduction.answer_of(side) is None
        and (side is Side.SEEKER or introduction.provider_knows)
    )
