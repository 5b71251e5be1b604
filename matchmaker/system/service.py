"""How the search index and the work in the background are doing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from index import snapshot, sync
from index.loading import EncoderMissing
from index.sync import Comparison, LiveIndex
from models import Activation, Embedding, OutboxTask, User, transaction
from models.outbox import RecordType, TaskKind

from .. import policies
from ..errors import NotFound
from ..history import service as history
from ..jobs import outbox
from ..rankers.active import active

LARGEST_ID = 2**31 - 1
MOST_FAILED = 50


@dataclass(frozen=True)
class Shelf:
    """One searchable copy: of which records, for whom, how many, how searched."""

    kind: RecordType
    for_staff: bool
    records: int
    how: str


@dataclass(frozen=True)
class Index:
    """The index of this process."""

    encoder: str
    dimension: int
    layout: str
    read_up_to: int
    shelves: Sequence[Shelf]


@dataclass(frozen=True)
class Queue:
    """What one kind of task still has to do; ``oldest`` is when the first came."""

    kind: TaskKind
    waiting: int
    failed: int
    oldest: datetime


@dataclass(frozen=True)
class State:
    """All of it. ``index`` is empty and ``trouble`` says why, if it cannot be read."""

    index: Index | None
    trouble: str
    passages: int
    queues: Sequence[Queue]
    failed: Sequence[OutboxTask]
    ranker: str
    ranker_since: datetime | None
    compared: Comparison | None


def state(session: Session, live: LiveIndex, user: User, *, compare: bool) -> State:
    """The state now; ``compare`` holds the index against the tables, which takes long.

    A task that failed is tried again by itself, later each time.
    """
    policies.require(user, "system.govern")
    index, trouble, compared = None, "", None
    try:
        index = _index(session, live)
        if compare:
            compared = difference(session, live)
    except EncoderMissing as error:
        trouble = str(error)
    since = select(Activation.at).order_by(Activation.id.desc()).limit(1)
    return State(
        index=index,
        trouble=trouble,
        passages=session.scalar(select(func.count()).select_from(Embedding)) or 0,
        queues=_queues(session),
        failed=_failed(session),
        ranker=active(session).name,
        ranker_since=session.scalar(since),
        compared=compared,
    )


def _index(session: Session, live: LiveIndex) -> Index:
    with live.reading(session) as held:
        return Index(
            encoder=live.encoder.name,
            dimension=live.encoder.dimension,
            layout=snapshot.LAYOUT,
            read_up_to=live.feed.high,
            shelves=[
                Shelf(kind, inside, len(shelf), shelf.describe())
                for (kind, inside), shelf in held.shelves.items()
            ],
        )


def difference(session: Session, live: LiveIndex) -> Comparison:
    """How the index of this process differs from the tables."""
    with live.reading(session) as held:
        return sync.compare(session, held, live.encoder.name)


def _queues(session: Session) -> list[Queue]:
    failed = func.count().filter(OutboxTask.attempts > 0)
    rows = session.execute(
        select(
            OutboxTask.kind, func.count(), failed, func.min(OutboxTask.created_at)
        ).group_by(OutboxTask.kind)
    )
    return [Queue(*row) for row in rows]


def _failed(session: Session) -> Sequence[OutboxTask]:
    query = (
        select(OutboxTask)
        .where(OutboxTask.attempts > 0)
        .order_by(OutboxTask.attempts.desc(), OutboxTask.id)
        .limit(MOST_FAILED)
    )
    return session.scalars(query).all()


def retry(session: Session, actor: User, task_id: int, *, now: datetime) -> None:
    """Let a task that waits after a failure be tried at once."""
    with transaction(session):
        policies.require(actor, "system.govern")
        task = (
            session.get(OutboxTask, task_id, with_for_update=True)
            if task_id <= LARGEST_ID
            else None
        )
        if task is None:
            raise NotFound("task")
        task.retry_at = now
        about = f"{task.record_type}:{task.record_id}"
        history.record(
            session,
            actor,
            "task.retried",
            task,
            now=now,
            changes={"kind": [None, str(task.kind)], "record": [None, about]},
        )
        session.info["wake"] = True


def repair(session: Session, live: LiveIndex, actor: User, *, now: datetime) -> int:
    """Queue every record in which the index differs from the tables; how many."""
    policies.require(actor, "system.govern")
    report = difference(session, live)
    if not report.differs:
        return 0
    return queue_repairs(session, report, now=now, actor=actor)


def queue_repairs(
    session: Session, report: Comparison, *, now: datetime, actor: User | None = None
) -> int:
    """Ask the worker for all that differs, and note who asked; returns how many."""
    keys = sorted({*report.missing, *report.stale, *report.extra, *report.unencoded})
    with transaction(session):
        for kind, record_id in keys:
            outbox.promise(session, TaskKind.ENCODE, kind, record_id, now=now)
        if actor is not None:
            changes = {"count": [None, len(keys)]}
            history.record(
                session, actor, "index.repaired", actor, now=now, changes=changes
            )
        session.info["wake"] = True
    return len(keys)
