"""Which pairs one may know of: both sides must be known."""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, and_, false, select
from sqlalchemy.orm import aliased

from models import TABLES, Need, Proposal, Suggestion, User
from models.conditions import Condition, Every
from models.outbox import RecordType
from models.states import SuggestionStatus

from .acts import may
from .records import listed, owned, visible, where


def visible_suggestions(
    user: User | None, *, open_at: datetime | None = None
) -> ColumnElement[bool]:
    """Staff see every pair; an enterprise the approved ones of its own needs.

    Whoever reads, both sides are records the person may know of: a withdrawn
    achievement takes its pairs with it. ``open_at``: both are open for business then.
    """
    if user is None:
        return false()
    sides = sides_meet(side_rule(user, open_at=open_at))
    if user.is_staff:
        return sides
    if not may(user, "suggestion.read_own"):
        return false()
    own = select(Need.id).where(where(owned(user, RecordType.NEED), RecordType.NEED))
    approved = Suggestion.status == SuggestionStatus.APPROVED
    return and_(approved, Suggestion.need_id.in_(own), sides)


def side_rule(
    user: User | None, *, open_at: datetime | None = None
) -> Callable[[RecordType], Condition]:
    """What a record must meet, by its kind, for the person to know of its pairs."""

    def condition(kind: RecordType) -> Condition:
        known = visible(user, kind)
        return known if open_at is None else Every((known, listed(kind, open_at)))

    return condition


def sides_meet(condition: Callable[[RecordType], Condition]) -> ColumnElement[bool]:
    """Whether each side of a pair is a record that meets the condition of its kind.

    Asked pair by pair: a list of all such records would be made for every query, and
    a query may want a few pairs only.
    """
    return and_(
        *(
            column.is_(None) | _is_there(kind, column, condition(kind))
            for kind, column in (
                (RecordType.NEED, Suggestion.need_id),
                (RecordType.ACHIEVEMENT, Suggestion.achievement_id),
                (RecordType.CALL, Suggestion.call_id),
            )
        )
    )


def _is_there(
    kind: RecordType, column: Any, condition: Condition
) -> ColumnElement[bool]:
    side = _side(kind)
    rule = condition.sql(lambda fact: getattr(side, fact))
    found: ColumnElement[bool] = (
        select(side.id).where(side.id == column, rule).correlate(Suggestion).exists()
    )
    return found


@cache
def _side(kind: RecordType) -> Any:
    """The table of the kind under a name of its own; made once.

    A fresh one would have to find each of its columns anew, at every page.
    """
    return aliased(TABLES[kind])


def visible_proposals(user: User | None) -> ColumnElement[bool]:
    """Pairs one proposed oneself; staff see all. Both sides must be known to them."""
    if user is None:
        return false()
    sides = sides_meet(lambda kind: visible(user, kind))
    pair = select(Suggestion.id).where(Suggestion.id == Proposal.suggestion_id, sides)
    known = pair.correlate(Proposal).exists()
    if user.is_staff:
        return known
    if not may(user, "proposal.create"):
        return false()
    return and_(Proposal.proposer_id == user.id, known)
