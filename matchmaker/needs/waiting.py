"""What of needs waits for their firm, and their new pairs."""

from __future__ import annotations

from functools import partial

from sqlalchemy import func, select

from models import Achievement, Call, Need, Suggestion
from models.base import UtcDateTime
from models.outbox import RecordType
from models.states import NeedStatus, Secrecy, SuggestionStatus

from ..policies import known_to_all
from ..posting.waiting import ends_soon, in_state
from ..work.source import ENTERPRISE, AnySelect, Days, Remind, Source, columns

NEED = {"": ("needs.show", "need_id")}
EDIT = {"": ("need_forms.edit", "need_id")}


def _unapproved(_days: Days) -> AnySelect:
    """Masked needs whose public text nobody approved for the full text of today.

    What goes through the form is approved before it is submitted. So these came in
    another way: from a sheet, or before approvals were kept. A draft waits as a draft.
    """
    since = Need.updated_at
    return select(*columns(Need.id, Need.title, since, is_demo=Need.is_demo)).where(
        Need.secrecy == Secrecy.MASKED,
        Need.public_approved.is_(None),
        Need.status.in_((NeedStatus.PENDING, NeedStatus.PUBLISHED)),
    )


def _approved_pairs(_days: Days) -> AnySelect:
    """Approved pairs nobody of the need's organisation has opened yet."""
    other = func.coalesce(Achievement.title, Call.title)
    since = func.coalesce(
        Suggestion.decided_at, Suggestion.updated_at, type_=UtcDateTime()
    )
    return (
        select(
            *columns(
                Suggestion.id, other, since, is_demo=Need.is_demo, context=Need.title
            )
        )
        .join(Need, Suggestion.need_id == Need.id)
        .outerjoin(Achievement, Suggestion.achievement_id == Achievement.id)
        .outerjoin(Call, Suggestion.call_id == Call.id)
        .where(
            Suggestion.status == SuggestionStatus.APPROVED,
            Suggestion.seen_at.is_(None),
            Need.status == NeedStatus.PUBLISHED,
            Achievement.id.is_(None) | known_to_all(RecordType.ACHIEVEMENT),
            Call.id.is_(None) | known_to_all(RecordType.CALL),
        )
    )


SOURCES: tuple[Source, ...] = (
    Source(
        "returned_needs",
        "被退回的需求",
        "去修改",
        ENTERPRISE,
        partial(in_state, Need, NeedStatus.RETURNED, "need.returned"),
        NEED,
        Need.organisation_id,
    ),
    Source(
        "unapproved_needs",
        "脱敏文本待确认的需求",
        "去确认",
        ENTERPRISE,
        _unapproved,
        EDIT,
        Need.organisation_id,
    ),
    Source(
        "ending_needs",
        "即将到期的需求",
        "去处理",
        ENTERPRISE,
        partial(ends_soon, RecordType.NEED),
        NEED,
        Need.organisation_id,
        Remind.AT_ONCE,
        due_words="到期",
        dated=True,
    ),
    Source(
        "approved_pairs",
        "新的匹配结果",
        "去查看",
        ENTERPRISE,
        _approved_pairs,
        {"": ("matches.show_mine", "suggestion_id")},
        Need.organisation_id,
    ),
    Source(
        "draft_needs",
        "没有提交的需求草稿",
        "继续填写",
        ENTERPRISE,
        partial(in_state, Need, NeedStatus.DRAFT, ""),
        EDIT,
        Need.organisation_id,
        Remind.NEVER,
    ),
)
