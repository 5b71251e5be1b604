"""What lists are narrowed, counted and put in order by, held in memory.

The database would read every row of a table to count its facets, each row with its
texts. Here the few columns that matter lie side by side: 90 bytes a record. They are
kept in step by the same feed as the search index, and the same conditions hold over
them (`models.conditions`). What a page shows is read from the tables, under the
reader's condition again.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from sqlalchemy.orm import Session

from models import SuggestionChange
from models.outbox import RecordType

from .columns import Columns, is_draft
from .feed import Feed, Follower
from .pairs import Decisions, Paired, Pairs


class Catalogue:
    """The columns of every record ever submitted, of every pair and every decision.

    Each is read when first asked for, and caught up whenever it is. Drafts are in
    nobody's list but their author's, which is read from the tables. Safe for the
    threads of a web worker.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._records = Follower(Feed, _read, _reread)
        self._pairs = Follower(
            _pair_feed,
            lambda session: Pairs().read(session),
            lambda session, held, changed: held.reread(session, _only(changed)),
        )
        self._decisions = Follower(
            _pair_feed,
            lambda session: Decisions().read(session),
            lambda session, held, changed: held.reread_of(session, _only(changed)),
        )

    @contextmanager
    def reading(self, session: Session) -> Iterator[Mapping[RecordType, Columns]]:
        """The records with every committed change, kept from changing meanwhile."""
        with self._lock:
            yield self._records.caught_up(session)

    @contextmanager
    def reading_pairs(self, session: Session) -> Iterator[Paired]:
        """The pairs likewise, with the records they are of."""
        with self._lock:
            records = self._records.caught_up(session)
            yield Paired(self._pairs.caught_up(session), records)

    @contextmanager
    def reading_decisions(self, session: Session) -> Iterator[tuple[Decisions, Paired]]:
        """The decisions likewise, with the pairs they are on."""
        with self.reading_pairs(session) as pairs:
            yield self._decisions.caught_up(session), pairs


def _pair_feed() -> Feed:
    return Feed(lines=SuggestionChange, subject=("suggestion_id",))


def _only(changed: Sequence[tuple[int]]) -> list[int]:
    return [id_ for (id_,) in changed]


def _read(session: Session) -> dict[RecordType, Columns]:
    found = {kind: Columns(kind) for kind in RecordType}
    for kind, columns in found.items():
        columns.read(session, ~is_draft(kind))
    return found


def _reread(
    session: Session,
    held: Mapping[RecordType, Columns],
    changed: Sequence[tuple[RecordType, int]],
) -> None:
    ids: dict[RecordType, list[int]] = defaultdict(list)
    for kind, record_id in changed:
        ids[kind].append(record_id)
    for kind, some in ids.items():
        held[kind].reread(session, some, ~is_draft(kind))
