"""What came before in a file: so many marks that they do not stay in memory."""

from __future__ import annotations

import sqlite3


class Seen:
    """The row in which each mark came first.

    A passing database of this process alone, on disk as far as it outgrows a small
    cache: 200,000 marks in a mapping would take tens of megabytes.
    """

    def __init__(self) -> None:
        self._rows = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        for line in (
            "PRAGMA journal_mode=OFF",
            "PRAGMA synchronous=OFF",
            "CREATE TABLE seen (mark TEXT PRIMARY KEY, row INTEGER) WITHOUT ROWID",
            "BEGIN",
        ):
            self._rows.execute(line)

    def first(self, mark: str, row: int) -> int:
        """The row that had the mark first; this one if none had."""
        found = self._rows.execute("SELECT row FROM seen WHERE mark = ?", (mark,))
        known = found.fetchone()
        if known is not None:
            return int(known[0])
        self._rows.execute("INSERT INTO seen VALUES (?, ?)", (mark, row))
        return row
