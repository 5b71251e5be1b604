"""Take out the introductions that hang on demonstration records."""

from __future__ import annotations

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from models import (
    Achievement,
    Attachment,
    Call,
    ContactGrant,
    Contract,
    Introduction,
    IntroductionAnswer,
    Need,
    Organisation,
    TalkEvent,
)
from models.attachments import FileOwner

from .past import forget


def remove(session: Session) -> set[int]:
    """Introductions about a demonstration record, or of a demonstration side.

    A real contract that came of one stays, and no longer says from where.
    """
    homes = select(Organisation.id).where(Organisation.is_demo)
    about = or_(
        Introduction.is_demo,
        Introduction.seeker_id.in_(homes),
        Introduction.provider_id.in_(homes),
        *(
            column.in_(select(table.id).where(table.is_demo))
            for table, column in (
                (Need, Introduction.need_id),
                (Achievement, Introduction.achievement_id),
                (Call, Introduction.call_id),
            )
        ),
    )
    ids = set(session.scalars(select(Introduction.id).where(about)))
    session.execute(
        update(Contract)
        .where(Contract.introduction_id.in_(ids))
        .values(introduction_id=None)
    )
    session.execute(
        delete(Attachment).where(
            Attachment.record_type == FileOwner.INTRODUCTION,
            Attachment.record_id.in_(ids),
        )
    )
    forget(session, Introduction, ids)
    for table in (IntroductionAnswer, TalkEvent, ContactGrant):
        session.execute(delete(table).where(table.introduction_id.in_(ids)))
    session.execute(delete(Introduction).where(Introduction.id.in_(ids)))
    return ids
