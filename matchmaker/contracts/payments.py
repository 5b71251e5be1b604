"""What happens to the payment plan: conditions come true, money arrives.

Money that arrived is kept apart from 成交额, which is what was agreed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from models import Attachment, Contract, Payment, Receipt, User, transaction
from models.attachments import FileOwner

from .. import policies
from ..attachments import service as attachments
from ..attachments.store import Store
from ..errors import Conflict, Invalid, NotFound
from ..history import service as history
from ..money import in_yuan
from . import text
from .finding import LARGEST_ID, find_contract, locked
from .plan import BY_CALENDAR, UNPAID_STATES, receipts_of
from .steps.schema import Happening, ReceiptInput, ReceiptRemoval
from .tell import tell


def find_line(session: Session, user: User, payment_id: int) -> Payment:
    """A line of a plan the person may know of; raises `NotFound` if not."""
    line = None
    if 0 < payment_id <= LARGEST_ID:
        line = session.get(Payment, payment_id)
    if line is None:
        raise NotFound("payment")
    policies.require(
        user, "contract.read", find_contract(session, user, line.contract_id)
    )
    return line


def may_report(user: User, contract: Contract) -> bool:
    """Whether the person may say that a condition came true."""
    open_ = contract.state not in UNPAID_STATES
    return open_ and policies.may(user, "contract.pay", contract)


def may_receive(user: User, contract: Contract) -> bool:
    """Who got the money says so: the seller, or staff for it."""
    return may_report(user, contract) and (
        user.is_staff or contract.seller_id == user.organisation_id
    )


def report(
    session: Session,
    store: Store,
    actor: User,
    contract_id: int,
    data: Happening,
    proof: attachments.Upload | None,
    *,
    now: datetime,
) -> Contract:
    """The condition of a line came true on that day; the file shows it.

    Line, file, history and notices are one transaction.
    """

    def note(row: Attachment | None) -> None:
        contract = locked(session, actor, contract_id, "contract.pay")
        line = _line(contract, data.payment_id)
        if line.trigger in BY_CALENDAR or line.happened_on is not None:
            raise Conflict("contract.reported")
        if contract.state in UNPAID_STATES:
            raise Conflict("contract.not_paying")
        line.happened_on = data.happened_on
        line.proof_id = row.id if row is not None else None
        words = text.line_words(text.line_values(line))
        changes: dict[str, Any] = {
            "happened_on": [None, data.happened_on.isoformat()],
            "words": [None, f"{words}。{data.words}" if data.words else words],
        }
        if row is not None:
            changes["attachment"] = [None, row.name]
        history.record(
            session, actor, "contract.happened", contract, now=now, changes=changes
        )
        tell(session, contract, "contract_due", now=now, actor=actor, words=words)

    if proof is None:
        with transaction(session):
            note(None)
    else:
        kind = FileOwner.CONTRACT
        attachments.add(
            session, store, actor, kind, contract_id, proof, now=now, then=note
        )
    return find_contract(session, actor, contract_id)


def receive(
    session: Session,
    actor: User,
    contract_id: int,
    data: ReceiptInput,
    *,
    now: datetime,
) -> Receipt:
    """Enter money that arrived; no more for a line than it fixes."""
    with transaction(session):
        contract = locked(session, actor, contract_id, "contract.pay")
        if contract.state in UNPAID_STATES:
            raise Conflict("contract.not_paying")
        if not may_receive(actor, contract):
            raise Conflict("contract.seller_receives")
        amount = data.amount or 0
        if data.payment_id is not None:
            _require_room(contract, _line(contract, data.payment_id), amount)
        receipt = Receipt(
            contract_id=contract.id,
            payment_id=data.payment_id,
            amount_fen=amount,
            received_on=data.received_on,
            words=data.words,
            author_id=actor.id,
            created_at=now,
        )
        session.add(receipt)
        history.record(
            session,
            actor,
            "contract.received",
            contract,
            now=now,
            changes=_receipt_changes(receipt),
        )
        tell(
            session,
            contract,
            "contract_received",
            now=now,
            actor=actor,
            amount=in_yuan(amount),
        )
    return receipt


def take_back(
    session: Session,
    actor: User,
    contract_id: int,
    data: ReceiptRemoval,
    *,
    now: datetime,
) -> Contract:
    """Strike out a receipt that was entered by mistake; the history keeps it."""
    with transaction(session):
        contract = locked(session, actor, contract_id, "contract.pay")
        if not may_receive(actor, contract):
            raise Conflict("contract.seller_receives")
        found = [one for one in contract.receipts if one.id == data.receipt_id]
        if not found:
            words = "这份合同里没有这笔到账，可能已经删除，请刷新后再看"
            raise Invalid({"receipt_id": words})
        [receipt] = found
        changes = {
            name: [pair[1], None] for name, pair in _receipt_changes(receipt).items()
        }
        session.delete(receipt)
        history.record(
            session,
            actor,
            "contract.receipt_removed",
            contract,
            now=now,
            changes=changes,
        )
    return contract


def _receipt_changes(receipt: Receipt) -> dict[str, list[Any]]:
    changes: Mapping[str, Any] = {
        "amount_fen": receipt.amount_fen,
        "received_on": receipt.received_on.isoformat(),
        "words": receipt.words,
    }
    return {name: [None, value] for name, value in changes.items() if value}


def _line(contract: Contract, payment_id: int) -> Payment:
    for line in contract.payments:
        if line.id == payment_id:
            return line
    raise Invalid({"payment_id": "支付计划里没有这一行，请刷新后重选"})


def _require_room(contract: Contract, line: Payment, amount: int) -> None:
    if line.amount_fen is None:
        return
    there = sum(one.amount_fen for one in receipts_of(contract, line))
    if there + amount > line.amount_fen:
        rest = in_yuan(line.amount_fen - there)
        raise Invalid({"amount": f"这一行还应到账 {rest}，多出的请不选行另行登记"})
