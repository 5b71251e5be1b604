"""The feed of changes, read so that none is missed and none is waited for."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import IndexChange
from models.outbox import RecordType

# A number skipped in the feed belongs to a transaction still open, or to one
# that failed; after this long it is the latter.
GAP_SECONDS = 600
GAPS_AT_START = 1000

Key = tuple[RecordType, int]


@dataclass
class Feed:
    """How far the changes were read: up to ``high``, except ``gaps``.

    Numbers are given out before they are committed, so a lower one may appear
    after a higher one; each gap is asked for until it is filled or given up.
    ``gaps`` maps the number to the moment (`time.monotonic`) it was missed.
    """

    high: int = 0
    gaps: dict[int, float] = field(default_factory=dict)

    def start(self, session: Session) -> None:
        """Begin after what is there now."""
        self.high = session.scalar(select(func.max(IndexChange.id))) or 0
        first = max(1, self.high - GAPS_AT_START)
        query = select(IndexChange.id).where(IndexChange.id >= first)
        present = set(session.scalars(query))
        missed = set(range(first, self.high)) - present
        self.gaps = dict.fromkeys(missed, time.monotonic())

    def read(self, session: Session) -> list[Key]:
        """The records changed since the last reading, each once."""
        wanted = IndexChange.id > self.high
        if self.gaps:
            wanted |= IndexChange.id.in_(list(self.gaps))
        columns = (IndexChange.id, IndexChange.record_type, IndexChange.record_id)
        rows = session.execute(select(*columns).where(wanted)).all()
        now = time.monotonic()
        for id_, _, _ in sorted(rows):
            self.gaps.pop(id_, None)
            for missed in range(self.high + 1, id_):
                self.gaps[missed] = now
            self.high = max(self.high, id_)
        old = [id_ for id_, since in self.gaps.items() if now - since > GAP_SECONDS]
        for id_ in old:
            del self.gaps[id_]
        return sorted({(kind, record_id) for _, kind, record_id in rows})
