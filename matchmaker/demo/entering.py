"""Contracts of the demonstration with all that hangs on them, written at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, cast

from sqlalchemy import Table, insert
from sqlalchemy.orm import Session

from models import Amendment, Contract, History, Payment, Receipt
from models.states import ContractSource, ContractState

from ..labels import CITY

S = ContractState
UNPAID = frozenset({S.DRAFT, S.VOID})
# How a contract got into its state.
PATHS: Mapping[ContractState, tuple[ContractState, ...]] = {
    S.DRAFT: (),
    S.SIGNED: (S.SIGNED,),
    S.SUBMITTED: (S.SIGNED, S.SUBMITTED),
    S.CORRECTING: (S.SIGNED, S.SUBMITTED, S.CORRECTING),
    S.REFUSED: (S.SIGNED, S.SUBMITTED, S.REFUSED),
    S.RECOGNISED: (S.SIGNED, S.SUBMITTED, S.RECOGNISED),
    S.AMENDED: (S.SIGNED, S.SUBMITTED, S.RECOGNISED, S.AMENDED),
    S.CANCELLED: (S.SIGNED, S.SUBMITTED, S.RECOGNISED, S.CANCELLED),
    S.VOID: (S.SIGNED, S.VOID),
}
ACTIONS = {
    S.SIGNED: "contract.signed",
    S.SUBMITTED: "contract.submitted",
    S.CORRECTING: "contract.correcting",
    S.REFUSED: "contract.refused",
    S.RECOGNISED: "contract.recognised",
    S.AMENDED: "contract.amended",
    S.CANCELLED: "contract.cancelled",
    S.VOID: "contract.voided",
}


@dataclass
class Deal:
    """A contract with what hangs on it; written all together."""

    row: dict[str, Any]
    amendment: dict[str, Any] | None = None
    payments: list[dict[str, Any]] = field(default_factory=list)
    # (place of the line in the plan, fen, day)
    receipts: list[tuple[int, int, date]] = field(default_factory=list)


def blank(state: ContractState, now: datetime) -> dict[str, Any]:
    """The columns every row names, so that all go in at once."""
    names = (
        "registration_number",
        "recognised_on",
        "submitted_on",
        "refused_code",
        "cancelled_on",
        "introduction_id",
        "need_id",
        "achievement_id",
        "manager_id",
    )
    texts = "office", "correction_words", "refused_words", "cancelled_words"
    return {
        **dict.fromkeys(names),
        **dict.fromkeys(texts, ""),
        "source": ContractSource.PLATFORM,
        "state": state,
        "is_demo": True,
        "version": 1,
        "state_since": now,
        "created_at": now,
        "updated_at": now,
    }


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), CITY)


def enter(session: Session, deals: Sequence[Deal], author_id: int) -> dict[str, int]:
    """Write the contracts with all that hangs on them; their ids by their codes."""
    table = _table(Contract)
    rows = [deal.row | {"author_id": author_id} for deal in deals]
    written = insert(table).returning(table.c.id, table.c.code)
    ids = {code: id_ for id_, code in session.execute(written, rows)}
    changes, notes, plans, money = [], [], [], []
    for deal in deals:
        id_ = ids[deal.row["code"]]
        notes += [_note(id_, *each) for each in _life(deal)]
        if deal.amendment is not None:
            changes.append(
                deal.amendment | {"contract_id": id_, "author_id": author_id}
            )
        plans += [line | {"contract_id": id_} for line in deal.payments]
    for model, new in ((History, notes), (Amendment, changes)):
        if new:
            session.execute(insert(_table(model)), new)
    lines = _lines(session, plans)
    for deal in deals:
        id_ = ids[deal.row["code"]]
        money += [
            {
                "contract_id": id_,
                "payment_id": lines[id_, place + 1],
                "amount_fen": fen,
                "received_on": day,
                "words": "",
                "author_id": author_id,
                "created_at": noon(day),
            }
            for place, fen, day in deal.receipts
        ]
    if money:
        session.execute(insert(_table(Receipt)), money)
    return ids


def _table(model: type[Any]) -> Table:
    return cast(Table, model.__table__)


def _lines(
    session: Session, plans: Sequence[dict[str, Any]]
) -> dict[tuple[int, int], int]:
    if not plans:
        return {}
    table = _table(Payment)
    written = insert(table).returning(table.c.id, table.c.contract_id, table.c.position)
    return {
        (contract, position): id_
        for id_, contract, position in session.execute(written, plans)
    }


def _life(deal: Deal) -> Iterator[tuple[datetime, str, dict[str, Any]]]:
    """What the history notes: each state with the day it began."""
    row = deal.row
    if row["source"] is ContractSource.IMPORTED:
        number = row["registration_number"]
        told = {"registration_number": [None, number], "state": [None, S.RECOGNISED]}
        yield noon(row["recognised_on"]), "contract.imported", told
        path = tuple(each for each in PATHS[row["state"]] if each in LATER)
        before = S.RECOGNISED
    else:
        first = row["signed_on"] or row["created_at"].date()
        yield noon(first - timedelta(days=7)), "contract.created", {}
        path, before = PATHS[row["state"]], S.DRAFT
    for state in path:
        moment = _began(deal, state)
        told = {"state": [before.value, state.value]}
        if state is S.AMENDED and deal.amendment is not None:
            told |= deal.amendment["changes"]
        yield moment, ACTIONS[state], told
        before = state


LATER = frozenset({S.AMENDED, S.CANCELLED})


def _began(deal: Deal, state: ContractState) -> datetime:
    row = deal.row
    if state is S.AMENDED and deal.amendment is not None:
        return noon(deal.amendment["amended_on"])
    days = {
        S.SIGNED: row["signed_on"],
        S.SUBMITTED: row["submitted_on"],
        S.RECOGNISED: row["recognised_on"],
        S.CANCELLED: row["cancelled_on"],
    }
    day = days.get(state)
    since: datetime = row["state_since"]
    return noon(day) if day is not None else since


def _note(
    id_: int, at: datetime, action: str, changes: dict[str, Any]
) -> dict[str, Any]:
    return {
        "at": at,
        "actor_id": None,
        "action": action,
        "record_type": Contract.__tablename__,
        "record_id": id_,
        "changes": changes,
    }
