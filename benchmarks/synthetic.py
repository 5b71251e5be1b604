"""Invented records in any number: sentences of the sample put together anew.

A text takes a title, sentences and points of one field, each from another record. Its
vectors are mixtures of real ones of that field with noise, so that they lie as near
to each other as those of an encoder; none of them is the vector of its text.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from random import Random
from typing import Any

import numpy as np

from index.encoder import Encoder
from index.text import Passage, Source, passages, sentences, terms
from models.fields import DISTRICTS
from models.outbox import Audience, Part, RecordType

from .processes import ROOT

SAMPLE = ROOT / "data" / "sample"
BODY = {"needs": "problem", "achievements": "abstract", "calls": "background"}
POINTS = {"needs": "targets", "achievements": "indicators", "calls": "goals"}
KIND = {
    RecordType.NEED: "needs",
    RecordType.ACHIEVEMENT: "achievements",
    RecordType.CALL: "calls",
}
# Where the thing is wanted or was made, so that no two titles are alike.
PLACES = ("产线", "车间", "试验站", "基地", "园区", "班组", "项目", "中心")
NOISE = 0.35


@dataclass
class Pool:
    """The titles, sentences and points of one kind and field."""

    titles: list[str] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)
    points: list[str] = field(default_factory=list)


class Texts:
    """Draws texts, always the same ones for the same seed."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.pools: dict[tuple[str, str], Pool] = defaultdict(Pool)
        self._terms: dict[str, list[str]] = {}
        for kind in BODY:
            for path in sorted(SAMPLE.glob(f"*/{kind}.jsonl")):
                for line in path.read_text("utf-8").splitlines():
                    self._add(kind, json.loads(line))
        self.fields = sorted({code for _, code in self.pools})

    def _add(self, kind: str, row: dict[str, Any]) -> None:
        pool, body = self.pools[kind, row["field"]], row[BODY[kind]]
        pool.titles.append(row["title"])
        cut = (body[start:end].strip() for start, end in sentences(body))
        pool.sentences += [f"{text.rstrip('。,，;；')}。" for text in cut]
        pool.points += row[POINTS[kind]]

    def draw(
        self, kind: RecordType, code: str, number: int, length: int, points: int
    ) -> Source:
        """A text of so many sentences and points; ``number`` makes it the only one."""
        pool, draw = self.pools[KIND[kind], code], self.random
        place = f"{draw.choice(list(DISTRICTS))}{number}号{draw.choice(PLACES)}"
        return Source(
            f"{draw.choice(pool.titles)}({place})",
            "".join(draw.sample(pool.sentences, length)),
            tuple(draw.sample(pool.points, points)),
        )

    def terms(self, found: list[Passage]) -> list[list[str]]:
        """Those of each passage; of the whole, what the others have together."""
        rest = [self._of(passage) for passage in found[1:]]
        return [[term for some in rest for term in some], *rest]

    def _of(self, passage: Passage) -> list[str]:
        if passage.part is not Part.TITLE:
            return self._known(passage.text)
        title, _, place = passage.text.rpartition("(")
        return self._known(title) + self._known(place.strip(")0123456789"))

    def _known(self, text: str) -> list[str]:
        if text not in self._terms:
            self._terms[text] = terms(text)
        return self._terms[text]


class Vectors:
    """Mixtures of the vectors of a few texts of each field.

    Taken from the numbers of a generator of its own, so texts do not hang on them.
    """

    def __init__(self, encoder: Encoder, texts: Texts, each: int, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.fields = {code: place for place, code in enumerate(texts.fields)}
        chosen: list[str] = []
        for code in texts.fields:
            needs = texts.pools["needs", code]
            offers = texts.pools["achievements", code]
            chosen += (needs.titles + needs.sentences)[:: _step(needs, each)][:each]
            chosen += (offers.titles + offers.sentences)[:: _step(offers, each)][:each]
        base = encoder.encode_passages(chosen)
        self.base = base.reshape(len(texts.fields), 2 * each, -1)

    def draw(self, codes: list[str]) -> np.ndarray:
        """(n, d) float16 unit rows, one for each of these fields."""
        rows = np.array([self.fields[code] for code in codes])
        _, size, width = self.base.shape
        first, second = self.random.integers(0, size, (2, len(rows)))
        made = 0.6 * self.base[rows, first] + 0.4 * self.base[rows, second]
        noise = self.random.standard_normal((len(rows), width), np.float32)
        made = made + NOISE / np.sqrt(width) * noise
        made /= np.linalg.norm(made, axis=1, keepdims=True)
        return np.asarray(made, "<f2")


def _step(pool: Pool, each: int) -> int:
    return max(1, (len(pool.titles) + len(pool.sentences)) // each)


@dataclass(frozen=True)
class Entry:
    """A text of a record that is to be stored for the index."""

    kind: RecordType
    record_id: int
    audience: Audience
    field: str
    source: Source


def embedding_rows(
    entries: list[Entry], texts: Texts, vectors: Vectors, encoder: str
) -> list[dict[str, Any]]:
    """The rows of the table `embeddings`, as the worker would have written them.

    Without word pieces: they cannot be mixed, and take ten times the room.
    """
    cut = [passages(entry.source) for entry in entries]
    codes = [e.field for e, some in zip(entries, cut, strict=True) for _ in some]
    found, asked = vectors.draw(codes), vectors.draw(codes)
    rows: list[dict[str, Any]] = []
    for entry, some in zip(entries, cut, strict=True):
        known, whole = texts.terms(some), entry.source.hash
        asks = entry.kind is not RecordType.ACHIEVEMENT
        for passage, words in zip(some, known, strict=True):
            place = len(rows)
            rows.append(
                {
                    "record_type": entry.kind,
                    "record_id": entry.record_id,
                    "audience": entry.audience,
                    "encoder": encoder,
                    "part": passage.part,
                    "position": passage.position,
                    "start": passage.start,
                    "end": passage.end,
                    "text": passage.text,
                    "text_hash": whole,
                    "terms": words,
                    "vector": found[place].tobytes(),
                    "as_query": asked[place].tobytes() if asks else None,
                    "tokens": None,
                }
            )
    return rows
