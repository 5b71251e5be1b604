"""What hangs on demonstration calls goes with them; who still acts in one stays."""

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from models import (
    Achievement,
    Call,
    CallInvitation,
    CallNeed,
    CallOpinion,
    CallQuestion,
    CallVersion,
    Need,
    Organisation,
    User,
)

from .past import forget

PARTS = (CallOpinion, CallInvitation, CallQuestion, CallVersion, CallNeed)


def remove(session: Session) -> None:
    """Take out what hangs on demonstration calls, needs and achievements."""
    calls = select(Call.id).where(Call.is_demo)
    asked = select(CallQuestion.id).where(CallQuestion.call_id.in_(calls))
    forget(session, CallQuestion, set(session.scalars(asked)))
    for part in PARTS:
        session.execute(delete(part).where(part.call_id.in_(calls)))
    # A real call keeps its words without the link.
    needs = select(Need.id).where(Need.is_demo)
    session.execute(delete(CallNeed).where(CallNeed.need_id.in_(needs)))
    offered = select(Achievement.id).where(Achievement.is_demo)
    session.execute(
        update(CallInvitation)
        .where(CallInvitation.achievement_id.in_(offered))
        .values(achievement_id=None)
    )


def names_person() -> ColumnElement[bool]:
    """Whether a call that stays names the user: its author, who asked or answered."""
    columns = (
        Call.author_id,
        CallQuestion.user_id,
        CallQuestion.answered_by_id,
        CallInvitation.user_id,
        CallOpinion.user_id,
        CallVersion.user_id,
    )
    return or_(*(User.id.in_(select(c).where(c.is_not(None))) for c in columns))


def names_home() -> ColumnElement[bool]:
    """Whether a call that stays names the organisation."""
    columns = (CallQuestion.organisation_id, CallInvitation.organisation_id)
    return or_(*(Organisation.id.in_(select(column)) for column in columns))
