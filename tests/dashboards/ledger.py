"""Random ledgers, and what they come to when a person adds them up by hand."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from matchmaker.contracts.groupings import Grouping
from models import Contract, Receipt, transaction
from models.states import (
    ContractSource,
    ContractState,
    ContractType,
    PartyKind,
)

from ..conftest import NOW

Row = dict[str, Any]

S = ContractState
REGISTERED = (S.RECOGNISED, S.AMENDED, S.CANCELLED)
CITY_DISTRICTS = ("430102", "430104", "430181")
REGIONS = (None, "", *CITY_DISTRICTS, "430100", "430300", "110000", "000000")
WAN = 1_000_000
# Sums at the edges of the classes of size, nothing, and as much as a contract may be.
SUMS = (0, 1, 10 * WAN - 1, 10 * WAN, 500 * WAN, 9_999 * WAN, 10_000 * WAN, 10**13)

ROWS = st.fixed_dictionaries(
    {
        "state": st.sampled_from([*S, S.RECOGNISED, S.RECOGNISED, S.AMENDED]),
        "day": st.dates(date(2024, 12, 30), date(2027, 1, 2)),
        "wait": st.integers(0, 400),
        "type": st.sampled_from(ContractType),
        "source": st.sampled_from(ContractSource),
        "field": st.sampled_from([None, "", "ES", "NM"]),
        "technology_field": st.sampled_from([None, "energy", "material"]),
        "buyer_kind": st.sampled_from([None, *PartyKind]),
        "seller_kind": st.sampled_from([None, *PartyKind]),
        "buyer_region": st.sampled_from(REGIONS),
        "seller_region": st.sampled_from(REGIONS),
        "total_fen": st.one_of(st.sampled_from(SUMS), st.integers(0, 10**11)),
        "technical": st.one_of(st.none(), st.floats(0, 1)),
        "is_demo": st.booleans(),
    }
)
LEDGERS = st.lists(ROWS, max_size=25)


def enter(session: Session, drawn: Sequence[Row]) -> list[Row]:
    """Put the drawn contracts in the place of what the ledger held."""
    rows = [_row(number, row) for number, row in enumerate(drawn, 1)]
    with transaction(session):
        session.execute(delete(Receipt))
        session.execute(delete(Contract))
        if rows:
            session.execute(insert(Contract), rows)
    return rows


def _row(number: int, drawn: Row) -> Row:
    row = {k: v for k, v in drawn.items() if k not in ("day", "wait", "technical")}
    state, day = row["state"], drawn["day"]
    share = drawn["technical"]
    row |= {
        "id": number,
        "code": f"HT-{number}",
        "name": f"合同 {number}",
        "registration_number": f"R{number}" if state in REGISTERED else None,
        "recognised_on": day if state in REGISTERED else None,
        "signed_on": day - timedelta(days=drawn["wait"]),
        "technology_fen": None if share is None else int(row["total_fen"] * share),
        "cancelled_on": day if state is S.CANCELLED else None,
        "refused_code": "other" if state is S.REFUSED else None,
        "buyer_name": "买方",
        "seller_name": "卖方",
        "buyer_form": {},
        "seller_form": {},
        "state_since": NOW,
        "created_at": NOW,
        "updated_at": NOW,
        "version": 1,
    }
    return row


def counts(row: Row, year: int) -> bool:
    """Whether a row counts towards the year, told without the code under test."""
    return (
        row["state"] in ("recognised", "amended") and row["recognised_on"].year == year
    )


def sums(rows: Iterable[Row]) -> tuple[int, int, int]:
    """Number, 成交额 and 技术交易额."""
    found = list(rows)
    return (
        len(found),
        sum(row["total_fen"] for row in found),
        sum(row["technology_fen"] or 0 for row in found),
    )


def _place(region: str | None) -> str:
    if not region:
        return "unknown"
    if region[:4] != "4301":
        return "outside"
    return region if region in CITY_DISTRICTS else "430100"


def _flow(row: Row) -> str:
    seller, buyer = row["seller_region"], row["buyer_region"]
    if not seller or not buyer:
        return "unknown"
    here = seller[:4] == "4301", buyer[:4] == "4301"
    names = {(1, 1): "local", (1, 0): "out", (0, 1): "in", (0, 0): "elsewhere"}
    return names[int(here[0]), int(here[1])]


def _size(row: Row) -> str:
    wan = row["total_fen"] / WAN
    steps = [step for step in (10, 50, 100, 500, 1000, 10_000) if wan >= step]
    return str(max(steps, default=0))


# The key of a row by each grouping, by hand.
KEYS: Mapping[Grouping, Callable[[Row], str]] = {
    Grouping.TYPE: lambda row: str(row["type"]),
    Grouping.MONTH: lambda row: str(row["recognised_on"].month),
    Grouping.DISTRICT: lambda row: _place(row["seller_region"]),
    Grouping.BUYER_DISTRICT: lambda row: _place(row["buyer_region"]),
    Grouping.FIELD: lambda row: row["field"] or "unknown",
    Grouping.TECHNOLOGY_FIELD: lambda row: row["technology_field"] or "unknown",
    Grouping.BUYER_KIND: lambda row: str(row["buyer_kind"] or "unknown"),
    Grouping.SELLER_KIND: lambda row: str(row["seller_kind"] or "unknown"),
    Grouping.FLOW: _flow,
    Grouping.SIZE: _size,
    Grouping.SOURCE: lambda row: str(row["source"]),
}
