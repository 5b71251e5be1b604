"""Records of one kind that one answer could serve: groups in which all are alike.

Each record names its nearest; two that name each other are a pair, and its strength
says how far the nearness stands out, with something added for what answers both. A
common field adds nothing: measured, that only puts pairs of one trade before pairs of
one problem. Groups grow from the strongest pair by complete linkage: a record joins
only if it is a pair with every member, so a chain of neighbours never runs together.
Work grows with the number of records times `NEAREST`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .dense import knn_batch
from .hybrid import IndexedRecord, Shelf
from .unit_table import ATOMS

# Measured by `python -m benchmarks.duplicates`; to be chosen anew with the encoder.
NEAREST = 12
FLOOR = 3.25
# What an achievement among the best of both adds to the strength.
SHARED_ANSWER = 0.5
MOST_SHARED = 2

SMALLEST, LARGEST = 2, 8
# A term so many of the members use belongs to all of them.
COMMON = 0.6

Link = tuple[int, int]


@dataclass(frozen=True)
class Group:
    """Ids of records that are alike, rising, and the strength of the weakest pair."""

    members: tuple[int, ...]
    weakest: float


def nearness(shelf: Shelf, ids: Collection[int]) -> dict[Link, float]:
    """How near those pairs are that are among each other's nearest, lower id first.

    In standard deviations, of the whole and of the coverage taken together, on
    average of both directions; ids that are not on the shelf are passed over.
    """
    records = [record for id_ in sorted(ids) if (record := shelf.get(id_))]
    if len(records) < SMALLEST:
        return {}
    texts = np.array([record.vectors[0] for record in records], np.float32)
    rows, _ = knn_batch(texts, texts, NEAREST + 1)
    seen: dict[Link, float] = {}
    for place, record in enumerate(records):
        others = [records[row] for row in rows[place] if row >= 0 and row != place]
        for other, value in zip(others, _seen_from(shelf, record, others), strict=True):
            seen[record.id, other.id] = value
    return {
        (left, right): (value + seen[right, left]) / 2
        for (left, right), value in seen.items()
        if left < right and (right, left) in seen
    }


def _seen_from(
    shelf: Shelf, record: IndexedRecord, others: Sequence[IndexedRecord]
) -> list[float]:
    whole, coverage = shelf.background.nearness(record.likeness(), others)
    return [float(value) for value in (whole + coverage) / 2]


def strengths(
    near: Mapping[Link, float], answers: Mapping[int, Collection[int]]
) -> dict[Link, float]:
    """The strength of each pair; ``answers`` are the best found for each record."""
    found = {}
    for (left, right), value in near.items():
        shared = set(answers.get(left, ())) & set(answers.get(right, ()))
        found[left, right] = value + SHARED_ANSWER * min(len(shared), MOST_SHARED)
    return found


def group(
    strong: Mapping[Link, float], owners: Mapping[int, int], floor: float
) -> list[Group]:
    """Groups of several owners' records, the one with the strongest weakest pair first.

    Every pair within one reaches ``floor``. Ties break by id, so the same pairs
    always give the same groups.
    """
    links = {link: value for link, value in strong.items() if value >= floor}
    clusters: dict[int, set[int]] = {}
    for left, right in sorted(links, key=lambda link: (-links[link], link)):
        mine = clusters.setdefault(left, {left})
        theirs = clusters.setdefault(right, {right})
        if mine is theirs or len(mine) + len(theirs) > LARGEST:
            continue
        if all(_link(one, other) in links for one in mine for other in theirs):
            mine |= theirs
            clusters.update(dict.fromkeys(theirs, mine))
    found = {
        tuple(sorted(members))
        for members in clusters.values()
        if len({owners[member] for member in members}) > 1
    }
    groups = [Group(members, _weakest(members, links)) for members in found]
    return sorted(groups, key=lambda one: (-one.weakest, one.members))


def _link(one: int, other: int) -> Link:
    return (one, other) if one < other else (other, one)


def _weakest(members: Sequence[int], links: Mapping[Link, float]) -> float:
    return min(
        links[left, right] for left in members for right in members if left < right
    )


def common_terms(shelf: Shelf, records: Sequence[IndexedRecord]) -> dict[str, float]:
    """The telling words most members use, the most telling first; longest form only.

    Each with what it is worth: how rare it is, times how many use it.
    """
    users = Counter(term for record in records for term in record.counts)
    least = max(SMALLEST, COMMON * len(records))
    worth = {
        term: users[term] * shelf.lexical.idf(term)
        for term in users
        if users[term] >= least and not _is_unit(term)
    }
    kept: list[str] = []
    for term in sorted(worth, key=lambda term: (-len(term), term)):
        if not any(term in longer for longer in kept):
            kept.append(term)
    first = sorted(kept, key=lambda term: (-worth[term], term))
    return {term: worth[term] for term in first}


def _is_unit(term: str) -> bool:
    return term.lstrip("0123456789.") in _UNITS


_UNITS = frozenset(spelling.lower() for spelling in ATOMS)
