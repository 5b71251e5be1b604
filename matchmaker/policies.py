"""Who may see what, and who may do what. There is no second place.

What one may see is a `Condition`, so the same rule filters a query, a search, a
count and a page. A record outside it is «not found», never «forbidden».
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, and_, false, select

from models import TABLES, Achievement, Attachment, Call, Need, Suggestion, User
from models.conditions import NOTHING, AtLeastOne, Condition, Every, OneOf
from models.outbox import RecordType
from models.states import (
    PUBLIC_ACHIEVEMENT_STATES,
    PUBLIC_CALL_STATES,
    PUBLIC_NEED_STATES,
    AchievementStatus,
    CallStatus,
    NeedStatus,
    Role,
    Secrecy,
    SuggestionStatus,
)

from .errors import Forbidden


def _values(states: Any) -> tuple[str, ...]:
    return tuple(sorted(state.value for state in states))


def visible(user: User | None, kind: RecordType) -> Condition:
    """The records of ``kind`` this person (None: a visitor) may know of."""
    return {
        RecordType.NEED: _visible_needs,
        RecordType.ACHIEVEMENT: _visible_achievements,
        RecordType.CALL: _visible_calls,
    }[kind](user)


def _visible_needs(user: User | None) -> Condition:
    if user is not None and user.is_staff:
        # A draft is its author's alone until it is submitted.
        return OneOf("status", _values(set(NeedStatus) - {NeedStatus.DRAFT}))
    public = Every(
        (
            OneOf("status", _values(PUBLIC_NEED_STATES)),
            OneOf("secrecy", _values({Secrecy.PUBLIC, Secrecy.MASKED})),
        )
    )
    return _or_own(user, public, "organisation_id")


def _visible_achievements(user: User | None) -> Condition:
    if user is not None and user.is_staff:
        states = set(AchievementStatus) - {AchievementStatus.DRAFT}
        return OneOf("status", _values(states))
    public = OneOf("status", _values(PUBLIC_ACHIEVEMENT_STATES))
    return _or_own(user, public, "organisation_id")


def _visible_calls(user: User | None) -> Condition:
    if user is not None and user.is_staff:
        return OneOf("status", _values(set(CallStatus) - {CallStatus.DRAFT}))
    return _or_own(user, OneOf("status", _values(PUBLIC_CALL_STATES)), "issuer_id")


def _or_own(user: User | None, public: Condition, owner: str) -> Condition:
    if user is None or user.organisation_id is None:
        return public
    return AtLeastOne((public, OneOf(owner, (user.organisation_id,))))


def owned(user: User, kind: RecordType) -> Condition:
    """The records of the person's own organisation, in any state."""
    if user.organisation_id is None:
        return NOTHING
    owner = "issuer_id" if kind is RecordType.CALL else "organisation_id"
    return OneOf(owner, (user.organisation_id,))


def listed(kind: RecordType) -> OneOf:
    """What a public list shows and a match may propose: open for business now."""
    status: dict[RecordType, str] = {
        RecordType.NEED: NeedStatus.PUBLISHED,
        RecordType.ACHIEVEMENT: AchievementStatus.PUBLISHED,
        RecordType.CALL: CallStatus.OPEN,
    }
    return OneOf("status", (str(status[kind]),))


def where(condition: Condition, kind: RecordType) -> ColumnElement[bool]:
    """The condition as a WHERE clause on the table of ``kind``."""
    model = TABLES[kind]
    return condition.sql(lambda fact: getattr(model, fact))


def visible_suggestions(user: User | None) -> ColumnElement[bool]:
    """Staff see every pair; an enterprise the approved ones of its own needs.

    Whoever reads, both sides are records the person may know of: a withdrawn
    achievement takes its pairs with it.
    """
    if user is None:
        return false()
    sides = and_(
        *(
            column.is_(None)
            | column.in_(select(model.id).where(where(visible(user, kind), kind)))
            for kind, model, column in (
                (RecordType.NEED, Need, Suggestion.need_id),
                (RecordType.ACHIEVEMENT, Achievement, Suggestion.achievement_id),
                (RecordType.CALL, Call, Suggestion.call_id),
            )
        )
    )
    if user.is_staff:
        return sides
    if user.role is not Role.ENTERPRISE:
        return false()
    own = select(Need.id).where(where(owned(user, RecordType.NEED), RecordType.NEED))
    approved = Suggestion.status == SuggestionStatus.APPROVED
    return and_(approved, Suggestion.need_id.in_(own), sides)


def reads_full_text(user: User | None, need: Need) -> bool:
    """Whether the person gets the full text of a need rather than the public one."""
    return user is not None and (user.is_staff or _own(user, need.organisation_id))


def may_show_attachments(item: Need | Achievement) -> bool:
    """Whether files of the record may be public at all: they may name the firm."""
    return not isinstance(item, Need) or item.secrecy is Secrecy.PUBLIC


def reads_attachment(
    user: User | None, item: Need | Achievement, attachment: Attachment
) -> bool:
    """Whether the person gets this file of a record they may know of.

    A file is as secret as the full text, unless its owner marked it public.
    """
    inside = user is not None and (user.is_staff or _own(user, item.organisation_id))
    return inside or (attachment.is_public and may_show_attachments(item))


def searches_inside(user: User | None) -> bool:
    """Whether a search by this person may be led by full texts (staff only)."""
    return user is not None and user.is_staff


def _own(user: User, organisation_id: int) -> bool:
    return user.organisation_id is not None and user.organisation_id == organisation_id


def _owns_need(user: User, need: Need) -> bool:
    return user.role is Role.ENTERPRISE and _own(user, need.organisation_id)


def _owns_record(user: User, item: Need | Achievement) -> bool:
    if isinstance(item, Need):
        return _owns_need(user, item)
    return isinstance(item, Achievement) and _owns_achievement(user, item)


def _owns_achievement(user: User, achievement: Achievement) -> bool:
    return user.role is Role.UNIVERSITY and _own(user, achievement.organisation_id)


RULES: dict[str, Callable[[User, Any], bool]] = {
    "need.create": lambda user, _: user.role is Role.ENTERPRISE,
    "need.edit": _owns_need,
    "need.withdraw": _owns_need,
    "need.verify": lambda user, _: user.is_staff,
    "need.group": lambda user, _: user.is_staff,
    "achievement.create": lambda user, _: user.role is Role.UNIVERSITY,
    "achievement.edit": _owns_achievement,
    "achievement.withdraw": _owns_achievement,
    "achievement.transfer": _owns_achievement,
    "achievement.verify": lambda user, _: user.is_staff,
    "achievement.find_buyers": lambda user, item: (
        user.is_staff or _owns_achievement(user, item)
    ),
    "attachment.change": _owns_record,
    "suggestion.review": lambda user, _: user.is_staff,
    "suggestion.undo": lambda user, review: (
        user.role is Role.ADMIN or (user.is_staff and review.reviewer_id == user.id)
    ),
    "mail.read": lambda user, _: user.is_staff,
    "mail.read_secret": lambda user, _: user.role is Role.ADMIN,
    "mail.retry": lambda user, _: user.role is Role.ADMIN,
    "subscription.create": lambda user, _: True,
    "subscription.change": lambda user, item: item.user_id == user.id,
    "quality.read": lambda user, _: user.is_staff,
    "suggestion.read_own": lambda user, _: user.role is Role.ENTERPRISE,
    "history.read": lambda user, item: (
        user.is_staff
        or _own(
            user, item.issuer_id if isinstance(item, Call) else item.organisation_id
        )
    ),
}


def may(user: User | None, action: str, item: object = None) -> bool:
    """Whether the person may do this to the record (None: to the kind at large)."""
    return user is not None and user.active and RULES[action](user, item)


def require(user: User | None, action: str, item: object = None) -> None:
    """Raise `Forbidden` unless the person may."""
    if not may(user, action, item):
        raise Forbidden(action)
