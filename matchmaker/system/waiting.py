"""What the machinery waits for somebody to look at, as rows for the work list."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
    String,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
)

from models import TABLES, OutboxTask
from models.outbox import RecordType
from models.states import Role

from ..work.source import AnySelect, Days, Remind, Source, columns

# After so many failures a job will hardly mend itself.
FAILED_AFTER = 3


def _failed_jobs(_days: Days) -> AnySelect:
    """Records whose work in the background fails again and again.

    Drafts are nobody's but their author's, so they are named to nobody else.
    """
    query = select(
        *columns(
            OutboxTask.record_id,
            func.coalesce(*(func.max(model.title) for model in TABLES.values())),
            func.min(OutboxTask.created_at),
            is_demo=_any(*(model.is_demo for model in TABLES.values())),
            context=literal("已失败 ").concat(
                cast(func.max(OutboxTask.attempts), String)
                .concat(" 次：")
                .concat(func.coalesce(func.max(OutboxTask.last_error), ""))
            ),
            variant=OutboxTask.record_type,
        )
    ).select_from(OutboxTask)
    for kind, model in TABLES.items():
        query = query.outerjoin(
            model,
            and_(
                OutboxTask.record_type == kind,
                OutboxTask.record_id == model.id,
                model.status != "draft",
            ),
        )
    known = func.coalesce(*(model.id for model in TABLES.values()))
    return query.where(
        OutboxTask.attempts >= FAILED_AFTER, known.is_not(None)
    ).group_by(OutboxTask.record_type, OutboxTask.record_id)


def _any(*flags: Any) -> ColumnElement[bool]:
    """Whether one of them holds for one of the group."""
    return or_(*(func.max(case((flag, 1), else_=0)) == 1 for flag in flags))


SOURCES: tuple[Source, ...] = (
    Source(
        "failed_jobs",
        "反复失败的后台任务",
        "去看记录",
        frozenset({Role.ADMIN}),
        _failed_jobs,
        {
            RecordType.NEED.value: ("needs.show", "need_id"),
            RecordType.ACHIEVEMENT.value: ("achievements.show", "achievement_id"),
            RecordType.CALL.value: ("calls.show", "call_id"),
        },
        remind=Remind.AT_ONCE,
    ),
)
