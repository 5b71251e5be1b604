"""What the page of one award shows, and what its reader may do next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, joinedload

from models import Award, Call, History, Milestone, User
from models.states import AwardState, CallMode, Judgement, MilestoneState

from .. import policies
from ..history.words import entries
from ..labels import today
from . import book, ending
from .contracting import may_contract
from .finding import is_here, rivals
from .milestones.service import is_delivered, name, takes_delivery
from .schema import Side

STEPS = ["任务书", "实施", "验收", "完成"]
PLACES = {
    AwardState.DRAFT: "任务书",
    AwardState.CONFIRMED: "任务书",
    AwardState.RUNNING: "实施",
    AwardState.ACCEPTING: "验收",
    AwardState.ACCEPTED: "完成",
}
# What the history of an award names besides words.
NAMES = {
    "amount_fen": "立项金额",
    "signed_on": "签订日期",
    "pledge": "军令状",
    "values": "验收值",
    "milestones": "里程碑",
    "amended_on": "变更日期",
}
# What of a call's history belongs to its execution.
OF_CALL = ("result.closed", "call.running", "call.accepted", "call.ended")


@dataclass(frozen=True)
class MilestoneView:
    """A milestone for one reader: how late it is, and the steps it may take now."""

    milestone: Milestone
    late_days: int
    may: frozenset[str]


@dataclass(frozen=True)
class View:
    """An award for one reader.

    side      for which of the two the reader speaks, None for the staff
    mark      tells this text of the task book from another
    may       the steps this reader may take now
    comparable  milestones at which it may be eliminated
    cause     label and advice of why it was stopped
    """

    award: Award
    side: Side | None
    mark: str
    milestones: Sequence[MilestoneView]
    may: frozenset[str]
    comparable: Sequence[Milestone]
    cause: tuple[str, str] | None

    @property
    def choices(self) -> list[tuple[int, str]]:
        """The milestones at which it may be eliminated, for a list."""
        return [(one.id, name(one)) for one in self.comparable]

    @property
    def late_days(self) -> int:
        return max((one.late_days for one in self.milestones), default=0)

    @property
    def next(self) -> Milestone | None:
        """The milestone that is worked on now."""
        open_ = (
            one.milestone for one in self.milestones if one.milestone.judged_at is None
        )
        return next(
            (one for one in open_ if one.state is not MilestoneState.DROPPED), None
        )


def view(session: Session, user: User, award: Award, now: datetime) -> View:
    """The award as this person sees it at this moment."""
    steps = _Steps(session, user, award, now)
    found = ending.cause(session, award) if award.stop_code else None
    return View(
        award=award,
        side=book.side_of(user, award),
        mark=book.mark(award),
        milestones=[steps.of(one) for one in award.milestones],
        may=steps.of_award(),
        comparable=steps.comparable,
        cause=(found.label, found.advice) if found else None,
    )


class _Steps:
    """Which steps a person may take with one award now."""

    def __init__(
        self, session: Session, user: User, award: Award, now: datetime
    ) -> None:
        self.user, self.award, self.today = user, award, today(now)
        self.governs = policies.may(user, "award.govern", award)
        self.delivers = policies.may(user, "award.deliver", award)
        self.pays = policies.may(user, "award.pay", award)
        self.here = {
            side: is_here(session, getattr(award, f"{side}_id")) for side in Side
        }
        for_issuer = not user.is_staff or not self.here[Side.ISSUER]
        self.views = for_issuer and policies.may(user, "award.view", award)
        self.comparable = [
            one for one in award.milestones if ending.comparable(one, now)
        ]
        self.has_rivals = (
            award.call.mode is CallMode.RACE and rivals(session, award) > 0
        )

    def of(self, milestone: Milestone) -> MilestoneView:
        delivered = is_delivered(milestone)
        heard = milestone.issuer_judgement is not None
        unjudged = milestone.is_undelivered or delivered
        running = self.award.state is AwardState.RUNNING
        steps = {
            "deliver": self.delivers and takes_delivery(milestone),
            "files": self.delivers and running and unjudged,
            "view": self.views and delivered,
            "judge": self.governs and delivered and heard,
            "pass": milestone.issuer_judgement is Judgement.PASS,
            "pay": self.pays and milestone.unpaid_fen > 0,
            "take_back": self.pays and bool(milestone.payments),
        }
        late = milestone.late_days(self.today) if running else 0
        return MilestoneView(milestone, late, _taken(steps))

    def of_award(self) -> frozenset[str]:
        award, open_ = self.award, book.is_open(self.award)
        side = book.side_of(self.user, award)
        asked = open_ and award.drafted_at is not None
        accepting = award.state is AwardState.ACCEPTING
        steps: dict[str, Any] = {
            "edit": self.governs and open_,
            "confirm": asked
            and side is not None
            and not book.confirmed(award, side)
            and policies.may(self.user, "award.confirm", award),
            "apply": self.delivers and award.may_apply,
            "files": self.delivers and award.is_runner,
            "test": self.views and accepting,
            "conclude": self.governs and accepting and award.issuer_agrees is not None,
            "eliminate": self.governs
            and award.state is AwardState.RUNNING
            and self.has_rivals
            and bool(self.comparable),
            "stop": self.governs and award.is_live,
            "contract": may_contract(self.user, award),
        }
        for one in Side:
            steps[f"confirm_{one}"] = (
                self.governs
                and asked
                and not self.here[one]
                and not book.confirmed(award, one)
            )
        return _taken(steps)


def _taken(steps: dict[str, Any]) -> frozenset[str]:
    return frozenset(step for step, allowed in steps.items() if allowed)


def timeline(session: Session, awards: Sequence[Award], call: Call) -> list[Any]:
    """What happened to these awards and their call, newest first, for the macro.

    Where there are several, each line says whose.
    """
    names = {one.id: one.bidder.name for one in awards}
    milestones = {m.id: one.id for one in awards for m in one.milestones}
    query = (
        select(History)
        .where(
            or_(
                and_(
                    History.record_type == Award.__tablename__,
                    History.record_id.in_(names),
                ),
                and_(
                    History.record_type == Milestone.__tablename__,
                    History.record_id.in_(milestones),
                ),
                and_(
                    History.record_type == Call.__tablename__,
                    History.record_id == call.id,
                    History.action.in_(OF_CALL),
                ),
            )
        )
        .options(joinedload(History.actor))
        .order_by(History.at.desc(), History.id.desc())
    )
    rows = session.scalars(query).all()
    found = entries(rows, NAMES)
    for row, entry in zip(rows, found, strict=True):
        if row.record_type == Call.__tablename__:
            # Whose step it was that moved the call may be another winner's business.
            entry["who"] = ""
        elif len(names) > 1:
            of_milestone = row.record_type == Milestone.__tablename__
            owner = milestones[row.record_id] if of_milestone else row.record_id
            entry["what"] = f"{names[owner]}：{entry['what']}"
    return found
