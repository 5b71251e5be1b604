"""When a proposed change of a task book comes to nothing by what happens meanwhile."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from models import Award, AwardAmendment, Milestone, User
from models.states import AmendmentState

from ...history import service as history
from ...labels import label
from .. import tell
from . import plan

ACTIONS = {
    AmendmentState.DECLINED: "award.amendment_declined",
    AmendmentState.WITHDRAWN: "award.amendment_withdrawn",
    AmendmentState.LAPSED: "award.amendment_lapsed",
}


def lapse(
    session: Session, actor: User, award: Award, words: str, *, now: datetime
) -> None:
    """What is proposed, if anything, lapses; inside the running transaction."""
    if (amendment := award.open_amendment) is not None:
        end(session, actor, amendment, AmendmentState.LAPSED, words, now=now)


def lapse_by(
    session: Session, actor: User, milestone: Milestone, name: str, *, now: datetime
) -> None:
    """The same where a milestone it would change is delivered."""
    amendment = milestone.award.open_amendment
    if amendment is not None and plan.touches(amendment, milestone):
        lapse(session, actor, milestone.award, f"{name}已经交付", now=now)


def end(
    session: Session,
    actor: User,
    amendment: AwardAmendment,
    state: AmendmentState,
    words: str,
    *,
    now: datetime,
) -> None:
    """End a proposal without effect; both sides and the staff learn why."""
    award = amendment.award
    amendment.end_words = words
    amendment.move_to(state, now=now)
    award.updated_at = now
    session.flush()
    told = f"第 {amendment.number} 次变更：{words}"
    history.record(
        session, actor, ACTIONS[state], award, now=now, changes={"words": [None, told]}
    )
    facts = {"outcome": label(state), "reason": words}
    tell.sides(session, award, "amendment_ended", now=now, actor=actor, **facts)
    tell.staff(session, award, "amendment_ended", now=now, actor=actor, **facts)
