"""Contracts recognised elsewhere, held against the ledger by registration number.

The same row twice changes nothing. What an imported contract says otherwise than
before is an amendment; of a contract made on the platform only what the registering
office decides is taken over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Contract
from models.base import table_of
from models.states import ContractSource, ContractState

from .. import labels, money
from ..imports.verdicts import Given, Outcome, Verdict
from ..labels import today
from ..sheets.cells import plain
from .parties import Parties
from .rows import LABELS, RowReader

TABLE = table_of(Contract)
# What the registering office decides; the rest of a contract made here is ours.
RECOGNITION = frozenset({"technology_fen", "recognised_on", "office"})
LINKS = frozenset({"buyer_id", "seller_id"})
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
    if stored["state"] is ContractState.CANCELLED and amends(changes):
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


def amends(changes: Mapping[str, Any]) -> bool:
    """Whether more than the link to an organisation changes."""
    return not set(changes) <= LINKS


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
