"""Slices of lists whose services read them in parts, besides those of `Place`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..errors import Invalid
from ..paging import Part
from .answers import BAD_CURSOR, Item, Place, Row, Slice, cursor

# The rows of a part, and how many the whole list has.
Read = tuple[Sequence[Row], int]


def numbered(
    place: Place, read: Callable[[Part], Read[Row]], show: Callable[[Row], Item]
) -> Slice[Item]:
    """A list in an order of its own, which goes on by numbers."""
    start = _last(place) or 0
    rows, total = read(Part(start, place.limit))
    end = start + place.limit
    return Slice[Any](
        items=[show(row) for row in rows],
        total=total,
        next=cursor(end if end < total else None),
    )


def growing(
    place: Place,
    read: Callable[[int | None, int], Read[Row]],
    number: Callable[[Row], int],
    show: Callable[[Row], Item],
) -> Slice[Item]:
    """A list that only grows, the newest first, which goes on by the last number.

    ``read`` is told which number was the last one read, and how many rows to find.
    """
    found, total = read(_last(place), place.limit + 1)
    rows = found[: place.limit]
    last = number(rows[-1]) if len(found) > place.limit else None
    return Slice[Any](items=[show(row) for row in rows], total=total, next=cursor(last))


def _last(place: Place) -> int | None:
    """What the cursor says, which was signed for this very list."""
    if place.after is None:
        return None
    if isinstance(place.after, bool) or not isinstance(place.after, int):
        raise Invalid({"cursor": BAD_CURSOR})
    return place.after
