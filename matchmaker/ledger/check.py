"""Prove the ledger: its sums, its states, its numbers. Reads only.

Each rule is a query for what breaks it, so the proof of 130,000 contracts takes
seconds and holds on tables that something else has written to.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from models import (
    Amendment,
    Attachment,
    Contract,
    History,
    Introduction,
    Payment,
    Receipt,
)
from models.attachments import FileOwner
from models.states import (
    CONTRACT_MOVES,
    COUNTED_CONTRACTS,
    ContractState,
    IntroductionStatus,
)

MOST_NAMED = 10
REGISTERED = COUNTED_CONTRACTS | {ContractState.CANCELLED}
UNSIGNED = frozenset({ContractState.DRAFT, ContractState.VOID})
# The platform's own, those read in from a file, those of the demonstration.
CODE = re.compile(r"HT\d{4}-\d{6,}|TZ-\d{5,}-\d{6,}|SL\d{4}-\d{6,}")
BATCH = 5000

Broken = Iterable[str]


@dataclass(frozen=True)
class Finding:
    """What a rule found: how many records break it, and the first of them."""

    rule: str
    words: str
    number: int
    named: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Proof:
    """The whole proof: what was looked at, and each rule's finding."""

    contracts: int
    recognised: int
    total_fen: int
    findings: list[Finding]

    @property
    def differs(self) -> bool:
        return any(each.number for each in self.findings)


def prove(session: Session, *, today: date) -> Proof:
    """Hold every rule against the tables as they are; ``today`` is the city's day."""
    counted = Contract.state.in_(COUNTED_CONTRACTS)
    total = select(func.count(), func.sum(Contract.total_fen)).where(counted)
    recognised, sum_fen = session.execute(total).one()
    return Proof(
        session.scalar(select(func.count()).select_from(Contract)) or 0,
        recognised,
        int(sum_fen or 0),
        [_found(rule, words, broken(session)) for rule, words, broken in _rules(today)],
    )


def _found(name: str, words: str, broken: Broken) -> Finding:
    number = 0
    named: list[str] = []
    for each in broken:
        number += 1
        if len(named) < MOST_NAMED:
            named.append(each)
    return Finding(name, words, number, named)


def _codes(session: Session, *where: ColumnElement[bool]) -> Iterator[str]:
    query = select(Contract.code).where(*where).order_by(Contract.id)
    yield from session.scalars(query.execution_options(yield_per=BATCH))


# -- Sums --------------------------------------------------------------------------


def technology_within_total(session: Session) -> Broken:
    return _codes(
        session,
        or_(
            Contract.total_fen < 0,
            Contract.technology_fen < 0,
            Contract.technology_fen > Contract.total_fen,
        ),
    )


def plan_agrees(session: Session) -> Broken:
    """Fixed lines make up the sum; beside shares of something they stay within."""
    fixed = func.coalesce(func.sum(Payment.amount_fen), 0)
    shares = func.count(Payment.rate_bp)
    query = (
        select(Contract.code)
        .join(Payment, Payment.contract_id == Contract.id)
        .where(Contract.state.not_in(UNSIGNED))
        .group_by(Contract.id, Contract.code, Contract.total_fen)
        .having(
            or_(
                fixed > Contract.total_fen,
                and_(shares == 0, fixed != Contract.total_fen),
            )
        )
        .order_by(Contract.id)
    )
    return session.scalars(query)


def received_within_line(session: Session) -> Broken:
    query = (
        select(Contract.code, Payment.position)
        .join(Payment, Payment.contract_id == Contract.id)
        .join(Receipt, Receipt.payment_id == Payment.id)
        .where(Payment.amount_fen.is_not(None))
        .group_by(Contract.code, Payment.id, Payment.position, Payment.amount_fen)
        .having(func.sum(Receipt.amount_fen) > Payment.amount_fen)
        .order_by(Payment.id)
    )
    return (f"{code} 第 {position} 笔" for code, position in session.execute(query))


def received_of_its_contract(session: Session) -> Broken:
    query = (
        select(Contract.code)
        .join(Receipt, Receipt.contract_id == Contract.id)
        .join(Payment, Receipt.payment_id == Payment.id)
        .where(Payment.contract_id != Contract.id)
    )
    return session.scalars(query)


def nothing_received_unsigned(session: Session) -> Broken:
    paid = select(Receipt.id).where(Receipt.contract_id == Contract.id).exists()
    return _codes(session, paid, Contract.state == ContractState.DRAFT)


def amended_values(session: Session) -> Broken:
    """What the last amendment of a field left is what the contract says now."""
    columns = Contract.__table__.columns
    for contract, amendments in _amended(session):
        held: dict[str, Any] = {}
        for amendment in amendments:
            for name, (before, after) in amendment.changes.items():
                if name not in columns:
                    continue
                if name in held and held[name] != before:
                    yield f"{contract.code} 第 {amendment.number} 次变更：{name}"
                held[name] = after
        for name, value in held.items():
            if _stored(getattr(contract, name)) != value:
                yield f"{contract.code}：{name}"


def _stored(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def amendments_in_order(session: Session) -> Broken:
    for contract, amendments in _amended(session):
        numbers = [each.number for each in amendments]
        days = [each.amended_on for each in amendments]
        if numbers != list(range(1, len(numbers) + 1)) or days != sorted(days):
            yield contract.code


def _amended(session: Session) -> Iterator[tuple[Any, list[Amendment]]]:
    query = (
        select(Contract, Amendment)
        .join(Amendment, Amendment.contract_id == Contract.id)
        .order_by(Contract.id, Amendment.number)
        .execution_options(yield_per=BATCH)
    )
    held: tuple[Any, list[Amendment]] | None = None
    for contract, amendment in session.execute(query):
        if held is not None and held[0] is contract:
            held[1].append(amendment)
            continue
        if held is not None:
            yield held
        held = contract, [amendment]
    if held is not None:
        yield held


# -- States ------------------------------------------------------------------------


def number_and_day_if_registered(session: Session) -> Broken:
    registered = Contract.state.in_(REGISTERED)
    both = and_(
        Contract.registration_number.is_not(None), Contract.recognised_on.is_not(None)
    )
    return _codes(
        session,
        case(
            (registered, ~both),
            else_=or_(
                Contract.recognised_on.is_not(None),
                Contract.registration_number.is_not(None),
            ),
        ),
    )


def complete_if_signed(session: Session) -> Broken:
    lacks = or_(
        Contract.signed_on.is_(None),
        Contract.total_fen.is_(None),
        Contract.type.is_(None),
    )
    return _codes(session, Contract.state.not_in(UNSIGNED), lacks)


def reason_if_refused(session: Session) -> Broken:
    refused = Contract.state == ContractState.REFUSED
    cancelled = Contract.state == ContractState.CANCELLED
    return _codes(
        session,
        or_(
            refused != Contract.refused_code.is_not(None),
            cancelled != Contract.cancelled_on.is_not(None),
        ),
    )


def days_in_order(session: Session, today: date) -> Broken:
    return _codes(
        session,
        or_(
            Contract.recognised_on < Contract.signed_on,
            Contract.cancelled_on < Contract.recognised_on,
            Contract.ends_on < Contract.starts_on,
            Contract.recognised_on > today,
        ),
    )


def amended_if_amendments(session: Session) -> Broken:
    has = select(Amendment.id).where(Amendment.contract_id == Contract.id).exists()
    return _codes(
        session,
        or_(
            and_(Contract.state == ContractState.AMENDED, ~has),
            and_(Contract.state == ContractState.RECOGNISED, has),
            and_(Contract.state.not_in(REGISTERED), has),
        ),
    )


def moves_in_history(session: Session) -> Broken:
    """Every state a contract was in is in its history, each allowed after the last."""
    states = _states_noted(session)
    query = select(Contract.id, Contract.code, Contract.state).order_by(Contract.id)
    for id_, code, state in session.execute(query.execution_options(yield_per=BATCH)):
        last = None
        for before, after in states.pop(id_, ()):
            known = last is None or before == last
            if not known or (
                before and after not in CONTRACT_MOVES[ContractState(before)]
            ):
                yield f"{code}：{before} → {after}"
            last = after
        if last != state.value and not (last is None and state is ContractState.DRAFT):
            yield f"{code}：{last} ≠ {state.value}"


def _states_noted(session: Session) -> dict[int, list[tuple[str | None, str]]]:
    query = (
        select(History.record_id, History.changes)
        .where(History.record_type == Contract.__tablename__)
        .order_by(History.id)
        .execution_options(yield_per=BATCH)
    )
    found: dict[int, list[tuple[str | None, str]]] = {}
    for id_, changes in session.execute(query):
        if "state" in changes:
            before, after = changes["state"]
            found.setdefault(id_, []).append((before, after))
    return found


def history_of_a_contract(session: Session) -> Broken:
    there = select(Contract.id).where(Contract.id == History.record_id).exists()
    query = (
        select(History.id)
        .where(History.record_type == Contract.__tablename__, ~there)
        .order_by(History.id)
    )
    return (f"history {id_}" for id_ in session.scalars(query))


def talks_and_contracts_agree(session: Session) -> Broken:
    """Talks end as «signed» with a contract that was signed, and not before."""
    signed = Contract.state.not_in(UNSIGNED)
    of_it = select(Contract.id).where(Contract.introduction_id == Introduction.id)
    over = Introduction.status == IntroductionStatus.SIGNED
    bare = select(Introduction.id).where(over, ~of_it.where(signed).exists())
    early = (
        select(Contract.code)
        .join(Introduction, Contract.introduction_id == Introduction.id)
        .where(signed, ~over)
    )
    yield from (f"introduction {id_}" for id_ in session.scalars(bare))
    yield from session.scalars(early)


# -- Numbers -----------------------------------------------------------------------


def codes_of_the_form(session: Session) -> Broken:
    query = select(Contract.code).order_by(Contract.id)
    codes = session.scalars(query.execution_options(yield_per=BATCH))
    return (code for code in codes if not CODE.fullmatch(code))


def numbers_unique(session: Session) -> Broken:
    """No registration number stands twice, in whatever width, case or spacing."""
    seen: dict[str, str] = {}
    query = (
        select(Contract.code, Contract.registration_number)
        .where(Contract.registration_number.is_not(None))
        .order_by(Contract.id)
    )
    for code, number in session.execute(query.execution_options(yield_per=BATCH)):
        plain = one_spelling(number or "")
        if plain != number:
            yield f"{code}：{number!r}"
        other = seen.setdefault(plain, code)
        if other != code:
            yield f"{code} = {other}：{plain}"


def one_spelling(number: str) -> str:
    """A registration number without blanks, half width, capitals."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", number)).upper()


def files_of_a_contract(session: Session) -> Broken:
    there = select(Contract.id).where(Contract.id == Attachment.record_id).exists()
    query = select(Attachment.id).where(
        Attachment.record_type == FileOwner.CONTRACT, ~there
    )
    return (f"attachment {id_}" for id_ in session.scalars(query))


def _rules(today: date) -> list[tuple[str, str, Callable[[Session], Broken]]]:
    return [
        ("sums.technology", "0 ≤ 技术交易额 ≤ 成交额", technology_within_total),
        ("sums.plan", "支付计划合计与成交额一致", plan_agrees),
        ("sums.received", "每笔到账不超过该笔约定金额", received_within_line),
        ("sums.receipt_line", "到账对应本合同的支付计划", received_of_its_contract),
        ("sums.receipt_signed", "未签订的合同没有到账", nothing_received_unsigned),
        ("sums.amended", "合同现值等于最后一次变更后的值", amended_values),
        ("sums.amendments", "变更按次序编号、日期不倒退", amendments_in_order),
        (
            "states.registered",
            "认定的合同有编号和日期，其他没有",
            number_and_day_if_registered,
        ),
        ("states.signed", "签订的合同有日期、金额和类型", complete_if_signed),
        ("states.reasons", "不予登记有原因，注销有日期", reason_if_refused),
        (
            "states.days",
            "签订、认定、注销日期依次",
            partial(days_in_order, today=today),
        ),
        ("states.amended", "有变更记录的合同状态是「变更」", amended_if_amendments),
        ("states.history", "每次状态变化都在历史里且允许", moves_in_history),
        ("states.orphans", "合同历史都有合同", history_of_a_contract),
        ("states.talks", "对接「已签约」与合同签订一致", talks_and_contracts_agree),
        ("numbers.code", "平台合同编号格式正确", codes_of_the_form),
        ("numbers.registration", "登记编号唯一、没有空格等变体", numbers_unique),
        ("numbers.files", "合同附件都有合同", files_of_a_contract),
    ]
