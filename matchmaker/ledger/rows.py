"""A row of the ledger as values of a contract, with everything wrong about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from models import fields
from models.fields import CONTRACT_WORDS
from models.states import ContractState

from ..imports.verdicts import Given, Outcome, Verdict
from ..sheets import cells
from ..sheets.cells import CellError
from ..sheets.layout import UNITS
from ..sheets.reader import Cell
from .cells import (
    contract_type,
    party_kind,
    payment_manner,
    region,
    registration_number,
    status,
)
from .columns import LAYOUT

DICTIONARIES = ("technology_field", "ip_kind", "plan_source", "aim")
LABELS = {each.code: each.label for each in LAYOUT.fields}
REQUIRED = tuple(each.code for each in LAYOUT.fields if each.required)
Read = Callable[[Cell], Any]


class RowReader:
    """Reads rows with these columns; ``today`` is the last day that may be past."""

    def __init__(
        self, session: Session, mapping: Mapping[str, str], *, today: date
    ) -> None:
        self.today = today
        self._readers = _readers(words_of(session))
        for choice in mapping.values():
            code, _, unit = choice.partition(":")
            if unit:
                self._readers[code] = _money(unit)

    def read(self, given: Given) -> Verdict:
        """The values of the row under the names of the columns of a contract."""
        verdict = Verdict(given.number, Outcome.NEW)
        values: dict[str, Any] = {}
        for code, cell in given.cells.items():
            if cell is None or cell == "":
                continue
            try:
                values[code] = self._readers[code](cell)
            except CellError as error:
                verdict.refuse(LABELS[code], str(error))
        verdict.key = values.get("registration_number", "")
        verdict.title = values.get("name", "")
        wrong = {label for label, _ in verdict.errors}
        for code in REQUIRED:
            if code not in values and LABELS[code] not in wrong:
                verdict.refuse(LABELS[code], "没有填写，请补充")
        self._compare(verdict, values)
        verdict.values = _columns(values)
        return verdict

    def _compare(self, verdict: Verdict, values: Mapping[str, Any]) -> None:
        """What one cell says against another."""
        total, technology = values.get("total"), values.get("technology")
        if total is not None and technology is not None and technology > total:
            verdict.refuse(
                LABELS["technology"], "大于合同成交额，请核对两个金额和它们的单位"
            )
        self._compare_days(verdict, values)
        buyer, seller = values.get("buyer_name", ""), values.get("seller_name", "")
        if buyer and cells.plain(buyer) == cells.plain(seller):
            verdict.refuse(LABELS["buyer_name"], "买方和卖方是同一家，请核对")

    def _compare_days(self, verdict: Verdict, values: Mapping[str, Any]) -> None:
        signed, recognised = values.get("signed_on"), values.get("recognised_on")
        if recognised is not None and recognised > self.today:
            verdict.refuse(LABELS["recognised_on"], "晚于今天，请核对")
        if signed is not None and recognised is not None and signed > recognised:
            verdict.refuse(
                LABELS["signed_on"],
                f"签订日期 {signed} 晚于认定日期 {recognised}，请核对",
            )
        starts, ends = values.get("starts_on"), values.get("ends_on")
        if starts is not None and ends is not None and starts > ends:
            verdict.refuse(LABELS["ends_on"], "早于开始日期，请核对")
        cancelled = values.get("cancelled_on")
        if values.get("status") is ContractState.CANCELLED:
            if cancelled is None:
                verdict.refuse(LABELS["cancelled_on"], "已注销的合同要填注销日期")
            elif recognised is not None and not recognised <= cancelled <= self.today:
                verdict.refuse(LABELS["cancelled_on"], "应在认定日期和今天之间，请核对")
        elif cancelled is not None:
            verdict.refuse(LABELS["status"], "填了注销日期，状态却不是「注销」，请核对")


def words_of(session: Session) -> dict[str, dict[str, str]]:
    """{dictionary: {words: code}} as the administrator keeps them, old words too."""
    fields.refresh(session)
    return {
        name: {label: code for code, label in words.items()}
        for name, words in CONTRACT_WORDS.items()
    }


def _readers(words: Mapping[str, Mapping[str, str]]) -> dict[str, Read]:
    readers: dict[str, Read] = {
        "registration_number": registration_number,
        "name": cells.text,
        "type": contract_type(words.get("contract_subtype", {})),
        "signed_on": cells.day,
        "recognised_on": cells.day,
        "starts_on": cells.day,
        "ends_on": cells.day,
        "cancelled_on": cells.day,
        "payment_manner": payment_manner,
        "is_related_deal": cells.yes_or_no,
        "office": lambda cell: cells.text(cell, 120),
        "status": status,
        "total": _money("yuan"),
        "technology": _money("yuan"),
    }
    for name in DICTIONARIES:
        readers[name] = _listed(name, words.get(name, {}))
    for side in ("buyer", "seller"):
        readers |= {
            f"{side}_name": cells.text,
            f"{side}_code": cells.credit_code,
            f"{side}_kind": party_kind,
            f"{side}_region": region,
        }
    return readers


def _listed(name: str, words: Mapping[str, str]) -> Read:
    if words:
        return cells.chooser(words)

    def refuse(_: Cell) -> None:
        raise CellError(
            f"平台还没有录入「{LABELS[name]}」的分类。请管理员先在字典里录入，"
            "或在列名对应里选择不导入这一列"
        )

    return refuse


def _money(unit: str) -> Read:
    return lambda cell: cells.amount(cell, UNITS[unit])


def _columns(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values by the columns of `Contract`."""
    found = {
        name: value
        for name, value in values.items()
        if name not in ("type", "total", "technology", "status")
    }
    if "type" in values:
        found["type"], subtype = values["type"]
        if subtype is not None:
            found["subtype"] = subtype
    for name in ("total", "technology"):
        if name in values:
            found[f"{name}_fen"] = values[name]
    if "status" in values:
        found["state"] = values["status"]
    return found
