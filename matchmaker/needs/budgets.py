"""What a reader learns of the money there is: an amount, or only its band.

The exact budget of a masked need is for those who read its full text. Everybody else
gets the band its public text would have, on pages and in whatever is computed for
them: else the number could be found by asking often enough.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from index.approval import Side, side
from index.bands import FEN_PER_YUAN, amounts, band
from models import Achievement, Need, Record, User

from .. import policies
from ..labels import money


@dataclass(frozen=True)
class Budget:
    """Between ``low`` and ``high`` fen, the same where it is known; None: «面议»."""

    low: int | None
    high: int | None
    words: str


def exact(record: Record) -> Budget:
    """The money a record that asks has, to the fen."""
    fen = _money(record)
    return Budget(fen, fen, " ".join(money(fen)).strip())


def seen(user: User | None, record: Record) -> Budget:
    """The money as this person may know it."""
    full = not isinstance(record, Need) or policies.reads_budget(user, record)
    return shown(record, full=full)


def shown(record: Record, *, full: bool) -> Budget:
    """The money as who reads the full text gets it, or as everybody else does."""
    fen = _money(record)
    return exact(record) if full or fen is None else banded(fen)


def banded(fen: int) -> Budget:
    """The amount as outsiders get it: 数百万元."""
    return Budget(*amounts(fen), f"{band(fen / FEN_PER_YUAN).words}元")


def side_seen(record: Record, budget: Budget) -> Side:
    """The side the record makes for who knows this much of its money.

    Of a band the upper end counts: what is within it may be paid.
    """
    if isinstance(record, Achievement):
        return side(record)
    return replace(side(record), money=budget.high)


def _money(record: Record) -> int | None:
    return side(record).money
