"""Keeps an index in step with the tables, in every process.

The tables are the truth. A change of a record leaves an `IndexChange`; whoever
holds a copy rereads the record it names. Rereading twice does no harm.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import TABLES, IndexChange
from models.outbox import RecordType

from . import embed, snapshot
from .catalogue import Catalogue
from .encoder import Encoder
from .feed import Feed
from .hybrid import HybridIndex, IndexedRecord, Question
from .stored import read_records
from .text import Source, reference, sources

PREPARED_KEPT = 32
BATCH = 500

Key = tuple[RecordType, int]


class LiveIndex:
    """The searchable copy of one process, caught up before each search.

    Safe for the threads of a web worker. The encoder is loaded when first needed
    and raises `EncoderMissing` if it is not there.
    """

    def __init__(
        self, load_encoder: Callable[[], Encoder], snapshots: Path | None = None
    ) -> None:
        self._load_encoder = load_encoder
        self._snapshots = snapshots
        self._lock = threading.RLock()
        self._encoder: Encoder | None = None
        self._index: HybridIndex | None = None
        self._prepared: OrderedDict[str, embed.Prepared] = OrderedDict()
        self.feed = Feed()
        self.catalogue = Catalogue()

    @property
    def encoder(self) -> Encoder:
        with self._lock:
            if self._encoder is None:
                self._encoder = self._load_encoder()
            return self._encoder

    def caught_up(self, session: Session) -> HybridIndex:
        """The index with every committed change in it."""
        with self._lock:
            if self._index is None:
                self._index = self._open(session)
            index, self._index = self._index, None
            changed: dict[RecordType, list[int]] = defaultdict(list)
            for kind, record_id in self.feed.read(session):
                changed[kind].append(record_id)
            for kind, ids in changed.items():
                self._reread(session, index, kind, ids)
            # Kept only now: had a reading failed, the feed would be ahead of it.
            self._index = index
            return index

    @contextmanager
    def reading(self, session: Session) -> Iterator[HybridIndex]:
        """The index caught up, and kept from changing while it is searched."""
        with self._lock:
            yield self.caught_up(session)

    def prepared(self, source: Source) -> embed.Prepared:
        """A text the worker has not come to yet, encoded here and now.

        The last few are kept: a page asks for the same one more than once.
        """
        with self._lock:
            known = self._prepared.get(source.hash)
        if known is None:
            [known] = embed.prepare(self.encoder, [source])
            with self._lock:
                self._prepared[source.hash] = known
                while len(self._prepared) > PREPARED_KEPT:
                    self._prepared.popitem(last=False)
        return known

    def question(self, text: str) -> Question:
        """What a person typed, encoded."""
        return embed.question(self.encoder, text)

    def save(self, session: Session) -> Path | None:
        """Write a snapshot, so that the next start is quick; None without a place."""
        with self._lock:
            if self._index is None or self._snapshots is None:
                return None
            return snapshot.write(
                self._snapshots,
                self._index,
                snapshot.Origin(
                    self.encoder.name,
                    self.feed.high,
                    _moment(session, self.feed.high),
                    sorted(self.feed.gaps),
                ),
            )

    def rebuild(self, session: Session) -> HybridIndex:
        """Forget the copy and any snapshot and read everything from the tables."""
        with self._lock:
            # Gone first: should the reading fail, the feed would be ahead of it.
            self._index = None
            self._index = self._from_tables(session)
            return self._index

    @cached_property
    def _reference_texts(self) -> list[embed.Prepared]:
        return embed.prepare(self.encoder, reference())

    def _reference(self) -> list[embed.Prepared]:
        """What a shelf of a few records is compared with; encoded when first needed."""
        return self._reference_texts

    def _open(self, session: Session) -> HybridIndex:
        if self._snapshots is not None:
            saved = snapshot.read(self._snapshots, self.encoder.name, self._reference)
            if saved is not None and _is_of_this_feed(session, saved.origin):
                missed = dict.fromkeys(saved.origin.gaps, time.monotonic())
                self.feed = Feed(saved.origin.high, missed)
                return saved.index
        return self._from_tables(session)

    def _from_tables(self, session: Session) -> HybridIndex:
        index = HybridIndex(self.encoder.dimension, self._reference)
        # The feed first: what changes while the tables are read is read again.
        self.feed.start(session)
        for kind, table in TABLES.items():
            ids = list(session.scalars(select(table.id).order_by(table.id)))
            self._reread(session, index, kind, ids)
        return index

    def _reread(
        self, session: Session, index: HybridIndex, kind: RecordType, ids: list[int]
    ) -> None:
        for start in range(0, len(ids), BATCH):
            some = ids[start : start + BATCH]
            found = read_records(session, kind, some, self.encoder.name)
            for id_, records in found.items():
                index.put(kind, id_, records)


def _moment(session: Session, change: int) -> str:
    at = session.scalar(select(IndexChange.at).where(IndexChange.id == change))
    return at.isoformat() if at is not None else ""


def _is_of_this_feed(session: Session, origin: snapshot.Origin) -> bool:
    """Whether the change the snapshot stopped at is the same one in these tables.

    The tables may have been made anew, or restored, since it was written.
    """
    return bool(origin.moment) and _moment(session, origin.high) == origin.moment


@dataclass(frozen=True)
class Comparison:
    """How an index differs from the tables, by (kind, id)."""

    missing: list[Key]
    stale: list[Key]
    extra: list[Key]
    unencoded: list[Key]

    @property
    def differs(self) -> bool:
        return bool(self.missing or self.stale or self.extra or self.unencoded)


def compare(session: Session, index: HybridIndex, encoder: str) -> Comparison:
    """Hold the index against the tables.

    missing    has vectors in the tables and is not in the index
    stale      is in the index with other words or facts than in the tables
    extra      is in the index and should not be
    unencoded  should be findable and has no vectors for its present words
    """
    result = Comparison([], [], [], [])
    for kind, table in TABLES.items():
        known: set[int] = set()
        ids = list(session.scalars(select(table.id).order_by(table.id)))
        for start in range(0, len(ids), BATCH):
            some = ids[start : start + BATCH]
            known.update(some)
            _compare_some(session, index, kind, some, encoder, result)
        for inside in (True, False):
            shelf = index.shelves[kind, inside]
            result.extra.extend((kind, i) for i in shelf.ids() if i not in known)
    # Once each, though it may differ on both sides.
    lists = (result.missing, result.stale, result.extra, result.unencoded)
    return Comparison(*(sorted(set(keys)) for keys in lists))


def _compare_some(
    session: Session,
    index: HybridIndex,
    kind: RecordType,
    ids: list[int],
    encoder: str,
    result: Comparison,
) -> None:
    table = TABLES[kind]
    query = (
        select(table).where(table.id.in_(ids)).execution_options(populate_existing=True)
    )
    wanted = {
        record.id: {source.hash for source in sources(record).values()}
        for record in session.scalars(query)
    }
    fresh = HybridIndex(index.dimension)
    for id_, records in read_records(session, kind, ids, encoder).items():
        fresh.put(kind, id_, records)
        if wanted.get(id_, set()) - {record.text_hash for record in records}:
            result.unencoded.append((kind, id_))
    for inside in (True, False):
        there, here = fresh.shelves[kind, inside], index.shelves[kind, inside]
        for id_ in ids:
            new, old = there.get(id_), here.get(id_)
            if new is None and old is not None:
                result.extra.append((kind, id_))
            elif new is not None and old is None:
                result.missing.append((kind, id_))
            elif new is not None and old is not None and not _same(new, old):
                result.stale.append((kind, id_))


def _same(one: IndexedRecord, other: IndexedRecord) -> bool:
    return (
        one.text_hash == other.text_hash
        and dict(one.facts) == dict(other.facts)
        and np.array_equal(one.vectors, other.vectors)
        and [list(t) for t in one.terms] == [list(t) for t in other.terms]
    )
