"""Promise work inside a transaction; wake the worker once it is committed."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import event
from sqlalchemy.orm import Session

from models import IndexChange, OutboxTask, Record, kind_of
from models.outbox import RecordType, TaskKind


def note(session: Session, item: Record, *, now: datetime) -> None:
    """Note that the record changed, with nothing to encode: lists reread it."""
    session.add(IndexChange(record_type=kind_of(item), record_id=item.id, at=now))


def touch(session: Session, item: Record, *, now: datetime) -> None:
    """Note that the record changed: indexes reread it, the worker encodes it."""
    kind = kind_of(item)
    note(session, item, now=now)
    promise(session, TaskKind.ENCODE, kind, item.id, now=now)
    session.info["wake"] = True


def promise(
    session: Session,
    kind: TaskKind,
    record: RecordType,
    record_id: int,
    *,
    now: datetime,
) -> None:
    """Ask the worker for one piece of work, in the transaction at hand."""
    session.add(
        OutboxTask(
            kind=kind,
            record_type=record,
            record_id=record_id,
            created_at=now,
            retry_at=now,
        )
    )


def wake_after_commit(
    factory: Callable[..., Session], wake: Callable[[], None], mark: str = "wake"
) -> None:
    """Call ``wake`` after every commit whose session bears the mark (`touch`)."""

    @event.listens_for(factory, "after_commit")
    def _committed(session: Session) -> None:
        if session.info.pop(mark, False):
            wake()

    @event.listens_for(factory, "after_rollback")
    def _rolled_back(session: Session) -> None:
        session.info.pop(mark, None)
