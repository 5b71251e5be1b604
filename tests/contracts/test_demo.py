"""Demonstration contracts go whole; real ones stay and name nothing that is gone."""

from sqlalchemy import func, select

from matchmaker.demo import removal
from models import Attachment, Contract, Payment, Receipt, User
from models.states import OrganisationKind, PaymentTrigger, Role


def counts(session) -> dict[str, int]:
    tables = (Contract, Payment, Receipt, Attachment)
    return {
        table.__tablename__: session.scalar(select(func.count(table.id))) or 0
        for table in tables
    }


def test_a_demonstration_contract_goes_with_its_files_and_payments(session, make):
    contract = make.contract(is_demo=True)
    proof = make.attachment(contract)
    line = make.payment(
        contract, trigger=PaymentTrigger.TEST_PASSED, proof_id=proof.id, due_on=None
    )
    make.receipt(contract, payment_id=line.id)
    talks = make.introduction(is_demo=True)
    make.attachment(talks)
    kept = make.contract()
    make.attachment(kept)
    removal.remove(session, now=make.now)
    assert counts(session) == {
        "contracts": 1,
        "contract_payments": 0,
        "contract_receipts": 0,
        "attachments": 1,
    }
    assert session.scalars(select(Contract.id)).one() == kept.id


def test_a_real_contract_outlives_the_demonstration_it_came_of(session, make):
    firm = make.organisation(is_demo=True)
    college = make.organisation(is_demo=True, kind=OrganisationKind.UNIVERSITY)
    manager = make.user(Role.MANAGER, organisation_id=firm.id, is_demo=True)
    need = make.need(organisation_id=firm.id, is_demo=True)
    achievement = make.achievement(organisation_id=college.id, is_demo=True)
    talks = make.introduction(need, achievement, is_demo=True)
    contract = make.contract(
        introduction_id=talks.id,
        need_id=need.id,
        achievement_id=achievement.id,
        buyer_id=firm.id,
        seller_id=college.id,
        manager_id=manager.id,
    )
    removal.remove(session, now=make.now)
    session.expire_all()
    assert (contract.need_id, contract.achievement_id) == (None, None)
    assert contract.introduction_id is None
    assert contract.buyer_id == firm.id
    assert session.get(User, manager.id) is not None
