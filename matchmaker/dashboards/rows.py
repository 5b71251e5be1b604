"""The contracts behind a figure: a list whose sum is the figure itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Contract, Receipt, User

from .. import policies
from . import queries
from .groupings import Sum
from .queries import Condition
from .schema import RowsQuery, Sort, Standing
from .year import offered, period

PER_PAGE = 50
AT_ONCE = 1_000


@dataclass(frozen=True)
class Rows:
    """One page of the list, and the sum of all of it; money received by contract."""

    year: int
    years: Sequence[int]
    items: Sequence[Contract]
    sum: Sum
    received: Mapping[int, int]
    received_fen: int
    page: int
    pages: int
    terms: Mapping[str, str]
    manager: User | None


def conditions(user: User, query: RowsQuery, year: int) -> list[Condition]:
    """Which contracts the list is of."""
    found = [policies.visible_contracts(user), queries.standing(query.state, year)]
    found += queries.narrowed(query)
    if query.seller:
        found.append(Contract.seller_name == query.seller)
    if query.manager is not None:
        found.append(Contract.manager_id == query.manager)
    return found


def read(session: Session, actor: User, query: RowsQuery, *, now: datetime) -> Rows:
    """One page of the contracts behind a figure."""
    policies.require(actor, "board.read")
    year = period(query.year, now).year
    where = conditions(actor, query, year)
    total = queries.total(session, where)
    pages = max(1, -(-total.count // PER_PAGE))
    page = min(query.page, pages)
    # The numbers first: what a deep page leaves out is not to be read in full.
    ids = session.scalars(
        select(Contract.id)
        .where(*where)
        .order_by(*_order(query.sort))
        .offset((page - 1) * PER_PAGE)
        .limit(PER_PAGE)
    ).all()
    items = session.scalars(
        select(Contract).where(Contract.id.in_(ids)).order_by(*_order(query.sort))
    ).all()
    paid = query.state is Standing.PAID
    return Rows(
        year,
        offered(session, now),
        items,
        total,
        received(session, ids, year) if paid else {},
        _received_of(session, where, year) if paid else 0,
        page,
        pages,
        queries.terms(session),
        session.get(User, query.manager) if query.manager is not None else None,
    )


def _order(sort: Sort) -> tuple[Any, ...]:
    day = func.coalesce(Contract.recognised_on, Contract.signed_on)
    return {
        Sort.NEWEST: (day.desc(), Contract.id.desc()),
        Sort.OLDEST: (day, Contract.id),
        Sort.AMOUNT: (Contract.total_fen.desc(), Contract.id.desc()),
    }[sort]


def received(session: Session, ids: Sequence[int], year: int) -> dict[int, int]:
    """Money that arrived in the year, by contract, in fen."""
    query = (
        select(Receipt.contract_id, func.sum(Receipt.amount_fen))
        .where(
            Receipt.contract_id.in_(ids),
            Receipt.received_on.between(*queries.of_year(year)),
        )
        .group_by(Receipt.contract_id)
    )
    return {id_: int(fen) for id_, fen in session.execute(query)}


def _received_of(session: Session, where: Sequence[Condition], year: int) -> int:
    query = (
        select(func.sum(Receipt.amount_fen))
        .join(Receipt.contract)
        .where(*where, Receipt.received_on.between(*queries.of_year(year)))
    )
    return int(session.scalar(query) or 0)


def every(session: Session, actor: User, query: RowsQuery, year: int) -> Iterator[Any]:
    """All contracts of the list as plain rows, some at a time, for a file."""
    columns = (
        Contract.code,
        Contract.registration_number,
        Contract.name,
        Contract.type,
        Contract.state,
        Contract.signed_on,
        Contract.recognised_on,
        Contract.seller_name,
        Contract.seller_region,
        Contract.buyer_name,
        Contract.buyer_region,
        Contract.total_fen,
        Contract.technology_fen,
        Contract.is_demo,
    )
    found = session.execute(
        select(*columns)
        .where(*conditions(actor, query, year))
        .order_by(*_order(query.sort))
        .execution_options(yield_per=AT_ONCE)
    )
    yield from found
