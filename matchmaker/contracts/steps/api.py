"""The steps of a contract, for programs; each answers with where it then stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from werkzeug.datastructures import FileStorage

from models import utcnow

from ... import labels, policies
from ...accounts.current import signed_in
from ...api.operations import Operations, Shape
from ...attachments import web as attachments
from ...attachments.service import Upload
from ...db import db
from ...schema import Input, parse
from .. import confirming, finding, payments, registering
from ..answers import ContractStand
from ..api import stand
from ..plan_answers import PaymentReceiptOut
from ..plan_answers import receipt as receipt_of
from .schema import (
    Cancellation,
    Confirmation,
    ConfirmationFor,
    Correction,
    Happening,
    ReceiptInput,
    ReceiptRemoval,
    Recognition,
    Refusal,
    Signing,
    Submission,
    Voiding,
)

operations = Operations("contracts", "技术合同")


def _take(
    action: str,
    take: Callable[..., Any],
    asks: type[Input],
    contract_id: int,
    body: Mapping[str, Any],
) -> Any:
    """Take a step with what its form asks, read as the page reads it.

    Who may not take it learns nothing of what it asks.
    """
    user, now = signed_in(), utcnow()
    contract = finding.find_contract(db.session, user, contract_id)
    policies.require(user, action, contract)
    context = registering.context(db.session, user, contract_id, labels.today(now))
    return take(db.session, user, contract_id, parse(asks, body, context), now=now)


@operations.post(
    "/contracts/<int:contract_id>/confirm", "contract_steps.confirm", "确认合同文本"
)
def confirm(
    contract_id: int, body: Annotated[Mapping[str, Any], Shape(Confirmation)]
) -> ContractStand:
    """seen 是读过的文本的 mark。"""
    _take("contract.confirm", confirming.confirm, Confirmation, contract_id, body)
    return stand(contract_id)


@operations.post(
    "/contracts/<int:contract_id>/confirm-for",
    "contract_steps.confirm_for",
    "代不在平台上的一方确认",
)
def confirm_for(
    contract_id: int, body: Annotated[Mapping[str, Any], Shape(ConfirmationFor)]
) -> ContractStand:
    _take(
        "contract.confirm_for",
        confirming.confirm_for,
        ConfirmationFor,
        contract_id,
        body,
    )
    return stand(contract_id)


@operations.post("/contracts/<int:contract_id>/sign", "contract_steps.sign", "登记签订")
def sign(
    contract_id: int, body: Annotated[Mapping[str, Any], Shape(Signing)]
) -> ContractStand:
    """双方都已确认的文本才能签订；seen 是它的 mark。"""
    _take("contract.sign", registering.sign, Signing, contract_id, body)
    return stand(contract_id)


@operations.post(
    "/contracts/<int:contract_id>/submit", "contract_steps.submit", "登记提交"
)
def submit(
    contract_id: int, body: Annotated[Mapping[str, Any], Shape(Submission)]
) -> ContractStand:
    _take("contract.submit", registering.submit, Submission, contract_id, body)
    return stand(contract_id)


@operations.post(
    "/contracts/<int:contract_id>/correct", "contract_steps.correct", "登记补正要求"
)
def correct(
    contract_id: int, body: Annotated[Mapping[str, Any], Shape(Correction)]
) -> ContractStand:
    _take("contract.register", registering.correct, Correction, contract_id, body)
    return stand(contract_id)


@operations.post(
    "/contracts/<int:contract_id>/recognise", "contract_steps.recognise", "登记认定"
)
def recognise(
    contract_id: int, body: Annotated[Mapping[str, Any], Shape(Recognition)]
) -> ContractStand:
    _take("contract.register", registering.recognise, Recognition, contract_id, body)
    return stand(contract_id)


@operations.post(
    "/contracts/<int:contract_id>/refuse", "contract_steps.refuse", "登记不予登记"
)
def refuse(
    contract_id: int, body: Annotated[Mapping[str, Any], Shape(Refusal)]
) -> ContractStand:
    _take("contract.register", registering.refuse, Refusal, contract_id, body)
    return stand(contract_id)


@operations.post(
    "/contracts/<int:contract_id>/cancel", "contract_steps.cancel", "登记注销"
)
def cancel(
    contract_id: int, body: Annotated[Mapping[str, Any], Shape(Cancellation)]
) -> ContractStand:
    _take("contract.register", registering.cancel, Cancellation, contract_id, body)
    return stand(contract_id)


@operations.post("/contracts/<int:contract_id>/void", "contract_steps.void", "作废")
def void(
    contract_id: int, body: Annotated[Mapping[str, Any], Shape(Voiding)]
) -> ContractStand:
    _take("contract.edit", registering.void, Voiding, contract_id, body)
    return stand(contract_id)


@operations.post(
    "/contracts/<int:contract_id>/report",
    "contract_steps.report",
    "登记支付条件成就",
)
def report(
    contract_id: int, body: Annotated[Mapping[str, Any], Shape(Happening)]
) -> ContractStand:
    _report(contract_id, body, None)
    return stand(contract_id)


@operations.upload(
    "/contracts/<int:contract_id>/report/proof",
    "contract_steps.report",
    "登记支付条件成就，并附证明文件",
    most=lambda: attachments.store().limit,
    status=200,
)
def report_proven(
    contract_id: int, query: Happening, file: FileStorage
) -> ContractStand:
    """payment_id、happened_on、words 写在地址里，文件是 file。"""
    proof = Upload(file.filename or "", file.stream)  # type: ignore[arg-type]
    _report(contract_id, query.model_dump(mode="json"), proof)
    return stand(contract_id)


def _report(contract_id: int, body: Mapping[str, Any], proof: Upload | None) -> None:
    store = attachments.store()
    _take(
        "contract.pay",
        lambda session, actor, contract_id, data, *, now: payments.report(
            session, store, actor, contract_id, data, proof, now=now
        ),
        Happening,
        contract_id,
        body,
    )


@operations.post(
    "/contracts/<int:contract_id>/receipts",
    "contract_steps.receive",
    "登记到账",
    status=201,
)
def receive(
    contract_id: int, body: Annotated[Mapping[str, Any], Shape(ReceiptInput)]
) -> PaymentReceiptOut:
    made = _take("contract.pay", payments.receive, ReceiptInput, contract_id, body)
    return receipt_of(made)


@operations.post(
    "/contracts/<int:contract_id>/receipts/take-back",
    "contract_steps.take_back",
    "删除一笔到账登记",
)
def take_back(
    contract_id: int, body: Annotated[Mapping[str, Any], Shape(ReceiptRemoval)]
) -> ContractStand:
    """经过里保留记录。"""
    _take("contract.pay", payments.take_back, ReceiptRemoval, contract_id, body)
    return stand(contract_id)
