"""The ledger as a list: filters, order, pages, sums; what one may see and no more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ValidationInfo
from sqlalchemy import ColumnElement, Select, and_, case, extract, func, or_, select
from sqlalchemy.orm import Session, joinedload

from models import Contract, Receipt, User
from models.fields import CONTRACT_WORDS
from models.regions import CITY
from models.states import (
    COUNTED_CONTRACTS,
    ContractSource,
    ContractState,
    ContractType,
    Flow,
    PartyKind,
)

from .. import policies
from ..paging import turn
from ..schema import Money, Optional, Paged, Text
from . import cuts
from .cuts import Cuts, Standing
from .words import REGIONS

PER_PAGE = 25
MOST_ROWS = 200_000
AT_ONCE = 1000


class Sort(StrEnum):
    NEWEST = "newest"
    AMOUNT = "amount"
    SIGNED = "signed"
    RECOGNISED = "recognised"
    WAITING = "waiting"


SORT_LABELS: dict[Sort, str] = {
    Sort.NEWEST: "最近更新",
    Sort.AMOUNT: "成交额从高到低",
    Sort.SIGNED: "最近签订",
    Sort.RECOGNISED: "最近认定",
    Sort.WAITING: "当前状态停留最久",
}
Number = Annotated[Annotated[int, Field(ge=1, le=2**31 - 1)] | None, Optional]


class ContractQuery(Paged):
    """Filters; each left empty does not narrow. A year is that of recognition, and of
    the signature for what is not recognised. ``region`` may be a district, or a
    beginning of codes such as «43»."""

    q: Annotated[Text, Field(max_length=200)] = ""
    state: list[ContractState] = []
    type: list[ContractType] = []
    field: list[Annotated[Text, Field(max_length=32)]] = []
    flow: list[Flow] = []
    kind: list[PartyKind] = []
    buyer_kind: Annotated[PartyKind | None, Optional] = None
    seller_kind: Annotated[PartyKind | None, Optional] = None
    source: Annotated[ContractSource | None, Optional] = None
    region: Annotated[Text, Field(max_length=6, pattern=r"^\d*$")] = ""
    year: Annotated[Annotated[int, Field(ge=1985, le=2100)] | None, Optional] = None
    month: Annotated[Annotated[int, Field(ge=1, le=12)] | None, Optional] = None
    least: Money = None
    most: Money = None
    seller: Number = None
    buyer: Number = None
    manager: Number = None
    cut: Cuts = []
    sort: Sort = Sort.NEWEST

    @field_validator("most")
    @classmethod
    def in_order(cls, most: int | None, info: ValidationInfo) -> int | None:
        least = info.data.get("least")
        if most is not None and least is not None and most < least:
            raise PydanticCustomError("range", "上限不能小于下限")
        return most

    def address(self) -> list[tuple[str, str]]:
        """The filters and the order as an address repeats them, the page left out."""
        found: list[tuple[str, str]] = []
        for name in QUERY_LABELS:
            if name == "page":
                continue
            value = getattr(self, name)
            if name in ("least", "most") and value is not None:
                value = f"{value / 100:.2f}元"
            if name == "sort" and value is Sort.NEWEST:
                continue
            for one in value if isinstance(value, list) else [value]:
                if one not in (None, ""):
                    found.append((name, str(one)))
        return found


QUERY_LABELS: dict[str, str] = {
    "q": "关键词",
    "state": "状态",
    "type": "类型",
    "field": "技术领域",
    "flow": "流向",
    "kind": "当事人类别",
    "buyer_kind": "买方类别",
    "seller_kind": "卖方类别",
    "source": "来源",
    "region": "地区",
    "year": "年度",
    "month": "月份",
    "least": "成交额从",
    "most": "成交额到",
    "seller": "卖方",
    "buyer": "买方",
    "manager": "技术经理人",
    "cut": "看板条件",
    "sort": "排序",
    "page": "页码",
}


@dataclass(frozen=True)
class Sums:
    """What the rows of a list come to.

    ``total_fen`` is 成交额 of all the rows under the filters, ``counted_fen`` of
    those that are recognised, ``technology_fen`` 技术交易额 of all; ``states`` counts
    the rows of each state with the filter of states left out. Where the list is of a
    year's receipts, ``received_fen`` is what arrived in it.
    """

    total: int
    total_fen: int
    counted_fen: int
    technology_fen: int
    states: Mapping[ContractState, int]
    paid_year: int | None
    received_fen: int


@dataclass(frozen=True)
class Listing(Sums):
    """One page of the ledger; ``page`` is the one shown, not the one asked.

    ``received`` is what arrived by contract, where the list is of a year's receipts.
    """

    rows: Sequence[Contract]
    page: int
    pages: int
    received: Mapping[int, int]


def counted_year() -> ColumnElement[Any]:
    """The year a contract belongs to."""
    return extract("year", func.coalesce(Contract.recognised_on, Contract.signed_on))


def conditions(
    user: User, query: ContractQuery, *, without: str = ""
) -> list[ColumnElement[bool]]:
    """What a row must meet to be in this person's list; one filter may be left out."""
    found = [policies.visible_contracts(user)]
    for name in FILTERS:
        value = getattr(query, name)
        if name != without and value not in (None, "", []):
            found.append(FILTERS[name](value))
    return found


def _text(words: str) -> ColumnElement[bool]:
    columns = (
        Contract.name,
        Contract.code,
        Contract.registration_number,
        Contract.buyer_name,
        Contract.seller_name,
    )
    return and_(
        *(
            or_(*(column.icontains(word, autoescape=True) for column in columns))
            for word in words.split()[:8]
        )
    )


def _either_region(code: str) -> ColumnElement[bool]:
    start = code.removesuffix("0000") if code != "000000" else code
    start = start[:4] if start == f"{CITY}00" else start
    return or_(
        Contract.seller_region.startswith(start),
        Contract.buyer_region.startswith(start),
    )


FILTERS: dict[str, Any] = {
    "q": _text,
    "state": lambda some: Contract.state.in_(some),
    "type": lambda some: Contract.type.in_(some),
    "field": lambda some: or_(
        Contract.technology_field.in_(some), Contract.field.in_(some)
    ),
    "flow": lambda some: or_(*(cuts.flows(one) for one in some)),
    "kind": lambda some: or_(
        Contract.buyer_kind.in_(some), Contract.seller_kind.in_(some)
    ),
    "buyer_kind": lambda one: Contract.buyer_kind == one,
    "seller_kind": lambda one: Contract.seller_kind == one,
    "source": lambda one: Contract.source == one,
    "region": _either_region,
    "year": lambda year: counted_year() == year,
    "month": lambda month: (
        extract("month", func.coalesce(Contract.recognised_on, Contract.signed_on))
        == month
    ),
    "least": lambda fen: Contract.total_fen >= fen,
    "most": lambda fen: Contract.total_fen <= fen,
    "seller": lambda id_: Contract.seller_id == id_,
    "buyer": lambda id_: Contract.buyer_id == id_,
    "manager": lambda id_: Contract.manager_id == id_,
    "cut": lambda some: and_(*cuts.conditions(some)),
}
ORDERS: dict[Sort, tuple[Any, ...]] = {
    Sort.NEWEST: (Contract.updated_at.desc(),),
    Sort.AMOUNT: (Contract.total_fen.desc().nulls_last(),),
    Sort.SIGNED: (Contract.signed_on.desc().nulls_last(),),
    Sort.RECOGNISED: (Contract.recognised_on.desc().nulls_last(),),
    Sort.WAITING: (Contract.state_since,),
}


def browse(session: Session, user: User, query: ContractQuery) -> Listing:
    """One page of what this person may see, with the sums of all of it."""
    policies.require(user, "contract.read")
    sums = sums_of(session, user, query)
    here = turn(query.page, sums.total, PER_PAGE)
    ids = session.scalars(here.rows(_in_order(user, query))).all()
    paid = sums.paid_year
    return Listing(
        **vars(sums),
        rows=load(session, ids),
        page=here.page,
        pages=here.pages,
        received=received(session, ids, paid) if paid else {},
    )


def sums_of(session: Session, user: User, query: ContractQuery) -> Sums:
    """What all the rows under the filters come to."""
    policies.require(user, "contract.read")
    where = conditions(user, query)
    counted = case((Contract.state.in_(COUNTED_CONTRACTS), Contract.total_fen), else_=0)
    sums = session.execute(
        select(
            func.count(Contract.id),
            func.coalesce(func.sum(Contract.total_fen), 0),
            func.coalesce(func.sum(counted), 0),
            func.coalesce(func.sum(Contract.technology_fen), 0),
        ).where(*where)
    ).one()
    by_state = (
        select(Contract.state, func.count(Contract.id))
        .where(*conditions(user, query, without="state"))
        .group_by(Contract.state)
    )
    paid = paid_year(query)
    return Sums(
        total=sums[0],
        total_fen=int(sums[1]),
        counted_fen=int(sums[2]),
        technology_fen=int(sums[3]),
        states={row.state: row[1] for row in session.execute(by_state)},
        paid_year=paid,
        received_fen=_received_of(session, where, paid) if paid else 0,
    )


def numbers(session: Session, user: User, query: ContractQuery) -> Sequence[int]:
    """The rows under the filters, in the order asked for, by their numbers.

    No more than `MOST_ROWS` of them.
    """
    policies.require(user, "contract.read")
    return session.scalars(_in_order(user, query).limit(MOST_ROWS)).all()


def _in_order(user: User, query: ContractQuery) -> Select[Any]:
    return (
        select(Contract.id)
        .where(*conditions(user, query))
        .order_by(*ORDERS[query.sort], Contract.id.desc())
    )


def load(session: Session, ids: Sequence[int]) -> list[Contract]:
    """The rows of these numbers in that order.

    Whether the reader may know of them is asked where the numbers come from.
    """
    query = select(Contract).where(Contract.id.in_(ids))
    found = {
        one.id: one
        for one in session.scalars(query.options(joinedload(Contract.manager)))
    }
    return [found[id_] for id_ in ids if id_ in found]


def paid_year(query: ContractQuery) -> int | None:
    """The year whose receipts the list is of; None where it is of no year's."""
    return cuts.year_of(query.cut, Standing.PAID)


def received(session: Session, ids: Sequence[int], year: int) -> dict[int, int]:
    """Money that arrived in the year, by contract, in fen."""
    query = (
        select(Receipt.contract_id, func.sum(Receipt.amount_fen))
        .where(
            Receipt.contract_id.in_(ids),
            Receipt.received_on.between(*cuts.of_year(year)),
        )
        .group_by(Receipt.contract_id)
    )
    return {id_: int(fen) for id_, fen in session.execute(query)}


def _received_of(
    session: Session, where: Sequence[ColumnElement[bool]], year: int
) -> int:
    query = (
        select(func.sum(Receipt.amount_fen))
        .join(Receipt.contract)
        .where(*where, Receipt.received_on.between(*cuts.of_year(year)))
    )
    return int(session.scalar(query) or 0)


def portions(session: Session, ids: Sequence[int]) -> Iterator[Sequence[Contract]]:
    """The rows of these numbers in that order, a thousand at a time."""
    for start in range(0, len(ids), AT_ONCE):
        rows = load(session, ids[start : start + AT_ONCE])
        yield rows
        for row in rows:
            session.expunge(row)


def fields_offered() -> list[tuple[str, str]]:
    """The technology fields of the registration form, to filter by."""
    return list(CONTRACT_WORDS["technology_field"].items())


def regions_offered() -> list[tuple[str, str]]:
    """Districts of the city, the city and the provinces as a whole."""
    return [
        (
            code,
            "长沙市" if code == f"{CITY}00" else "湖南省" if code == "430000" else name,
        )
        for code, name in REGIONS
    ]
