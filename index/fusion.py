"""Reciprocal-rank fusion: the rival our ranking is measured against."""

from collections.abc import Sequence

K = 60


def reciprocal_rank_fusion(
    rankings: Sequence[Sequence[int]],
) -> list[tuple[int, float]]:
    """(row, Σ 1/(60 + rank)) over the rankings, best first, ties by row.

    Cormack, Clarke and Büttcher, SIGIR 2009, with their constant of 60.
    """
    totals: dict[int, float] = {}
    for ranking in rankings:
        for rank, row in enumerate(ranking, start=1):
            totals[row] = totals.get(row, 0.0) + 1 / (K + rank)
    return sorted(totals.items(), key=lambda item: (-item[1], item[0]))
