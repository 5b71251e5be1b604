"""Index and background work, for the programs of administrators."""

from __future__ import annotations

from datetime import datetime

from index.sync import Comparison
from models import utcnow
from models.outbox import RecordType, TaskKind

from ..accounts.current import signed_in
from ..api.answers import Output
from ..api.operations import Operations
from ..db import db
from ..schema import Input
from ..search.live import live_index
from . import service

operations = Operations("system", "索引与任务")


class CheckQuery(Input):
    """With ``check`` the index is held against the tables, which takes long."""

    check: bool = False


class ShelfLine(Output):
    """One searchable copy: of which records, for staff or all, how it is searched."""

    kind: RecordType
    for_staff: bool
    records: int
    how: str


class IndexOut(Output):
    """The index of the process that answered."""

    encoder: str
    dimension: int
    layout: str
    read_up_to: int
    shelves: list[ShelfLine]


class QueueLine(Output):
    """What one kind of task still has to do; ``oldest`` is when the first came."""

    kind: TaskKind
    waiting: int
    failed: int
    oldest: datetime


class TaskLine(Output):
    """A task that failed and waits to be tried again."""

    id: int
    kind: TaskKind
    record_type: RecordType
    record_id: int
    attempts: int
    last_error: str | None
    retry_at: datetime


class Differences(Output):
    """In how many records the index differs from the tables."""

    missing: int
    stale: int
    extra: int
    unencoded: int


class SystemOut(Output):
    """The state of index and background work.

    ``trouble`` says why there is no ``index``; ``differences`` is null unless asked.
    """

    index: IndexOut | None
    trouble: str
    passages: int
    queues: list[QueueLine]
    failed: list[TaskLine]
    ranker: str
    ranker_since: datetime | None
    differences: Differences | None


class Repaired(Output):
    """How many records will be encoded anew."""

    queued: int


def _differences(found: Comparison) -> Differences:
    return Differences(
        missing=len(found.missing),
        stale=len(found.stale),
        extra=len(found.extra),
        unencoded=len(found.unencoded),
    )


@operations.get("/system", "system.show", "索引与任务的情况")
def show(query: CheckQuery) -> SystemOut:
    found = service.state(db.session, live_index(), signed_in(), compare=query.check)
    return SystemOut(
        index=IndexOut.model_validate(found.index) if found.index else None,
        trouble=found.trouble,
        passages=found.passages,
        queues=[QueueLine.model_validate(one) for one in found.queues],
        failed=[TaskLine.model_validate(one) for one in found.failed],
        ranker=found.ranker,
        ranker_since=found.ranker_since,
        differences=_differences(found.compared) if found.compared else None,
    )


@operations.post("/system/tasks/<int:task_id>/retry", "system.retry", "立即重试任务")
def retry(task_id: int) -> None:
    service.retry(db.session, signed_in(), task_id, now=utcnow())


@operations.post("/system/repair", "system.repair", "补做有差异的记录")
def repair() -> Repaired:
    number = service.repair(db.session, live_index(), signed_in(), now=utcnow())
    return Repaired(queued=number)
