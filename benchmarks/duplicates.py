"""How well records that say the same are found, and needs that are really one.

    python -m benchmarks.duplicates [--read]

Over `data/sample` and `tests/index/data/duplicates.jsonl`, with the encoder the
settings name; vectors are kept in the instance folder, so a second run is quick.
Run it after a change of encoder: it prints precision and recall by threshold and
names the value to write into `index/duplicates.py` and `index/groups.py`.
``--read`` prints the texts of every flagged pair of the sample.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from index import duplicates, embed, evaluate, groups
from index.boilerplate import OWNER
from index.duplicates import Likeness
from index.encoder import Encoder
from index.evaluate import Data
from index.hybrid import IndexedRecord, Shelf
from index.remembering import RememberingEncoder
from index.stored import ASKS
from index.text import Source
from matchmaker.config import Settings
from matchmaker.groups.service import BEST_ANSWERS
from matchmaker.search.live import make_encoder
from models.outbox import RecordType

from . import copies
from .processes import ROOT

NEED, ACHIEVEMENT = RecordType.NEED, RecordType.ACHIEVEMENT
# About the text score from which one pair in five is approved: the platform goes by
# the probability of approval, which needs more than texts.
ANSWER_FLOOR = 6.0
SUSPECTED = np.arange(5.0, 8.26, 0.25)
FLOORS = np.arange(2.5, 5.01, 0.25)
USEFUL = 2
# Ids of texts that are not of the sample start here.
MADE = 1_000_000


@dataclass(frozen=True)
class Judged:
    """Two texts with what is true of them and what was measured."""

    same: bool
    how: str
    likeness: Likeness


class Bench:
    """The sample on shelves of its own."""

    def __init__(self, encoder: Encoder, data: Data) -> None:
        self.encoder, self.data = encoder, data
        self.names = {kind: sorted(data.records[kind]) for kind in copies.KINDS}
        self.shelves = {kind: Shelf(encoder.dimension) for kind in copies.KINDS}
        for kind, shelf in self.shelves.items():
            texts = [data.records[kind][name] for name in self.names[kind]]
            for record in self.records(kind, texts, 0):
                shelf.put(record)

    def records(
        self, kind: RecordType, texts: Sequence[Source], first: int
    ) -> list[IndexedRecord]:
        """The texts as records with ids from ``first``."""
        asks = [kind in ASKS] * len(texts)
        return [
            one.indexed(kind, number, facts={"status": "published"})
            for number, one in enumerate(
                embed.prepare(self.encoder, texts, asks=asks), first
            )
        ]

    def made(self) -> Iterator[Judged]:
        """Copies and near misses, each held against its own record."""
        for kind, shelf in self.shelves.items():
            pairs = [pair for pair in copies.pairs(self.data) if pair.kind is kind]
            kept = [pair.kept or self.data.records[kind][pair.of] for pair in pairs]
            left = self.records(kind, [pair.text for pair in pairs], MADE)
            right = self.records(kind, kept, 2 * MADE)
            for pair, one, other in zip(pairs, left, right, strict=True):
                [likeness] = duplicates.likenesses(one, [other], shelf)
                yield Judged(pair.same, f"{kind.value}: {pair.how}", likeness)

    def of_one_firm(self) -> Iterator[Judged]:
        """Needs of one firm that all begin with the same words about it.

        Each pair beside three more needs of the firm, as the platform would see them.
        """
        pairs = list(copies.of_one_firm(self.data))
        kept = [pair.kept for pair in pairs if pair.kept]
        left = self.of_firm([pair.text for pair in pairs], 3 * MADE)
        right = self.of_firm(kept, 4 * MADE)
        for place, (pair, one, other) in enumerate(
            zip(pairs, left, right, strict=True)
        ):
            more = [right[place - 1], right[place - 2], right[place - 5]]
            shelf = self.shelves[NEED]
            likeness, *_ = duplicates.likenesses(one, [other, *more], shelf)
            yield Judged(pair.same, f"one firm: {pair.how}", likeness)

    def of_firm(self, texts: Sequence[Source], first: int) -> list[IndexedRecord]:
        firm = {"status": "published", OWNER: 1}
        return [replace(one, facts=firm) for one in self.records(NEED, texts, first)]

    def sample(self, kind: RecordType) -> dict[tuple[str, str], Likeness]:
        """What the index proposes for each record, as the product would compare it.

        Every pair counts as different: no two records of the sample are one.
        """
        shelf, names = self.shelves[kind], self.names[kind]
        found: dict[tuple[str, str], Likeness] = {}
        for number, name in enumerate(names):
            record = shelf.get(number)
            assert record is not None
            hits = shelf.rank(record.likeness(), limit=duplicates.CANDIDATES + 1)
            ids = [hit.record_id for hit in hits if hit.record_id > number]
            others = [other for id_ in ids if (other := shelf.get(id_))]
            measured = duplicates.likenesses(record, others, shelf)
            for id_, likeness in zip(ids, measured, strict=True):
                found[name, names[id_]] = likeness
        return found


def main() -> None:
    options = _options()
    settings = Settings()
    encoder = RememberingEncoder(
        make_encoder(settings, threads=2), settings.instance_dir / "evaluate.db"
    )
    data = evaluate.read([ROOT / "data" / "sample"])
    bench = Bench(encoder, data)
    judged = list(bench.made())
    for kind in copies.KINDS:
        found = bench.sample(kind)
        judged += [
            Judged(False, f"{kind.value}: sample", one) for one in found.values()
        ]
        _print_flagged(data.records[kind], found, kind, read=options.read)
    _print_ways(judged)
    _print_levels(judged)
    print("\nEach after some 300 signs that its firm writes in all of its needs:")
    _print_ways(list(bench.of_one_firm()))
    _print_groups(bench)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--read", action="store_true", help="print the texts of flagged pairs"
    )
    return parser.parse_args()


def _print_flagged(
    records: Mapping[str, Source],
    found: Mapping[tuple[str, str], Likeness],
    kind: RecordType,
    *,
    read: bool,
) -> None:
    flagged = [pair for pair, likeness in found.items() if likeness.level]
    print(
        f"\n{kind.value}: {len(flagged)} of {len(found):,} pairs of the sample flagged"
    )
    nearest = sorted(found, key=lambda pair: -found[pair].score)
    for pair in flagged if read else nearest[:5]:
        likeness = found[pair]
        print(f"  {likeness.score:.2f} (share {likeness.share:.2f}) {' '.join(pair)}")
        for name in pair:
            print(f"    {records[name].whole if read else records[name].title}")


def _print_ways(judged: Sequence[Judged]) -> None:
    ways: dict[tuple[bool, str], list[Likeness]] = defaultdict(list)
    for one in judged:
        ways[one.same, one.how].append(one.likeness)
    print("\n| made how | n | flagged | almost the same | least score | most score |")
    print("|---|---|---|---|---|---|")
    for (same, how), found in sorted(ways.items(), key=lambda way: not way[0][0]):
        levels = [likeness.level for likeness in found]
        scores = [likeness.score for likeness in found]
        name = how if same else f"(different) {how}"
        print(
            f"| {name} | {len(found)} | {len(levels) - levels.count(None)} "
            f"| {levels.count(duplicates.Level.SAME)} "
            f"| {min(scores):.2f} | {max(scores):.2f} |"
        )


def _print_levels(judged: Sequence[Judged]) -> None:
    """Precision and recall of «suspected» by threshold, and the best threshold."""
    scores = np.array([one.likeness.score for one in judged])
    worded = np.array([one.likeness.share >= duplicates.WORDS_FROM for one in judged])
    same = np.array([one.same for one in judged])
    print("\n| SUSPECTED_FROM | precision | recall | recall without the obvious |")
    print("|---|---|---|---|")
    for level in SUSPECTED:
        flagged = worded | (scores >= level)
        print(
            f"| {level:.2f} | {_share(same[flagged])} | {_share(flagged[same])} "
            f"| {_share(flagged[same & ~worded])} |"
        )
    best = _best(scores[~worded], same[~worded])
    print(f"best: {best:.2f}; set: {duplicates.SUSPECTED_FROM}")


def _best(scores: np.ndarray, same: np.ndarray) -> float:
    """The threshold of the best F1; of a gap where none lies, the middle."""
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], np.cumsum(same[order])
    f1 = 2 * hits / (np.arange(1, len(hits) + 1) + same.sum())
    place = int(np.argmax(f1))
    lower = ranked[min(place + 1, len(ranked) - 1)]
    return float((ranked[place] + lower) / 2)


def _print_groups(bench: Bench) -> None:
    """How many pairs that share a useful achievement stand in one proposed group."""
    names = bench.names[NEED]
    owners = {number: number for number in range(len(names))}
    near = groups.nearness(bench.shelves[NEED], range(len(names)))
    strong = groups.strengths(near, _answers(bench))
    truly = _truly_alike(bench)
    print(
        f"\n{len(truly)} pairs of needs share an achievement of grade {USEFUL} or more;"
    )
    print(f"{len(truly & set(near))} of them are among each other's {groups.NEAREST}\n")
    print(
        "| FLOOR | groups | needs in them | pairs | truly alike | precision | recall |"
    )
    print("|---|---|---|---|---|---|---|")
    for floor in FLOORS:
        found = groups.group(strong, owners, floor)
        pairs = {pair for one in found for pair in combinations(one.members, 2)}
        hits = len(pairs & truly)
        print(
            f"| {floor:.2f} | {len(found)} | {sum(len(g.members) for g in found)} "
            f"| {len(pairs)} | {hits} | {_ratio(hits, len(pairs))} "
            f"| {_ratio(hits, len(truly))} |"
        )
    print(f"set: {groups.FLOOR}; the groups there:")
    records = bench.data.records[NEED]
    for one in groups.group(strong, owners, groups.FLOOR):
        print(f"  {one.weakest:.2f}")
        for number in one.members:
            print(f"    {names[number]} {records[names[number]].title}")


def _answers(bench: Bench) -> dict[int, list[int]]:
    """The best achievements for each need, as suggestions would have them."""
    found = {}
    for number in range(len(bench.names[NEED])):
        record = bench.shelves[NEED].get(number)
        assert record is not None
        hits = bench.shelves[ACHIEVEMENT].rank(
            record.question(), limit=BEST_ANSWERS, floor=ANSWER_FLOOR
        )
        found[number] = [hit.record_id for hit in hits]
    return found


def _truly_alike(bench: Bench) -> set[tuple[int, int]]:
    users: dict[str, list[int]] = defaultdict(list)
    for number, name in enumerate(bench.names[NEED]):
        for item, grade in bench.data.grades.get(name, {}).items():
            if grade >= USEFUL and item in bench.data.records[ACHIEVEMENT]:
                users[item].append(number)
    return {pair for needs in users.values() for pair in combinations(needs, 2)}


def _share(values: np.ndarray) -> str:
    return f"{values.mean():.3f}" if len(values) else "—"


def _ratio(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "—"


if __name__ == "__main__":
    main()
