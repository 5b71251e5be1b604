"""What the worker does: encode what changed, tell subscribers, write suggestions.

Everything it has to do stands in `outbox_tasks`; a task row goes in the same
transaction as the work it asked for. So the process may be killed at any moment:
the next run reads on, and doing a task twice changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Select, delete, select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from index import embed
from index.encoder import Encoder
from index.loading import EncoderMissing
from index.stored import ASKS, embeddings
from index.sync import LiveIndex
from index.text import Source, sources
from models import TABLES, Embedding, IndexChange, OutboxTask, transaction
from models.outbox import Audience, RecordType, TaskKind

from ..matches import suggest
from ..subscriptions import match as subscribers
from ..subscriptions import tell
from . import outbox

log = structlog.get_logger()

# Few at a time: what is posted meanwhile waits for these, some seconds at most, and
# a kill loses no more than these.
AT_ONCE = 8
# A failed task waits 2, 4, 8 … minutes, an hour at most; it is never given up.
LONGEST_WAIT = timedelta(hours=1)

Key = tuple[RecordType, int]
Clock = Callable[[], datetime]


class Worker:
    """Works off the outbox with one session and one index."""

    def __init__(
        self,
        session: Session,
        index: LiveIndex,
        *,
        suggestions: int,
        clock: Clock,
        encoder: Encoder | None = None,
    ) -> None:
        self.session, self.index = session, index
        self.suggestions, self.clock = suggestions, clock
        # Bulk work brings its own, with more threads than a page may use.
        self.encoder = encoder or index.encoder

    def drain(self) -> int:
        """Do all that is due; returns how many records were handled."""
        done = 0
        # Who subscribed hears of a record before its pairs are worked out.
        while handled := self.encode_some() + self.tell_some() + self.match_some():
            done += handled
        return done

    def encode_some(
        self, at_once: int = AT_ONCE, progress: embed.Progress | None = None
    ) -> int:
        """Encode the records that wait longest; returns how many."""
        tasks = self._due(TaskKind.ENCODE, at_once)
        return self._encode(tasks, progress) if tasks else 0

    def _encode(
        self, tasks: Mapping[Key, list[int]], progress: embed.Progress | None = None
    ) -> int:
        try:
            prepared = self._prepare(list(tasks), progress)
        except EncoderMissing:
            raise
        except Exception as error:
            if len(tasks) > 1:
                # One text may be at fault; alone, it holds up no other.
                return sum(self._encode({key: ids}) for key, ids in tasks.items())
            for key, ids in tasks.items():
                self._postpone(key, ids, error)
            return 0
        store = partial(self._store, prepared=prepared)
        return sum(self._attempt(key, ids, store) for key, ids in tasks.items())

    def tell_some(self, at_once: int = AT_ONCE) -> int:
        """Tell subscribers of the records that wait longest; returns how many."""
        tasks = self._due(TaskKind.NOTIFY, at_once)
        return sum(self._attempt(key, ids, self._tell) for key, ids in tasks.items())

    def match_some(self, at_once: int = AT_ONCE) -> int:
        """Write suggestions for the records that wait longest; returns how many."""
        tasks = self._due(TaskKind.MATCH, at_once)
        return sum(self._attempt(key, ids, self._match) for key, ids in tasks.items())

    def match_everything(self, progress: Callable[[], object]) -> None:
        """Refresh every need and call, for a bulk load; tells each one done.

        Each of them looks at every achievement, so what waits on the achievements'
        side would only find the same pairs again.
        """
        waiting = select(OutboxTask.id).where(OutboxTask.kind == TaskKind.MATCH)
        task_ids = list(self.session.scalars(waiting))
        for kind in sorted(ASKS):
            for record_id in list(self.session.scalars(select(TABLES[kind].id))):
                self._match((kind, record_id), [])
                progress()
        with transaction(self.session):
            for start in range(0, len(task_ids), 500):
                self._strike(task_ids[start : start + 500])

    def _due(self, kind: TaskKind, at_once: int) -> dict[Key, list[int]]:
        """The tasks to do now, gathered by record."""
        self.session.rollback()
        query = (
            select(OutboxTask)
            .where(OutboxTask.kind == kind, OutboxTask.retry_at <= self.clock())
            .order_by(OutboxTask.id)
            .limit(at_once)
        )
        found: dict[Key, list[int]] = defaultdict(list)
        for task in self.session.scalars(query):
            found[task.record_type, task.record_id].append(task.id)
        return found

    def _prepare(
        self, keys: Sequence[Key], progress: embed.Progress | None
    ) -> dict[str, embed.Prepared]:
        """Encode the texts of these records that have no vectors yet, by hash."""
        wanted: dict[str, tuple[Source, bool]] = {}
        for kind, record_id in keys:
            record: Any = self.session.get(TABLES[kind], record_id)
            if record is None:
                continue
            hashes = select(Embedding.text_hash).where(*self._mine((kind, record_id)))
            stored = set(self.session.scalars(hashes))
            for source in sources(record).values():
                if source.hash not in stored:
                    wanted[source.hash] = source, kind in ASKS
        # No transaction stays open while the encoder computes.
        self.session.rollback()
        if not wanted:
            return {}
        texts, asks = zip(*wanted.values(), strict=True)
        prepared = embed.prepare(self.encoder, texts, asks=asks, progress=progress)
        return dict(zip(wanted, prepared, strict=True))

    def _store(
        self, key: Key, task_ids: list[int], prepared: Mapping[str, embed.Prepared]
    ) -> None:
        with transaction(self.session):
            record: Any = self.session.get(TABLES[key[0]], key[1])
            wanted = {} if record is None else sources(record)
            old = list(self.session.scalars(self._rows(key)))
            if {(row.audience, row.text_hash) for row in old} != {
                (audience, source.hash) for audience, source in wanted.items()
            }:
                new = self._new_rows(key, wanted, old, prepared)
                if new is None:
                    return  # edited meanwhile; the edit left a task of its own
                self.session.execute(delete(Embedding).where(*self._mine(key)))
                self.session.add_all(new)
            self._hand_on(key, record, task_ids)

    def _new_rows(
        self,
        key: Key,
        wanted: Mapping[Audience, Source],
        old: Sequence[Embedding],
        prepared: Mapping[str, embed.Prepared],
    ) -> list[Embedding] | None:
        """The rows the record should have; None if a text was not encoded yet.

        Words that only changed their audience keep the vectors they had.
        """
        new: list[Embedding] = []
        for audience, source in wanted.items():
            same = [row for row in old if row.text_hash == source.hash]
            if same:
                first = same[0].audience
                new += [_copy(row, audience) for row in same if row.audience is first]
            elif source.hash in prepared:
                text = prepared[source.hash]
                new += embeddings(*key, audience, text, self.encoder.name)
            else:
                return None
        return new

    def _mine(self, key: Key) -> tuple[ColumnElement[bool], ...]:
        return (
            Embedding.record_type == key[0],
            Embedding.record_id == key[1],
            Embedding.encoder == self.encoder.name,
        )

    def _rows(self, key: Key) -> Select[Embedding]:
        return select(Embedding).where(*self._mine(key)).order_by(Embedding.id)

    def _hand_on(self, key: Key, record: Any, task_ids: list[int]) -> None:
        """Tell the indexes, ask for what comes next, and strike the tasks off."""
        kind, record_id = key
        now = self.clock()
        self.session.add(IndexChange(record_type=kind, record_id=record_id, at=now))
        if record is not None and subscribers.anybody_waits(
            self.session, record, now=now
        ):
            outbox.promise(self.session, TaskKind.NOTIFY, kind, record_id, now=now)
        outbox.promise(self.session, TaskKind.MATCH, kind, record_id, now=now)
        self._strike(task_ids)

    def _strike(self, task_ids: list[int]) -> None:
        self.session.execute(delete(OutboxTask).where(OutboxTask.id.in_(task_ids)))

    def _tell(self, key: Key, task_ids: list[int]) -> None:
        tell.tell(self.session, self.index, *key, now=self.clock())
        with transaction(self.session):
            self._strike(task_ids)

    def _match(self, key: Key, task_ids: list[int]) -> None:
        kind, record_id = key
        suggest.refresh(
            self.session,
            self.index,
            kind,
            record_id,
            limit=self.suggestions,
            now=self.clock(),
        )
        # After, not within: repeated work finds its pairs written and adds none.
        if task_ids:
            with transaction(self.session):
                self._strike(task_ids)

    def _attempt(
        self, key: Key, task_ids: list[int], work: Callable[[Key, list[int]], None]
    ) -> int:
        try:
            work(key, task_ids)
        except (IntegrityError, StaleDataError, OperationalError) as error:
            # Another process was at the same record; next time it will be done.
            self._postpone(key, task_ids, error, soon=True)
            return 0
        except Exception as error:
            self._postpone(key, task_ids, error)
            return 0
        return 1

    def _postpone(
        self, key: Key, task_ids: list[int], error: Exception, *, soon: bool = False
    ) -> None:
        log.error(
            "outbox.failed",
            record=f"{key[0]}:{key[1]}",
            error=type(error).__name__,
            exc_info=None if soon else error,
        )
        self.session.rollback()
        now = self.clock()
        with transaction(self.session):
            for task in self.session.scalars(
                select(OutboxTask).where(OutboxTask.id.in_(task_ids))
            ):
                task.attempts += 1
                wait = timedelta(minutes=2 ** min(task.attempts, 6))
                task.retry_at = now + (
                    timedelta(seconds=5) if soon else min(wait, LONGEST_WAIT)
                )
                # The kind of error only: its text may quote a restricted need.
                task.last_error = type(error).__name__


def _copy(row: Embedding, audience: Audience) -> Embedding:
    columns = [column.key for column in Embedding.__table__.columns]
    values = {name: getattr(row, name) for name in columns if name != "id"}
    return Embedding(**values | {"audience": audience})
