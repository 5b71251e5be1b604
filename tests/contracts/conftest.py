"""Two parties that talk, and a contract of theirs in any state."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from matchmaker.contracts import (
    begin,
    confirming,
    registering,
    service,
    text,
)
from matchmaker.contracts.steps.schema import (
    Confirmation,
    Recognition,
    Signing,
    Submission,
)
from matchmaker.schema import parse
from models import Contract, User, fields
from models.states import (
    ContractState,
    IntroductionStatus,
    OrganisationKind,
    Role,
)

from ..conftest import NOW
from .forms import CODES, typed

TODAY = NOW.date()
SIGNED = date(2026, 11, 20)


@dataclass(frozen=True)
class Deal:
    """A firm that asks, a university that offers, and their talks."""

    buyer: User
    seller: User
    staff: User
    outsider: User
    introduction: Any


@pytest.fixture
def deal(make) -> Deal:
    fields.refresh(make.session)  # as every request does
    make.session.rollback()
    firm = make.organisation(name="湘江储能公司", credit_code=CODES["buyer"])
    college = make.organisation(
        name="岳麓大学", kind=OrganisationKind.UNIVERSITY, credit_code=CODES["seller"]
    )
    need = make.need(organisation_id=firm.id)
    achievement = make.achievement(organisation_id=college.id)
    return Deal(
        buyer=make.user(organisation_id=firm.id, name="买方经办"),
        seller=make.user(Role.UNIVERSITY, organisation_id=college.id, name="卖方经办"),
        staff=make.staff(),
        outsider=make.user(),
        introduction=make.introduction(
            need, achievement, status=IntroductionStatus.TALKING
        ),
    )


@pytest.fixture
def drafted(session: Session, deal: Deal) -> Callable[..., Contract]:
    """A complete draft of the two; its form may be changed."""

    def make_draft(**given: Any) -> Contract:
        return begin.create_contract(
            session,
            deal.buyer,
            service.read_form(typed(**given)),
            introduction_id=deal.introduction.id,
            form_key="form",
            now=NOW,
        )

    return make_draft


def seen(contract: Contract) -> Confirmation:
    return Confirmation(seen=text.mark(contract))


@pytest.fixture
def reached(session: Session, deal: Deal, drafted) -> Callable[..., Contract]:
    """A contract that went all the way to a state."""

    def go(state: ContractState, **given: Any) -> Contract:
        contract = drafted(**given)
        if state is ContractState.DRAFT:
            return contract
        for user in (deal.buyer, deal.seller):
            confirming.confirm(session, user, contract.id, seen(contract), now=NOW)
        mark = {"seen": text.mark(contract), "signed_on": SIGNED.isoformat()}
        signing = parse(Signing, mark, {"today": TODAY})
        registering.sign(session, deal.buyer, contract.id, signing, now=NOW)
        if state is ContractState.SIGNED:
            return contract
        context = registering.context(session, deal.staff, contract.id, TODAY)
        form = {"office": "长沙市技术合同认定登记处", "submitted_on": "2026-11-21"}
        registering.submit(
            session, deal.seller, contract.id, parse(Submission, form, context), now=NOW
        )
        if state is ContractState.SUBMITTED:
            return contract
        assert state is ContractState.RECOGNISED
        registering.recognise(
            session, deal.staff, contract.id, recognition(context), now=NOW
        )
        return contract

    return go


def recognition(context: dict[str, Any], **given: str) -> Recognition:
    form = {
        "registration_number": "2026430104000001",
        "recognised_on": "2026-11-22",
        "technology": "100万元",
    }
    return parse(Recognition, form | given, context)
