"""Accepted calls as the city's target counts them: each once, in its year.

The day of a call is that on which the first of its awards was accepted: by then the
technology is there, however long another runner takes to end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from models import Award, Bid, Call
from models.states import AwardState, CallStatus


@dataclass(frozen=True)
class Accepted:
    """A call that counts, its day, and the awards that were accepted."""

    call: Call
    day: date
    awards: Sequence[Award]

    @property
    def amount_fen(self) -> int:
        return sum(one.amount_fen for one in self.awards)


def _days(year: int) -> Select[int, date | None]:
    """The calls of the year with their days."""
    day = func.min(Award.accepted_on)
    return (
        select(Award.call_id, day.label("day"))
        .join(Call, Award.call_id == Call.id)
        .where(Call.status == CallStatus.ACCEPTED, Award.state == AwardState.ACCEPTED)
        .group_by(Award.call_id)
        .having(day.between(date(year, 1, 1), date(year, 12, 31)))
    )


def count(session: Session, year: int) -> int:
    """How many calls count in the year."""
    found = _days(year).subquery()
    return session.scalar(select(func.count()).select_from(found)) or 0


def of_year(session: Session, year: int) -> list[Accepted]:
    """The calls behind that number, the newest first."""
    days = {row.call_id: row.day for row in session.execute(_days(year))}
    calls = session.scalars(
        select(Call).where(Call.id.in_(days)).options(joinedload(Call.issuer))
    ).all()
    awards: dict[int, list[Award]] = {id_: [] for id_ in days}
    query = (
        select(Award)
        .where(Award.call_id.in_(days), Award.state == AwardState.ACCEPTED)
        .options(joinedload(Award.bid).joinedload(Bid.organisation))
        .order_by(Award.accepted_on, Award.id)
    )
    for award in session.scalars(query):
        awards[award.call_id].append(award)
    found = [Accepted(call, days[call.id], awards[call.id]) for call in calls]
    return sorted(found, key=lambda one: (one.day, one.call.id), reverse=True)
