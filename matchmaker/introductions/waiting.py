"""What of introductions waits for whom, as rows for the work list.

Each has the columns id, title (in the words its reader reads), context, since,
is_demo, and owner (an organisation) or person (a technology manager).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    not_,
    select,
    true,
    union_all,
)

from models import Achievement, Call, Introduction, IntroductionAnswer, Need
from models.base import UtcDateTime
from models.states import IntroductionStatus, Secrecy, Side, TalkRoute

from .. import policies
from ..work.source import MANAGERS, Days, Remind, Source, source_of
from .lists import since
from .sight import HIDDEN_TITLE

TALKS = {"": ("introductions.show", "introduction_id")}
IN_TALKS = (IntroductionStatus.TALKING, IntroductionStatus.DRAFTING)
HOME: dict[Side, Any] = {
    Side.SEEKER: Introduction.seeker_id,
    Side.PROVIDER: Introduction.provider_id,
}


def title(inside: bool) -> ColumnElement[Any]:
    """The title as `sight.shown` has it: for the need's firm and staff, or others."""
    need: Any = Need.title
    if not inside:
        need = case(
            (Need.secrecy == Secrecy.MASKED, Need.public_title),
            (
                and_(Need.secrecy == Secrecy.RESTRICTED, not_(policies.opened_talks())),
                literal(HIDDEN_TITLE),
            ),
            else_=Need.title,
        )
    return func.coalesce(need, Call.title, Achievement.title)


def _rows(inside: bool, begun: Any, **whose: Any) -> Select[Any]:
    return (
        select(
            Introduction.id.label("id"),
            cast(title(inside), String).label("title"),
            cast(Achievement.title, String).label("context"),
            func.coalesce(begun, Introduction.updated_at, type_=UtcDateTime()).label(
                "since"
            ),
            Introduction.is_demo.label("is_demo"),
            *(column.label(name) for name, column in whose.items()),
        )
        .select_from(Introduction)
        .outerjoin(Need, Introduction.need_id == Need.id)
        .outerjoin(Achievement, Introduction.achievement_id == Achievement.id)
        .outerjoin(Call, Introduction.call_id == Call.id)
    )


def _answer(side: Side) -> Select[Any]:
    return select(IntroductionAnswer.at).where(
        IntroductionAnswer.introduction_id == Introduction.id,
        IntroductionAnswer.side == side,
    )


def _asked(side: Side) -> Select[Any]:
    """Talks that wait for this side's answer.

    A provider waits for since it was told: of a restricted need since its owner agreed.
    """
    begun: Any = Introduction.status_since
    knows: Any = true()
    if side is Side.PROVIDER:
        knows = Introduction.provider_knows
        agreed = _answer(Side.SEEKER).correlate(Introduction).scalar_subquery()
        begun = case(
            (Need.secrecy == Secrecy.RESTRICTED, func.coalesce(agreed, begun)),
            else_=begun,
        )
    return _rows(side is Side.SEEKER, begun, owner=HOME[side]).where(
        Introduction.status == IntroductionStatus.WAITING,
        knows,
        ~exists(_answer(side).correlate(Introduction)),
    )


def _quiet(side: Side) -> Select[Any]:
    return _rows(side is Side.SEEKER, since(), owner=HOME[side]).where(
        Introduction.status.in_(IN_TALKS), Introduction.manager_id.is_(None)
    )


# For each side: talks that wait for its answer.
ASKED = union_all(*(_asked(side) for side in Side)).subquery("asked_talks")
# Talks that go on without a technology manager, for each side; since the last step.
OWN_TALKS = union_all(*(_quiet(side) for side in Side)).subquery("own_talks")
# Talks that go on, for their technology manager.
MANAGED = (
    _rows(False, since(), person=Introduction.manager_id)
    .where(Introduction.status.in_(IN_TALKS), Introduction.manager_id.is_not(None))
    .subquery("managed_talks")
)
# All that is not over, for the staff.
OPEN_TALKS = (
    _rows(True, since())
    .where(
        Introduction.status.in_((IntroductionStatus.WAITING, *IN_TALKS)),
    )
    .subquery("open_talks")
)
# Talks that a technology manager should lead and nobody does yet, for the staff.
UNASSIGNED = (
    _rows(True, Introduction.status_since)
    .where(
        Introduction.status == IntroductionStatus.TALKING,
        Introduction.route == TalkRoute.MANAGER,
        Introduction.manager_id.is_(None),
    )
    .subquery("unassigned_talks")
)


def _is_quiet(row: Any, days: Days) -> ColumnElement[bool]:
    quiet: ColumnElement[bool] = row.since < days.quiet
    return quiet


def _is_overdue(row: Any, days: Days) -> ColumnElement[bool]:
    overdue: ColumnElement[bool] = row.since < days.overdue
    return overdue


SOURCES: tuple[Source, ...] = (
    source_of("asked_talks", "等您答复的对接", "去答复", ASKED, TALKS),
    source_of(
        "quiet_talks",
        "多日没有进展的对接",
        "去推进",
        OWN_TALKS,
        TALKS,
        when=_is_quiet,
        remind=Remind.AT_ONCE,
    ),
    source_of(
        "managed_talks",
        "多日没有进展的对接",
        "去推进",
        MANAGED,
        TALKS,
        MANAGERS,
        when=_is_quiet,
        remind=Remind.AT_ONCE,
    ),
    source_of(
        "slow_talks",
        "超期没有进展的对接",
        "去过问",
        OPEN_TALKS,
        TALKS,
        when=_is_overdue,
        remind=Remind.AT_ONCE,
    ),
    source_of(
        "unassigned_talks", "待指派技术经理人的对接", "去指派", UNASSIGNED, TALKS
    ),
)
