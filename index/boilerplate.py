"""What one organisation writes in each of its records: the paragraph about itself.

It says nothing of what a record is about, yet makes its records look alike. A sentence
of the body is boilerplate where several records of one organisation have it that ask
for, or claim, different things; copies of one record count once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

import numpy as np

from models.outbox import Part

from .hybrid import IndexedRecord
from .written import written_alike

# In so many different records, the one asked about among them.
MANY = 3
# A scrap says nothing of whose it is.
SHORTEST = 10
OWNER = "organisation_id"

Sentences = frozenset[str]


def boilerplate(record: IndexedRecord, others: Sequence[IndexedRecord]) -> Sentences:
    """The sentences of the record that are its organisation's, written alike."""
    owner = record.facts.get(OWNER)
    if owner is None:
        return frozenset()
    family = [record, *(one for one in others if one.facts.get(OWNER) == owner)]
    if len(family) < MANY:
        return frozenset()
    where: dict[str, set[str]] = defaultdict(set)
    for one in family:
        subject = _subject(one)
        for sentence in _sentences(one):
            where[sentence].add(subject)
    many = {one for one, subjects in where.items() if len(subjects) >= MANY}
    return frozenset(many) & _sentences(record)


def has(record: IndexedRecord, common: Sentences) -> bool:
    """Whether any of the sentences stands in the record."""
    return bool(common) and not common.isdisjoint(_sentences(record))


def without(record: IndexedRecord, common: Sentences) -> IndexedRecord:
    """The record as if these sentences were not in it.

    The vector of the whole is as it was: what is left has its own vectors, piece by
    piece, and is to be compared by them.
    """
    rows = [
        row
        for row, passage in enumerate(record.passages)
        if passage.part is not Part.SENTENCE
        or written_alike(passage.text) not in common
    ]
    left = [record.passages[row] for row in rows]
    words = "\n".join(p.text for p in left if p.part is not Part.WHOLE)
    passages = [replace(p, text=words) if p.part is Part.WHOLE else p for p in left]
    name = "\x1f".join((record.text_hash, *sorted(common)))
    return replace(
        record,
        passages=passages,
        terms=[record.terms[row] for row in rows],
        vectors=np.asarray(record.vectors[rows]),
        questions=np.asarray(record.questions[rows]),
        text_hash=sha256(name.encode()).hexdigest(),
    )


def _sentences(record: IndexedRecord) -> Sentences:
    found = (written_alike(p.text) for p in record.passages if p.part is Part.SENTENCE)
    return frozenset(one for one in found if len(one) >= SHORTEST)


def _subject(record: IndexedRecord) -> str:
    """What tells different records apart: their points, or the title."""
    points = [p.text for p in record.passages if p.part is Part.POINT]
    titles = [p.text for p in record.passages if p.part is Part.TITLE]
    return written_alike("".join(points or titles))
