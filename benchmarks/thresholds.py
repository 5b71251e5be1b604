"""What the thresholds of search and of quoted sentence pairs cost, on the sample.

    python -m benchmarks.thresholds

Two tables: for each floor of a search result, the share of useful achievements above
it when a need is asked by a short wording, and how many achievements stand above it;
and how far the best sentence pair of two records stands out, by what judges said of
the two. Vectors are remembered in the instance folder.
"""

from __future__ import annotations

import random
from collections.abc import Mapping

import numpy as np

from index import embed, evaluate, explain
from index.encoder import Encoder
from index.hybrid import HybridIndex, IndexedRecord
from index.metrics import USEFUL
from index.remembering import RememberingEncoder
from matchmaker.config import Settings
from matchmaker.search.live import make_encoder
from models.outbox import RecordType

from .processes import ROOT

SAMPLE = ROOT / "data" / "sample"
NEED, ACHIEVEMENT = RecordType.NEED, RecordType.ACHIEVEMENT
FLOORS = (-1.0, 0.0, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0)
PERCENTILES = (5, 25, 50, 75, 95)


def indexed(
    encoder: Encoder, data: evaluate.Data
) -> tuple[HybridIndex, dict[RecordType, list[str]]]:
    """Needs and achievements of the sample, and their names in the order of ids."""
    held = HybridIndex(encoder.dimension)
    names = {kind: sorted(data.records[kind]) for kind in (NEED, ACHIEVEMENT)}
    for kind, some in names.items():
        texts = [data.records[kind][name] for name in some]
        asks = [kind is NEED] * len(texts)
        for number, one in enumerate(embed.prepare(encoder, texts, asks=asks)):
            held.put(kind, number, [one.indexed(kind, number)])
    return held, names


def floors(
    encoder: Encoder,
    held: HybridIndex,
    names: Mapping[RecordType, list[str]],
    data: evaluate.Data,
) -> None:
    worded = evaluate.wordings([SAMPLE], data.records[NEED])
    print("floor   " + "".join(name.ljust(20) for name in list(worded)[1:]))
    scores: dict[str, tuple[list[float], list[list[float]]]] = {}
    for wording, texts in list(worded.items())[1:]:
        useful: list[float] = []
        every: list[list[float]] = []
        for need, text in (texts or {}).items():
            grades = data.grades.get(need, {})
            hits = held.rank(
                embed.question(encoder, text), ACHIEVEMENT, inside=True, limit=1000
            )
            every.append([hit.score for hit in hits])
            useful += [
                hit.score
                for hit in hits
                if grades.get(names[ACHIEVEMENT][hit.record_id], 0) >= USEFUL
            ]
        scores[wording] = useful, every
    for floor in FLOORS:
        cells = []
        for useful, every in scores.values():
            share = np.mean(np.array(useful) >= floor)
            above = np.mean([sum(one >= floor for one in some) for some in every])
            cells.append(f"{share:.3f} ({above:.0f} shown)".ljust(20))
        print(f"{floor:<8}" + "".join(cells))


def pairs(
    held: HybridIndex, names: Mapping[RecordType, list[str]], data: evaluate.Data
) -> None:
    """Percentiles of the best pair's nearness, by grade; drawn at random last."""
    places = {name: number for number, name in enumerate(names[ACHIEVEMENT])}
    best: dict[str, list[float]] = {}
    draw = random.Random(7)
    for number, need in enumerate(names[NEED]):
        asking = _get(held, NEED, number)
        judged = [
            (f"grade {grade}", places[item])
            for item, grade in data.grades.get(need, {}).items()
            if item in places
        ]
        for label, other in [*judged, ("random", draw.randrange(len(places)))]:
            found = explain.nearest(asking, _get(held, ACHIEVEMENT, other), held)
            best.setdefault(label, []).append(found)
    print("\nbest sentence pair, percentiles " + " ".join(map(str, PERCENTILES)))
    for label in sorted(best):
        values = np.percentile(best[label], PERCENTILES)
        print(label.ljust(10) + " ".join(f"{value:.1f}" for value in values))


def _get(held: HybridIndex, kind: RecordType, number: int) -> IndexedRecord:
    record = held.get(kind, number, inside=True)
    assert record is not None
    return record


def main() -> None:
    settings = Settings()
    encoder = RememberingEncoder(
        make_encoder(settings, threads=2), settings.instance_dir / "evaluate.db"
    )
    data = evaluate.read([SAMPLE])
    held, names = indexed(encoder, data)
    floors(encoder, held, names, data)
    pairs(held, names, data)


if __name__ == "__main__":
    main()
