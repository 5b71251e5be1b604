"""The payment plan of a contract and what arrived, as a program reads them."""

from __future__ import annotations

from datetime import date

from models import Receipt
from models.states import PaymentTrigger

from ..api.answers import Output
from .plan import LineState


class PlanText(Output):
    """A line of the payment plan: a sum in 分, or a share in 0.01%."""

    id: int | None
    trigger: PaymentTrigger
    amount: int | None
    rate: int | None
    base: str
    due_on: date | None
    words: str


class PlanLineOut(PlanText):
    """A line as it stands today.

    ``state`` is «paid», «partly», «overdue», «due» or «waiting»; ``owed_from`` the day
    from which it is owed, where that is known; ``proof_id`` the attachment that shows
    that its condition came true.
    """

    contract_id: int
    position: int
    happened_on: date | None
    proof_id: int | None
    state: str
    owed_from: date | None
    received: int


class PaymentReceiptOut(Output):
    id: int
    payment_id: int | None
    amount: int
    received_on: date
    words: str


def plan_line(state: LineState) -> PlanLineOut:
    line = state.line
    return PlanLineOut(
        id=line.id,
        contract_id=line.contract_id,
        position=line.position,
        trigger=line.trigger,
        amount=line.amount_fen,
        rate=line.rate_bp,
        base=line.base,
        due_on=line.due_on,
        words=line.words,
        happened_on=line.happened_on,
        proof_id=line.proof_id,
        state=state.state,
        owed_from=state.due_on,
        received=state.received_fen,
    )


def receipt(one: Receipt) -> PaymentReceiptOut:
    return PaymentReceiptOut(
        id=one.id,
        payment_id=one.payment_id,
        amount=one.amount_fen,
        received_on=one.received_on,
        words=one.words,
    )
