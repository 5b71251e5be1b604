"""What each part of the ranking adds, in every wording, and what it costs.

    python -m benchmarks.ablation [--distractors CSL.tsv] [--encoder FOLDER] [--grid]

Every record of data/sample is scored for every need in its six wordings; a line a
formula gives nDCG@10 on the held-out fifth and its difference from the whole formula
with a paired 95 % bootstrap interval. ``--grid`` tries weights on the choosing fifth
(crc32 % 5 == 1) instead. Vectors are remembered in the instance folder.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index import evaluate, metrics, ranking
from index.encoder import SentenceEncoder
from index.hybrid import Question
from index.remembering import RememberingEncoder
from matchmaker.config import Settings
from models.outbox import RecordType

from .processes import ROOT

SAMPLE = ROOT / "data" / "sample"
NAMES = ("whole", "coverage", "late", "lexical")
Weights = tuple[float, float, float, float]
LEXICAL = (0.0, 0.02, 0.04, 0.06, 0.08, 0.1)
HELD_OUT, CHOOSING = evaluate.HELD_OUT, evaluate.CHOOSING


@dataclass(frozen=True)
class Case:
    """One need in one wording: features (n, 4) of every item, and its judgements."""

    need: str
    features: NDArray[np.float32]
    grades: Mapping[str, int]

    @property
    def fold(self) -> int:
        return evaluate.fold(self.need)


def cases(
    bench: evaluate.Bench,
    questions: Mapping[str, Question],
    data: evaluate.Data,
) -> list[Case]:
    found = []
    ids = list(range(len(bench.names)))
    for need, question in sorted(questions.items()):
        grades = {
            item: grade
            for item, grade in data.grades.get(need, {}).items()
            if item in data.records[RecordType.ACHIEVEMENT]
        }
        if not any(grades.values()):
            continue
        words = bench.shelf.lexical.scores(question.terms, len(ids))
        some = bench.shelf.background.features_of(question, ids, words)
        columns = [getattr(some, name) for name in NAMES]
        found.append(Case(need, np.stack(columns, axis=1), grades))
    return found


def ndcg(bench: evaluate.Bench, case: Case, weights: Weights) -> float:
    scores = case.features @ np.array(weights, np.float32)
    best = np.argsort(-scores, kind="stable")[:10]
    return metrics.ndcg([bench.names[place] for place in best], case.grades)


def means(
    bench: evaluate.Bench, some: Sequence[Case], weights: Weights, fold: int | None
) -> NDArray[np.float64]:
    return np.array(
        [ndcg(bench, one, weights) for one in some if fold in (None, one.fold)]
    )


def full(wording: str) -> Weights:
    by = ranking.RECORD if wording == "whole" else ranking.WORDS
    return 1.0, by.coverage, by.late, by.lexical


def formulas(whole: Weights) -> dict[str, Weights]:
    """The formula, without each of its parts, and each part alone."""
    found = {"the formula": whole}
    for place, name in enumerate(NAMES):
        kept = [0.0 if n == place else weight for n, weight in enumerate(whole)]
        found[f"without {name}"] = (kept[0], kept[1], kept[2], kept[3])
    for place, name in enumerate(NAMES):
        alone = [float(n == place) for n in range(len(NAMES))]
        found[f"{name} alone"] = (alone[0], alone[1], alone[2], alone[3])
    return found


def table(bench: evaluate.Bench, worded: Mapping[str, list[Case]]) -> None:
    """One line a formula, one column a wording."""
    print(f"\nnDCG@10, held-out fifth / all; {len(bench.names)} items")
    print("".ljust(22) + "".join(name.ljust(38) for name in worded))
    for name in formulas((0.0, 0.0, 0.0, 0.0)):
        cells = [name.ljust(22)]
        for wording, some in worded.items():
            weights = formulas(full(wording))[name]
            held = means(bench, some, weights, HELD_OUT)
            gap = held - means(bench, some, full(wording), HELD_OUT)
            mean, low, high = metrics.interval(gap.tolist())
            every = means(bench, some, weights, None).mean()
            change = f" {mean:+.3f} [{low:+.3f},{high:+.3f}]" if gap.any() else ""
            cells.append(f"{held.mean():.3f} / {every:.3f}{change}".ljust(38))
        print("".join(cells))


def grid(bench: evaluate.Bench, worded: Mapping[str, list[Case]]) -> None:
    """The best weights on the choosing fifth, for records and for short questions."""
    short = {name: some for name, some in worded.items() if name != "whole"}
    for title, group in (("whole", {"whole": worded["whole"]}), ("short", short)):
        tried = []
        for coverage, late, lexical in itertools.product(
            (0.0, 0.25, 0.5, 0.75, 1.0), (0.0, 0.5, 1.0, 1.5, 2.0), LEXICAL
        ):
            weights = (1.0, coverage, late, lexical)
            each = [
                means(bench, some, weights, CHOOSING).mean() for some in group.values()
            ]
            tried.append((float(np.mean(each)), weights, each))
        tried.sort(reverse=True)
        print(f"\n{title}, choosing fifth: mean; weights; {' '.join(group)}")
        for mean, weights, each in tried[:12]:
            cells = " ".join(f"{value:.3f}" for value in each)
            print(f"{mean:.4f} {weights} {cells}")


def costs(bench: evaluate.Bench, worded: Mapping[str, Mapping[str, Question]]) -> None:
    """Milliseconds of a search without the encoder, and of late interaction in it."""
    for name in ("whole", "everyday-1"):
        some = list(worded[name].values())[:60]
        rows = range(min(300, len(bench.names)))
        tokens = [bench.shelf.get(row).tokens for row in rows]  # type: ignore[union-attr]
        started = time.perf_counter()
        for question in some:
            bench.shelf.rank(question, limit=20)
        ranked = time.perf_counter()
        for question in some:
            bench.shelf.background._late(question, tokens)
        done = time.perf_counter()
        print(
            f"{name}: {(ranked - started) / len(some) * 1000:.1f} ms a search, "
            f"late interaction with {len(tokens)} records "
            f"{(done - ranked) / len(some) * 1000:.1f} ms"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--distractors", type=Path)
    parser.add_argument("--encoder", type=Path)
    parser.add_argument("--grid", action="store_true")
    given = parser.parse_args()
    settings = Settings()
    folder = given.encoder or Path(settings.model)
    encoder = RememberingEncoder(
        SentenceEncoder(str(folder), threads=2), settings.instance_dir / "evaluate.db"
    )
    data = evaluate.read([SAMPLE])
    items = dict(data.records[RecordType.ACHIEVEMENT])
    if given.distractors is not None:
        items |= evaluate.distractors(given.distractors)
    bench = evaluate.Bench(encoder, items)
    needs = data.records[RecordType.NEED]
    asked = {
        wording: evaluate.questions(encoder, needs, texts)
        for wording, texts in evaluate.wordings([SAMPLE], needs).items()
    }
    worded = {name: cases(bench, some, data) for name, some in asked.items()}
    costs(bench, asked)
    if given.grid:
        grid(bench, worded)
    else:
        table(bench, worded)


if __name__ == "__main__":
    main()
