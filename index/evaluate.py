"""Labelled data in, a report with intervals out.

Folders are read in the format of data/README.md. Everything is indexed in memory
with the encoder and the ranker the product uses; no database has a part in it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from models.conditions import EVERYTHING
from models.outbox import Audience, RecordType

from . import embed, metrics
from .encoder import Encoder
from .fusion import reciprocal_rank_fusion
from .hybrid import IndexedRecord, Question, Shelf
from .text import Source, passages

DEPTH = 200
HELD_OUT_OF = 5
TAG = "matchmaker"

KINDS: dict[str, tuple[RecordType, RecordType]] = {
    "need-achievement": (RecordType.NEED, RecordType.ACHIEVEMENT),
    "need-call": (RecordType.NEED, RecordType.CALL),
    "call-achievement": (RecordType.CALL, RecordType.ACHIEVEMENT),
}
FILES = {
    RecordType.NEED: ("needs", "problem", "targets"),
    RecordType.ACHIEVEMENT: ("achievements", "abstract", "indicators"),
    RecordType.CALL: ("calls", "background", "goals"),
}
MEASURES: dict[str, Callable[[Sequence[str], metrics.Grades], float]] = {
    "nDCG@10": lambda ranking, grades: metrics.ndcg(ranking, grades, 10),
    "R@5": lambda ranking, grades: metrics.recall(ranking, grades, 5),
    "S@1": lambda ranking, grades: metrics.success(ranking, grades, 1),
    "S@5": lambda ranking, grades: metrics.success(ranking, grades, 5),
    "MRR": metrics.reciprocal_rank,
    "pairs": metrics.pair_order,
}

Ranking = list[tuple[str, float]]


@dataclass
class Data:
    """What the folders hold, by the id each record has there."""

    records: dict[RecordType, dict[str, Source]] = field(
        default_factory=lambda: {kind: {} for kind in RecordType}
    )
    grades: dict[str, dict[str, int]] = field(default_factory=dict)


def read(folders: Iterable[Path]) -> Data:
    """Read every folder, and the parts within it; any subset of the files will do."""
    data = Data()
    for folder in folders:
        for part in (folder, *sorted(p for p in folder.iterdir() if p.is_dir())):
            for kind, (name, body, points) in FILES.items():
                for row in lines(part / f"{name}.jsonl", "id"):
                    data.records[kind][row["id"]] = Source(
                        row.get("title") or "",
                        row.get(body) or "",
                        tuple(row.get(points) or ()),
                    )
            for row in lines(part / "qrels.jsonl", "query", "item", "grade"):
                data.grades.setdefault(row["query"], {})[row["item"]] = row["grade"]
    return data


def lines(path: Path, *needed: str) -> Iterator[dict[str, Any]]:
    """The objects of a JSON Lines file; none if there is no such file.

    Raises `ValueError` that names the line if it is no object with these keys.
    """
    if not path.is_file():
        return
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        if line.strip():
            try:
                yield _object(line, needed)
            except ValueError as error:
                raise ValueError(f"{path}, line {number}: {error}") from error


def _object(line: bytes, needed: Sequence[str]) -> dict[str, Any]:
    found = json.loads(line)
    if not isinstance(found, dict):
        raise ValueError("not an object")
    for key in needed:
        if key not in found:
            raise ValueError(f"no «{key}»")
    return found


@dataclass(frozen=True)
class Rivals:
    """One query's rankings by every ranker, ours first."""

    ours: Ranking
    bm25: Ranking
    dense: Ranking
    fusion: Ranking

    def __iter__(self) -> Iterator[tuple[str, Ranking]]:
        yield "ranker", self.ours
        yield "BM25", self.bm25
        yield "dense", self.dense
        yield "RRF", self.fusion


class Bench:
    """The items of one kind on a shelf, and every ranker over them."""

    def __init__(
        self,
        encoder: Encoder,
        items: Mapping[str, Source],
        progress: embed.Progress | None = None,
    ) -> None:
        self.encoder = encoder
        # What says nothing can be found by nobody.
        self.names = sorted(name for name, item in items.items() if passages(item))
        self.shelf = Shelf(encoder.dimension)
        sources = [items[name] for name in self.names]
        prepared = embed.prepare(
            encoder, sources, asks=[False] * len(sources), progress=progress
        )
        for number, one in enumerate(prepared):
            self.shelf.put(_indexed(number, one))
        self._vectors = np.array(
            [self._record(n).vectors[0] for n in range(len(self.names))], np.float32
        )

    def _record(self, number: int) -> IndexedRecord:
        record = self.shelf.get(number)
        assert record is not None
        return record

    def rank(self, question: Question) -> Rivals:
        """(item, score) of the best `DEPTH` items by every ranker."""
        hits = self.shelf.rank(question, EVERYTHING, limit=DEPTH)
        words = self.shelf.lexical.scores(question.terms, len(self.names))
        cosines = self._vectors @ question.whole
        by_words, by_meaning = _order(words), _order(cosines)
        fused = reciprocal_rank_fusion([by_words.tolist(), by_meaning.tolist()])
        return Rivals(
            [(self.names[hit.record_id], hit.score) for hit in hits],
            [(self.names[n], float(words[n])) for n in by_words[:DEPTH] if words[n]],
            [(self.names[n], float(cosines[n])) for n in by_meaning[:DEPTH]],
            [(self.names[n], value) for n, value in fused[:DEPTH]],
        )


def _order(scores: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.argsort(-scores, kind="stable")


def _indexed(number: int, prepared: embed.Prepared) -> IndexedRecord:
    return IndexedRecord(
        kind=RecordType.ACHIEVEMENT,
        id=number,
        audience=Audience.EVERYONE,
        text_hash=prepared.source.hash,
        passages=prepared.passages,
        terms=prepared.terms,
        vectors=prepared.vectors,
        questions=prepared.questions,
    )


def questions(
    encoder: Encoder, sources: Mapping[str, Source], texts: Mapping[str, str] | None
) -> dict[str, Question]:
    """Each query as a question: its record, or only the text given for it.

    A record without words asks nothing and is left out.
    """
    if texts is not None:
        return {name: embed.question(encoder, text) for name, text in texts.items()}
    names = sorted(name for name, source in sources.items() if passages(source))
    prepared = embed.prepare(encoder, [sources[name] for name in names])
    return {
        name: _indexed(number, one).question()
        for number, (name, one) in enumerate(zip(names, prepared, strict=True))
    }


def is_held_out(query: str) -> bool:
    """The fifth of the queries nothing is ever tuned on (data/README.md)."""
    return crc32(query.encode()) % HELD_OUT_OF == 0


@dataclass
class Report:
    """Every measure of every ranker for every query that has judgements."""

    queries: list[str] = field(default_factory=list)
    values: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    def add(self, query: str, rivals: Rivals, grades: metrics.Grades) -> None:
        self.queries.append(query)
        for ranker, ranking in rivals:
            names = [name for name, _ in ranking]
            rows = self.values.setdefault(ranker, {name: [] for name in MEASURES})
            for name, measure in MEASURES.items():
                rows[name].append(measure(names, grades))

    def table(self, *, held_out: bool) -> str:
        """One line a ranker: mean [low, high] of each measure."""
        keep = [not held_out or is_held_out(query) for query in self.queries]
        title = "held-out fifth" if held_out else "all"
        head = f"{title}: {sum(keep)} queries".ljust(28)
        rows = [(head + "".join(name.ljust(22) for name in MEASURES)).rstrip()]
        for ranker, measures in self.values.items():
            cells = [ranker.ljust(28)]
            for values in measures.values():
                some = [v for v, wanted in zip(values, keep, strict=True) if wanted]
                mean, low, high = metrics.interval(some)
                cells.append(f"{mean:.3f} [{low:.3f}, {high:.3f}]".ljust(22))
            rows.append("".join(cells).rstrip())
        return "\n".join(rows)


def run_lines(query: str, ranking: Ranking) -> Iterator[str]:
    """The ranking as lines of a TREC run: query Q0 item rank score tag."""
    for rank, (item, value) in enumerate(ranking, start=1):
        yield f"{query} Q0 {item} {rank} {value:.6f} {TAG}\n"


class RememberingEncoder:
    """An encoder that keeps every vector in a file, for measuring again and again."""

    def __init__(self, encoder: Encoder, path: Path) -> None:
        self._encoder = encoder
        path.parent.mkdir(parents=True, exist_ok=True)
        self._store = sqlite3.connect(path)
        self._store.execute(
            "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB)"
        )

    @property
    def name(self) -> str:
        return self._encoder.name

    @property
    def dimension(self) -> int:
        return self._encoder.dimension

    def encode_queries(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> np.ndarray[Any, Any]:
        return self._encode("query", texts, self._encoder.encode_queries, progress)

    def encode_passages(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> np.ndarray[Any, Any]:
        return self._encode("passage", texts, self._encoder.encode_passages, progress)

    def _encode(
        self,
        side: str,
        texts: Sequence[str],
        encode: Callable[..., np.ndarray[Any, Any]],
        progress: Callable[[int], None] | None,
    ) -> np.ndarray[Any, Any]:
        keys = [
            sha256(f"{self.name}\0{side}\0{text}".encode()).digest() for text in texts
        ]
        found = {key: self._get(key) for key in keys}
        new = {k: t for k, t in zip(keys, texts, strict=True) if found[k] is None}
        fresh = encode(list(new.values()), progress=progress)
        for key, vector in zip(new, fresh, strict=True):
            found[key] = vector
            self._store.execute(
                "INSERT OR REPLACE INTO vectors VALUES (?, ?)",
                (key, vector.astype("<f4").tobytes()),
            )
        self._store.commit()
        if progress is not None:
            progress(len(texts))
        rows = [found[key] for key in keys]
        return np.array(rows, np.float32).reshape(len(texts), self.dimension)

    def _get(self, key: bytes) -> np.ndarray[Any, Any] | None:
        row = self._store.execute(
            "SELECT vector FROM vectors WHERE key = ?", (key,)
        ).fetchone()
        return None if row is None else np.frombuffer(row[0], "<f4")
