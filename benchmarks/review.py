"""Does the ranker learn from staff? A scripted reviewer works through suggestions.

    python -m benchmarks.review [--data data/sample] [--decisions 400]

The reviewer approves what the judgements call useful, errs in one decision of ten,
and refuses one useful pair of ten for its price or timing. The needs that are not
held out are reviewed, best suggestions first, under the model of the moment; after
each 50 decisions a model is learnt from all of them, pulled towards what stood at
the start. The curve is approval@5 of the held-out needs by the judgements: the
share useful among a need's best five, the share of needs whose very first is useful,
and the share with one among the five.

Three starts: a model that knows the cosine of the whole texts alone, one that knows
the fixed order of the text score, and the shipped model, fitted on judgements of
these very needs, so that little is left to learn. Everything is computed from
feature rows, without a database.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from index.approval import NAMES, ApprovalModel, Row, fit, shipped
from index.metrics import reliability
from index.ranking import RANKER, RECORD
from index.remembering import RememberingEncoder
from matchmaker.config import ROOT, Settings
from matchmaker.rankers.comparison import BEST, approval_at
from matchmaker.rankers.judged import JudgedPair, gather
from matchmaker.rankers.lessons import TEACHES
from matchmaker.search.live import make_encoder
from models.states import RejectReason, SuggestionKind

FLIPPED = 0.1
UNSAFE = 0.1
EVERY = 50
SEEDS = 10

NOTHING = dict.fromkeys(NAMES, 0.0)
# Orders as models, with odds nobody fitted.
BY_COSINE = ApprovalModel("cosine alone", NOTHING | {"whole": 1.0}, -4.0)
BY_SCORE = ApprovalModel(
    RANKER,
    NOTHING
    | {
        "whole": 0.5,
        "coverage": 0.5 * RECORD.coverage,
        "late": 0.5 * RECORD.late,
        "lexical": 0.5 * RECORD.lexical,
    },
    -5.0,
)

Order = Callable[[Sequence[JudgedPair]], Sequence[float]]


def review(
    pair: JudgedPair, generator: np.random.Generator
) -> tuple[bool, RejectReason | None]:
    """What the scripted reviewer says: whether approved, and if not, why."""
    good = pair.approved != (generator.random() < FLIPPED)
    if not good:
        return False, RejectReason.OTHER_PROBLEM
    if generator.random() < UNSAFE:
        return False, RejectReason.PRICE if generator.random() < 0.5 else (
            RejectReason.TIMING
        )
    return True, None


def by_need(pairs: Sequence[JudgedPair]) -> dict[str, list[JudgedPair]]:
    found: dict[str, list[JudgedPair]] = defaultdict(list)
    for pair in pairs:
        found[pair.asks].append(pair)
    return dict(sorted(found.items()))


def measure(
    needs: Mapping[str, Sequence[JudgedPair]], told: Order
) -> tuple[float, float, float]:
    """(approval@5, share of needs whose first is useful, that have one in five)."""
    shares, firsts = [], []
    for pairs in needs.values():
        values = told(pairs)
        shares.append(approval_at(pairs, values))
        firsts.append(pairs[int(np.argmax(values))].approved)
    return (
        float(np.mean(shares)),
        float(np.mean(firsts)),
        float(np.mean([share > 0 for share in shares])),
    )


def by_model(model: ApprovalModel) -> Order:
    return lambda pairs: model.probabilities([p.features for p in pairs]).tolist()


def simulate(
    start: ApprovalModel,
    known: Mapping[str, Sequence[JudgedPair]],
    unseen: Mapping[str, Sequence[JudgedPair]],
    decisions: int,
    pull: float,
    seed: int,
) -> list[tuple[float, ...]]:
    """`measure` and the calibration error after 0, 50, 100 … decisions."""
    generator = np.random.default_rng(seed)
    model = start
    points: list[tuple[float, ...]] = []
    waiting = {id(pair): pair for pairs in known.values() for pair in pairs}
    rows: list[Row] = []
    labels: list[bool] = []
    everything = [pair for pairs in unseen.values() for pair in pairs]
    truth = [pair.approved for pair in everything]
    for done in range(decisions + 1):
        if done % EVERY == 0:
            if done:
                model = fit(rows, labels, prior=start, pull=pull)
            error = reliability(by_model(model)(everything), truth).error
            points.append((*measure(unseen, by_model(model)), error))
            queue = _queue(model, list(waiting.values()), generator)
        if not queue:
            break
        pair = queue.pop()
        del waiting[id(pair)]
        approved, reason = review(pair, generator)
        # What a refusal for another reason teaches is nothing.
        if reason is None or TEACHES[reason]:
            rows.append(pair.features)
            labels.append(approved)
    return points


def _queue(
    model: ApprovalModel, pairs: Sequence[JudgedPair], generator: np.random.Generator
) -> list[JudgedPair]:
    """The best five of some needs, the likeliest last: they are taken from the end."""
    kept: list[JudgedPair] = []
    for some in by_need(pairs).values():
        told = by_model(model)(some)
        order = np.argsort(-np.array(told), kind="stable")[:BEST].tolist()
        kept += [some[place] for place in order]
    # A desk sees the needs as they come, not the whole city's in one order.
    drawn = generator.permutation(len(kept))[: 2 * EVERY].tolist()
    some = [kept[place] for place in drawn]
    told = by_model(model)(some)
    return [some[place] for place in np.argsort(told, kind="stable").tolist()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=ROOT / "data" / "sample")
    parser.add_argument("--decisions", type=int, default=400)
    parser.add_argument("--pull", type=float, nargs="+", default=[1.0, 4.0, 16.0])
    parser.add_argument("--seeds", type=int, default=SEEDS)
    given = parser.parse_args()
    settings = Settings()
    encoder = RememberingEncoder(
        make_encoder(settings, threads=2), settings.instance_dir / "evaluate.db"
    )
    pairs = [
        pair
        for pair in gather(encoder, given.data).pairs
        if pair.kind is SuggestionKind.NEED_ACHIEVEMENT and pair.found
    ]
    known = by_need([pair for pair in pairs if not pair.held_out])
    unseen = by_need([pair for pair in pairs if pair.held_out])
    fixed = measure(unseen, lambda some: [pair.score for pair in some])
    most = measure(unseen, lambda some: [float(pair.approved) for pair in some])
    print(f"{len(known)} needs to review, {len(unseen)} held out, {given.seeds} runs")
    print("approval@5, first right, one in five: {:.3f} {:.3f} {:.3f}".format(*fixed))
    print("no order can do better than {:.3f} {:.3f} {:.3f}".format(*most))
    for start in (BY_COSINE, BY_SCORE, shipped()):
        for pull in given.pull:
            runs = [
                simulate(start, known, unseen, given.decisions, pull, seed)
                for seed in range(given.seeds)
            ]
            print(f"from {start.name}, pull {pull:g}")
            print("  decisions  approval@5  first right  one in five   calibr. error")
            for place in range(len(runs[0])):
                shares = np.mean([run[place] for run in runs], axis=0).tolist()
                line = "  {:9}  {:10.3f}  {:11.3f}  {:11.3f}  {:17.3f}"
                print(line.format(place * EVERY, *shares))


if __name__ == "__main__":
    main()
