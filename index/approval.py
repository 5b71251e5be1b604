"""How likely staff are to approve a pair: a calibrated logistic model.

    logit p = bias + Σ weight · feature

The features are the text features of `index.ranking` (as deviations, unweighted)
and what else decides whether two sides sit down together: field, readiness, money,
modes, and the indicators asked against those claimed. The prestige of an
institution, its name, and how often it was approved before are no part of it.

The shipped model (`approval.json`) was fitted on the judged sample; a later one is
fitted on what staff decided and is pulled towards it, so that few decisions change
little (`fit`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from math import log
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models import Achievement, Call, Need, Record
from models.states import Mode, SuggestionKind

from .explain import likeness, points
from .hybrid import IndexedRecord
from .indicators import Judgement, judge
from .requirements import requirements

Matrix = NDArray[np.float64]
Row = Mapping[str, float]

SHIPPED = Path(__file__).with_name("approval.json")

# Name of each feature, in the order of a matrix's columns: (usual size, sign of its
# weight, meaning). The size makes one pull fit all: a weight is held back in units
# of what it does to a usual value. The sign keeps a fit from learning by accident
# that a missed indicator speaks for a pair, which nobody could be told as a reason;
# 0 leaves it open.
FEATURES: Mapping[str, tuple[float, int, str]] = {
    "whole": (1.0, 1, "how far the whole texts' cosine stands out, in deviations"),
    "coverage": (1.0, 1, "how far piece-by-piece cosines stand out, in deviations"),
    "lexical": (20.0, 1, "BM25 of the asking text's terms in the other"),
    "late": (1.0, 1, "late interaction of the words, in deviations"),
    "same_field": (
        0.5,
        1,
        "1 where both sides are of one technology field, 0.5 if unknown",
    ),
    "readiness_gap": (1.0, -1, "levels of readiness missing, 0 to 5; 0 if unknown"),
    "price_excess": (0.5, -1, "log(price / budget) from 0 to 2; 0 if unknown"),
    "modes_fit": (0.5, 1, "1 if a mode sought is offered, 0 if none, 0.5 if unknown"),
    "met": (0.5, 1, "share of the asked indicators met, see `shares`"),
    "unmet": (0.5, -1, "share of the asked indicators missed, see `shares`"),
    "is_need_call": (0.5, 0, "1 for a need and a call"),
    "is_call_achievement": (0.5, 0, "1 for a call and an achievement"),
}
NAMES = tuple(FEATURES)
TEXT = ("whole", "coverage", "lexical", "late")

# So many of a question's best are rated: the sample's useful ones are among them.
RATED = 20
MOST_LEVELS = 5
MOST_EXCESS = 2.0
# What a wish counts beside a must.
WISH = 0.5

# How strongly a fit is pulled towards its prior, in decisions: about so many tell
# as much as the prior does. In `benchmarks/review.py` 1, 4 and 16 order pairs alike;
# the stronger the pull, the less a noisy reviewer spoils the calibration.
PULL = 4.0
STEPS = 100
CONVERGED = 1e-10
RELEASED = 1e-7

# What is offered under the first word also serves who asked for the second.
SERVES: Mapping[Mode, frozenset[Mode]] = {
    Mode.OPEN_LICENCE: frozenset({Mode.LICENCE}),
    Mode.PAY_AFTER_USE: frozenset({Mode.LICENCE, Mode.TRANSFER}),
    Mode.INVEST_THEN_SHARE: frozenset({Mode.EQUITY}),
}


@dataclass(frozen=True)
class Side:
    """What a record says besides its texts.

    readiness  the level asked for, or the level reached; None: not known
    money      whole fen that there are, or that are asked for; None: «面议»
    modes      of cooperation, sought or offered
    """

    field: str
    readiness: int | None = None
    money: int | None = None
    modes: frozenset[Mode] = frozenset()


def side(record: Record) -> Side:
    """The side a record of the tables makes."""
    if isinstance(record, Need):
        modes = frozenset(map(Mode, record.cooperation))
        return Side(record.field, record.trl_expected, record.budget_fen, modes)
    if isinstance(record, Achievement):
        modes = frozenset(map(Mode, record.modes))
        return Side(record.field, record.trl, record.price_fen, modes)
    assert isinstance(record, Call)
    return Side(record.field, None, record.funding_fen)


def modes_fit(sought: frozenset[Mode], offered: frozenset[Mode]) -> bool | None:
    """Whether a mode sought is offered; None where a side names none."""
    if not sought or not offered:
        return None
    served = offered.union(*(SERVES.get(mode, frozenset()) for mode in offered))
    return bool(sought & served)


def judgements(
    record: Record | None, asking: IndexedRecord, found: IndexedRecord
) -> list[Judgement]:
    """Every indicator asked, judged by what the other side claims.

    ``record`` is the one that asks: it may say more of its indicators than its text
    (`index.requirements`). None for a text that is of no table.
    """
    asked, claimed = points(asking), points(found)
    passages = [asking.passages[row] for row in asked]
    return judge(
        requirements(
            record, [(p.position, p.text) for p in passages], asking.text_hash
        ),
        [found.passages[row].text for row in claimed],
        likeness(asking, found, asked, claimed),
    )


@dataclass(frozen=True)
class Shares:
    """How much of what is asked is met, and how much is missed; 0 to 1."""

    met: float = 0.0
    unmet: float = 0.0


def shares(judged: Sequence[Judgement]) -> Shares:
    """What the judgements come to:

        met    max(0, Σ w · m − Σ w of the confirmed musts that are missed) / Σ w
        unmet  Σ w of what is missed / Σ w

    m is 1 for what is met and ½ for what is met in part; w is ½ for a wish, else 1. So
    a wish counts half, and a must that a person has confirmed and that is missed takes
    back what another one earned, though never more than there is: a pair that misses
    it stands no lower than one of which nothing is known. A must that was only
    preselected counts as if nobody had said so.
    """
    total = sum(map(_worth, judged)) or 1.0
    earned = sum(_worth(one) * _EARNED.get(one.verdict, 0.0) for one in judged)
    lost = sum(_worth(one) for one in judged if _breaks(one))
    missed = sum(_worth(one) for one in judged if one.verdict == "unmet")
    return Shares(max(0.0, earned - lost) / total, missed / total)


_EARNED = {"met": 1.0, "partial": 0.5}


def _worth(one: Judgement) -> float:
    return WISH if one.requirement.must is False else 1.0


def _breaks(one: Judgement) -> bool:
    return one.misses_must and one.requirement.confirmed is not None


def features(
    kind: SuggestionKind, text: Row, asks: Side, answers: Side, indicators: Shares
) -> dict[str, float]:
    """The features of a pair; ``text`` holds those of `TEXT` that are known."""
    fit = modes_fit(asks.modes, answers.modes)
    return {name: float(text.get(name, 0.0)) for name in TEXT} | {
        "same_field": float(asks.field == answers.field)
        if asks.field and answers.field
        else 0.5,
        "readiness_gap": _gap(asks, answers),
        # Two sums of funding are no offer and its price.
        "price_excess": 0.0
        if kind is SuggestionKind.NEED_CALL
        else _excess(asks.money, answers.money),
        "modes_fit": 0.5 if fit is None else float(fit),
        "met": indicators.met,
        "unmet": indicators.unmet,
        "is_need_call": float(kind is SuggestionKind.NEED_CALL),
        "is_call_achievement": float(kind is SuggestionKind.CALL_ACHIEVEMENT),
    }


def _gap(asks: Side, answers: Side) -> float:
    if asks.readiness is None or answers.readiness is None:
        return 0.0
    return float(min(max(asks.readiness - answers.readiness, 0), MOST_LEVELS))


def _excess(budget: int | None, price: int | None) -> float:
    if budget is None or price is None or price <= budget:
        return 0.0
    return min(log(price / budget), MOST_EXCESS)


@dataclass(frozen=True)
class ApprovalModel:
    """Weights by feature. What is missing of a pair's features counts as 0.

    least    below this probability nothing is proposed
    typical  the features of an average candidate: what a pair is compared with
             when its probability is explained
    """

    name: str
    weights: Mapping[str, float]
    bias: float
    least: float = 0.5
    typical: Mapping[str, float] = field(default_factory=dict)

    def logit(self, pair: Row) -> float:
        return self.bias + sum(w * pair.get(n, 0.0) for n, w in self.weights.items())

    def probability(self, pair: Row) -> float:
        """Of approval, strictly between 0 and 1."""
        return float(sigmoid(np.array([self.logit(pair)]))[0])

    def contributions(self, pair: Row) -> dict[str, float]:
        """What each feature adds to the logit beyond that of an average candidate."""
        return {
            name: weight * (pair.get(name, 0.0) - self.typical.get(name, 0.0))
            for name, weight in self.weights.items()
        }

    def probabilities(self, rows: Sequence[Row]) -> Matrix:
        """(n,) of every row."""
        weights = np.array([self.weights.get(name, 0.0) for name in NAMES])
        return sigmoid(matrix(rows) @ weights + self.bias)

    def stretched(self, slope: float, shift: float) -> ApprovalModel:
        """The model whose logit is ``slope`` times this one's, plus ``shift``."""
        weights = {name: slope * weight for name, weight in self.weights.items()}
        return replace(self, weights=weights, bias=slope * self.bias + shift)

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "bias": self.bias,
            "weights": dict(self.weights),
            "least": self.least,
            "typical": dict(self.typical),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> ApprovalModel:
        return cls(
            name=stored["name"],
            weights={str(n): float(w) for n, w in stored["weights"].items()},
            bias=float(stored["bias"]),
            least=float(stored["least"]),
            typical={str(n): float(v) for n, v in stored["typical"].items()},
        )


# Knows nothing: what the first model is pulled towards.
IGNORANT = ApprovalModel("none", dict.fromkeys(NAMES, 0.0), 0.0)


@cache
def shipped() -> ApprovalModel:
    """The model that comes with the platform."""
    return ApprovalModel.from_json(json.loads(SHIPPED.read_text("utf-8")))


def sigmoid(logits: Matrix) -> Matrix:
    """1 / (1 + e^-x), never quite 0 or 1 and without overflow."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))), np.float64)


def matrix(rows: Sequence[Row]) -> Matrix:
    """(n, features) float64 in the order of `NAMES`."""
    found = [[row.get(name, 0.0) for name in NAMES] for row in rows]
    return np.array(found, np.float64).reshape(len(rows), len(NAMES))


def fit(
    rows: Sequence[Row],
    labels: Sequence[bool],
    sample_weights: Sequence[float] | None = None,
    prior: ApprovalModel = IGNORANT,
    *,
    pull: float = PULL,
) -> ApprovalModel:
    """Logistic regression with a Gaussian prior around ``prior``, by Newton's method.

    Minimises the weighted log loss plus ``pull``/2 times the squared distance of the
    weights from the prior's, each in units of what it does to a usual value; every
    weight keeps the sign its feature asks for. With no rows it is the prior. The
    name, threshold and typical pair are the prior's.
    """
    table = np.hstack([matrix(rows), np.ones((len(rows), 1))])
    truth = np.array(labels, np.float64)
    counts = np.ones(len(rows)) if sample_weights is None else np.array(sample_weights)
    if not (len(table) == len(truth) == len(counts)):
        raise ValueError("rows, labels and weights differ in number")
    start = np.array([*(prior.weights.get(name, 0.0) for name in NAMES), prior.bias])
    sizes = np.array([*(size for size, _, _ in FEATURES.values()), 1.0])
    signs = np.array([*(sign for _, sign, _ in FEATURES.values()), 0])
    found = _signed(table, truth, counts, start, pull * sizes**2, signs)
    weights = dict(zip(NAMES, found[:-1].tolist(), strict=True))
    return replace(prior, weights=weights, bias=float(found[-1]))


def _signed(
    table: Matrix,
    truth: Matrix,
    counts: Matrix,
    start: Matrix,
    pull: Matrix,
    signs: NDArray[np.int64],
) -> Matrix:
    """As `_newton`, with no weight against its sign.

    Weights that go against it are held at 0 and the others found anew; a held one
    that the others' change makes want the right side is let go again.
    """
    held = np.zeros(len(start), bool)
    weights = np.zeros(len(start))
    for _ in range(4 * len(start)):
        free = ~held
        weights = np.zeros(len(start))
        weights[free] = _newton(table[:, free], truth, counts, start[free], pull[free])
        wrong = weights * signs < -CONVERGED
        if wrong.any():
            held |= wrong
            continue
        found = sigmoid(table @ weights)
        slope = table.T @ (counts * (found - truth)) + pull * (weights - start)
        wanted = np.where(held, -slope * signs, 0)
        if wanted.max() <= RELEASED:
            break
        held[int(np.argmax(wanted))] = False
    return np.where(weights * signs < 0, 0.0, weights)


def _newton(
    table: Matrix, truth: Matrix, counts: Matrix, start: Matrix, pull: Matrix
) -> Matrix:
    """Where Σ counts · log loss + Σ pull (w − start)² / 2 is least.

    Steps are halved until they lower it, so it arrives from anywhere.
    """

    def cost(weights: Matrix) -> float:
        logits = table @ weights
        losses = np.logaddexp(0, logits) - truth * logits
        return float(counts @ losses + pull @ (weights - start) ** 2 / 2)

    weights, best = start.copy(), cost(start)
    for _ in range(STEPS):
        found = sigmoid(table @ weights)
        slope = table.T @ (counts * (found - truth)) + pull * (weights - start)
        curve = (table.T * (counts * found * (1 - found))) @ table + np.diag(pull)
        step = np.linalg.solve(curve, slope)
        while cost(weights - step) > best and np.abs(step).max() > CONVERGED:
            step /= 2
        weights = weights - step
        best = min(best, cost(weights))
        if np.abs(step).max() <= CONVERGED:
            break
    return np.asarray(weights, np.float64)


def calibrate(logits: Matrix, labels: Sequence[bool]) -> tuple[float, float]:
    """Platt's (slope, shift) for logits of rows that the model was not fitted on.

    Pulled lightly towards (1, 0), where nothing is to be corrected.
    """
    table = np.column_stack([logits, np.ones(len(logits))])
    truth = np.array(labels, np.float64)
    start, pull = np.array([1.0, 0.0]), np.array([1.0, 1.0])
    slope, shift = _newton(table, truth, np.ones(len(truth)), start, pull)
    return float(slope), float(shift)
