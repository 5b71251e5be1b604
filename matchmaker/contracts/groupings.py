"""The ways to cut the ledger: which key a contract has, what the key is called.

A key is a short text that also stands in the address of the rows behind it, so that a
figure and the list it opens cannot mean two things. `UNKNOWN` is the key of what the
ledger does not say. The keys of SQL's side stand in `queries`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from models.fields import field_name
from models.regions import DISTRICT_CODES, is_local
from models.states import ContractSource, ContractType, Flow, PartyKind

from ..labels import FEN_PER_WAN, label

UNKNOWN = "unknown"
# Places that are no district of the city: the city without a district, all others.
CITY_ELSEWHERE, OUTSIDE = "430100", "outside"
# 成交额 in 万元 at which the next class of size begins; 500 is where the office calls
# in experts (DOMAIN §2).
SIZE_STEPS = (10, 50, 100, 500, 1_000, 10_000)
SIZE_STEPS_FEN = tuple(step * FEN_PER_WAN for step in SIZE_STEPS)
SIZES: Mapping[str, str] = {
    "0": "不足 10 万元",
    "10": "10 万元至 50 万元",
    "50": "50 万元至 100 万元",
    "100": "100 万元至 500 万元",
    "500": "500 万元至 1000 万元",
    "1000": "1000 万元至 1 亿元",
    "10000": "1 亿元以上",
}
PLACES: Mapping[str, str] = {
    **DISTRICT_CODES,
    CITY_ELSEWHERE: "长沙市（未分区县）",
    OUTSIDE: "外地",
}
MONTHS: Mapping[str, str] = {str(month): f"{month} 月" for month in range(1, 13)}


class Grouping(StrEnum):
    """A way to cut; the value is the name of the filter in an address."""

    TYPE = "type"
    MONTH = "month"
    DISTRICT = "district"
    BUYER_DISTRICT = "buyer_district"
    FIELD = "field"
    TECHNOLOGY_FIELD = "technology_field"
    BUYER_KIND = "buyer_kind"
    SELLER_KIND = "seller_kind"
    FLOW = "flow"
    SIZE = "size"
    SOURCE = "source"


TITLES: Mapping[Grouping, str] = {
    Grouping.TYPE: "合同类型",
    Grouping.MONTH: "认定月份",
    Grouping.DISTRICT: "卖方所在区县",
    Grouping.BUYER_DISTRICT: "买方所在区县",
    Grouping.FIELD: "技术领域",
    Grouping.TECHNOLOGY_FIELD: "登记表技术领域",
    Grouping.BUYER_KIND: "买方性质",
    Grouping.SELLER_KIND: "卖方性质",
    Grouping.FLOW: "技术流向",
    Grouping.SIZE: "成交额规模",
    Grouping.SOURCE: "数据来源",
}
# Keys in the order in which they are read; the others stand by their sums.
ORDERED: Mapping[Grouping, tuple[str, ...]] = {
    Grouping.TYPE: tuple(ContractType),
    Grouping.MONTH: tuple(MONTHS),
    Grouping.FLOW: tuple(Flow),
    Grouping.SIZE: tuple(SIZES),
    Grouping.SOURCE: tuple(ContractSource),
}


@dataclass(frozen=True)
class Sum:
    """So many contracts, their 成交额 and 技术交易额 in fen."""

    count: int = 0
    total_fen: int = 0
    technology_fen: int = 0

    def __add__(self, other: Sum) -> Sum:
        return Sum(
            self.count + other.count,
            self.total_fen + other.total_fen,
            self.technology_fen + other.technology_fen,
        )

    def __sub__(self, other: Sum) -> Sum:
        return self + Sum(-other.count, -other.total_fen, -other.technology_fen)


@dataclass(frozen=True)
class Cell:
    """One part of a whole that was cut by some grouping."""

    key: str
    label: str
    sum: Sum


def place_key(region: str | None) -> str:
    """Where an administrative code lies, as the boards count places."""
    if not region:
        return UNKNOWN
    if region in DISTRICT_CODES:
        return region
    return CITY_ELSEWHERE if is_local(region) else OUTSIDE


def words(grouping: Grouping, key: str, terms: Mapping[str, str]) -> str:
    """What the key is called; ``terms`` are the technology fields of the form."""
    if key == UNKNOWN:
        return label(Flow.UNKNOWN) if grouping is Grouping.FLOW else "未填"
    known = _KEYS.get(grouping)
    if known is not None:
        return known.get(key, key)
    return field_name(key) if grouping is Grouping.FIELD else terms.get(key, key)


def is_key(grouping: Grouping, key: str) -> bool:
    """Whether the key may stand in an address.

    A code of a dictionary may be one that is not in it: the ledger has such contracts.
    """
    known = _KEYS.get(grouping)
    return key == UNKNOWN or known is None or key in known


def in_order(grouping: Grouping, cells: Iterable[Cell]) -> list[Cell]:
    """The cells as they are read: in their own order, or the largest first.

    What the ledger does not say stands last.
    """
    order = ORDERED.get(grouping)
    rank = {key: place for place, key in enumerate(order or ())}

    def first(cell: Cell) -> tuple[bool, int, int, str]:
        by_sum = 0 if order else -cell.sum.total_fen
        return cell.key == UNKNOWN, rank.get(cell.key, 99), by_sum, cell.key

    return sorted(cells, key=first)


def _labels(members: Iterable[StrEnum]) -> dict[str, str]:
    return {member.value: label(member) for member in members}


# The keys of a grouping with their words, where these are no dictionary's.
_KEYS: Mapping[Grouping, Mapping[str, str]] = {
    Grouping.TYPE: _labels(ContractType),
    Grouping.MONTH: MONTHS,
    Grouping.DISTRICT: PLACES,
    Grouping.BUYER_DISTRICT: PLACES,
    Grouping.BUYER_KIND: _labels(PartyKind),
    Grouping.SELLER_KIND: _labels(PartyKind),
    Grouping.FLOW: _labels(Flow),
    Grouping.SIZE: SIZES,
    Grouping.SOURCE: _labels(ContractSource),
}
