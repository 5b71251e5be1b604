"""What masking costs: needs asked by their public text against their full text.

    python -m benchmarks.masking [--encoder FOLDER]

Every need of data/sample is masked as the form would draft it, unread by anybody,
and both texts rank all achievements. Prints nDCG@10 of each with a bootstrap
interval, and of the difference need by need; once by the text alone, as a search by
an outsider does. Vectors are remembered in the instance folder.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from index import evaluate, metrics
from index.encoder import SentenceEncoder
from index.remembering import RememberingEncoder
from index.text import Source
from matchmaker.config import Settings
from matchmaker.masking.draft import Secrets, masked, masked_lines
from models.fields import field_name
from models.outbox import RecordType

from .processes import ROOT

SAMPLE = ROOT / "data" / "sample"


def drafts() -> Iterator[tuple[str, Source]]:
    """The public text of every need of the sample."""
    for path in sorted(SAMPLE.glob("part*/needs.jsonl")):
        for row in map(json.loads, path.read_text("utf-8").splitlines()):
            public = f"{row['district']}某{field_name(row['field'])}企业"
            secrets = Secrets(row["organization"], public)
            yield (
                row["id"],
                Source(
                    masked(row["title"], secrets),
                    masked(row["problem"], secrets),
                    tuple(masked_lines(row["targets"], secrets)),
                ),
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", type=Path)
    options = parser.parse_args()
    settings = Settings()
    encoder = RememberingEncoder(
        SentenceEncoder(str(options.encoder or settings.model), threads=2),
        settings.instance_dir / "evaluate.db",
    )
    data = evaluate.read([SAMPLE])
    bench = evaluate.Bench(encoder, data.records[RecordType.ACHIEVEMENT])
    texts = {"full": data.records[RecordType.NEED], "public": dict(drafts())}
    scores: dict[str, list[float]] = {}
    for name, sources in texts.items():
        scores[name] = []
        for need, asker in sorted(evaluate.askers(encoder, sources).items()):
            grades = data.grades.get(need, {})
            items = {k: v for k, v in grades.items() if k in set(bench.names)}
            if any(items.values()):
                ranking = [item for item, _ in bench.rank(asker.question()).ours]
                scores[name].append(metrics.ndcg(ranking, items, 10))
    print(f"{len(scores['full'])} needs, {len(bench.names)} achievements, nDCG@10")
    for name, values in scores.items():
        print(f"{name:12}{_interval(values)}")
    pairs = zip(scores["public"], scores["full"], strict=True)
    print(f"{'difference':12}{_interval([mine - full for mine, full in pairs])}")


def _interval(values: list[float]) -> str:
    mean, low, high = metrics.interval(values)
    return f"{mean:+.4f} [{low:+.4f}, {high:+.4f}]"


if __name__ == "__main__":
    main()
