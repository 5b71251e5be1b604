"""How two texts differ, piece by piece, for showing one beside the other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Literal

Kind = Literal["same", "gone", "new"]
Piece = tuple[Kind, str]

_SENTENCE = re.compile(r"[^。!?！？;；\n]*(?:[。!?！？;；\n]+|$)")
_TOKEN = re.compile(r"[A-Za-z]+|[\d.]+|\s+|.", re.DOTALL)
# Two stretches as long as this are shown one after the other, not woven together.
MOST_WOVEN = 1_000_000


def pieces(before: str, after: str) -> list[Piece]:
    """The two texts as one: what stayed, what went, what came.

    First by sentences, then within those that changed, so that long texts cost
    little and a reader sees whole phrases.
    """
    old, new = _cut(_SENTENCE, before), _cut(_SENTENCE, after)
    return _joined(_compare(old, new, _within))


def _cut(pattern: re.Pattern[str], text: str) -> list[str]:
    return [part for part in pattern.findall(text) if part]


def _within(before: str, after: str) -> Iterator[Piece]:
    old, new = _cut(_TOKEN, before), _cut(_TOKEN, after)
    if len(old) * len(new) > MOST_WOVEN:
        yield from _apart(before, after)
    else:
        yield from _compare(old, new, _apart)


def _apart(before: str, after: str) -> Iterator[Piece]:
    if before:
        yield "gone", before
    if after:
        yield "new", after


def _compare(old: list[str], new: list[str], changed: object) -> Iterator[Piece]:
    for tag, a, b, c, d in SequenceMatcher(None, old, new, False).get_opcodes():
        left, right = "".join(old[a:b]), "".join(new[c:d])
        if tag == "equal":
            yield "same", left
        elif tag == "replace" and callable(changed):
            yield from changed(left, right)
        else:
            yield from _apart(left, right)


def _joined(parts: Iterator[Piece]) -> list[Piece]:
    found: list[Piece] = []
    for kind, text in parts:
        if found and found[-1][0] == kind:
            found[-1] = kind, found[-1][1] + text
        else:
            found.append((kind, text))
    return found


def shortened(parts: list[Piece], around: int = 24) -> list[Piece]:
    """Only the changes, with a few signs of what stands around each."""
    found: list[Piece] = []
    for place, (kind, text) in enumerate(parts):
        first, last = place == 0, place == len(parts) - 1
        if kind == "same" and len(text) > 2 * around + 2:
            head = "" if first else text[:around]
            tail = "" if last else text[-around:]
            text = f"{head}…{tail}"
        found.append((kind, text))
    return found
