"""A contract in the shape of the registration form, and the list as rows of a sheet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

from sqlalchemy.orm import Session

from models import Contract, User, snapshot, transaction
from models.fields import CONTRACT_WORDS, field_name
from models.regions import flow, region_name
from models.states import PartyKind

from .. import labels, policies
from ..history import service as history
from ..sheets.tables import Form, Told, demo_mark, in_wan, write_sheet
from ..sheets.writer import Column, Sheet, write_workbook
from . import text
from .finding import find_contract
from .listing import (
    MOST_ROWS,
    ContractQuery,
    numbers,
    paid_year,
    portions,
    received,
)
from .registering import refused_words
from .words import (
    FIRM_LISTS,
    FIRM_TICKS,
    INDUSTRIES,
    LABELS,
    PARTY_FORM,
    SIDES,
    SIZES,
    TICKS,
)

LISTS: Mapping[str, Mapping[str, str]] = {"size": SIZES, "industry": INDUSTRIES}


@dataclass(frozen=True)
class Section:
    """A part of the form: its heading, and (label, words) in the form's order."""

    title: str
    rows: Sequence[tuple[str, str]]


def sections(contract: Contract) -> list[Section]:
    """The whole form with every code in words."""
    return [
        Section("合同", _contract_rows(contract)),
        Section("价款与支付", _money_rows(contract)),
        *(
            Section(f"{SIDES[side]}{role}", party_rows(contract, side))
            for side, role in (
                ("seller", "（让与人、提供方）"),
                ("buyer", "（受让人、接受方）"),
            )
        ),
        Section("登记", _registration_rows(contract)),
    ]


def word(name: str, code: str | None) -> str:
    """A code of a list of the form in words, in use or not."""
    return CONTRACT_WORDS[name].get(code or "", code or "")


def _yes_no(value: bool | None) -> str:
    return "" if value is None else "是" if value else "否"


def _contract_rows(contract: Contract) -> list[tuple[str, str]]:
    return [
        ("平台合同编号", contract.code),
        (LABELS["name"], contract.name),
        (LABELS["type"], labels.label(contract.type)),
        (LABELS["subtype"], word("contract_subtype", contract.subtype)),
        ("签订日期", labels.day(contract.signed_on)),
        (LABELS["starts_on"], labels.day(contract.starts_on)),
        (LABELS["ends_on"], labels.day(contract.ends_on)),
        (
            LABELS["technology_field"],
            word("technology_field", contract.technology_field),
        ),
        (LABELS["ip_kind"], word("ip_kind", contract.ip_kind)),
        (LABELS["plan_source"], word("plan_source", contract.plan_source)),
        (LABELS["aim"], word("aim", contract.aim)),
        (LABELS["is_related_deal"], _yes_no(contract.is_related_deal)),
        (LABELS["completer_priority"], labels.label(contract.completer_priority)),
        (LABELS["content"], contract.content),
    ]


def _money_rows(contract: Contract) -> list[tuple[str, str]]:
    return [
        (LABELS["total"], text.sum_words(contract.total_fen)),
        (LABELS["technology"], text.sum_words(contract.technology_fen)),
        (LABELS["payment_manner"], labels.label(contract.payment_manner)),
        (LABELS["payment_words"], contract.payment_words),
        *(
            (f"支付计划第 {number} 笔", text.line_words(text.line_values(line)))
            for number, line in enumerate(contract.payments, 1)
        ),
    ]


def party_rows(contract: Contract, side: str) -> list[tuple[str, str]]:
    """What the form says of a party; what is asked of firms only of firms."""
    kind: PartyKind | None = getattr(contract, f"{side}_kind")
    form = getattr(contract, f"{side}_form") or {}
    rows = [
        ("名称", getattr(contract, f"{side}_name")),
        ("统一社会信用代码", getattr(contract, f"{side}_code") or ""),
        ("类别", labels.label(kind)),
        ("行政区划", _region(getattr(contract, f"{side}_region"))),
    ]
    of_firms = FIRM_TICKS.keys() | FIRM_LISTS.keys()
    for name, label in PARTY_FORM.items():
        if kind is PartyKind.ENTERPRISE or name not in of_firms or form.get(name):
            rows.append((label, party_words(name, form.get(name))))
    return rows


def _region(code: str | None) -> str:
    return f"{region_name(code)}（{code}）" if code else ""


def party_words(name: str, value: Any) -> str:
    """A value of a party's form in words."""
    if name in TICKS:
        return _yes_no(value)
    if name in LISTS:
        return LISTS[name].get(str(value or ""), str(value or ""))
    return str(value or "")


def _registration_rows(contract: Contract) -> list[tuple[str, str]]:
    rows = [
        ("状态", labels.label(contract.state)),
        ("登记机构", contract.office),
        ("提交日期", labels.day(contract.submitted_on)),
        ("登记编号", contract.registration_number or ""),
        ("认定日期", labels.day(contract.recognised_on)),
    ]
    if contract.refused_code:
        words = refused_words(contract.refused_code, contract.refused_words)
        rows.append(("不予登记原因", words))
    if contract.cancelled_on:
        rows.append(("注销日期", labels.day(contract.cancelled_on)))
        rows.append(("注销原因", contract.cancelled_words))
    for one in contract.amendments:
        rows.append(
            (f"第 {one.number} 次变更", f"{labels.day(one.amended_on)} {one.reason}")
        )
    return rows


def registration_form(
    session: Session, user: User, contract_id: int, *, now: datetime
) -> tuple[Contract, IO[bytes]]:
    """The form as a workbook; that a copy left is noted."""
    with transaction(session):
        contract = find_contract(session, user, contract_id)
        policies.require(user, "contract.read", contract)
        history.record(session, user, "contract.exported", contract, now=now)
        rows = [
            (section.title if place == 0 else "", label, words)
            for section in sections(contract)
            for place, (label, words) in enumerate(section.rows)
        ]
    columns = (Column("部分", 22), Column("项目", 22), Column("内容", 70))
    return contract, write_workbook("技术合同登记表", columns, rows)


# The columns of the list; money in 万元, exact to the 分.
ROW_COLUMNS: tuple[Told[Contract], ...] = (
    (Column("平台合同编号", 18), lambda c: c.code),
    (Column("登记编号", 22), lambda c: c.registration_number),
    (Column("合同名称", 40), lambda c: c.name),
    (Column("状态", 10), lambda c: labels.label(c.state)),
    (Column("合同类型", 12), lambda c: labels.label(c.type)),
    (Column("合同类别", 18), lambda c: word("contract_subtype", c.subtype)),
    (Column("成交额（万元）", 16, "money"), lambda c: in_wan(c.total_fen)),
    (Column("技术交易额（万元）", 18, "money"), lambda c: in_wan(c.technology_fen)),
    (Column("支付方式", 14), lambda c: labels.label(c.payment_manner)),
    (Column("签订日期", 12, "date"), lambda c: c.signed_on),
    (Column("开始日期", 12, "date"), lambda c: c.starts_on),
    (Column("终止日期", 12, "date"), lambda c: c.ends_on),
    (Column("提交日期", 12, "date"), lambda c: c.submitted_on),
    (Column("认定日期", 12, "date"), lambda c: c.recognised_on),
    (Column("登记机构", 24), lambda c: c.office),
    (Column("卖方名称", 30), lambda c: c.seller_name),
    (Column("卖方统一社会信用代码", 22), lambda c: c.seller_code),
    (Column("卖方类别", 14), lambda c: labels.label(c.seller_kind)),
    (Column("卖方地区", 16), lambda c: region_name(c.seller_region)),
    (Column("买方名称", 30), lambda c: c.buyer_name),
    (Column("买方统一社会信用代码", 22), lambda c: c.buyer_code),
    (Column("买方类别", 14), lambda c: labels.label(c.buyer_kind)),
    (Column("买方地区", 16), lambda c: region_name(c.buyer_region)),
    (
        Column("流向", 14),
        lambda c: labels.label(flow(c.seller_region, c.buyer_region)),
    ),
    (
        Column("登记表技术领域", 20),
        lambda c: word("technology_field", c.technology_field),
    ),
    (Column("平台技术领域", 22), lambda c: field_name(c.field) if c.field else ""),
    (Column("知识产权类别", 18), lambda c: word("ip_kind", c.ip_kind)),
    (Column("计划来源", 14), lambda c: word("plan_source", c.plan_source)),
    (Column("社会经济目标", 18), lambda c: word("aim", c.aim)),
    (Column("关联交易", 10), lambda c: _yes_no(c.is_related_deal)),
    (Column("来源", 12), lambda c: labels.label(c.source)),
    (Column("技术经理人", 12), lambda c: c.manager.name if c.manager else ""),
    (Column("示例", 8), demo_mark),
)


def ledger(
    session: Session, user: User, query: ContractQuery, form: Form, *, now: datetime
) -> IO[bytes]:
    """The rows under the filters as a file, in their order; the copy is noted."""
    with transaction(session):
        policies.require(user, "contract.read")
        filters = [*query.address(), ("format", form)]
        history.record_export(session, user, "contract", filters, now=now)
    columns = [column for column, _ in ROW_COLUMNS]
    paid = paid_year(query)
    if paid:
        columns.append(Column(f"{paid} 年到账（万元）", 18, "money"))
    with snapshot(session):
        ids = numbers(session, user, query)
        rows = _rows(session, ids, paid)
        return write_sheet(form, Sheet("技术合同", columns, rows, _notes(ids)))


def _notes(ids: Sequence[int]) -> list[str]:
    if len(ids) < MOST_ROWS:
        return []
    return [f"最多列出 {MOST_ROWS:,} 份，请用筛选条件分几次导出"]


def _rows(
    session: Session, ids: Sequence[int], paid: int | None
) -> Iterator[Sequence[object]]:
    for contracts in portions(session, ids):
        money = received(session, [each.id for each in contracts], paid) if paid else {}
        for contract in contracts:
            row = [value(contract) for _, value in ROW_COLUMNS]
            yield [*row, in_wan(money.get(contract.id))] if paid else row
