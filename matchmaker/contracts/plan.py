"""The payment plan of a contract: its lines, and which of them are due or paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from models import Contract, Payment, Receipt
from models.states import ContractState, PaymentTrigger

from ..errors import Invalid
from . import prefill, text
from .schema import ContractDraft, PlanLine

# Before it is signed nobody owes anything; what is void nobody ever did.
UNPAID_STATES = frozenset({ContractState.DRAFT, ContractState.VOID})
BY_CALENDAR = frozenset({PaymentTrigger.DATE, PaymentTrigger.SIGNING})


def replace_plan(
    session: Session, contract: Contract, data: ContractDraft
) -> list[list[str]] | None:
    """Write the lines of a form; says before and after in words if they differ.

    Where none was written it is the one that goes without saying. A line keeps its
    row by its number, and one that money arrived for, or whose condition was
    reported, cannot go: raises `Invalid`.
    """
    before = plan_words(contract)
    known = {line.id: line for line in contract.payments}
    kept: list[Payment] = []
    for position, line in enumerate(_lines(data), 1):
        row = known.pop(line.id or 0, None) or Payment(contract_id=contract.id)
        row.position = position
        row.trigger, row.amount_fen, row.rate_bp = line.trigger, line.amount, line.rate
        row.base, row.due_on, row.words = line.base, line.due_on, line.words
        kept.append(row)
    for row in known.values():
        if row.happened_on is not None or receipts_of(contract, row):
            raise Invalid({"plan": "已报告条件成就或已有到账的一行不能删除"})
    contract.payments = kept
    session.flush()
    after = plan_words(contract)
    return [before, after] if before != after else None


def _lines(data: ContractDraft) -> list[PlanLine]:
    if data.plan or not data.total or data.payment_manner not in prefill.FIRST_TRIGGERS:
        return data.plan
    trigger = prefill.FIRST_TRIGGERS[data.payment_manner]
    return [PlanLine(trigger=trigger, amount=data.total)]


def plan_words(contract: Contract) -> list[str]:
    """The lines as sentences, in their order."""
    return [text.line_words(text.line_values(line)) for line in contract.payments]


def receipts_of(contract: Contract, line: Payment) -> list[Receipt]:
    """What arrived for a line."""
    if line.id is None:
        return []
    return [one for one in contract.receipts if one.payment_id == line.id]


@dataclass(frozen=True)
class LineState:
    """A line of the plan as it stands today.

    state   «paid», «partly», «overdue», «due», «waiting»
    due_on  from when it is due, where that is known
    """

    line: Payment
    state: str
    due_on: date | None
    received_fen: int
    words: str
    receipts: Sequence[Receipt]

    @property
    def choice(self) -> tuple[str, str]:
        """As an option of a list."""
        return str(self.line.id), f"第 {self.line.position} 笔：{self.words}"

    @property
    def is_open(self) -> bool:
        return self.state != "paid"


def due_on(contract: Contract, line: Payment) -> date | None:
    """The day from which a line is owed; None while its condition is not met."""
    if line.happened_on is not None:
        return line.happened_on
    if line.trigger is PaymentTrigger.DATE:
        return line.due_on
    if line.trigger is PaymentTrigger.SIGNING:
        return line.due_on or contract.signed_on
    return None


def line_states(contract: Contract, today: date) -> list[LineState]:
    """Every line of the plan with what arrived for it."""
    return [_line_state(contract, line, today) for line in contract.payments]


def _line_state(contract: Contract, line: Payment, today: date) -> LineState:
    receipts = receipts_of(contract, line)
    received = sum(one.amount_fen for one in receipts)
    due = due_on(contract, line)
    if received and received >= (line.amount_fen or 1):
        state = "paid"
    elif contract.state in UNPAID_STATES or due is None or due > today:
        state = "partly" if received else "waiting"
    else:
        state = "overdue" if due < today else "due"
    words = text.line_words(text.line_values(line))
    return LineState(line, state, due, received, words, receipts)


def received_fen(contract: Contract) -> int:
    """All that arrived."""
    return sum(one.amount_fen for one in contract.receipts)
