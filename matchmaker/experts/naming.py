"""Which organisation somebody means by a name."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Expert, ExpertTie, Organisation
from models.accounts import name_key
from models.states import TieKind


def organisation_named(session: Session, name: str) -> Organisation | None:
    """The organisation of the platform with this name, or with the same in short."""
    exact = session.scalar(select(Organisation).where(Organisation.name == name))
    if exact is not None:
        return exact
    alike = session.scalars(
        select(Organisation).where(Organisation.name_key == name_key(name)).limit(2)
    ).all()
    return alike[0] if len(alike) == 1 else None


def add_tie(
    session: Session,
    expert: Expert,
    kind: TieKind,
    name: str,
    words: str,
    *,
    now: datetime,
) -> ExpertTie:
    """Write a tie of the expert inside the running transaction."""
    known = organisation_named(session, name)
    tie = ExpertTie(
        user_id=expert.user_id,
        organisation_id=known.id if known else None,
        name=name,
        kind=kind,
        words=words,
        created_at=now,
    )
    session.add(tie)
    return tie
