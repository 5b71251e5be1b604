"""Technology contracts, for programs.

What writes or moves one answers with where it stands, and never with its text: that
has people and telephones in it, and is read by GET.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from flask import Response
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from models import Contract, utcnow

from .. import labels, policies
from ..accounts.current import signed_in
from ..api.answers import Place
from ..api.operations import Operations, Shape
from ..awards import contracting
from ..db import db
from ..history import service as history
from ..history.words import entries
from ..schema import Input, parse
from ..sheets.web import download
from . import (
    amendments,
    answers,
    begin,
    export,
    finding,
    listing,
    payments,
    registering,
    service,
    text_answers,
)
from . import page as pages
from .answers import ContractOut, ContractStand, Ledger, LedgerLine
from .inputs import RowNumber
from .listing import ContractQuery
from .plan import line_states
from .plan_answers import PlanLineOut, plan_line
from .schema import ContractDraft
from .steps.schema import AmendmentInput
from .text_answers import ContractProposal, RegistrationForm
from .words import COLUMN_LABELS, LABELS, STEP_LABELS

operations = Operations("contracts", "技术合同")


class ContractOrigin(Input):
    """What a contract begins from: talks, an accepted award, or neither.

    Who begins without either says on which side its own organisation stands.
    """

    introduction: RowNumber = None
    award: RowNumber = None
    own_side: Literal["", "buyer", "seller"] = ""

    @model_validator(mode="after")
    def _one_of_them(self) -> ContractOrigin:
        if self.introduction is not None and self.award is not None:
            raise PydanticCustomError("origin", "对接和揭榜项目只能填写一个")
        return self


class ContractBody(ContractDraft):
    """A contract as its form takes it; sums in 分, shares in 0.01%."""

    labels: ClassVar[Mapping[str, str]] = LABELS


class NewContract(ContractOrigin, ContractBody):
    """A contract, and what it begins from."""

    labels: ClassVar[Mapping[str, str]] = LABELS | STEP_LABELS


class AmendmentBody(AmendmentInput, ContractBody):
    """The whole text as it is from now on, why and since when.

    ``seen`` is the ``mark`` of the contract that was read.
    """

    labels: ClassVar[Mapping[str, str]] = LABELS | STEP_LABELS

    seen: Annotated[str, Field(max_length=64)]


# -- To read -------------------------------------------------------------------------


def _listed(query: ContractQuery, place: Place) -> Ledger:
    """The list of the page, with its sums."""
    session, user = db.session, signed_in()
    sums = listing.sums_of(session, user, query)
    paid = sums.paid_year

    def load(ids: Any) -> list[tuple[Contract, int | None]]:
        found = listing.received(session, ids, paid) if paid else {}
        rows = listing.load(session, ids)
        return [(one, found.get(one.id, 0) if paid else None) for one in rows]

    def show(row: tuple[Contract, int | None]) -> LedgerLine:
        contract, received = row
        return LedgerLine.model_validate(
            answers.facts(contract) | {"received": received}
        )

    part = place.among(listing.numbers(session, user, query), load, show)
    return Ledger(
        items=part.items,
        total=part.total,
        next=part.next,
        total_fen=sums.total_fen,
        counted_fen=sums.counted_fen,
        technology_fen=sums.technology_fen,
        states=dict(sums.states),
        paid_year=paid,
        received_fen=sums.received_fen if paid else None,
    )


@operations.get("/contracts", ("contracts.browse", "contracts.export_rows"), "合同台账")
def browse(query: ContractQuery, place: Place) -> Ledger:
    """cut 是看板的条件，例如 counted:2026。"""
    return _listed(query, place)


@operations.get("/contracts/mine", "contracts.mine", "我的合同")
def mine(query: ContractQuery, place: Place) -> Ledger:
    return _listed(query, place)


@operations.get("/contracts/<int:contract_id>", "contracts.show", "一份合同")
def show(contract_id: int) -> ContractOut:
    user, session = signed_in(), db.session
    contract = _find(contract_id)
    award = contracting.of_contract(session, user, contract)
    log = entries(history.of_record(session, contract), COLUMN_LABELS)
    view = pages.view(user, contract, labels.today(utcnow()))
    return answers.whole(view, award.id if award else None, log)


def _find(contract_id: int) -> Contract:
    contract = finding.find_contract(db.session, signed_in(), contract_id)
    policies.require(signed_in(), "contract.read", contract)
    return contract


def stand(contract_id: int) -> ContractStand:
    view = pages.view(signed_in(), _find(contract_id), labels.today(utcnow()))
    return ContractStand.model_validate(answers.stand(view))


@operations.get(
    "/contract-payments/<int:payment_id>", "contracts.payment", "支付计划的一行"
)
def payment(payment_id: int) -> PlanLineOut:
    line = payments.find_line(db.session, signed_in(), payment_id)
    states = line_states(line.contract, labels.today(utcnow()))
    return next(plan_line(one) for one in states if one.line is line)


@operations.get(
    "/contracts/<int:contract_id>/registration", "contracts.registration", "登记表"
)
def registration(contract_id: int) -> RegistrationForm:
    """各项编码都已译成文字。"""
    return text_answers.form(export.sections(_find(contract_id)))


@operations.get(
    "/contracts/<int:contract_id>/registration.xlsx",
    "contracts.registration_sheet",
    "登记表（Excel）",
)
def registration_sheet(contract_id: int) -> Response:
    """每次导出都有记录。"""
    contract, file = export.registration_form(
        db.session, signed_in(), contract_id, now=utcnow()
    )
    return download(file, f"技术合同登记表-{contract.code}.xlsx")


# -- To write ------------------------------------------------------------------------


@operations.get("/contracts/proposal", "contract_forms.new", "可以预先填好的合同")
def proposal(query: ContractOrigin) -> ContractProposal:
    """平台已经知道的内容；proposed 里的几项只是推测，请核对。"""
    session, user = db.session, signed_in()
    if query.award is not None:
        award = contracting.find_accepted(session, user, query.award)
        found = begin.award_proposal(session, user, award)
    else:
        talks = None
        if query.introduction is not None:
            talks = finding.find_introduction(session, user, query.introduction)
        found = begin.proposal(session, user, talks, query.own_side)
    draft, _ = service.readable(found.values)
    return text_answers.proposal(draft, found.proposed)


@operations.post("/contracts", "contract_forms.new", "起草合同", status=201)
def create(
    body: Annotated[Mapping[str, Any], Shape(NewContract)], key: str
) -> ContractStand:
    """由对接或揭榜项目起草的，写 introduction 或 award；一次对接只有一份草稿。"""
    user, origin = signed_in(), parse(ContractOrigin, body)
    if origin.award is not None:
        contracting.find_accepted(db.session, user, origin.award)
    contract = begin.create_contract(
        db.session,
        user,
        service.read_form(body),
        introduction_id=origin.introduction,
        award_id=origin.award,
        own_side=origin.own_side,
        form_key=key,
        now=utcnow(),
    )
    return stand(contract.id)


@operations.put("/contracts/<int:contract_id>", "contract_forms.edit", "修改合同")
def edit(
    contract_id: int,
    body: Annotated[Mapping[str, Any], Shape(ContractBody)],
    version: int,
) -> ContractStand:
    """任何改动之后，双方都要重新确认。没有写出的项按空白处理。"""
    user, session = signed_in(), db.session
    contract = finding.find_contract(session, user, contract_id)
    policies.require(user, "contract.edit", contract)
    service.require_editable(contract)
    data = service.read_form(body, contract)
    service.edit_contract(
        session, user, contract_id, data, version=version, now=utcnow()
    )
    return stand(contract_id)


@operations.post(
    "/contracts/<int:contract_id>/amendments",
    "contract_forms.amend",
    "登记变更",
    status=201,
)
def amend(
    contract_id: int, body: Annotated[Mapping[str, Any], Shape(AmendmentBody)]
) -> ContractStand:
    """写出变更后的全部内容，没有写出的项按空白处理。"""
    user, session, now = signed_in(), db.session, utcnow()
    contract = finding.find_contract(session, user, contract_id)
    policies.require(user, "contract.register", contract)
    context = registering.context(session, user, contract_id, labels.today(now))
    amendments.amend(
        session,
        user,
        contract_id,
        service.read_form(body, contract),
        parse(AmendmentInput, body, context),
        seen=body["seen"],
        now=now,
    )
    return stand(contract_id)
