"""Make ready contracts that were judged, their amendments and their history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Amendment, Contract, History, ImportRun, User
from models.base import table_of
from models.states import CONTRACT_MOVES, ContractSource, ContractState, move

from ..contracts.tell import tell
from ..history import service as history
from ..imports.passing import Passing
from ..imports.verdicts import Outcome, Verdict
from ..labels import today
from .entries import COMPARED, LINKS, TABLE, amends

HISTORY, AMENDMENTS = table_of(History), table_of(Amendment)
RECOGNISED = ContractState.RECOGNISED
CANCELLING = frozenset({"state", "cancelled_on"})
_EMPTY: dict[str, Any] = dict.fromkeys(COMPARED) | {"office": ""}


def prepare(
    session: Session,
    ready: Passing,
    run: ImportRun,
    verdicts: Sequence[Verdict],
    *,
    now: datetime,
) -> None:
    """What is new, what changed, what it amends."""
    _add(ready, run, [v for v in verdicts if v.outcome is Outcome.NEW], now)
    changed = [each for each in verdicts if each.outcome is Outcome.CHANGED]
    _change(ready, run, changed, now)
    _amend(session, ready, run, changed, now)
    known = [each.met for each in verdicts if not each.is_error]
    ready.meet(met for met in known if met is not None)


def _add(
    ready: Passing, run: ImportRun, verdicts: Sequence[Verdict], now: datetime
) -> None:
    ids = ready.numbers(len(verdicts))
    ready.add(
        [
            _row(run, verdict, now) | {"id": id_}
            for id_, verdict in zip(ids, verdicts, strict=True)
        ]
    )
    noted = [
        (
            id_,
            "contract.imported",
            {
                "registration_number": [None, verdict.key],
                "state": [None, str(verdict.values.get("state", RECOGNISED))],
            },
        )
        for id_, verdict in zip(ids, verdicts, strict=True)
    ]
    _note(ready, run, noted, now, fresh=True)


def _row(run: ImportRun, verdict: Verdict, now: datetime) -> dict[str, Any]:
    return {
        **_EMPTY,
        "state": RECOGNISED,
        **verdict.values,
        # Of the file and its row: a chunk done twice would meet itself.
        "code": f"TZ-{run.id:05d}-{verdict.number:06d}",
        "source": ContractSource.IMPORTED,
        "state_since": now,
        "author_id": run.uploader_id,
        "version": 1,
        "created_at": now,
        "updated_at": now,
    }


def _change(
    ready: Passing, run: ImportRun, verdicts: Sequence[Verdict], now: datetime
) -> None:
    noted = []
    rows = []
    for verdict in verdicts:
        id_, changes = verdict.values["id"], verdict.values["changes"]
        columns = {name: after for name, (_, after) in changes.items()}
        action, told = "contract.linked", _stored(changes)
        if amends(changes):
            action = _moved(columns, verdict.values["state"])
            columns["state_since"] = now
            told["state"] = [str(verdict.values["state"]), str(columns["state"])]
        rows.append(ready.change(id_, columns | {"updated_at": now}))
        noted.append((id_, action, told))
    ready.put_changes(rows)
    _note(ready, run, noted, now, fresh=False)


def _moved(columns: dict[str, Any], state: str) -> str:
    """Enter the state that follows by the table of moves; how it is noted."""
    after = ContractState(columns.get("state", ContractState.AMENDED))
    move(CONTRACT_MOVES, ContractState(state), after)
    columns["state"] = after
    cancels = after is ContractState.CANCELLED
    return "contract.cancelled" if cancels else "contract.amended"


def _amend(
    session: Session,
    ready: Passing,
    run: ImportRun,
    verdicts: Iterable[Verdict],
    now: datetime,
) -> None:
    """Number the amendments on: who adds one meanwhile makes another version."""
    amended = [each for each in verdicts if amends(each.values["changes"])]
    numbers = _last_numbers(session, [each.values["id"] for each in amended])
    rows = [
        {
            "contract_id": each.values["id"],
            "number": numbers.get(each.values["id"], 0) + 1,
            "amended_on": today(now),
            "reason": f"台账导入（第 {run.id} 批，文件第 {each.number} 行）",
            "changes": terms,
            "author_id": run.uploader_id,
            "created_at": now,
        }
        for each in amended
        if (terms := _stored(each.values["changes"], without=LINKS | CANCELLING))
    ]
    ready.add_beside(AMENDMENTS, rows, fresh=False)


def _last_numbers(session: Session, ids: Sequence[int]) -> dict[int, int]:
    query = (
        select(Amendment.contract_id, func.max(Amendment.number))
        .where(Amendment.contract_id.in_(ids))
        .group_by(Amendment.contract_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _stored(
    changes: Mapping[str, tuple[Any, Any]], without: frozenset[str] = frozenset()
) -> dict[str, list[Any]]:
    """The changes as the history and amendments keep them."""
    return {
        name: [each.isoformat() if isinstance(each, date) else each for each in pair]
        for name, pair in changes.items()
        if name not in without
    }


def _note(
    ready: Passing,
    run: ImportRun,
    noted: Iterable[tuple[int, str, Mapping[str, Sequence[Any]]]],
    now: datetime,
    *,
    fresh: bool,
) -> None:
    rows = history.rows_of(run.uploader_id, TABLE.name, noted, now=now)
    ready.add_beside(HISTORY, rows, fresh=fresh)


def tell_parties(
    session: Session, ready: Passing, run: ImportRun, *, now: datetime
) -> None:
    """Parties learn what the office changed of the contracts they made here."""
    made_here = (
        select(Contract)
        .join(ready.changed, ready.changed.c.id == Contract.id)
        .where(Contract.source == ContractSource.PLATFORM)
        .order_by(Contract.id)
        .execution_options(populate_existing=True)
    )
    actor = session.get_one(User, run.uploader_id)
    for contract in session.scalars(made_here).all():
        tell(session, contract, "contract_amended", now=now, actor=actor)
