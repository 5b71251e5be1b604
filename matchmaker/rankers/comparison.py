"""Two rankers on the same decisions and the same judged pairs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import isnan, nan
from typing import Any, Protocol

import numpy as np

from index.approval import ApprovalModel
from index.metrics import auc, interval, log_loss, ndcg
from models.states import SuggestionKind

from .judged import Judged, JudgedPair
from .lessons import Lesson

# With fewer decisions to compare on, or needs behind them, nothing can be told.
FEWEST_DECISIONS = 20
FEWEST_NEEDS = 5
# Less than this of nDCG@10 is no loss.
SLACK = 0.005
DRAWS = 1000
BEST = 5


class Pair(Protocol):
    """What both a lesson and a judged pair have."""

    @property
    def asks(self) -> str: ...
    @property
    def approved(self) -> bool: ...
    @property
    def features(self) -> Mapping[str, float]: ...


@dataclass(frozen=True)
class Difference:
    """A measure of both, and candidate less active with its 95 % interval."""

    active: float
    candidate: float
    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Comparison:
    """How the candidate does beside the active ranker on what neither learnt from.

    ``judged`` is nDCG@10 of needs and achievements, on the held-out fifth.
    """

    active: str
    candidate: str
    decisions: int
    needs: int
    log_loss: Difference
    auc: Difference
    approval_at_5: Difference
    judged: Difference

    @property
    def objections(self) -> list[str]:
        """Why the candidate must not take over; none: it may."""
        found = []
        if self.decisions < FEWEST_DECISIONS or self.needs < FEWEST_NEEDS:
            found.append(
                f"{self.decisions} held-out decisions on {self.needs} needs or calls "
                f"are too few ({FEWEST_DECISIONS} on {FEWEST_NEEDS} are needed)"
            )
        elif not self.log_loss.high < 0:
            found.append("its log loss on held-out decisions is not surely lower")
        if self.auc.high < 0:
            found.append("it orders held-out decisions worse")
        if isnan(self.judged.mean):
            found.append("there are no held-out judgements to compare on")
        elif self.judged.mean < -SLACK or self.judged.high < 0:
            found.append("its nDCG@10 on the judged sample is lower")
        return found

    def as_json(self) -> dict[str, Any]:
        """With nothing that JSON cannot hold: what is unknown is left out."""
        return {
            name: {k: v for k, v in value.items() if not isnan(v)}
            if isinstance(value, dict)
            else value
            for name, value in asdict(self).items()
        }


def compare(
    active: ApprovalModel,
    candidate: ApprovalModel,
    held_out: Sequence[Lesson],
    judged: Judged,
) -> Comparison:
    """Both on the held-out decisions, drawn by need, and on the held-out judgements."""
    return Comparison(
        active.name,
        candidate.name,
        len(held_out),
        len({lesson.asks for lesson in held_out}),
        _paired(active, candidate, held_out, _log_loss),
        _paired(active, candidate, held_out, _auc),
        _paired(active, candidate, held_out, _approval_at_5),
        _judged(active, candidate, judged),
    )


Measure = Callable[[Sequence[Sequence[Pair]], Sequence[Sequence[float]]], float]


def _log_loss(
    groups: Sequence[Sequence[Pair]], told: Sequence[Sequence[float]]
) -> float:
    return log_loss(*_flat(groups, told))


def _auc(groups: Sequence[Sequence[Pair]], told: Sequence[Sequence[float]]) -> float:
    return auc(*_flat(groups, told))


def _flat(
    groups: Sequence[Sequence[Pair]], told: Sequence[Sequence[float]]
) -> tuple[list[float], list[bool]]:
    return (
        [value for values in told for value in values],
        [pair.approved for pairs in groups for pair in pairs],
    )


def _approval_at_5(
    groups: Sequence[Sequence[Pair]], told: Sequence[Sequence[float]]
) -> float:
    """The share approved among each need's best five, averaged over needs."""
    shares = [
        approval_at(pairs, values) for pairs, values in zip(groups, told, strict=True)
    ]
    return sum(shares) / len(shares) if shares else nan


def approval_at(pairs: Sequence[Pair], values: Sequence[float], k: int = BEST) -> float:
    """The share approved among the ``k`` of the highest values; ties as they come."""
    order = sorted(range(len(values)), key=lambda place: -values[place])[:k]
    return sum(pairs[place].approved for place in order) / len(order)


def _paired(
    active: ApprovalModel,
    candidate: ApprovalModel,
    pairs: Sequence[Pair],
    measure: Measure,
) -> Difference:
    """The measure of both, and the bootstrap of its difference over needs."""
    by_need: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        by_need[pair.asks].append(pair)
    groups = [by_need[need] for need in sorted(by_need)]
    told = [
        [model.probabilities([p.features for p in group]).tolist() for group in groups]
        for model in (active, candidate)
    ]
    ours, theirs = (measure(groups, values) for values in told)
    if not groups:
        return Difference(ours, theirs, nan, nan, nan)
    generator = np.random.default_rng(7)
    found = []
    for _ in range(DRAWS):
        picks = generator.integers(0, len(groups), len(groups)).tolist()
        some = [groups[pick] for pick in picks]
        one, two = (measure(some, [values[pick] for pick in picks]) for values in told)
        found.append(two - one)
    if all(map(isnan, found)):
        return Difference(ours, theirs, theirs - ours, nan, nan)
    low, high = np.nanpercentile(found, [2.5, 97.5]).tolist()
    return Difference(ours, theirs, theirs - ours, low, high)


def _judged(
    active: ApprovalModel, candidate: ApprovalModel, judged: Judged
) -> Difference:
    by_need: dict[str, list[JudgedPair]] = defaultdict(list)
    # Of achievements only: a need's calls are judged apart.
    answers = set()
    for pair in judged.pairs:
        if pair.kind is SuggestionKind.NEED_ACHIEVEMENT and pair.held_out:
            answers.add(pair.answers)
            if pair.found:
                by_need[pair.asks].append(pair)
    values: list[list[float]] = [[], []]
    for need, pairs in sorted(by_need.items()):
        grades = {k: v for k, v in judged.grades.get(need, {}).items() if k in answers}
        for model, found in zip((active, candidate), values, strict=True):
            told = model.probabilities([pair.features for pair in pairs])
            order = np.argsort(-told, kind="stable").tolist()
            found.append(ndcg([pairs[place].answers for place in order], grades, 10))
    mean, low, high = interval([two - one for one, two in zip(*values, strict=True)])
    return Difference(interval(values[0])[0], interval(values[1])[0], mean, low, high)
