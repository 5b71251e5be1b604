"""Labelled data in, a report with intervals out.

Folders are read in the format of data/README.md. Everything is indexed in memory
with the encoder and the ranker the product uses; no database has a part in it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from models.conditions import EVERYTHING
from models.outbox import RecordType

from . import embed, metrics
from .approval import RATED
from .encoder import Encoder
from .fusion import reciprocal_rank_fusion
from .hybrid import Hit, IndexedRecord, Question, Shelf
from .text import Source, passages

DEPTH = 200
HELD_OUT_OF = 5
HELD_OUT, CHOOSING = 0, 1
TAG = "matchmaker"
OURS = "ranker"
SUGGESTED = "suggestions"

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
# Where the subject is used; data without it is as good.
CONTEXT = {RecordType.NEED: "scene", RecordType.ACHIEVEMENT: "applications"}
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
                        row.get(CONTEXT.get(kind, "")) or "",
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
    """One query's rankings by every ranker, ours first.

    ``suggested`` is the order in which suggestions come, of whole records only.
    """

    ours: Ranking
    bm25: Ranking
    dense: Ranking
    fusion: Ranking
    suggested: Ranking | None = None

    def __iter__(self) -> Iterator[tuple[str, Ranking]]:
        yield OURS, self.ours
        if self.suggested is not None:
            yield SUGGESTED, self.suggested
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
            self.shelf.put(one.indexed(RecordType.ACHIEVEMENT, number))
        self._vectors = np.array(
            [self.record(n).vectors[0] for n in range(len(self.names))], np.float32
        )

    def record(self, number: int) -> IndexedRecord:
        """The item at this place of `names`."""
        record = self.shelf.get(number)
        assert record is not None
        return record

    def rank(
        self, question: Question, likelihood: Callable[[Hit], float] | None = None
    ) -> Rivals:
        """(item, score) of the best `DEPTH` items by every ranker.

        With ``likelihood`` also in the order of suggestions: the best `RATED` by it.
        """
        hits = self.shelf.rank(question, EVERYTHING, limit=DEPTH)
        suggested = _by_likelihood(hits, likelihood) if likelihood else None
        words = self.shelf.lexical.scores(question.terms, len(self.names))
        cosines = self._vectors @ question.whole
        by_words, by_meaning = _order(words), _order(cosines)
        fused = reciprocal_rank_fusion([by_words.tolist(), by_meaning.tolist()])
        return Rivals(
            self._named(hits),
            [(self.names[n], float(words[n])) for n in by_words[:DEPTH] if words[n]],
            [(self.names[n], float(cosines[n])) for n in by_meaning[:DEPTH]],
            [(self.names[n], value) for n, value in fused[:DEPTH]],
            None if suggested is None else self._named(suggested),
        )

    def _named(self, hits: Sequence[Hit]) -> Ranking:
        return [(self.names[hit.record_id], hit.score) for hit in hits]


def _by_likelihood(hits: list[Hit], likelihood: Callable[[Hit], float]) -> list[Hit]:
    """The first `RATED` by falling likelihood; their scores say so too."""
    rated = {hit.record_id: likelihood(hit) for hit in hits[:RATED]}
    first = sorted(hits[:RATED], key=lambda hit: (-rated[hit.record_id], hit.record_id))
    rest = hits[RATED:]
    # Likelihoods are at most 1, and stand above every score that follows.
    floor = rest[0].score + 1 if rest else 0.0
    scored = [replace(hit, score=floor + rated[hit.record_id]) for hit in first]
    return [*scored, *rest]


def _order(scores: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.argsort(-scores, kind="stable")


def askers(encoder: Encoder, sources: Mapping[str, Source]) -> dict[str, IndexedRecord]:
    """Each query as the record it is; one without words asks nothing, left out."""
    names = sorted(name for name, source in sources.items() if passages(source))
    prepared = embed.prepare(encoder, [sources[name] for name in names])
    return {
        name: one.indexed(RecordType.NEED, number)
        for number, (name, one) in enumerate(zip(names, prepared, strict=True))
    }


def questions(
    encoder: Encoder, sources: Mapping[str, Source], texts: Mapping[str, str] | None
) -> dict[str, Question]:
    """Each query as a question: its record, or only the text given for it."""
    if texts is not None:
        return {name: embed.question(encoder, text) for name, text in texts.items()}
    return {name: one.question() for name, one in askers(encoder, sources).items()}


# The six ways in which one need is asked (data/README.md); the record itself first.
WORDINGS = ("whole", "title", "keywords-1", "keywords-2", "everyday-1", "everyday-2")


def wordings(
    folders: Iterable[Path], sources: Mapping[str, Source]
) -> dict[str, dict[str, str] | None]:
    """The texts of each wording by record, as `questions` takes them.

    None stands for the records themselves; a wording no folder has is left out.
    """
    found: dict[str, dict[str, str] | None] = {
        "whole": None,
        "title": {name: source.title for name, source in sources.items()},
    }
    for folder in folders:
        for part in (folder, *sorted(p for p in folder.iterdir() if p.is_dir())):
            for name in WORDINGS[2:]:
                for row in lines(part / f"{name}.jsonl", "id", "text"):
                    if row["id"] in sources:
                        texts = found.setdefault(name, {})
                        assert texts is not None
                        texts[row["id"]] = row["text"]
    return {name: found[name] for name in WORDINGS if name in found}


def distractors(path: Path) -> dict[str, Source]:
    """The abstracts of a CSL file (task, text, target), which answer no query."""
    rows = [line.split("\t") for line in path.read_text("utf-8").splitlines()]
    return {
        f"distractor-{number:05d}": Source("", row[1], ())
        for number, row in enumerate(rows)
        if len(row) == 3
    }


def fold(query: str) -> int:
    """Which fifth of the queries this one is of (data/README.md)."""
    return crc32(query.encode()) % HELD_OUT_OF


def is_held_out(query: str) -> bool:
    """The fifth of the queries nothing is ever tuned on."""
    return fold(query) == HELD_OUT


def is_choosing(query: str) -> bool:
    """The fifth that taught the encoder nothing and on which weights are chosen."""
    return fold(query) == CHOOSING


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
        """One line a ranker: mean [low, high] of each measure.

        Under the rivals, how far ours is above each: the mean of the differences
        query by query, with their own interval.
        """
        keep = [not held_out or is_held_out(query) for query in self.queries]
        title = "held-out fifth" if held_out else "all"
        head = f"{title}: {sum(keep)} queries".ljust(28)
        rows = [(head + "".join(name.ljust(24) for name in MEASURES)).rstrip()]
        for ranker, measures in self.values.items():
            rows.append(_line(ranker, [_kept(v, keep) for v in measures.values()]))
        ours = self.values[OURS]
        for ranker, measures in self.values.items():
            if ranker != OURS:
                gaps = [
                    [mine - theirs for mine, theirs in zip(*pair, strict=True)]
                    for pair in zip(ours.values(), measures.values(), strict=True)
                ]
                cells = [_kept(gap, keep) for gap in gaps]
                rows.append(_line(f"above {ranker}", cells, "+"))
        return "\n".join(rows)


def _kept(values: Sequence[float], keep: Sequence[bool]) -> list[float]:
    return [value for value, wanted in zip(values, keep, strict=True) if wanted]


def _line(name: str, columns: Sequence[Sequence[float]], sign: str = "") -> str:
    cells = [name.ljust(28)]
    for values in columns:
        mean, low, high = metrics.interval(values)
        text = f"{mean:{sign}.3f} [{low:{sign}.3f}, {high:{sign}.3f}]"
        cells.append(text.ljust(24))
    return "".join(cells).rstrip()


def run_lines(query: str, ranking: Ranking) -> Iterator[str]:
    """The ranking as lines of a TREC run: query Q0 item rank score tag."""
    for rank, (item, value) in enumerate(ranking, start=1):
        yield f"{query} Q0 {item} {rank} {value:.6f} {TAG}\n"
