"""What of contracts waits for whom, as rows for the work list.

Each has the columns id, title, context, since, due, is_demo and owner, the organisation
it waits for; what waits for the staff has no owner.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    String,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)

from models import Contract, Payment, Receipt
from models.base import UtcDateTime
from models.states import ContractSource, ContractState, PaymentTrigger

from ..work.source import Remind, Source, is_near, source_of
from .plan import UNPAID_STATES

DEAL = {"": ("contracts.show", "contract_id")}
PAYMENT = {"": ("contracts.payment", "payment_id")}
DRAFT, SIGNED = ContractState.DRAFT, ContractState.SIGNED
OURS = Contract.source == ContractSource.PLATFORM
HOMES: tuple[Any, Any] = (Contract.buyer_id, Contract.seller_id)
CONFIRMED: tuple[Any, Any] = (
    Contract.buyer_confirmed_at,
    Contract.seller_confirmed_at,
)
BOTH = and_(*(at.is_not(None) for at in CONFIRMED))
NEITHER = and_(*(at.is_(None) for at in CONFIRMED))
UNDECIDED = (DRAFT, ContractState.CORRECTING, ContractState.REFUSED)


def _rows(*where: Any, owner: Any = None, since: Any = None) -> Select[Any]:
    """Contracts that meet the condition, as rows; ``owner`` is a column of theirs."""
    found = select(
        Contract.id.label("id"),
        cast(Contract.name, String).label("title"),
        cast(_other(owner), String).label("context"),
        (Contract.state_since if since is None else since).label("since"),
        cast(null(), Date).label("due"),
        Contract.is_demo.label("is_demo"),
    ).where(OURS, *where)
    if owner is None:
        return found
    return found.add_columns(owner.label("owner")).where(owner.is_not(None))


def _other(owner: Any) -> Any:
    """Who stands at the other side; both for the staff."""
    if owner is Contract.buyer_id:
        return Contract.seller_name
    if owner is Contract.seller_id:
        return Contract.buyer_name
    return Contract.seller_name + literal(" — ") + Contract.buyer_name


def _of_both(*where: Any, since: Any = None) -> Any:
    """The same for either side."""
    return union_all(
        *(_rows(*where, owner=home, since=since) for home in HOMES)
    ).subquery()


def _last_confirmed() -> Any:
    """When the side that did confirm the text did so."""
    buyer, seller = CONFIRMED
    return func.coalesce(buyer, seller, type_=UtcDateTime())


# Nobody has confirmed them: still being written.
DRAFTS = _of_both(Contract.state == DRAFT, NEITHER, since=Contract.updated_at)
# The other side confirmed, so the text is complete.
TO_CONFIRM = union_all(
    *(
        _rows(
            Contract.state.in_(UNDECIDED),
            own.is_(None),
            other.is_not(None),
            owner=home,
            since=other,
        )
        for home, own, other in zip(HOMES, CONFIRMED, CONFIRMED[::-1], strict=True)
    )
).subquery()
TO_SIGN = _of_both(Contract.state == DRAFT, BOTH, since=_last_confirmed())
TO_SUBMIT = _rows(Contract.state == SIGNED, owner=Contract.seller_id).subquery()
TO_CORRECT = _rows(
    Contract.state.in_(UNDECIDED[1:]), owner=Contract.seller_id
).subquery()

TO_CONFIRM_FOR = _rows(
    Contract.state.in_(UNDECIDED),
    or_(
        *(
            and_(home.is_(None), own.is_(None), other.is_not(None))
            for home, own, other in zip(HOMES, CONFIRMED, CONFIRMED[::-1], strict=True)
        )
    ),
    since=_last_confirmed(),
).subquery()
TO_SUBMIT_FOR = _rows(Contract.state == SIGNED, Contract.seller_id.is_(None)).subquery()
TO_DECIDE = _rows(Contract.state == ContractState.SUBMITTED).subquery()


def _due() -> ColumnElement[Any]:
    """`plan.due_on` as a column."""
    by_trigger = case(
        (Payment.trigger == PaymentTrigger.DATE, Payment.due_on),
        (
            Payment.trigger == PaymentTrigger.SIGNING,
            func.coalesce(Payment.due_on, Contract.signed_on, type_=Date()),
        ),
        else_=None,
    )
    return func.coalesce(Payment.happened_on, by_trigger, type_=Date())


def _payments(owner: Any) -> Any:
    """Lines of the plan that are owed and not paid; the id is that of the line."""
    arrived = (
        select(func.coalesce(func.sum(Receipt.amount_fen), 0))
        .where(Receipt.payment_id == Payment.id)
        .scalar_subquery()
    )
    unpaid = or_(
        arrived < Payment.amount_fen, and_(Payment.rate_bp.is_not(None), arrived == 0)
    )
    return (
        select(
            Payment.id.label("id"),
            cast(Contract.name, String).label("title"),
            cast(_other(owner), String).label("context"),
            Contract.state_since.label("since"),
            _due().label("due"),
            Contract.is_demo.label("is_demo"),
            owner.label("owner"),
        )
        .join(Contract, Payment.contract_id == Contract.id)
        .where(
            OURS,
            Contract.state.not_in(UNPAID_STATES | {ContractState.CANCELLED}),
            owner.is_not(None),
            _due().is_not(None),
            unpaid,
        )
    ).subquery()


TO_PAY = _payments(Contract.buyer_id)
TO_GET = _payments(Contract.seller_id)


_deal = partial(source_of, pages=DEAL, when=is_near)

SOURCES: tuple[Source, ...] = (
    _deal("draft_contracts", "拟定中的合同", "去填写", DRAFTS),
    _deal("contracts_to_confirm", "待本单位确认的合同", "去确认", TO_CONFIRM),
    _deal("contracts_to_sign", "双方已确认、待签订的合同", "去签订", TO_SIGN),
    _deal("contracts_to_submit", "待提交登记的合同", "去提交", TO_SUBMIT),
    _deal("contracts_to_correct", "要补正或修改的合同", "去修改", TO_CORRECT),
    _deal(
        "payments_to_make",
        "到期应付的款项",
        "去看约定",
        TO_PAY,
        pages=PAYMENT,
        remind=Remind.AT_ONCE,
        due_words="应付",
        dated=True,
    ),
    _deal(
        "payments_to_get",
        "到期应收的款项",
        "去登记到账",
        TO_GET,
        pages=PAYMENT,
        remind=Remind.AT_ONCE,
        due_words="应收",
        dated=True,
    ),
    _deal("contracts_to_confirm_for", "待代为确认的合同", "去确认", TO_CONFIRM_FOR),
    _deal("contracts_to_submit_for", "待代卖方提交的合同", "去提交", TO_SUBMIT_FOR),
    _deal("contracts_to_decide", "待登记认定结果的合同", "去登记", TO_DECIDE),
)
