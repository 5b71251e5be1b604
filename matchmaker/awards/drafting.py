"""The task book as the platform proposes it: from the call and the winning bid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from models import Award, AwardGoal, Bid, Call, Milestone, User

from ..history import service as history
from ..labels import today
from . import tell

# Where a bid says nothing of how long it takes.
USUAL_MONTHS = 12


def begin(
    session: Session, actor: User, call: Call, bids: Sequence[Bid], *, now: datetime
) -> list[Award]:
    """An award for each winning bid, best first, inside the running transaction.

    The staff look at the proposal and hand it out; before, nobody is asked for a word.
    """
    budgets = [(bid.content or {}).get("budget_fen") or 1 for bid in bids]
    made = []
    for bid, fen in zip(bids, shares(budgets, call.funding_fen), strict=True):
        award = Award(
            call=call,
            bid=bid,
            amount_fen=fen,
            state_since=now,
            is_demo=call.is_demo,
            created_at=now,
            updated_at=now,
        )
        award.goals = _goals(call, bid.content or {})
        award.milestones = _milestones(bid.content or {}, fen, now)
        session.add(award)
        made.append(award)
    session.flush()
    for award in made:
        history.record(session, actor, "award.begun", award, now=now)
    tell.begun(session, call, now=now, actor=actor)
    return made


def shares(budgets: Sequence[int], funding: int | None) -> list[int]:
    """What each winner is proposed: its budget, in fen.

    Where together they ask for more than there is, all of them get less in the same
    proportion; never more in all than ``funding``, and each at least one fen.
    """
    asked = sum(budgets)
    if funding is None or asked <= funding:
        return list(budgets)
    parts = [max(1, budget * funding // asked) for budget in budgets]
    for _ in range(sum(parts) - funding):  # fewer than there are winners
        largest = max(range(len(parts)), key=parts.__getitem__)
        parts[largest] -= 1
    return parts


def split(fen: int, number: int) -> list[int]:
    """So many parts of the sum, alike but for the last, which takes the rest."""
    part = fen // number
    return [part] * (number - 1) + [fen - part * (number - 1)]


def _goals(call: Call, content: Mapping[str, Any]) -> list[AwardGoal]:
    answers = {one["goal"]: one["value"] for one in content.get("goals", ())}
    return [
        AwardGoal(
            position=place,
            goal=goal,
            promised=answers.get(goal, ""),
            value=answers.get(goal, ""),
        )
        for place, goal in enumerate(call.goals, 1)
    ]


def _milestones(content: Mapping[str, Any], fen: int, now: datetime) -> list[Milestone]:
    lines = content.get("schedule") or ["按任务书提交全部成果"]
    months = content.get("months") or USUAL_MONTHS
    return [
        Milestone(
            position=place,
            title=f"第 {place} 阶段",
            deliverable=line,
            planned_on=day,
            due_on=day,
            payment_fen=part,
            state_since=now,
        )
        for place, (line, part) in enumerate(
            zip(lines, split(fen, len(lines)), strict=True), 1
        )
        if (day := _day(today(now), months, place, len(lines)))
    ]


def _day(begin: date, months: int, place: int, number: int) -> date:
    """The end of one of so many stages of one length."""
    return begin + timedelta(days=max(1, months * 365 * place // (12 * number)))
