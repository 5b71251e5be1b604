"""Where the headings of a table are: under titles, in merged cells, over two rows."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from openpyxl.utils import get_column_letter

from .layout import Layout, bare, said_unit

# So many headings we know make a row of headings.
FEWEST_KNOWN = 2


@dataclass(frozen=True)
class Head:
    """The headings found: how many of them we know, and where the rows begin."""

    headings: list[str]
    known: int
    first_row: int
    unit: str


def find(peek: Sequence[Sequence[object]], layout: Layout) -> Head | None:
    """The row, or the pair of rows, with the most headings that we know."""
    best: Head | None = None
    rank = 0, 0, False
    texts = [[_words(cell) for cell in row] for row in peek]
    unit = ""
    for place, row in enumerate(texts):
        candidates = [(row, place + 2)]
        if place + 1 < len(texts):
            below = texts[place + 1]
            candidates.append((_joined(row, below, layout), place + 3))
        for headings, first_row in candidates:
            known = len(layout.propose(headings, "wan"))
            # «买方» over two columns says less than «买方名称» and «买方地区».
            repeated = len(list(filter(None, headings))) - len(
                {*filter(None, headings)}
            )
            # A line above that adds nothing is none of the headings.
            found = known, -repeated, headings is row
            if known >= FEWEST_KNOWN and found > rank:
                best = Head(_named(headings), known, first_row, unit)
                rank = found
        # Only below it: what one heading says of itself is not said of the others.
        unit = unit or next(filter(None, map(said_unit, row)), "")
    return best


def _words(cell: object) -> str:
    return re.sub(r"\s+", "", cell) if isinstance(cell, str) else ""


def _joined(above: list[str], below: list[str], layout: Layout) -> list[str]:
    """Two rows of headings as one: «买方» over «名称» is «买方名称»."""
    found = []
    for top, bottom in itertools.zip_longest(above, below, fillvalue=""):
        if not bottom or bare(top) == bare(bottom):
            found.append(top or bottom)
        elif not top:
            found.append(bottom)
        else:
            both = top + bottom
            found.append(
                bottom if layout.knows(bottom) and not layout.knows(both) else both
            )
    return found


def _named(headings: Sequence[str]) -> list[str]:
    """Headings without blanks at the end, each with a name of its own."""
    found = list(headings)
    while found and not found[-1]:
        found.pop()
    seen: dict[str, int] = {}
    for place, text in enumerate(found):
        text = text[:120] or f"（{get_column_letter(place + 1)} 列，没有列名）"
        seen[text] = seen.get(text, 0) + 1
        found[place] = text if seen[text] == 1 else f"{text}（{seen[text]}）"
    return found
