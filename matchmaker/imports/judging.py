"""Judge the rows of a file in their order, whatever kind of record they are."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from sqlalchemy.orm import Session

from models import ImportRun

from ..sheets.reader import Row
from .seen import Seen
from .verdicts import Given, Outcome, Verdict, Work

T = TypeVar("T")

CHUNK = 500


class Judge:
    """Gives a verdict on each row; a key that came before is an error.

    ``headings`` are those of the file, ``mapping`` says which of them are read.
    """

    def __init__(
        self, work: Work, headings: Sequence[str], mapping: Mapping[str, str]
    ) -> None:
        self._work = work
        self._places = [
            (place, mapping[heading].partition(":")[0])
            for place, heading in enumerate(headings)
            if heading in mapping
        ]
        self._seen = Seen()

    def __call__(self, session: Session, rows: Sequence[Row]) -> list[Verdict]:
        verdicts = self._work.judge(session, [self._given(row) for row in rows])
        for verdict in verdicts:
            if not self._comes_again(verdict) and not verdict.errors:
                self._refuse_claims(verdict)
        return verdicts

    def _comes_again(self, verdict: Verdict) -> bool:
        mark = verdict.identity or verdict.key
        first = self._seen.first(mark, verdict.number) if mark else verdict.number
        if first == verdict.number:
            return False
        same = f"的编号 {verdict.key} 相同" if verdict.key else "是同一条记录"
        verdict.refuse("重复", f"与第 {first} 行{same}，请只留一行")
        return True

    def _refuse_claims(self, verdict: Verdict) -> None:
        for label, mark, words in verdict.claims:
            first = self._seen.first(f"{label}\n{mark}", verdict.number)
            if first != verdict.number:
                verdict.refuse(label, f"与第 {first} 行的 {words} 相同，请核对")

    def _given(self, row: Row) -> Given:
        cells, width = row.cells, len(row.cells)
        return Given(
            row.number,
            {code: cells[place] for place, code in self._places if place < width},
        )


def chunks(items: Iterable[T]) -> Iterator[list[T]]:
    """The items, so many at a time as one transaction takes."""
    rest = iter(items)
    while chunk := list(itertools.islice(rest, CHUNK)):
        yield chunk


def count(run: ImportRun, verdicts: Sequence[Verdict]) -> None:
    """Add the verdicts to the counters of the run."""
    for verdict in verdicts:
        if verdict.outcome is Outcome.NEW:
            run.added += 1
        elif verdict.outcome is Outcome.CHANGED:
            run.changed += 1
        elif verdict.outcome is Outcome.SAME:
            run.same += 1
        elif verdict.outcome is Outcome.SUSPECT:
            run.suspected += 1
        else:
            run.refused += 1


def uncount(run: ImportRun) -> None:
    """As if no row of the run had been judged."""
    run.done = run.added = run.changed = run.same = 0
    run.suspected = run.refused = 0
