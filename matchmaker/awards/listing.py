"""Awards as lists: «在研榜单», and those of one call side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from models import Award, Bid, Call, Milestone, Organisation, User
from models.states import LIVE_AWARDS, AwardState, MilestoneState

from .. import policies
from ..labels import today
from ..paging import turn
from .finding import WHOLE
from .schema import AwardQuery, Shown

PER_PAGE = 20
STATES = {
    Shown.LIVE: LIVE_AWARDS,
    Shown.ACCEPTED: frozenset({AwardState.ACCEPTED}),
    Shown.ENDED: frozenset({AwardState.ELIMINATED, AwardState.STOPPED}),
    Shown.ALL: frozenset(AwardState),
}


@dataclass(frozen=True)
class Line:
    """An award in a list: how far it is, and what is late."""

    award: Award
    passed: int
    next: Milestone | None
    late_days: int


@dataclass(frozen=True)
class Page:
    """One page of awards; ``counts`` how many there are of each tab."""

    items: Sequence[Line]
    counts: dict[Shown, int]
    total: int
    page: int
    pages: int


def line(award: Award, day: date) -> Line:
    """The award as it stands on a day."""
    open_ = [one for one in award.milestones if one.is_undelivered]
    waiting = [
        one
        for one in award.milestones
        if one.is_undelivered or one.state is MilestoneState.DELIVERED
    ]
    late = [one.late_days(day) for one in open_] if award.is_runner else []
    passed = sum(one.state is MilestoneState.PASSED for one in award.milestones)
    return Line(award, passed, waiting[0] if waiting else None, max(late, default=0))


def browse(session: Session, actor: User, query: AwardQuery, now: datetime) -> Page:
    """The awards this person may know of, those that wait longest first."""
    policies.require(actor, "award.list")
    where = _known(actor, query)
    numbers = select(Award.state, func.count(Award.id)).where(*where)
    by_state = {
        row[0]: row[1] for row in session.execute(numbers.group_by(Award.state))
    }
    counts = {
        shown: sum(by_state.get(state, 0) for state in states)
        for shown, states in STATES.items()
    }
    total = counts[query.shown]
    here = turn(query.page, total, PER_PAGE)
    found = session.scalars(
        sought(actor, query)
        .order_by(Award.state_since, Award.id)
        .offset(here.start)
        .limit(PER_PAGE)
    ).all()
    day = today(now)
    return Page([line(one, day) for one in found], counts, total, here.page, here.pages)


def _known(actor: User, query: AwardQuery) -> list[ColumnElement[bool]]:
    """What the person may know of, of what is looked for."""
    return [policies.visible_awards(actor), *_words(query.q)]


def every(
    session: Session, actor: User, query: AwardQuery, now: datetime
) -> list[Line]:
    """All pages at once, for a sheet."""
    ordered = sought(actor, query).order_by(Award.state_since, Award.id)
    day = today(now)
    return [line(one, day) for one in session.scalars(ordered).all()]


def sought(actor: User, query: AwardQuery) -> Select[Award]:
    """The awards that are looked for, in no order."""
    policies.require(actor, "award.list")
    where = (*_known(actor, query), Award.state.in_(STATES[query.shown]))
    return select(Award).where(*where).options(*WHOLE)


def _words(text: str) -> list[ColumnElement[bool]]:
    if not text:
        return []
    titled = select(Call.id).where(Call.title.icontains(text, autoescape=True))
    named = (
        select(Bid.id)
        .join(Organisation, Bid.organisation_id == Organisation.id)
        .where(Organisation.name.icontains(text, autoescape=True))
    )
    return [or_(Award.call_id.in_(titled), Award.bid_id.in_(named))]
