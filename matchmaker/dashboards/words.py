"""What the boards say in words: figures with their units, the pace, its basis."""

from __future__ import annotations

from collections.abc import Mapping

from models.states import PartyKind, Unit

from ..contracts.groupings import Sum
from ..labels import label, money
from ..money import in_yuan
from ..targets.schema import UNIT_WORDS, typed
from .projection import CONFIDENCE, Basis, Projection
from .schema import SellerKind
from .year import Period

SELLER_KINDS: Mapping[SellerKind, str] = {
    kind: label(PartyKind(kind.value)) for kind in SellerKind
}

NO_PROJECTION = "今年刚开始，或者还没有认定的合同，暂不推算年底。"
NOT_BEGUN = "这一年还没有开始。"
# Nobody else can know how sure a year's end is.
LITTLE_TIME = "今年的周数太少，不给区间。"


def figure(value: int | None, unit: Unit) -> tuple[str, str]:
    """A figure in the unit of its indicator: (number, unit)."""
    if value is None:
        return "—", ""
    if unit is Unit.FEN:
        return money(value)
    if unit is Unit.BASIS_POINTS:
        return f"{value / 100:,.2f}".rstrip("0").rstrip("."), "%"
    return f"{value:,}", ""


def goal(value: int | None, unit: Unit) -> tuple[str, str]:
    """A target as it was set, without digits nobody wrote: («1400», «亿元»)."""
    return (typed(value, unit), UNIT_WORDS[unit]) if value is not None else ("—", "")


def target(fen: int) -> str:
    """A target of money in one run of text: «1400 亿元»."""
    return " ".join(goal(fen, Unit.FEN))


def amount(fen: int) -> str:
    """A sum in one run of text: «445.70 亿元»."""
    return " ".join(money(fen))


def yuan(fen: int) -> str:
    """A sum to the 分: «123,456.78 元»."""
    return in_yuan(fen)


def exact(total: Sum, called: str = "成交额") -> str:
    """A sum to the 分, as the ledger says it above the contracts it is of."""
    number = f"{total.count:,} 份，" if total.count else ""
    return f"{number}{called} {yuan(total.total_fen)}"


def percent(share: float | None) -> str:
    """A share of a whole: «31.8%»."""
    return "—" if share is None else f"{share * 100:.1f}%"


def days(number: float | None) -> str:
    """A median of days: «3», «12.5»."""
    return "—" if number is None else f"{number:g}"


def of_year(targets_of: int | None, when: Period) -> str:
    """Whose target is meant, where it is another year's: «2024 年»."""
    return f"{targets_of} 年" if targets_of and targets_of != when.year else ""


def pace(
    when: Period,
    found: Projection | None,
    target_fen: int | None,
    targets_of: int | None = None,
) -> str:
    """Where the year will end, in one sentence."""
    whose = f" {of_year(targets_of, when)}" if of_year(targets_of, when) else ""
    if when.as_of is None:
        return NOT_BEGUN
    if found is None:
        return NO_PROJECTION
    beside = ""
    if target_fen:
        share = percent(found.point / target_fen)
        beside = f"，为{whose}目标 {target(target_fen)}的 {share}"
    if found.basis is Basis.OVER:
        return f"{when.year} 年全年 {amount(found.point)}{beside}。"
    between = ""
    if found.low is not None and found.high is not None:
        between = f"（{CONFIDENCE}% 区间 {amount(found.low)}至 {amount(found.high)}）"
    return f"按当前进度，年底可达 {amount(found.point)}{between}{beside}。"


def basis(found: Projection | None) -> str:
    """What the projection rests on; nothing where there is none."""
    if found is None or found.basis is Basis.OVER:
        return ""
    little = LITTLE_TIME if found.low is None else ""
    if found.basis is Basis.RUN_RATE:
        return f"没有往年的台账，按今年到目前的日均推算。{little}"
    years = "、".join(map(str, found.years))
    share = percent(found.share)
    only = (
        "只有一个往年，区间按今年各周的波动给出。"
        if len(found.years) == 1 and not little
        else little
    )
    return f"按 {years} 年同期占全年的比例（平均 {share}）推算。{only}"
