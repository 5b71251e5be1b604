"""What everybody may read of the awards of a call: who, how much, how far, the result.

No deliverable, no word of a bid, and no money but the amount of each award.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from models import Award, AwardGoal, Call
from models.states import AwardState, MilestoneState

from ..labels import label
from . import ending
from .finding import all_of


@dataclass(frozen=True)
class Winner:
    """One winner for everybody.

    The amount is told once both sides agreed to it, ``goals`` once it was accepted.
    """

    name: str
    amount_fen: int | None
    state: AwardState
    words: str
    accepted_on: date | None
    goals: Sequence[AwardGoal]
    is_demo: bool


def winners(session: Session, call: Call) -> list[Winner]:
    """The winners of a call in the order of its result; none before it was awarded."""
    awards = all_of(session, call.id)
    known = {one.code: one.label for one in ending.causes(session, all_=True)}
    return [
        Winner(
            award.bidder.name,
            None if award.state is AwardState.DRAFT else award.amount_fen,
            award.state,
            _words(award, known),
            award.accepted_on,
            award.goals if award.state is AwardState.ACCEPTED else (),
            award.is_demo,
        )
        for award in awards
    ]


def _words(award: Award, causes: dict[str, str]) -> str:
    """The state of execution in a sentence."""
    if award.state is AwardState.RUNNING:
        number = award.asked
        passed = sum(one.state is MilestoneState.PASSED for one in award.milestones)
        return f"共 {number} 个里程碑，已通过 {passed} 个"
    if award.state is AwardState.ACCEPTED:
        return f"{award.accepted_on} 通过验收"
    if award.state is AwardState.STOPPED:
        cause = causes.get(award.stop_code or "", "")
        return f"{cause}（{label(award.liability)}）"
    return {
        AwardState.DRAFT: "正在签订任务书",
        AwardState.CONFIRMED: "任务书已签订，等其他单位",
        AwardState.ACCEPTING: "里程碑都已判断，正在验收",
        AwardState.ELIMINATED: "赛马中没有进入下一阶段",
    }[award.state]
