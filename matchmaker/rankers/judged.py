"""The judged sample as pairs with features and grades, computed as the product does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from index import embed
from index.approval import (
    RATED,
    ApprovalModel,
    Side,
    features,
    judgements,
    shares,
)
from index.encoder import Encoder
from index.evaluate import FILES, Bench, is_held_out, lines, read
from index.hybrid import Hit, HybridIndex, IndexedRecord
from index.metrics import USEFUL
from index.text import passages
from models.outbox import RecordType
from models.states import Mode, SuggestionKind

from ..labels import FEN_PER_WAN, label
from ..matches.pairs import PAIRS

ASKERS = (RecordType.NEED, RecordType.CALL)
MODES = {label(mode): mode for mode in Mode}


@dataclass(frozen=True)
class JudgedPair:
    """A candidate pair; what nobody judged among the best counts as grade 0.

    ``found`` tells whether it is among the best, or only there as it was judged.
    """

    kind: SuggestionKind
    asks: str
    answers: str
    grade: int
    found: bool
    score: float
    features: Mapping[str, float]

    @property
    def approved(self) -> bool:
        return self.grade >= USEFUL

    @property
    def held_out(self) -> bool:
        return is_held_out(self.asks)


@dataclass
class Judged:
    """The pairs, and the grades of everything judged by who asks."""

    pairs: list[JudgedPair] = field(default_factory=list)
    grades: dict[str, dict[str, int]] = field(default_factory=dict)


def gather(
    encoder: Encoder, folder: Path, progress: embed.Progress | None = None
) -> Judged:
    """The best `RATED` of every need and call, and every judged pair.

    ``folder`` is in the format of data/README.md; raises `ValueError` that names
    what cannot be read in it.
    """
    data = read([folder])
    sides = {kind: dict(_sides(folder, kind)) for kind in RecordType}
    names = {
        kind: sorted(name for name, source in rows.items() if passages(source))
        for kind, rows in data.records.items()
    }
    held = HybridIndex(encoder.dimension)
    sources = [data.records[kind][name] for kind in names for name in names[kind]]
    asks = [kind in ASKERS for kind in names for _ in names[kind]]
    prepared = iter(embed.prepare(encoder, sources, asks=asks, progress=progress))
    for kind, some in names.items():
        for number in range(len(some)):
            held.put(kind, number, [next(prepared).indexed(kind, number)])
    found = Judged(grades=data.grades)
    for pair, (asking, answering) in PAIRS.items():
        places = {name: number for number, name in enumerate(names[answering])}
        for number, name in enumerate(names[asking]):
            record = _get(held, asking, number)
            grades = data.grades.get(name, {})
            judged = {places[item] for item in grades if item in places}
            for hit, ranked in _candidates(held, record, answering, judged):
                other = names[answering][hit.record_id]
                answer = _get(held, answering, hit.record_id)
                found.pairs.append(
                    JudgedPair(
                        pair,
                        name,
                        other,
                        grades.get(other, 0),
                        ranked,
                        hit.score,
                        features(
                            pair,
                            hit.features,
                            sides[asking][name],
                            sides[answering][other],
                            shares(judgements(None, record, answer)),
                        ),
                    )
                )
    return found


def count(folder: Path) -> int:
    """How many passages `gather` will encode."""
    data = read([folder])
    return sum(
        embed.count_encodings(list(rows.values()), [kind in ASKERS] * len(rows))
        for kind, rows in data.records.items()
    )


def _candidates(
    held: HybridIndex, asking: IndexedRecord, kind: RecordType, judged: set[int]
) -> Iterator[tuple[Hit, bool]]:
    question = asking.question()
    hits = held.rank(question, kind, inside=True, limit=RATED)
    yield from ((hit, True) for hit in hits)
    shelf = held.shelves[kind, True]
    for number in sorted(judged - {hit.record_id for hit in hits}):
        yield shelf.compare(question, _get(held, kind, number)), False


def _get(held: HybridIndex, kind: RecordType, number: int) -> IndexedRecord:
    record = held.get(kind, number, inside=True)
    assert record is not None
    return record


def _sides(folder: Path, kind: RecordType) -> Iterator[tuple[str, Side]]:
    name = FILES[kind][0]
    for part in (folder, *sorted(p for p in folder.iterdir() if p.is_dir())):
        for row in lines(part / f"{name}.jsonl", "id"):
            yield row["id"], side_of_row(kind, row)


def raters(
    folders: Iterable[Path],
    bench: Bench,
    pair: SuggestionKind,
    model: ApprovalModel,
) -> Callable[[str, IndexedRecord], Callable[[Hit], float]]:
    """For each query a function that tells how likely a hit would be approved."""
    asking, answering = PAIRS[pair]
    asks = {n: s for folder in folders for n, s in _sides(folder, asking)}
    answers = {n: s for folder in folders for n, s in _sides(folder, answering)}

    def rater(name: str, record: IndexedRecord) -> Callable[[Hit], float]:
        def likelihood(hit: Hit) -> float:
            other = bench.names[hit.record_id]
            judged = judgements(None, record, bench.record(hit.record_id))
            side = answers.get(other, Side(""))
            known = features(pair, hit.features, asks[name], side, shares(judged))
            return model.probability(known)

        return likelihood

    return rater


def side_of_row(kind: RecordType, row: Mapping[str, Any]) -> Side:
    """The side a row makes, as `index.approval.side` of a record.

    Data from elsewhere may lack a key or name things otherwise: then it is unknown.
    """
    if kind is RecordType.NEED:
        readiness, money, modes = "trl_expected", "budget_wan", "cooperation"
    elif kind is RecordType.ACHIEVEMENT:
        readiness, money, modes = "trl", "price_wan", "modes"
    else:
        readiness, money, modes = "", "funding_wan", ""
    level, wan = row.get(readiness), row.get(money)
    words = row.get(modes)
    return Side(
        str(row.get("field") or ""),
        level if isinstance(level, int) else None,
        round(wan * FEN_PER_WAN) if isinstance(wan, int | float) else None,
        frozenset(
            MODES[word]
            for word in (words if isinstance(words, list) else ())
            if word in MODES
        ),
    )
