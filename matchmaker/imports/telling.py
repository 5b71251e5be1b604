"""A change in words, as the page tells of it."""

from __future__ import annotations

from typing import Any

from .. import labels

AROUND = 24  # characters of a long text shown before where it differs


def in_words(name: str, before: Any, after: Any) -> tuple[str, str]:
    """Both in words; of long texts the place where they begin to differ."""
    told = labels.in_words(name, before), labels.in_words(name, after)
    same = 0
    for left, right in zip(*told, strict=False):
        if left != right:
            break
        same += 1
    start = same - AROUND
    if start <= 0 or max(map(len, told)) < 4 * AROUND:
        return told
    return f"…{told[0][start:]}", f"…{told[1][start:]}"
