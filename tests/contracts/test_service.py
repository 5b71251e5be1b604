"""Drafting, confirming, signing: who may, in which order, and what follows."""

from datetime import date

import pytest
from sqlalchemy import select

from matchmaker.contracts import (
    begin,
    confirming,
    finding,
    parties,
    registering,
    service,
    text,
)
from matchmaker.contracts.steps.schema import (
    ConfirmationFor,
    Signing,
    Voiding,
)
from matchmaker.errors import Conflict, Forbidden, Invalid, NotFound
from matchmaker.schema import parse
from models import Contract, History, Introduction, Mail, Notice
from models.states import ContractState, IntroductionStatus, Role

from ..conftest import NOW
from .conftest import TODAY, recognition, seen
from .forms import typed


def state_of(session, introduction_id) -> IntroductionStatus:
    session.expire_all()
    return session.get(Introduction, introduction_id).status


def told(session, user) -> list[str]:
    query = select(Notice.kind).where(Notice.user_id == user.id).order_by(Notice.id)
    return list(session.scalars(query))


def test_a_draft_from_talks_is_of_both_sides_and_moves_the_talks(
    session, deal, drafted
):
    contract = drafted()
    assert contract.state is ContractState.DRAFT
    assert contract.code == f"HT2026-{contract.id:06d}"
    assert contract.buyer_id == deal.buyer.organisation_id
    assert contract.seller_id == deal.seller.organisation_id
    assert contract.achievement_id == deal.introduction.achievement_id
    assert [line.amount_fen for line in contract.payments] == [50_000_000, 70_000_000]
    assert state_of(session, deal.introduction.id) is IntroductionStatus.DRAFTING
    assert "contract_drafted" in told(session, deal.seller)
    assert "contract_drafted" not in told(session, deal.buyer)


def test_the_same_talks_have_one_draft(session, deal, drafted):
    contract = drafted()
    with pytest.raises(Conflict, match=r"^contract\.draft_exists"):
        begin.create_contract(
            session,
            deal.seller,
            service.read_form(typed()),
            introduction_id=deal.introduction.id,
            form_key="other",
            now=NOW,
        )
    again = drafted()
    assert again.id == contract.id, "the same form sent twice is one contract"


def test_nobody_begins_a_contract_from_talks_of_others(session, deal):
    with pytest.raises(NotFound):
        begin.create_contract(
            session,
            deal.outsider,
            service.read_form(typed()),
            introduction_id=deal.introduction.id,
            form_key="x",
            now=NOW,
        )


@pytest.mark.parametrize("status", ["waiting", "failed", "signed"])
def test_talks_that_are_not_on_have_no_contract(session, make, deal, status):
    failed = {"failed_code": "price"} if status == "failed" else {}
    talks = make.introduction(
        make.need(organisation_id=deal.buyer.organisation_id), status=status, **failed
    )
    with pytest.raises(Conflict, match=r"^introduction\.not_talking"):
        finding.find_introduction(session, deal.buyer, talks.id)


def test_a_party_begins_without_talks_and_the_other_is_found_by_its_code(session, deal):
    contract = begin.create_contract(
        session,
        deal.seller,
        service.read_form(typed(buyer_name="湘江储能公司（总部）")),
        own_side="seller",
        form_key="x",
        now=NOW,
    )
    assert contract.buyer_id == deal.buyer.organisation_id
    assert contract.seller_id == deal.seller.organisation_id


def test_a_party_that_begins_says_on_which_side_it_stands(session, deal):
    with pytest.raises(Invalid) as refusal:
        begin.create_contract(
            session, deal.seller, service.read_form(typed()), form_key="x", now=NOW
        )
    assert "own_side" in refusal.value.fields


def test_nobody_concludes_with_itself(session, deal):
    form = typed(buyer_name="岳麓大学", buyer_code="")
    with pytest.raises(Invalid):
        begin.create_contract(
            session,
            deal.seller,
            service.read_form(form),
            own_side="seller",
            form_key="x",
            now=NOW,
        )


def test_both_confirm_the_same_text_before_it_is_signed(session, deal, drafted):
    contract = drafted()
    signing = parse(
        Signing,
        {"seen": text.mark(contract), "signed_on": "2026-11-20"},
        {"today": TODAY},
    )
    confirming.confirm(session, deal.buyer, contract.id, seen(contract), now=NOW)
    with pytest.raises(Conflict, match=r"^contract\.unconfirmed"):
        registering.sign(session, deal.buyer, contract.id, signing, now=NOW)
    confirming.confirm(session, deal.seller, contract.id, seen(contract), now=NOW)
    assert "contract_to_sign" in told(session, deal.buyer)
    registering.sign(session, deal.buyer, contract.id, signing, now=NOW)
    assert contract.state is ContractState.SIGNED
    assert contract.signed_on == date(2026, 11, 20)
    assert state_of(session, deal.introduction.id) is IntroductionStatus.SIGNED


def test_every_edit_empties_both_confirmations(session, deal, drafted):
    contract = drafted()
    before = seen(contract)
    confirming.confirm(session, deal.buyer, contract.id, before, now=NOW)
    service.edit_contract(
        session,
        deal.seller,
        contract.id,
        service.read_form(with_lines(contract, technology="90万元")),
        seen=text.mark(contract),
        now=NOW,
    )
    assert not parties.confirmed(contract, "buyer")
    assert contract.buyer_confirmed_by_id is None
    assert "contract_reopened" in told(session, deal.buyer)
    with pytest.raises(Conflict, match="changed_since_read"):
        confirming.confirm(session, deal.buyer, contract.id, before, now=NOW)


def with_lines(contract: Contract, **given):
    """The form again with the numbers of the lines it has."""
    return typed(plan_id=[str(line.id) for line in contract.payments], **given)


def test_saving_without_a_change_leaves_the_confirmations(session, deal, drafted):
    contract = drafted()
    confirming.confirm(session, deal.buyer, contract.id, seen(contract), now=NOW)
    data = service.read_form(with_lines(contract))
    mark = text.mark(contract)
    service.edit_contract(session, deal.seller, contract.id, data, seen=mark, now=NOW)
    assert parties.confirmed(contract, "buyer")


def test_the_second_to_save_is_told_and_nothing_is_overwritten(session, deal, drafted):
    contract = drafted()
    opened = text.mark(contract)
    first = service.read_form(with_lines(contract, technology="90万元"))
    service.edit_contract(
        session, deal.seller, contract.id, first, seen=opened, now=NOW
    )
    second = service.read_form(with_lines(contract, technology="80万元"))
    with pytest.raises(Conflict, match="stale"):
        service.edit_contract(
            session, deal.buyer, contract.id, second, seen=opened, now=NOW
        )
    session.expire_all()
    assert contract.technology_fen == 90_000_000


def test_a_text_with_gaps_is_not_confirmed(session, deal, drafted):
    contract = drafted(buyer_phone="", plan_amount=["50万元", "60万元"])
    assert service.todo(contract).keys() == {"buyer_phone", "plan"}
    with pytest.raises(Conflict, match=r"^contract\.incomplete"):
        confirming.confirm(session, deal.buyer, contract.id, seen(contract), now=NOW)


def test_staff_confirm_only_for_a_party_that_is_not_here(session, deal, drafted):
    contract = drafted()
    given = {
        "side": "seller",
        "words": "收到加盖公章的确认函",
        "seen": text.mark(contract),
    }
    with pytest.raises(Conflict, match=r"^contract\.party_is_here"):
        confirming.confirm_for(
            session, deal.staff, contract.id, parse(ConfirmationFor, given), now=NOW
        )
    outside = begin.create_contract(
        session,
        deal.buyer,
        service.read_form(
            typed(seller_name="外地研究所", seller_code="1210000040001234A7")
        ),
        own_side="buyer",
        form_key="y",
        now=NOW,
    )
    assert outside.seller_id is None
    given["seen"] = text.mark(outside)
    confirming.confirm_for(
        session, deal.staff, outside.id, parse(ConfirmationFor, given), now=NOW
    )
    assert outside.seller_confirmed_words == "收到加盖公章的确认函"
    with pytest.raises(Forbidden):
        confirming.confirm_for(
            session, deal.buyer, outside.id, parse(ConfirmationFor, given), now=NOW
        )


def test_a_reader_or_outsider_confirms_nothing(session, make, deal, drafted):
    contract = drafted()
    reader = make.user(organisation_id=deal.buyer.organisation_id, org_role="reader")
    with pytest.raises(Forbidden):
        confirming.confirm(session, reader, contract.id, seen(contract), now=NOW)
    with pytest.raises(NotFound):
        confirming.confirm(session, deal.outsider, contract.id, seen(contract), now=NOW)


def test_a_draft_given_up_gives_the_talks_back(session, deal, drafted):
    contract = drafted()
    registering.void(
        session, deal.seller, contract.id, Voiding(words="先不签了"), now=NOW
    )
    assert contract.state is ContractState.VOID
    assert state_of(session, deal.introduction.id) is IntroductionStatus.TALKING
    again = begin.create_contract(
        session,
        deal.seller,
        service.read_form(typed()),
        introduction_id=deal.introduction.id,
        form_key="again",
        now=NOW,
    )
    assert again.id != contract.id


def test_what_is_signed_is_voided_by_staff_alone(session, deal, reached):
    contract = reached(ContractState.SIGNED)
    with pytest.raises(Conflict, match=r"^contract\.staff_voids"):
        registering.void(
            session, deal.buyer, contract.id, Voiding(words="反悔了"), now=NOW
        )
    registering.void(
        session, deal.staff, contract.id, Voiding(words="双方书面解除"), now=NOW
    )
    assert contract.state is ContractState.VOID


def test_recognition_keeps_number_day_and_the_sum_the_office_fixed(
    session, deal, reached
):
    contract = reached(ContractState.SUBMITTED)
    context = registering.context(session, deal.staff, contract.id, TODAY)
    registering.recognise(
        session,
        deal.staff,
        contract.id,
        recognition(context, technology="88.5万元"),
        now=NOW,
    )
    assert contract.counts
    assert contract.technology_fen == 88_500_000
    assert contract.registration_number == "2026430104000001"
    assert {"contract_recognised"} <= set(told(session, deal.seller))
    rows = session.scalars(
        select(History).where(History.action == "contract.recognised")
    ).all()
    assert rows[0].changes["technology_fen"] == [100_000_000, 88_500_000]


def test_two_contracts_do_not_bear_one_number(session, make, deal, reached):
    make.contract(
        state=ContractState.RECOGNISED,
        registration_number="2026430104000001",
        recognised_on=TODAY,
    )
    contract = reached(ContractState.SUBMITTED)
    context = registering.context(session, deal.staff, contract.id, TODAY)
    with pytest.raises(Invalid) as refusal:
        registering.recognise(
            session, deal.staff, contract.id, recognition(context), now=NOW
        )
    assert "已登记在合同" in refusal.value.fields["registration_number"]
    session.expire_all()
    assert contract.state is ContractState.SUBMITTED


def test_letters_name_the_contract_by_its_number_only(session, deal, reached):
    contract = reached(ContractState.RECOGNISED)
    letters = session.scalars(select(Mail)).all()
    to_seller = [one for one in letters if one.recipient == deal.seller.email]
    assert {one.facts["title"] for one in to_seller} >= {
        "有一份合同草稿请您核对",
        "合同已认定登记",
    }
    for one in letters:
        assert contract.code in one.facts["words"]
        assert contract.name not in str(one.facts)
        assert one.recipient != deal.outsider.email


def test_only_staff_register(session, deal, reached):
    contract = reached(ContractState.SUBMITTED)
    context = registering.context(session, deal.staff, contract.id, TODAY)
    for user in (deal.buyer, deal.seller):
        with pytest.raises(Forbidden):
            registering.recognise(
                session, user, contract.id, recognition(context), now=NOW
            )


def test_a_manager_of_the_talks_edits_and_confirms_nothing(
    session, make, deal, drafted
):
    manager = make.user(Role.MANAGER)
    contract = drafted()
    contract_row = session.get(Contract, contract.id)
    contract_row.manager_id = manager.id
    session.commit()
    data = service.read_form(with_lines(contract, technology="90万元"))
    mark = text.mark(contract)
    service.edit_contract(session, manager, contract.id, data, seen=mark, now=NOW)
    assert contract.technology_fen == 90_000_000
    with pytest.raises(Forbidden):
        confirming.confirm(session, manager, contract.id, seen(contract), now=NOW)
