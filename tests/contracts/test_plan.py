"""The payment plan: what it must agree with, what is due, what waits for whom."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.contracts import (
    complete,
    confirming,
    service,
)
from matchmaker.contracts.plan import line_states, received_fen
from matchmaker.contracts.schema import ContractDraft
from matchmaker.errors import Invalid
from matchmaker.schema import parse
from matchmaker.work import service as work
from matchmaker.work.schema import WorkQuery
from models.states import ContractState, PaymentTrigger

from ..conftest import NOW
from ..factories import PERIODS
from .conftest import TODAY
from .forms import typed

WAN = 1_000_000
WHEN = work.moment(NOW, replace(PERIODS, notice_days=7))


def line(trigger: str = "signing", **given) -> dict[str, str]:
    return {"trigger": trigger} | given


def draft(manner: str, *lines, total: str = "100万元") -> ContractDraft:
    return parse(
        ContractDraft,
        {"name": "合同", "total": total, "payment_manner": manner, "plan": list(lines)},
    )


SHARE = line("sales", rate="3", base="产品销售额")


@pytest.mark.parametrize(
    ("manner", "lines", "words"),
    [
        ("lump_sum", [line(amount="100万元")], ""),
        ("lump_sum", [line(amount="50万元"), line(amount="50万元")], "一行"),
        ("lump_sum", [line(amount="90万元")], "合计 900,000 元"),
        ("instalments", [line(amount="40万元"), line(amount="60万元")], ""),
        ("instalments", [line(amount="100万元")], "两行以上"),
        ("royalty", [SHARE], ""),
        ("royalty", [line(amount="100万元")], "提成"),
        ("entry_royalty", [line(amount="20万元"), SHARE], ""),
        ("entry_royalty", [line(amount="120万元"), SHARE], "不能超过成交额"),
        ("entry_royalty", [SHARE], "入门费"),
        ("pay_after_use", [line("test_passed", amount="100万元")], ""),
        ("pay_after_use", [line("signing", amount="100万元")], "测试通过"),
        ("invest_then_share", [line("conversion", amount="100万元")], ""),
        ("invest_then_share", [line("signing", amount="100万元")], "转为股权"),
        ("lump_sum", [], "至少写一行"),
    ],
)
def test_the_plan_agrees_with_the_manner_and_the_sum(manner, lines, words):
    problem = complete.plan_problem(draft(manner, *lines))
    assert words in problem
    assert bool(problem) == bool(words)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (line(amount="1万元", rate="3", base="销售额"), "只填一个"),
        (line(), "只填一个"),
        (line(amount="0"), "须大于 0"),
        (line("sales", rate="3"), "按什么提成"),
        (line("sales", rate="0", base="销售额"), "0.01%"),
        (line("sales", rate="101", base="销售额"), "100%"),
        (line("sales", rate="三成", base="销售额"), "百分数"),
        (line("date", amount="1万元"), "请填写日期"),
        (line("moon", amount="1万元"), "请从所列选项中选择"),
    ],
)
def test_what_is_wrong_with_a_line_is_named_with_its_number(wrong, words):
    with pytest.raises(Invalid) as refusal:
        draft("instalments", line(amount="1万元"), wrong)
    assert refusal.value.fields["plan"].startswith("第 2 行")
    assert words in refusal.value.fields["plan"]


@given(st.lists(st.integers(1, 10**12), min_size=2, max_size=12))
def test_fixed_lines_add_up_to_the_fen(amounts):
    """Any split of the sum is taken; one 分 more or less is not."""
    total = sum(amounts)
    lines = [line(amount=f"{fen // 100}.{fen % 100:02}元") for fen in amounts]
    if total > 1000 * 10_000 * 10_000 * 100:
        return
    for change, fits in ((0, True), (1, False), (-1, False)):
        fen = total + change
        data = draft("instalments", *lines, total=f"{fen // 100}.{fen % 100:02}元")
        assert (complete.plan_problem(data) == "") is fits


def test_a_lump_sum_needs_no_line_written(session, deal, drafted):
    contract = drafted(payment_manner="lump_sum", plan_amount=["", ""])
    [only] = contract.payments
    assert (only.trigger, only.amount_fen) == (PaymentTrigger.SIGNING, 120 * WAN)


def test_a_line_keeps_its_row_and_one_with_money_cannot_go(
    session, deal, make, drafted
):
    contract = drafted()
    first, second = (one.id for one in contract.payments)
    make.receipt(contract, payment_id=first)
    session.refresh(contract)
    only_second = typed(
        plan_id=[str(second)],
        plan_trigger=["acceptance"],
        plan_amount=["120万元"],
        plan_rate=[""],
        plan_base=[""],
        plan_due_on=[""],
        plan_words=[""],
    )
    from matchmaker.contracts import text

    with pytest.raises(Invalid) as refusal:
        service.edit_contract(
            session,
            deal.buyer,
            contract.id,
            service.read_form(only_second),
            seen=text.mark(contract),
            now=NOW,
        )
    assert "不能删除" in refusal.value.fields["plan"]


def test_a_line_of_another_contract_is_not_taken(session, deal, make, drafted):
    other = make.payment(make.contract())
    contract = drafted(plan_id=[str(other.id), ""])
    assert other.id not in [one.id for one in contract.payments]
    session.refresh(other)
    assert other.contract_id != contract.id


def test_what_is_due_follows_the_trigger(session, make):
    contract = make.contract(signed_on=TODAY - timedelta(days=3))
    half = contract.total_fen // 4
    day = timedelta(days=1)
    kinds = [
        ({"trigger": "signing", "due_on": None}, "overdue"),
        ({"trigger": "date", "due_on": TODAY}, "due"),
        ({"trigger": "date", "due_on": TODAY + 9 * day}, "waiting"),
        ({"trigger": "listing", "due_on": None}, "waiting"),
        ({"trigger": "sales", "due_on": None, "happened_on": TODAY - day}, "overdue"),
    ]
    rows = [
        make.payment(contract, position=place, amount_fen=half, **given)
        for place, (given, _) in enumerate(kinds)
    ]
    session.refresh(contract)
    assert [one.state for one in line_states(contract, TODAY)] == [s for _, s in kinds]
    make.receipt(contract, payment_id=rows[0].id, amount_fen=half - 1)
    session.refresh(contract)
    assert line_states(contract, TODAY)[0].state == "overdue"
    make.receipt(contract, payment_id=rows[0].id, amount_fen=1)
    session.refresh(contract)
    assert line_states(contract, TODAY)[0].state == "paid"
    assert received_fen(contract) == half


def waiting(session, user) -> dict[str, int]:
    found = work.work_list(session, user, WorkQuery(), WHEN)
    return {source.name: number for source, number in found.counts.items() if number}


@pytest.mark.parametrize(
    ("given", "waits"),
    [
        ({"due_on": TODAY + timedelta(days=3)}, True),
        ({"due_on": TODAY - timedelta(days=30)}, True),
        ({"due_on": TODAY + timedelta(days=30)}, False),
        ({"trigger": "listing", "due_on": None}, False),
        ({"trigger": "listing", "due_on": None, "happened_on": TODAY}, True),
        ({"trigger": "signing", "due_on": None}, True),
        ({"due_on": TODAY, "rate_bp": 300}, True),
    ],
)
def test_what_is_owed_waits_for_both_sides(session, make, deal, given, waits):
    homes = {
        "buyer_id": deal.buyer.organisation_id,
        "seller_id": deal.seller.organisation_id,
    }
    contract = make.contract(state=ContractState.SUBMITTED, **homes)
    row = make.payment(contract, **given)
    assert waiting(session, deal.buyer).get("payments_to_make", 0) == int(waits)
    assert waiting(session, deal.seller).get("payments_to_get", 0) == int(waits)
    make.receipt(contract, payment_id=row.id, amount_fen=contract.total_fen)
    assert "payments_to_make" not in waiting(session, deal.buyer)


def test_a_draft_waits_then_its_confirmation_then_its_signature(session, deal, drafted):
    from .conftest import seen

    contract = drafted()
    assert waiting(session, deal.seller)["draft_contracts"] == 1
    confirming.confirm(session, deal.buyer, contract.id, seen(contract), now=NOW)
    assert waiting(session, deal.seller)["contracts_to_confirm"] == 1
    assert "contracts_to_confirm" not in waiting(session, deal.buyer)
    confirming.confirm(session, deal.seller, contract.id, seen(contract), now=NOW)
    assert waiting(session, deal.seller)["contracts_to_sign"] == 1
    assert waiting(session, deal.buyer)["contracts_to_sign"] == 1


def test_what_is_signed_waits_for_the_seller_and_what_is_submitted_for_staff(
    session, deal, reached
):
    contract = reached(ContractState.SIGNED)
    assert waiting(session, deal.seller)["contracts_to_submit"] == 1
    assert "contracts_to_submit" not in waiting(session, deal.buyer)
    contract.state = ContractState.SUBMITTED
    session.commit()
    assert waiting(session, deal.staff)["contracts_to_decide"] == 1


def test_what_has_no_seller_here_waits_for_staff(session, make, deal):
    home = deal.buyer.organisation_id
    make.contract(buyer_id=home)
    make.contract(buyer_id=home, state="draft", signed_on=None, buyer_confirmed_at=NOW)
    found = waiting(session, deal.staff)
    assert found["contracts_to_submit_for"] == 1
    assert found["contracts_to_confirm_for"] == 1
