"""Which words of a form answer which of its fields.

In a table a heading stands before its value, above it, or with it in one cell; in a
text it stands before a colon or alone on a line. What belongs to no field is kept
aside, to be shown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from .layout import LAYOUT, LEAD, LONG, TITLE, asked
from .paper import Cell, Paper, Row

# So many headings we know side by side head columns.
FEWEST_HEADS = 3
OURS = {TITLE, LEAD, *(each.note for each in LAYOUT.fields)}

_LABELLED = re.compile(r"\s*([^：:]{1,40}?)\s*[：:]\s*(.*)", re.DOTALL)
_GAPS = re.compile(r"(\t+|[ \u3000]{2,}|\u3000)")
# «三、企业简介»: the head of another section, not a line of this one.
_SECTION = re.compile(
    r"[(（]?[一二三四五六七八九十]{1,3}[)）]?[、.．]?[^。；;！？]{2,24}"
)
_NUMERALS = re.compile(r"[(（]?[一二三四五六七八九十]{1,3}(?:[)）]|[、.．])")
_COUNT = re.compile(r"\d{1,2}[.、．]?")


@dataclass
class Answer:
    """What stands under a heading we know; ``unit`` of money, as the heading says."""

    code: str
    unit: str
    heading: str
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.lines).strip()


@dataclass
class Gathered:
    answers: list[Answer] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


def gather(paper: Paper) -> Gathered:
    """Every answer of the form in its order, and all that is none."""
    found = _Gatherer()
    for block in paper.blocks:
        if isinstance(block, str):
            found.line(block)
        else:
            found.table(block)
    return found.gathered


class _Gatherer:
    def __init__(self) -> None:
        self.gathered = Gathered()
        self._open: Answer | None = None

    # -- A text ------------------------------------------------------------------

    def line(self, text: str) -> None:
        """A line between headings belongs to the last, if that takes any more."""
        words = text.strip()
        if not words:
            if self._open is not None and self._open.lines:
                self._open.lines.append("")
            return
        if words in OURS:
            return
        if pairs := _pairs(text):
            for heading, value in pairs:
                self._begin(heading, value)
        elif asked(words) is not None:
            self._begin(words, "")
        elif self._takes(words):
            assert self._open is not None
            self._open.lines.append(text)
        else:
            self._open = None
            self._leave([words])

    def _begin(self, heading: str, value: str) -> Answer:
        known = asked(heading)
        assert known is not None
        lines = value.split("\n") if value else []
        self._open = Answer(*known, heading, lines)
        self.gathered.answers.append(self._open)
        return self._open

    def _takes(self, words: str) -> bool:
        if self._open is None:
            return False
        if _NUMERALS.match(words) and _SECTION.fullmatch(words):
            return False
        return self._open.code in LONG or not self._open.text

    def _leave(self, texts: Sequence[str]) -> None:
        kept = [text for text in texts if text and not LAYOUT.ignores(text)]
        if kept:
            self.gathered.unread.append("：".join(kept))

    # -- A table -----------------------------------------------------------------

    def table(self, rows: Sequence[Row]) -> None:
        """Rows of headings and values; a heading may be merged over several."""
        self._open = None
        columns: dict[int, Answer] = {}
        heads: list[Answer] = []
        for row in rows:
            if heads and len(row) == len(heads) and not _asked(row[0]):
                for answer, cell in zip(heads, row, strict=True):
                    answer.lines += cell.lines
                heads = []
                continue
            heads = []
            if len(row) == 1:
                if not row[0].goes_on:
                    for line in row[0].lines:
                        self.line(line)
                continue
            self._open = None
            if len(row) >= FEWEST_HEADS and all(map(_asked, row)):
                heads = [self._begin(_heading(cell), "") for cell in row]
            else:
                self._row(row, columns)
        self._open = None

    def _row(self, row: Row, columns: dict[int, Answer]) -> None:
        answer: Answer | None = None
        waits = False  # the heading was read, its value comes next
        rest: list[str] = []  # of the heading's own cell: its value, where none comes
        others: list[str] = []
        at = 0
        for place, cell in enumerate(row):
            if cell.goes_on:
                if at in columns:
                    answer, waits, rest = columns[at], True, []
            elif waits and answer is not None:
                if not (answer.code == "targets" and _counts(row, place)):
                    answer.lines += cell.lines
                    waits = False
            elif _asked(cell):
                answer = self._begin(_heading(cell), "")
                columns[at], waits, rest = answer, True, _below(cell)
            elif pairs := _pairs(cell.text):
                for heading, value in pairs:
                    self._begin(heading, value)
                answer = None
            elif answer is not None and answer.code == "targets" and cell.text:
                last = answer.lines.pop() if answer.lines else ""
                answer.lines.append(f"{last} {' '.join(cell.text.split())}".strip())
            elif cell.text:
                others.append(" ".join(cell.text.split()))
            at += cell.span
        if waits and answer is not None:
            answer.lines += rest
        asks_nothing = len(others) == 1 and not any(c.text for c in row[1:])
        if not asks_nothing:  # a question of another form that nobody answered
            self._leave(others)


def _asked(cell: Cell) -> bool:
    """Whether the cell is a heading we know, with or without a hint under it."""
    return bool(_heading(cell))


def _heading(cell: Cell) -> str:
    written = [line.strip() for line in cell.lines if line.strip()]
    if cell.goes_on or not written:
        return ""
    for heading in (written[0], "".join(written)):
        if asked(heading) is not None:
            return heading
    return ""


def _below(cell: Cell) -> list[str]:
    """What stands under the heading in its own cell, our hint left out."""
    written = [line for line in cell.lines if line.strip()]
    if asked(written[0]) is None:
        return []
    return [line for line in written[1:] if line.strip() not in OURS]


def _counts(row: Row, place: int) -> bool:
    """Whether the cell only numbers the target in a cell after it."""
    after = any(cell.text for cell in row[place + 1 :])
    return after and bool(_COUNT.fullmatch(row[place].text))


def _pairs(text: str) -> list[tuple[str, str]]:
    """«技术领域：新材料  预算：50 万元» in pairs; none where the first is unknown."""
    found: list[tuple[str, str]] = []
    pieces = ["", *_GAPS.split(text.strip())]
    for gap, piece in zip(pieces[::2], pieces[1::2], strict=True):
        match = _LABELLED.fullmatch(piece)
        if match is not None and asked(match[1]) is not None:
            found.append((match[1], match[2]))
        elif not found:
            return []
        else:
            heading, value = found[-1]
            found[-1] = heading, f"{value}{gap}{piece}" if value else piece
    return found
