"""What an import has read and judged so far, as one line of JSON each.

Copies only: what a killed worker left half-written is cut off where the counter of
the run stands, and what is missing is read from the upload or judged again.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

from ..sheets.reader import UNCOMPUTED, Row
from .verdicts import Outcome, Verdict

T = TypeVar("T")


@dataclass(frozen=True)
class Lines(Generic[T]):
    """A file that grows at its end, a line for each item."""

    path: Path
    pack: Callable[[T], Any]
    unpack: Callable[[Any], T]

    def cut(self, number: int) -> int:
        """Keep the first ``number`` lines; says how many there are now."""
        if not self.path.exists():
            return 0
        with self.path.open("rb+") as file:
            kept = end = 0
            while kept < number and file.readline().endswith(b"\n"):
                kept, end = kept + 1, file.tell()
            file.truncate(end)
        return kept

    def append(self, items: Iterable[T]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self.path.open("a", encoding="utf-8") as file:
            file.writelines(_ENCODER.encode(self.pack(item)) + "\n" for item in items)

    def __iter__(self) -> Iterator[T]:
        for line in self._lines():
            yield self.unpack(_DECODER.decode(line))

    def beginning(self, words: str) -> Iterator[T]:
        """Those whose line begins with these words: only they are decoded."""
        for line in self._lines():
            if line.startswith(words):
                yield self.unpack(_DECODER.decode(line))

    def _lines(self) -> Iterator[str]:
        if self.path.exists():
            with self.path.open(encoding="utf-8") as file:
                # A last line without its end is still being written.
                yield from (line for line in file if line.endswith("\n"))


@dataclass(frozen=True)
class Staging:
    """The folder of what is staged; three files a run."""

    folder: Path

    def rows(self, run_id: int) -> Lines[Row]:
        """The rows as they were read, so that nobody reads the workbook twice."""
        return Lines(self.folder / f"{run_id}.jsonl", _packed_row, _row)

    def verdicts(self, run_id: int) -> Lines[Verdict]:
        """What becomes of them, kept until all are entered together."""
        return Lines(self.folder / f"{run_id}.judged", _packed_verdict, _verdict)

    def told(self, run_id: int) -> Lines[dict[str, Any]]:
        """What the page tells of each row, in the order of the file."""
        return Lines(self.folder / f"{run_id}.told", dict, dict)

    @contextmanager
    def held(self, run_id: int) -> Iterator[bool]:
        """Whether this process alone works on the run; let go of even by a kill."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._lock(run_id).open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True

    def held_runs(self) -> list[int]:
        """The runs of which something is staged."""
        paths = self.folder.glob("*.jsonl")
        return sorted(int(path.stem) for path in paths if path.stem.isdigit())

    def forget(self, run_id: int) -> None:
        """Delete what is staged for a run that is over."""
        for path in (
            self.verdicts(run_id).path,
            self.told(run_id).path,
            self.rows(run_id).path,
            self._lock(run_id),
        ):
            path.unlink(missing_ok=True)

    def _lock(self, run_id: int) -> Path:
        return self.folder / f"{run_id}.lock"


def _packed_row(row: Row) -> list[Any]:
    return [row.number, *row.cells]


def _row(line: list[Any]) -> Row:
    return Row(line[0], line[1:])


def _packed_verdict(verdict: Verdict) -> list[Any]:
    return [
        verdict.number,
        verdict.outcome,
        verdict.key,
        verdict.identity,
        verdict.met,
        verdict.values,
    ]


def _verdict(line: list[Any]) -> Verdict:
    """As it was judged, without what was only shown; enums as their values."""
    number, outcome, key, identity, met, values = line
    return Verdict(
        number,
        Outcome(outcome),
        key,
        identity,
        met=tuple(met) if met else None,
        values=values,
    )


def _plain(value: Any) -> dict[str, Any]:
    """What JSON has no word for."""
    if isinstance(value, datetime):
        return {"moment": value.isoformat()}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    if value is UNCOMPUTED:
        return {"uncomputed": True}
    raise TypeError(f"cannot stage a {type(value).__name__}")


def _meant(found: dict[str, Any]) -> Any:
    if len(found) != 1:
        return found
    if "day" in found:
        return date.fromisoformat(found["day"])
    if "moment" in found:
        return datetime.fromisoformat(found["moment"])
    return UNCOMPUTED if "uncomputed" in found else found


_ENCODER = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), default=_plain, check_circular=False
)
_DECODER = json.JSONDecoder(object_hook=_meant)
