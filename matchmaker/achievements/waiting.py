"""What of achievements waits for who offers them, and their new buyers."""

from __future__ import annotations

from functools import partial

from sqlalchemy import String, cast, func, select

from models import Achievement, Need, Suggestion
from models.base import UtcDateTime
from models.outbox import RecordType
from models.states import AchievementStatus, SuggestionStatus

from ..policies import known_to_all
from ..posting.waiting import ends_soon, in_state
from ..work.source import UNIVERSITY, AnySelect, Days, Remind, Source, columns

ACHIEVEMENT = {"": ("achievements.show", "achievement_id")}


def _new_buyers(_days: Days) -> AnySelect:
    """Achievements with approved pairs whose buyers nobody of theirs has looked at."""
    decided = func.coalesce(
        Suggestion.decided_at, Suggestion.updated_at, type_=UtcDateTime()
    )
    number = cast(func.count(Suggestion.id), String)
    return (
        select(
            *columns(
                Achievement.id,
                Achievement.title,
                func.min(decided),
                is_demo=Achievement.is_demo,
                context=number.concat(" 条需求经审核与它匹配"),
            )
        )
        .join(Suggestion, Suggestion.achievement_id == Achievement.id)
        .join(Need, Suggestion.need_id == Need.id)
        .where(
            Suggestion.status == SuggestionStatus.APPROVED,
            Suggestion.holder_seen_at.is_(None),
            Achievement.status == AchievementStatus.PUBLISHED,
            known_to_all(RecordType.NEED),
        )
        .group_by(
            Achievement.id,
            Achievement.title,
            Achievement.is_demo,
            Achievement.organisation_id,
        )
    )


SOURCES: tuple[Source, ...] = (
    Source(
        "returned_achievements",
        "被退回的成果",
        "去修改",
        UNIVERSITY,
        partial(
            in_state, Achievement, AchievementStatus.RETURNED, "achievement.returned"
        ),
        ACHIEVEMENT,
        Achievement.organisation_id,
    ),
    Source(
        "ending_achievements",
        "即将到期的成果",
        "去处理",
        UNIVERSITY,
        partial(ends_soon, RecordType.ACHIEVEMENT),
        ACHIEVEMENT,
        Achievement.organisation_id,
        Remind.AT_ONCE,
        due_words="到期",
        dated=True,
    ),
    Source(
        "new_buyers",
        "有了新买方的成果",
        "去查看",
        UNIVERSITY,
        _new_buyers,
        {"": ("achievements.buyers", "achievement_id")},
        Achievement.organisation_id,
    ),
    Source(
        "draft_achievements",
        "没有提交的成果草稿",
        "继续填写",
        UNIVERSITY,
        partial(in_state, Achievement, AchievementStatus.DRAFT, ""),
        {"": ("achievement_forms.edit", "achievement_id")},
        Achievement.organisation_id,
        Remind.NEVER,
    ),
)
