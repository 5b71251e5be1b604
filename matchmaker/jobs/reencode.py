"""A change of encoder: new vectors are computed beside the old, which go at the end."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, aliased

from models import Embedding, transaction
from models.outbox import RecordType, TaskKind

from . import outbox


def lacking(session: Session, encoder: str) -> list[tuple[RecordType, int]]:
    """The records that have vectors of other encoders only."""
    new = aliased(Embedding)
    present = (
        select(new.id)
        .where(
            new.record_type == Embedding.record_type,
            new.record_id == Embedding.record_id,
            new.encoder == encoder,
        )
        .exists()
    )
    query = (
        select(Embedding.record_type, Embedding.record_id)
        .where(Embedding.encoder != encoder, ~present)
        .distinct()
        .order_by(Embedding.record_type, Embedding.record_id)
    )
    return [(kind, record_id) for kind, record_id in session.execute(query)]


def queue(session: Session, encoder: str, *, now: datetime) -> int:
    """Ask for vectors of this encoder where there are none; returns how many."""
    with transaction(session):
        keys = lacking(session, encoder)
        for kind, record_id in keys:
            outbox.promise(session, TaskKind.ENCODE, kind, record_id, now=now)
        session.info["wake"] = bool(keys)
    return len(keys)


def forget_others(session: Session, encoder: str) -> int:
    """Delete the vectors of other encoders, once every record has this one's.

    Returns how many rows went; none while a record still lacks its new vectors.
    """
    with transaction(session):
        if lacking(session, encoder):
            return 0
        gone = session.execute(delete(Embedding).where(Embedding.encoder != encoder))
        return int(getattr(gone, "rowcount", 0))
