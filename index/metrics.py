"""Measures of a ranking, on plain lists. Grades: 3 usable … 0 false friend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan, log2, nan

import numpy as np

USEFUL = 2
Grades = Mapping[str, int]


def ndcg(ranking: Sequence[str], grades: Grades, k: int = 10) -> float:
    """nDCG@k with gain 2^grade − 1 and discount log2(rank + 1) (Burges 2005).

    nan where nothing has a grade above 0: there is no ideal to compare with.
    """
    gains: list[int] = [(1 << grades.get(item, 0)) - 1 for item in ranking[:k]]
    ideal = sorted(((1 << grade) - 1 for grade in grades.values()), reverse=True)[:k]
    best = sum(gain / log2(rank + 2) for rank, gain in enumerate(ideal))
    if not best:
        return nan
    return sum(gain / log2(rank + 2) for rank, gain in enumerate(gains)) / best


def recall(ranking: Sequence[str], grades: Grades, k: int) -> float:
    """The share of useful items (grade ≥ 2) among the first k."""
    useful = _useful(grades)
    return len(useful & set(ranking[:k])) / len(useful) if useful else nan


def success(ranking: Sequence[str], grades: Grades, k: int) -> float:
    """1 if a useful item is among the first k."""
    useful = _useful(grades)
    return float(bool(useful & set(ranking[:k]))) if useful else nan


def reciprocal_rank(
    ranking: Sequence[str], grades: Grades, k: int | None = None
) -> float:
    """One over the rank of the first useful item, 0 if it is not among the first k."""
    useful = _useful(grades)
    if not useful:
        return nan
    for rank, item in enumerate(ranking[:k], start=1):
        if item in useful:
            return 1 / rank
    return 0.0


def pair_order(ranking: Sequence[str], grades: Grades) -> float:
    """The share of (useful, false friend) pairs with the useful one first.

    What was not ranked at all stands behind everything that was.
    """
    place = {item: rank for rank, item in enumerate(ranking)}
    last = len(ranking)
    useful = _useful(grades)
    friends = [item for item, grade in grades.items() if grade == 0]
    right = [
        place.get(good, last) < place.get(friend, last)
        for good in sorted(useful)
        for friend in friends
    ]
    return sum(right) / len(right) if right else nan


def interval(
    values: Sequence[float], *, draws: int = 1000, seed: int = 7
) -> tuple[float, float, float]:
    """(mean, low, high): 95 % percentile bootstrap over queries, nan left out."""
    known = np.array([value for value in values if not isnan(value)])
    if not len(known):
        return nan, nan, nan
    generator = np.random.default_rng(seed)
    picks = generator.integers(0, len(known), (draws, len(known)))
    low, high = np.percentile(known[picks].mean(axis=1), [2.5, 97.5])
    return float(known.mean()), float(low), float(high)


@dataclass(frozen=True)
class Bin:
    """Predictions in [low, high): their mean, the share that came true, how many."""

    low: float
    high: float
    predicted: float
    observed: float
    count: int


@dataclass(frozen=True)
class Reliability:
    """How far probabilities can be taken at their word.

    error  expected calibration error: |predicted - observed| averaged over the bins
    brier  mean squared error of the probabilities
    """

    bins: list[Bin]
    error: float
    brier: float


def reliability(
    probabilities: Sequence[float], labels: Sequence[bool], bins: int = 10
) -> Reliability:
    """Predicted against observed in equal bins; empty bins are left out."""
    told = np.array(probabilities, np.float64)
    truth = np.array(labels, np.float64)
    if len(told) != len(truth):
        raise ValueError("probabilities and labels differ in number")
    if not len(told):
        return Reliability([], nan, nan)
    places = np.minimum((told * bins).astype(int), bins - 1)
    found = [
        Bin(
            place / bins,
            (place + 1) / bins,
            float(told[places == place].mean()),
            float(truth[places == place].mean()),
            int((places == place).sum()),
        )
        for place in range(bins)
        if (places == place).any()
    ]
    off = sum(one.count * abs(one.predicted - one.observed) for one in found)
    return Reliability(found, off / len(told), float(np.mean((told - truth) ** 2)))


def log_loss(probabilities: Sequence[float], labels: Sequence[bool]) -> float:
    """Mean negative log likelihood of what happened; nan of nothing."""
    if not len(probabilities):
        return nan
    told = np.clip(np.array(probabilities, np.float64), 1e-12, 1 - 1e-12)
    truth = np.array(labels, bool)
    return float(-np.log(np.where(truth, told, 1 - told)).mean())


def auc(values: Sequence[float], labels: Sequence[bool]) -> float:
    """The share of (true, false) pairs with the true one higher; a tie is half.

    nan where only one of the two occurs.
    """
    told, truth = np.array(values, np.float64), np.array(labels, bool)
    yes, no = np.sort(told[truth]), np.sort(told[~truth])
    if not len(yes) or not len(no):
        return nan
    below = np.searchsorted(no, yes, "left") + np.searchsorted(no, yes, "right")
    return float(below.sum() / 2 / (len(yes) * len(no)))


def wilson(successes: int, total: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927); (0, 1) of nothing."""
    if not total:
        return 0.0, 1.0
    z = 1.96
    share, spread = successes / total, z * z / total
    middle = (share + spread / 2) / (1 + spread)
    half = z * ((share * (1 - share) + spread / 4) / total) ** 0.5 / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def _useful(grades: Grades) -> set[str]:
    return {item for item, grade in grades.items() if grade >= USEFUL}
