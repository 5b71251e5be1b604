"""Contracts recognised elsewhere, entered in the ledger by their registration number.

The same row twice changes nothing. What an imported contract says otherwise than
before is an amendment, dated today; of a contract made on the platform only what the
registering office decides is taken over. Rows are written many at a time, without an
object each: a city has some 26,000 a year.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import CursorResult, Table, func, insert, select, update
from sqlalchemy.orm import Session

from models import Amendment, Contract, ImportRun, User
from models.states import (
    CONTRACT_MOVES,
    ContractSource,
    ContractState,
    ImportManner,
    move,
)

from .. import labels, money
from ..contracts.tell import tell
from ..history import service as history
from ..imports.verdicts import Given, Outcome, Overtaken, Verdict
from ..labels import today
from ..sheets.cells import plain
from .columns import LAYOUT
from .parties import Parties
from .rows import LABELS, RowReader

RECOGNISED = ContractState.RECOGNISED
TABLE = cast(Table, Contract.__table__)
# What the registering office decides; the rest of a contract made here is ours.
RECOGNITION = frozenset({"technology_fen", "recognised_on", "office"})
LINKS = frozenset({"buyer_id", "seller_id"})
CANCELLING = frozenset({"state", "cancelled_on"})
COMPARED = (
    "name",
    "type",
    "subtype",
    "total_fen",
    "technology_fen",
    "signed_on",
    "recognised_on",
    "starts_on",
    "ends_on",
    "technology_field",
    "ip_kind",
    "plan_source",
    "aim",
    "payment_manner",
    "is_related_deal",
    "office",
    "cancelled_on",
    *(
        f"{side}_{part}"
        for side in ("buyer", "seller")
        for part in ("name", "code", "kind", "region", "id")
    ),
)
WORDS = {name.removesuffix("_fen"): text for name, text in LABELS.items()} | {
    "subtype": "合同细分类别",
    "buyer_id": "买方（平台单位）",
    "seller_id": "卖方（平台单位）",
    "state": LABELS["status"],
}
# Signed here and not recognised yet: a row may be the very same contract.
UNSETTLED = (ContractState.SIGNED, ContractState.SUBMITTED, ContractState.CORRECTING)


class Contracts:
    """The import of a ledger of recognised contracts."""

    layout = LAYOUT

    def manners(self, actor: User) -> tuple[ImportManner, ...]:
        """There is no draft of what was recognised; the one manner is no choice."""
        return (ImportManner.DRAFT,)

    def begin(self, session: Session, run: ImportRun, *, now: datetime) -> Entries:
        return Entries(session, run.mapping, now=now)

    def finish(self, session: Session, run: ImportRun, *, now: datetime) -> None:
        """Nobody is told of the whole: parties learn of their own contracts."""

    def write(
        self,
        session: Session,
        run: ImportRun,
        verdicts: Sequence[Verdict],
        *,
        now: datetime,
    ) -> None:
        """Enter the verdicts; raises `Overtaken`."""
        _refuse_overtaken(session, verdicts)
        new = [each for each in verdicts if each.outcome is Outcome.NEW]
        if new:
            _add(session, run, new, now)
        changed = [each for each in verdicts if each.outcome is Outcome.CHANGED]
        if changed:
            _change(session, run, changed, now)


class Entries:
    """One ledger's import: what all its rows are judged by."""

    def __init__(
        self, session: Session, mapping: Mapping[str, str], *, now: datetime
    ) -> None:
        self._reader = RowReader(session, mapping, today=today(now))
        self._parties = Parties(session)
        self._unsettled = _unsettled(session)

    def judge(self, session: Session, rows: Sequence[Given]) -> list[Verdict]:
        verdicts = [self._reader.read(row) for row in rows]
        known = _known(session, [each.key for each in verdicts if each.key])
        for verdict in verdicts:
            verdict.amount = verdict.values.get("total_fen", 0)
            verdict.values |= self._parties.link(verdict.values)
            stored = known.get(verdict.key)
            if stored is not None:
                verdict.met = stored["id"], stored["version"]
                _compare(verdict, stored)
            elif verdict.outcome is Outcome.NEW:
                self._look_alike(verdict)
        return verdicts

    def _look_alike(self, verdict: Verdict) -> None:
        code = self._unsettled.get(_alike(verdict.values))
        if code:
            verdict.notes.append(
                f"与平台合同 {code} 的名称和双方相同，该合同尚未认定。"
                "如果是同一份，请在平台登记它的认定结果，不要重复导入"
            )


def _unsettled(session: Session) -> dict[tuple[str, ...], str]:
    columns = Contract.name, Contract.buyer_name, Contract.seller_name, Contract.code
    query = select(*columns).where(
        Contract.source == ContractSource.PLATFORM, Contract.state.in_(UNSETTLED)
    )
    return {
        (plain(name), plain(buyer), plain(seller)): code
        for name, buyer, seller, code in session.execute(query)
    }


def _alike(values: Mapping[str, Any]) -> tuple[str, ...]:
    names = "name", "buyer_name", "seller_name"
    return tuple(plain(values.get(name, "")) for name in names)


def _known(session: Session, numbers: Sequence[str]) -> dict[str, Any]:
    """The contracts of these numbers, as plain mappings."""
    if not numbers:
        return {}
    columns = [TABLE.c[name] for name in COMPARED]
    query = select(
        TABLE.c.id,
        TABLE.c.code,
        TABLE.c.state,
        TABLE.c.source,
        TABLE.c.version,
        TABLE.c.registration_number,
        *columns,
    ).where(TABLE.c.registration_number.in_(numbers))
    rows = session.execute(query).mappings()
    return {row["registration_number"]: row for row in rows}


# -- What a row changes --------------------------------------------------------------


def _compare(verdict: Verdict, stored: Mapping[str, Any]) -> None:
    """Tell by the stored contract what the row does."""
    if verdict.errors:
        return
    changes = _changes(verdict.values, stored)
    if stored["source"] is ContractSource.PLATFORM:
        changes = _of_the_office(verdict, stored, changes)
    if not changes:
        verdict.outcome = Outcome.SAME
        return
    if stored["state"] is ContractState.CANCELLED:
        verdict.refuse(LABELS["status"], "该合同在台账里已注销，不能再改")
    _refuse_disorder(verdict, stored, changes)
    if not verdict.errors:
        verdict.outcome = Outcome.CHANGED
        verdict.differences = {
            _label(name): (_in_words(name, before), _in_words(name, after))
            for name, (before, after) in changes.items()
        }
        verdict.values = {
            "id": stored["id"],
            "state": stored["state"],
            "source": stored["source"],
            "changes": changes,
        }


def _of_the_office(
    verdict: Verdict, stored: Mapping[str, Any], changes: Mapping[str, Any]
) -> dict[str, Any]:
    """Of the changes of a contract made here, those that are the office's to make."""
    taken = {name: each for name, each in changes.items() if name in RECOGNITION}
    verdict.notes.append(f"这是平台上的合同 {stored['code']}，只更新认定信息")
    aside = [_label(name) for name in changes if name not in RECOGNITION | LINKS]
    if aside:
        verdict.notes.append(f"与平台所载不同、没有改动：{'、'.join(aside)}")
    return taken


def _changes(
    values: Mapping[str, Any], stored: Mapping[str, Any]
) -> dict[str, tuple[Any, Any]]:
    """{column: (before, after)}; what the row leaves empty stays as it is."""
    found = {
        name: (stored[name], values[name])
        for name in COMPARED
        if name in values and stored[name] != values[name]
    }
    if "type" in found and "subtype" not in values and stored["subtype"]:
        found["subtype"] = stored["subtype"], None
    cancelled = ContractState.CANCELLED
    if values.get("state") is cancelled and stored["state"] is not cancelled:
        found["state"] = stored["state"], cancelled
    return found


def _refuse_disorder(
    verdict: Verdict, stored: Mapping[str, Any], changes: Mapping[str, tuple[Any, Any]]
) -> None:
    """What the row says must fit what stays of the stored contract."""
    after = dict(stored) | {name: new for name, (_, new) in changes.items()}
    for low, high in (
        ("technology_fen", "total_fen"),
        ("signed_on", "recognised_on"),
        ("starts_on", "ends_on"),
        ("recognised_on", "cancelled_on"),
    ):
        if None not in (after[low], after[high]) and after[low] > after[high]:
            verdict.refuse(
                _label(low),
                f"与台账里的{_label(high)} {_in_words(high, after[high])}矛盾，请核对",
            )


def _label(name: str) -> str:
    return WORDS[name.removesuffix("_fen")]


def _in_words(name: str, value: Any) -> str:
    if name.endswith("_fen") and value is not None:
        return money.in_yuan(value)  # every digit: it is compared with a paper
    return labels.in_words(name, value)


# -- Writing ---------------------------------------------------------------------------


def _refuse_overtaken(session: Session, verdicts: Sequence[Verdict]) -> None:
    """Every contract must be as it was judged, and none be there that was not."""
    met = {each.key: each.met for each in verdicts if not each.is_error}
    query = select(TABLE.c.registration_number, TABLE.c.id, TABLE.c.version).where(
        TABLE.c.registration_number.in_(met)
    )
    there = {number: (id_, version) for number, id_, version in session.execute(query)}
    if any(there.get(key) != known for key, known in met.items()):
        raise Overtaken


def _add(
    session: Session, run: ImportRun, verdicts: Sequence[Verdict], now: datetime
) -> None:
    rows = [_row(run, verdict, now) for verdict in verdicts]
    table = insert(TABLE).returning(TABLE.c.id, TABLE.c.registration_number)
    ids = {number: id_ for id_, number in session.execute(table, rows)}
    history.record_many(
        session,
        run.uploader_id,
        Contract.__tablename__,
        [
            (
                ids[verdict.key],
                "contract.imported",
                {
                    "registration_number": [None, verdict.key],
                    "state": [None, str(verdict.values.get("state", RECOGNISED))],
                },
            )
            for verdict in verdicts
        ],
        now=now,
    )


_EMPTY: dict[str, Any] = dict.fromkeys(COMPARED) | {"office": ""}


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
    session: Session, run: ImportRun, verdicts: Sequence[Verdict], now: datetime
) -> None:
    amended = [each for each in verdicts if _amends(each)]
    numbers = _last_numbers(session, [each.values["id"] for each in amended])
    noted: list[tuple[int, str, dict[str, Any]]] = []
    for verdict in verdicts:
        id_, changes = verdict.values["id"], verdict.values["changes"]
        columns = {name: after for name, (_, after) in changes.items()}
        action, told = "contract.linked", _stored(changes)
        if _amends(verdict):
            action = _moved(columns, verdict.values["state"])
            columns["state_since"] = now
            told["state"] = [str(verdict.values["state"]), str(columns["state"])]
        _update(session, verdict, columns | {"updated_at": now})
        noted.append((id_, action, told))
        if verdict.values["source"] == ContractSource.PLATFORM:
            _tell(session, run, id_, now)
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
    if rows:
        session.execute(insert(cast(Table, Amendment.__table__)), rows)
    history.record_many(
        session, run.uploader_id, Contract.__tablename__, noted, now=now
    )


def _update(session: Session, verdict: Verdict, columns: Mapping[str, Any]) -> None:
    assert verdict.met is not None
    id_, version = verdict.met
    done = session.execute(
        update(TABLE)
        .where(TABLE.c.id == id_, TABLE.c.version == version)
        .values(**columns, version=version + 1)
    )
    if cast(CursorResult[Any], done).rowcount != 1:
        raise Overtaken


def _amends(verdict: Verdict) -> bool:
    """Whether more than the link to an organisation changes."""
    return not set(verdict.values["changes"]) <= LINKS


def _tell(session: Session, run: ImportRun, contract_id: int, now: datetime) -> None:
    """Its parties learn what the office changed of a contract they made here."""
    contract = session.get_one(Contract, contract_id, populate_existing=True)
    actor = session.get_one(User, run.uploader_id)
    tell(session, contract, "contract_amended", now=now, actor=actor)


def _moved(columns: dict[str, Any], state: str) -> str:
    """Enter the state that follows by the table of moves; how it is noted."""
    after = ContractState(columns.get("state", ContractState.AMENDED))
    move(CONTRACT_MOVES, ContractState(state), after)
    columns["state"] = after
    cancels = after is ContractState.CANCELLED
    return "contract.cancelled" if cancels else "contract.amended"


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
