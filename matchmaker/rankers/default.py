"""Fits the model that comes with the platform on the judged sample."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np

from index.approval import (
    IGNORANT,
    NAMES,
    ApprovalModel,
    calibrate,
    fit,
    matrix,
)
from index.evaluate import is_choosing
from index.metrics import Reliability, reliability
from models.states import SuggestionKind

from .judged import JudgedPair

NAME = "judged-1"
FOLDS = 5
# The sample is plenty for so few weights; this only keeps them finite.
LIGHT_PULL = 1.0
STEPS = tuple(step / 100 for step in range(2, 52, 2))
# Of the needs with an achievement, so many at most may be told there is none.
MOST_WRONGLY_NONE = 0.03
KEPT = 5
# Vectors differ in their last bits from machine to machine; the model should not.
DIGITS = 4


@dataclass(frozen=True)
class Told:
    """What a threshold does to the needs of the sample.

    without        needs with no achievement of grade 2 or 3, told «none» / all
    emptied        needs whose useful achievements were taken away, likewise
    wrongly        needs with one that were told «none» all the same / all
    lost           useful pairs among a need's best five that it keeps back / all
    """

    least: float
    without: tuple[int, int]
    emptied: tuple[int, int]
    wrongly: tuple[int, int]
    lost: tuple[int, int]


@dataclass(frozen=True)
class Fitted:
    """The model and how it does: ``held_out`` on the fifth it never saw."""

    model: ApprovalModel
    slope: float
    trained: int
    within: Reliability
    held_out: Reliability
    table: list[Told]
    table_held_out: list[Told]


def fit_default(pairs: Sequence[JudgedPair]) -> Fitted:
    """Fit on the needs that are not held out, calibrate on folds, set the threshold.

    Calibrated, and the threshold chosen, only by the pairs of needs that taught the
    encoder nothing, with probabilities from folds the pair had no part in: likeness
    the encoder was taught looks surer than it will be for a new need.
    """
    known = [pair for pair in pairs if not pair.held_out]
    unseen = [pair for pair in pairs if pair.held_out]
    fair = np.array([is_choosing(pair.asks) for pair in known])
    logits = _out_of_fold(known)[fair]
    chosen = [pair for pair, wanted in zip(known, fair, strict=True) if wanted]
    slope, shift = calibrate(logits, [pair.approved for pair in chosen])
    model = _fitted(known).stretched(slope, shift)
    honest = 1 / (1 + np.exp(-(slope * logits + shift)))
    table = none_table(chosen, honest.tolist())
    typical = matrix([pair.features for pair in known]).mean(axis=0).tolist()
    model = replace(
        model,
        name=NAME,
        weights=_rounded(model.weights),
        bias=round(model.bias, DIGITS),
        typical=_rounded(dict(zip(NAMES, typical, strict=True))),
        least=choose(table),
    )
    told = model.probabilities([pair.features for pair in unseen]).tolist()
    return Fitted(
        model,
        slope,
        len(known),
        reliability(honest.tolist(), [pair.approved for pair in chosen]),
        reliability(told, [pair.approved for pair in unseen]),
        table,
        none_table(unseen, told),
    )


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, DIGITS) for name, value in values.items()}


def _fitted(pairs: Sequence[JudgedPair]) -> ApprovalModel:
    return fit(
        [pair.features for pair in pairs],
        [pair.approved for pair in pairs],
        prior=IGNORANT,
        pull=LIGHT_PULL,
    )


def _out_of_fold(
    pairs: Sequence[JudgedPair],
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """(n,) logits, each by a model that saw no pair of the same question."""
    folds = np.array([crc32(f"fold {pair.asks}".encode()) % FOLDS for pair in pairs])
    logits = np.zeros(len(pairs))
    for fold in range(FOLDS):
        rest = [pair for pair, place in zip(pairs, folds, strict=True) if place != fold]
        model = _fitted(rest)
        for place in np.flatnonzero(folds == fold).tolist():
            logits[place] = model.logit(pairs[place].features)
    return logits


def none_table(
    pairs: Iterable[JudgedPair], probabilities: Iterable[float]
) -> list[Told]:
    """What each threshold of `STEPS` does, over needs and achievements."""
    by_need: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    useful: dict[str, bool] = defaultdict(bool)
    for pair, value in zip(pairs, probabilities, strict=True):
        if pair.kind is SuggestionKind.NEED_ACHIEVEMENT:
            useful[pair.asks] |= pair.approved
            if pair.found:
                by_need[pair.asks].append((value, pair.approved))
    return [_told(step, by_need, useful) for step in STEPS]


def _told(
    least: float,
    by_need: Mapping[str, Sequence[tuple[float, bool]]],
    useful: Mapping[str, bool],
) -> Told:
    def none(values: Iterable[float]) -> bool:
        return max(values, default=0.0) < least

    has = [need for need in by_need if useful[need]]
    lacks = [need for need in by_need if not useful[need]]
    best = [
        value
        for need in has
        for value, approved in sorted(by_need[need], reverse=True)[:KEPT]
        if approved
    ]
    emptied = [none(v for v, approved in by_need[n] if not approved) for n in has]
    return Told(
        least,
        (sum(none(v for v, _ in by_need[need]) for need in lacks), len(lacks)),
        (sum(emptied), len(has)),
        (sum(none(v for v, _ in by_need[need]) for need in has), len(has)),
        (sum(value < least for value in best), len(best)),
    )


def choose(table: Sequence[Told]) -> float:
    """The highest threshold that wrongly says «none» to few enough needs."""
    fitting = [
        told.least
        for told in table
        if told.wrongly[0] <= MOST_WRONGLY_NONE * told.wrongly[1]
    ]
    return max(fitting, default=STEPS[0])
