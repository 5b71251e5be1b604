"""What keeps a call from being judged well, said before the 论证. It blocks nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from index.quantities import quantities
from models.states import CallMode

from ... import labels
from ...posting.hints import Hint
from .schema import CallDraft

FEWEST_IN_BACKGROUND = 80


def hints(draft: CallDraft, *, window_days: int, now: datetime) -> list[Hint]:
    """What to mend in a call, in the order of the form.

    ``window_days`` is the shortest window that leaves people time to answer.
    """
    return [
        *_texts(draft),
        *_goals(draft),
        *_terms(draft),
        *_window(draft, window_days, now),
    ]


def without_figure(goals: list[str]) -> list[int]:
    """The rows, counted from 1, whose goal says nothing that can be measured."""
    return [row for row, goal in enumerate(goals, 1) if not quantities(goal)]


def _texts(draft: CallDraft) -> Iterator[Hint]:
    if len(draft.background) < FEWEST_IN_BACKGROUND:
        yield Hint("background", "背景太短：写清现状、差距和在哪里应用，至少两三句话")


def _goals(draft: CallDraft) -> Iterator[Hint]:
    for row in without_figure(draft.goals):
        goal = draft.goals[row - 1]
        yield Hint(
            "goals", f"揭榜目标第 {row} 行没有数字和单位，验收时无法判断：「{goal}」"
        )


def _terms(draft: CallDraft) -> Iterator[Hint]:
    if draft.funding is None:
        yield Hint("funding", "没有写榜单金额，将显示为面议；写明金额更容易有人揭榜")
    total = sum(row.weight for row in draft.criteria)
    if draft.criteria and total != 100:
        yield Hint("criteria", f"各项权重相加是 {total}，须为 100")
    if draft.mode is CallMode.RACE and (draft.max_awards or 1) < 2:
        yield Hint("max_awards", "赛马制至少立项 2 家")
    if not draft.contact:
        yield Hint("contact", "没有写咨询方式，揭榜单位只能在平台上提问")


def _window(draft: CallDraft, window_days: int, now: datetime) -> Iterator[Hint]:
    if draft.closes_at is None:
        return
    if draft.closes_at <= now:
        yield Hint("closes_at", "揭榜截止已经过去，请改成以后的时间")
    elif draft.closes_at - (draft.opens_at or now) < timedelta(days=window_days):
        open_for = labels.left(draft.closes_at, draft.opens_at or now)
        yield Hint(
            "closes_at",
            f"揭榜时间只有 {open_for}，一般不少于 {window_days} 天",
        )
