"""How copies in memory follow the tables: by the numbers of the changes.

The tables are the truth. A change leaves a line with a number; whoever holds a copy
reads the lines past the last one it knows, and rereads what they name. Rereading twice
does no harm.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import IndexChange

T = TypeVar("T")

# A number skipped in the feed belongs to a transaction still open, or to one
# that failed; after this long it is the latter.
GAP_SECONDS = 600
GAPS_AT_START = 1000


@dataclass
class Feed:
    """How far the changes were read: up to ``high``, except ``gaps``.

    Numbers are given out before they are committed, so a lower one may appear
    after a higher one; each gap is asked for until it is filled or given up.
    ``gaps`` maps the number to the moment (`time.monotonic`) it was missed. ``lines``
    is the table of the changes, ``subject`` its columns that name what changed.
    """

    high: int = 0
    gaps: dict[int, float] = field(default_factory=dict)
    lines: Any = IndexChange
    subject: tuple[str, ...] = ("record_type", "record_id")

    def start(self, session: Session) -> None:
        """Begin after what is there now."""
        number = self.lines.id
        self.high = session.scalar(select(func.max(number))) or 0
        first = max(1, self.high - GAPS_AT_START)
        present = set(session.scalars(select(number).where(number >= first)))
        missed = set(range(first, self.high)) - present
        self.gaps = dict.fromkeys(missed, time.monotonic())

    def read(self, session: Session) -> list[Any]:
        """What changed since the last reading, each once: tuples of ``subject``."""
        number = self.lines.id
        wanted = number > self.high
        if self.gaps:
            wanted |= number.in_(list(self.gaps))
        columns = (number, *(getattr(self.lines, name) for name in self.subject))
        rows = session.execute(select(*columns).where(wanted)).all()
        now = time.monotonic()
        for id_ in sorted(row[0] for row in rows):
            self.gaps.pop(id_, None)
            for missed in range(self.high + 1, id_):
                self.gaps[missed] = now
            self.high = max(self.high, id_)
        old = [id_ for id_, since in self.gaps.items() if now - since > GAP_SECONDS]
        for id_ in old:
            del self.gaps[id_]
        return sorted({tuple(row[1:]) for row in rows})


class Follower(Generic[T]):
    """A copy of something in the tables: read when first wanted, then kept in step.

    read    the whole of it
    reread  brings into the copy what the feed names
    """

    def __init__(
        self,
        feed: Callable[[], Feed],
        read: Callable[[Session], T],
        reread: Callable[[Session, T, list[Any]], None],
    ) -> None:
        self._new_feed, self._read, self._reread = feed, read, reread
        self._held: tuple[Feed, T] | None = None

    def caught_up(self, session: Session) -> T:
        """The copy with every committed change in it; not safe for several threads."""
        # Put back at the end: had a reading failed, the feed would be ahead of it.
        held, self._held = self._held, None
        if held is None:
            feed = self._new_feed()
            # The feed first: what changes while the tables are read is read again.
            feed.start(session)
            copy = self._read(session)
        else:
            feed, copy = held
            self._reread(session, copy, feed.read(session))
        self._held = feed, copy
        return copy
