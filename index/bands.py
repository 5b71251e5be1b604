"""A number as a band in words, and between what it then lies.

Words (数百, 十几) rather than other digits: a band such as 300~400 beside the original
would still be one half of the secret, and its edges may be figures given elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isinf

FEN_PER_YUAN = 100
_SCALES = ((1e8, "亿"), (1e4, "万"), (1.0, ""))
_STEPS = ((1000.0, "千"), (100.0, "百"), (10.0, "十"))


@dataclass(frozen=True)
class Band:
    """``low`` ≤ the number < ``high``, whatever it is exactly."""

    low: float
    high: float
    words: str


def band(value: float) -> Band:
    """A number, without its sign, as a band of a factor of ten at most."""
    value = abs(value)
    if value < 1:
        return next(one for one in _BELOW_ONE if value >= one.low)
    size, mark = next(scale for scale in _SCALES if value >= scale[0])
    found = _leading(value / size)
    return Band(found.low * size, found.high * size, found.words + mark)


def amounts(fen: int) -> tuple[int, int]:
    """The least and the most money (whole fen) of the band an amount lies in, in yuan.

    Past the last step there is no most; nobody has such an amount.
    """
    found = band(fen / FEN_PER_YUAN)
    low = round(found.low * FEN_PER_YUAN)
    return low, low if isinf(found.high) else round(found.high * FEN_PER_YUAN) - 1


_BELOW_ONE = (
    Band(0.1, 1, "零点几"),
    Band(0.01, 0.1, "零点零几"),
    Band(5e-324, 0.01, "极小的数"),
    Band(0, 5e-324, "零"),
)


def _leading(value: float) -> Band:
    for size, mark in _STEPS:
        if value >= 1e4:
            return Band(1e4, inf, f"数万{mark}")
        if value >= 2 * size:
            return Band(2 * size, 10 * size, f"数{mark}")
        if value >= size:
            return Band(size, 2 * size, "十几" if size == 10 else f"一{mark}多")
    return Band(1, 10, "几")
