"""Cuts of the ledger: which contracts a figure stands for, from its address to SQL.

A cut is «name:key» in an address, «name:key,key» for any of several:

    district:unknown       a key of a way to group (`groupings.Grouping`)
    counted:2026           how contracts of a year stand (`Standing`)
    counted:2025-11-23     those of 2025 up to that day
    seller:岳麓理工大学     the seller's name as it stands in the ledger
    manager:12             the technology manager's number
    demo:yes               demonstration data

Boards link each of their figures to the ledger under its cuts, and both ask here what
these mean: a figure and the list it opens cannot differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, NoReturn

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError
from sqlalchemy import (
    ColumnElement,
    String,
    and_,
    extract,
    false,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from models import Contract, DictionaryEntry, Receipt, User
from models.regions import CITY, DISTRICT_CODES
from models.states import COUNTED_CONTRACTS, ContractState, Flow

from ..schema import clean
from . import groupings
from .groupings import (
    CITY_ELSEWHERE,
    OUTSIDE,
    SIZE_STEPS_FEN,
    SIZES,
    TITLES,
    UNKNOWN,
    Grouping,
)

Condition = ColumnElement[bool]

FIRST_YEAR, LAST_YEAR = 1985, 2100
MOST_CUTS, MOST_KEYS, LONGEST = 12, 40, 1_000
LARGEST_ID = 2**31 - 1
SELLER, MANAGER, DEMO = "seller", "manager", "demo"
# Signed, and on the way to the office or at it.
PENDING = frozenset(
    {ContractState.SIGNED, ContractState.SUBMITTED, ContractState.CORRECTING}
)


class Standing(StrEnum):
    """Which contracts of a year are meant.

    COUNTED    recognised, in the year of recognition
    PENDING    signed by the end of the year, not recognised or refused to this day
    REFUSED    signed in the year, and refused
    CANCELLED  recognised in the year, and cancelled since
    PAID       money arrived in the year
    """

    COUNTED = "counted"
    PENDING = "pending"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    PAID = "paid"


STANDINGS: Mapping[Standing, str] = {
    Standing.COUNTED: "认定登记，计入年度",
    Standing.PENDING: "签订未登记",
    Standing.REFUSED: "不予登记",
    Standing.CANCELLED: "认定后注销",
    Standing.PAID: "当年有到账",
}


@dataclass(frozen=True)
class Cut:
    """One condition on the ledger, as it stands in an address."""

    name: str
    keys: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name}:{','.join(self.keys)}"


def by(grouping: Grouping, *keys: str) -> Cut:
    """The contracts that have one of these keys when they are grouped like this."""
    return Cut(grouping.value, keys)


def standing(which: Standing, year: int) -> Cut:
    """The contracts of the year that stand like this."""
    return Cut(which.value, (str(year),))


def of_seller(name: str) -> Cut:
    """What this seller sold."""
    return Cut(SELLER, (name,))


def of_manager(user_id: int) -> Cut:
    """What this technology manager brought about."""
    return Cut(MANAGER, (str(user_id),))


OF_DEMONSTRATION = Cut(DEMO, ("yes",))


def counted_until(day: date) -> Cut:
    """What counts of the day's year, up to that day."""
    return Cut(Standing.COUNTED.value, (day.isoformat(),))


# -- From an address -----------------------------------------------------------------


def read(text: object) -> Cut:
    """The cut that is written; raises what `parse` tells as «no such filter»."""
    if isinstance(text, Cut):
        return text
    if not isinstance(text, str) or len(text) > LONGEST:
        _refuse()
    name, _, rest = clean(text).partition(":")
    # Names of firms may have commas in them.
    keys = (rest,) if name == SELLER else tuple(rest.split(","))
    if name not in _VALID or len(keys) > MOST_KEYS:
        _refuse()
    if not all(key and _VALID[name](key) for key in keys):
        _refuse()
    return Cut(name, keys)


def _refuse() -> NoReturn:
    raise PydanticCustomError("cut", "没有这一项，请从看板或列表中选择")


def _read_all(some: Any) -> Any:
    return [read(one) for one in some] if isinstance(some, list) else some


# As an address has them, so that is what a program sends.
WRITTEN = WithJsonSchema(
    {
        "type": "array",
        "items": {"type": "string", "maxLength": LONGEST},
        "maxItems": MOST_CUTS,
    },
    mode="validation",
)
Cuts = Annotated[
    list[Cut], BeforeValidator(_read_all), Field(max_length=MOST_CUTS), WRITTEN
]


def _is_year(key: str) -> bool:
    digits = len(key) == 4 and key.isascii() and key.isdigit()
    return digits and FIRST_YEAR <= int(key) <= LAST_YEAR


def _is_year_or_day(key: str) -> bool:
    return _is_year(key) or (_day(key) is not None and _is_year(key[:4]))


def _day(key: str) -> date | None:
    try:
        day = date.fromisoformat(key)
    except ValueError:
        return None
    return day if day.isoformat() == key else None  # one way to write it


def _is_id(key: str) -> bool:
    digits = key.isascii() and key.isdigit() and len(key) <= 10
    return digits and 0 < int(key) <= LARGEST_ID


def _is_key_of(grouping: Grouping) -> Callable[[str], bool]:
    return lambda key: groupings.is_key(grouping, key)


_VALID: Mapping[str, Callable[[str], bool]] = {
    **{each.value: _is_key_of(each) for each in Grouping},
    **{each.value: _is_year for each in Standing},
    Standing.COUNTED.value: _is_year_or_day,
    SELLER: lambda key: len(key) <= 200,
    MANAGER: _is_id,
    DEMO: lambda key: key == "yes",
}


# -- To conditions -------------------------------------------------------------------


def conditions(cuts: Iterable[Cut]) -> list[Condition]:
    """What a contract must meet to be in all of the cuts."""
    return [or_(*(_condition(cut.name, key) for key in cut.keys)) for cut in cuts]


def _condition(name: str, key: str) -> Condition:
    if name == SELLER:
        return Contract.seller_name == key
    if name == MANAGER:
        return Contract.manager_id == int(key)
    if name == DEMO:
        return Contract.is_demo.is_(True)
    if name in set(Standing):
        return _stands(Standing(name), key)
    return has_key(Grouping(name), key)


def of_year(year: int) -> tuple[date, date]:
    """The first and the last day."""
    return date(year, 1, 1), date(year, 12, 31)


def counted(first: date, last: date) -> Condition:
    """What counts towards the targets, recognised from one day to another."""
    return and_(
        Contract.state.in_(sorted(COUNTED_CONTRACTS)),
        Contract.recognised_on.between(first, last),
    )


def _stands(which: Standing, key: str) -> Condition:
    first, last = of_year(int(key[:4]))
    if which is Standing.COUNTED:
        return counted(first, _day(key) or last)
    if which is Standing.PENDING:
        return and_(Contract.state.in_(sorted(PENDING)), Contract.signed_on <= last)
    if which is Standing.REFUSED:
        refused = Contract.state == ContractState.REFUSED
        return and_(refused, Contract.signed_on.between(first, last))
    if which is Standing.CANCELLED:
        cancelled = Contract.state == ContractState.CANCELLED
        return and_(cancelled, Contract.recognised_on.between(first, last))
    paid = select(Receipt.contract_id).where(Receipt.received_on.between(first, last))
    return Contract.id.in_(paid)


def has_key(grouping: Grouping, key: str) -> Condition:
    """The contracts that have this key when they are cut like this."""
    if grouping in PLACES:
        return _in_place(PLACES[grouping], key)
    if grouping is Grouping.MONTH:
        if key == UNKNOWN:
            return Contract.recognised_on.is_(None)
        return extract("month", Contract.recognised_on) == int(key)
    if grouping is Grouping.FLOW:
        return flows(Flow(key))
    if grouping is Grouping.SIZE:
        return _of_size(key)
    column: Any = getattr(Contract, grouping.value)
    if key == UNKNOWN:
        return or_(column.is_(None), type_coerce(column, String) == "")
    return type_coerce(column, String) == key


PLACES: Mapping[Grouping, InstrumentedAttribute[str | None]] = {
    Grouping.DISTRICT: Contract.seller_region,
    Grouping.BUYER_DISTRICT: Contract.buyer_region,
}


def _unsaid(region: InstrumentedAttribute[str | None]) -> Condition:
    return or_(region.is_(None), region == "")


def _local(region: InstrumentedAttribute[str | None]) -> Condition:
    return region.startswith(CITY)


def _away(region: InstrumentedAttribute[str | None]) -> Condition:
    return and_(region != "", region.not_like(f"{CITY}%"))


def _in_place(region: InstrumentedAttribute[str | None], key: str) -> Condition:
    if key == UNKNOWN:
        return _unsaid(region)
    if key == OUTSIDE:
        return _away(region)
    if key == CITY_ELSEWHERE:
        return and_(_local(region), region.not_in(list(DISTRICT_CODES)))
    return region == key


def flows(flow: Flow) -> Condition:
    """`models.regions.flow` as a condition; a test holds the two together."""
    seller, buyer = Contract.seller_region, Contract.buyer_region
    if flow is Flow.UNKNOWN:
        return or_(_unsaid(seller), _unsaid(buyer))
    sides: Mapping[Flow, tuple[Condition, Condition]] = {
        Flow.LOCAL: (_local(seller), _local(buyer)),
        Flow.OUT: (_local(seller), _away(buyer)),
        Flow.IN: (_away(seller), _local(buyer)),
        Flow.ELSEWHERE: (_away(seller), _away(buyer)),
    }
    return and_(*sides[flow])


def _of_size(key: str) -> Condition:
    if key == UNKNOWN:
        return false()
    place = tuple(SIZES).index(key)
    parts: list[Condition] = []
    if place:
        parts.append(Contract.total_fen >= SIZE_STEPS_FEN[place - 1])
    if place < len(SIZE_STEPS_FEN):
        parts.append(Contract.total_fen < SIZE_STEPS_FEN[place])
    return and_(*parts)


# -- To words ------------------------------------------------------------------------


def terms(session: Session) -> dict[str, str]:
    """The technology fields of the registration form, those out of use too."""
    query = select(DictionaryEntry.code, DictionaryEntry.label).where(
        DictionaryEntry.dictionary == "technology_field"
    )
    return {row.code: row.label for row in session.execute(query)}


def words(session: Session, cuts: Iterable[Cut]) -> list[tuple[Cut, str]]:
    """Each cut with what it is called."""
    known = terms(session)
    return [(cut, _words(session, cut, known)) for cut in cuts]


def _words(session: Session, cut: Cut, known: Mapping[str, str]) -> str:
    if cut.name == SELLER:
        return f"卖方：{cut.keys[0]}"
    if cut.name == DEMO:
        return "示例合同"
    if cut.name == MANAGER:
        people = [session.get(User, int(key)) for key in cut.keys]
        return "技术经理人：" + "、".join(one.name if one else "—" for one in people)
    if cut.name in set(Standing):
        years = "、".join(
            f"{key} 年" if _is_year(key) else f"{key[:4]} 年至 {key}"
            for key in cut.keys
        )
        return f"{years}：{STANDINGS[Standing(cut.name)]}"
    grouping = Grouping(cut.name)
    keys = "、".join(groupings.words(grouping, key, known) for key in cut.keys)
    return f"{TITLES[grouping]}：{keys}"


def year_of(cuts: Iterable[Cut], *which: Standing) -> int | None:
    """The year the cuts speak of, by the standings named; None if by none of them."""
    names = {each.value for each in which}
    found = {int(key[:4]) for cut in cuts if cut.name in names for key in cut.keys}
    return found.pop() if len(found) == 1 else None
