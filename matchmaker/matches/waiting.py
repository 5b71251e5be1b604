"""Pairs that wait for their review, as rows for the work list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, func, select

from models import Achievement, Call, Need, Review, Suggestion
from models.base import UtcDateTime
from models.states import SuggestionStatus

from ..work.source import STAFF, AnySelect, Days, Remind, Source, columns
from .queue import open_sides

PAIR = {"": ("matches.pair", "suggestion_id")}


def _pairs(condition: Callable[[Days], Any], since: Any, due: Any) -> Any:
    """Pairs that wait for review under the condition."""

    def waiting(days: Days) -> AnySelect:
        return (
            select(
                *columns(
                    Suggestion.id,
                    func.coalesce(Need.title, Call.title),
                    since,
                    is_demo=func.coalesce(Need.is_demo, Call.is_demo),
                    context=func.coalesce(Achievement.title, Call.title),
                    due=due,
                    district=Need.district,
                    field=func.coalesce(Need.field, Call.field),
                )
            )
            .select_from(Suggestion)
            .outerjoin(Need, Suggestion.need_id == Need.id)
            .outerjoin(Achievement, Suggestion.achievement_id == Achievement.id)
            .outerjoin(Call, Suggestion.call_id == Call.id)
            .where(condition(days), open_sides(days.now))
        )

    return waiting


def _put_off_at() -> ColumnElement[Any]:
    """When the pair was last put off."""
    noted = (
        select(func.max(Review.at))
        .where(
            Review.suggestion_id == Suggestion.id,
            Review.to_status == SuggestionStatus.SNOOZED,
        )
        .scalar_subquery()
    )
    return func.coalesce(noted, Suggestion.updated_at, type_=UtcDateTime())


def _put_off_until_today(days: Days) -> ColumnElement[bool]:
    # Only what is put off has a day; its index is in that order.
    return Suggestion.snoozed_until <= days.today


SOURCES: tuple[Source, ...] = (
    Source(
        "pairs",
        "待审核的匹配建议",
        "去审核",
        STAFF,
        _pairs(
            lambda _: Suggestion.status == SuggestionStatus.PENDING,
            Suggestion.created_at,
            None,
        ),
        PAIR,
        local=True,
    ),
    Source(
        "put_off_pairs",
        "暂缓到期的匹配建议",
        "再审核",
        STAFF,
        _pairs(_put_off_until_today, _put_off_at(), Suggestion.snoozed_until),
        PAIR,
        remind=Remind.AT_ONCE,
        due_words="暂缓到",
        dated=True,
        local=True,
    ),
)
