"""The steps of a contract, each a form on its page."""

from datetime import datetime
from functools import partial

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required
from sqlalchemy.orm import Session

from models import Contract, User
from models.base import utcnow

from ... import labels, policies
from ...accounts.current import signed_in
from ...attachments import web as attachments
from ...db import db
from ...errors import Invalid
from ...schema import parse
from ...steps import Step
from .. import confirming, finding, payments, registering
from ..web import show_page
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

bp = Blueprint("contract_steps", __name__)


def _report(
    session: Session, actor: User, contract_id: int, data: Happening, *, now: datetime
) -> Contract:
    """With the file that shows it, which no other step brings."""
    store, proof = attachments.store(), attachments.sent("proof")
    return payments.report(session, store, actor, contract_id, data, proof, now=now)


STEPS = {
    "confirm": Step(
        "contract.confirm",
        Confirmation,
        confirming.confirm,
        "已确认合同文本。文本有任何改动，都需要双方重新确认。",
    ),
    "confirm_for": Step(
        "contract.confirm_for",
        ConfirmationFor,
        confirming.confirm_for,
        "已代为确认，说明记入合同的经过。",
    ),
    "sign": Step(
        "contract.sign",
        Signing,
        registering.sign,
        "已登记签订。请卖方在有效期内向登记机构提交认定登记。",
    ),
    "submit": Step(
        "contract.submit",
        Submission,
        registering.submit,
        "已登记提交。登记机构作出决定后，由平台工作人员登记结果。",
    ),
    "correct": Step(
        "contract.register",
        Correction,
        registering.correct,
        "已登记补正要求，并通知当事人。",
    ),
    "recognise": Step(
        "contract.register",
        Recognition,
        registering.recognise,
        "已登记认定，按认定日期计入年度成交额。",
    ),
    "refuse": Step(
        "contract.register",
        Refusal,
        registering.refuse,
        "已登记不予登记，并把原因通知当事人。",
    ),
    "cancel": Step(
        "contract.register",
        Cancellation,
        registering.cancel,
        "已登记注销，不再计入成交额。",
    ),
    "void": Step("contract.edit", Voiding, registering.void, "合同已作废。"),
    "report": Step(
        "contract.pay", Happening, _report, "已登记支付条件成就，并通知对方。"
    ),
    "receive": Step("contract.pay", ReceiptInput, payments.receive, "已登记到账。"),
    "take_back": Step(
        "contract.pay",
        ReceiptRemoval,
        payments.take_back,
        "已删除这笔到账登记，经过里保留记录。",
    ),
}


def _take(name: str, contract_id: int) -> ResponseReturnValue:
    """Take a step, or show the page again with what was wrong with its form."""
    user, step, now = signed_in(), STEPS[name], utcnow()
    contract = finding.find_contract(db.session, user, contract_id)
    policies.require(user, step.action, contract)
    context = registering.context(db.session, user, contract_id, labels.today(now))
    try:
        data = parse(step.asks, request.form, context)
        step.take(db.session, user, contract_id, data, now=now)
    except Invalid as invalid:
        return show_page(contract_id, errors=invalid.fields, failed=name)
    flash(step.done, "success")
    return redirect(url_for("contracts.show", contract_id=contract_id), 303)


for _name in STEPS:
    bp.add_url_rule(
        f"/contracts/<int:contract_id>/{_name.replace('_', '-')}",
        _name,
        login_required(partial(_take, _name)),
        methods=["POST"],
    )


@bp.url_value_preprocessor
def _allow_proofs(endpoint: str | None, _values: object) -> None:
    if endpoint == "contract_steps.report":
        attachments.take_upload()
