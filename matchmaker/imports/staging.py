"""The rows of an upload as one line each, so that nobody reads the workbook twice.

A copy only: what a killed worker left half-written is cut off where the counter of
the run stands, and what is missing is read from the upload again.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from ..sheets.reader import UNCOMPUTED, Cell, Row


@dataclass(frozen=True)
class Staging:
    """The folder of the staged rows; one file a run."""

    folder: Path

    def path(self, run_id: int) -> Path:
        return self.folder / f"{run_id}.jsonl"

    @contextmanager
    def held(self, run_id: int) -> Iterator[bool]:
        """Whether this process alone works on the run; let go of even by a kill."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.folder / f"{run_id}.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True

    def cut(self, run_id: int, rows: int) -> int:
        """Keep the first ``rows`` lines; says how many there are now."""
        path = self.path(run_id)
        if not path.exists():
            return 0
        with path.open("rb+") as file:
            kept = 0
            while kept < rows:
                line = file.readline()
                if not line.endswith(b"\n"):
                    break
                kept += 1
                end = file.tell()
            file.truncate(end if kept else 0)
        return kept

    def append(self, run_id: int, rows: Sequence[Row]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self.path(run_id).open("a", encoding="utf-8") as file:
            file.writelines(_line(row) for row in rows)

    def rows(self, run_id: int) -> Iterator[Row]:
        """The staged rows in their order."""
        path = self.path(run_id)
        if path.exists():
            with path.open(encoding="utf-8") as file:
                for line in file:
                    number, *cells = json.loads(line)
                    yield Row(number, [_cell(each) for each in cells])

    def held_runs(self) -> list[int]:
        """The runs of which rows are staged."""
        paths = self.folder.glob("*.jsonl")
        return sorted(int(path.stem) for path in paths if path.stem.isdigit())

    def forget(self, run_id: int) -> None:
        """Delete what is staged for a run that is over."""
        for path in (self.path(run_id), self.folder / f"{run_id}.lock"):
            path.unlink(missing_ok=True)


def _line(row: Row) -> str:
    cells = [row.number, *(_plain(cell) for cell in row.cells)]
    return json.dumps(cells, ensure_ascii=False, separators=(",", ":")) + "\n"


def _plain(cell: Cell) -> Any:
    if isinstance(cell, datetime):
        return {"moment": cell.isoformat()}
    if isinstance(cell, date):
        return {"day": cell.isoformat()}
    return {"uncomputed": True} if cell is UNCOMPUTED else cell


def _cell(value: Any) -> Cell:
    if not isinstance(value, dict):
        cell: Cell = value
        return cell
    if "day" in value:
        return date.fromisoformat(value["day"])
    if "moment" in value:
        return datetime.fromisoformat(value["moment"])
    return UNCOMPUTED
