"""Contracts through the pages: a form that fills itself, every step, refusals."""

import io
import re
from html import unescape

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from matchmaker.contracts import export, listing
from models import Contract, Need, Payment, Receipt
from models.states import ContractState, NeedStatus

from ..search.test_lists import counted
from ..walk import forms
from .forms import typed

MOST_QUERIES = 20


@pytest.fixture(autouse=True)
def today_is_the_day_of_the_tests(monkeypatch):
    """The pages' own clock; so that «today» is what the records say."""
    from ..conftest import NOW

    monkeypatch.setattr("matchmaker.contracts.web.utcnow", lambda: NOW)


def form_at(client, path: str, action: str) -> dict[str, str]:
    """The hidden and filled fields of the form of a page that goes to ``action``."""
    page = client.get(path)
    assert page.status_code == 200, page.status_code
    found = next(form for form in forms(page.text) if form.action == action)
    return dict(found.values)


def take(client, contract_id: int, step: str, **given):
    """Take a step as its form on the page does."""
    action = f"/contracts/{contract_id}/{step}"
    data = form_at(client, f"/contracts/{contract_id}", action) | given
    return client.post(action, data=data)


def test_from_talks_to_recognition_through_the_pages(session, login, deal):
    buyer, seller = login(deal.buyer), login(deal.seller)
    staff = login(deal.staff)
    new = f"/contracts/new?introduction={deal.introduction.id}"
    page = buyer.get(new)
    assert "还需填写" in page.text
    assert "平台建议，请核对" in page.text
    form = typed(introduction=str(deal.introduction.id), form_key="k")
    answer = buyer.post("/contracts/new", data=form)
    assert answer.status_code == 303
    session.rollback()
    contract = session.scalars(select(Contract)).one()
    place = f"/contracts/{contract.id}"
    assert answer.location == place
    for client in (buyer, seller):
        assert take(client, contract.id, "confirm").status_code == 303
    assert take(buyer, contract.id, "sign", signed_on="2026-11-20").status_code == 303
    submitted = {"office": "长沙市技术合同认定登记处", "submitted_on": "2026-11-21"}
    assert "登记提交" not in buyer.get(place).text.replace("登记提交。", "")
    assert take(seller, contract.id, "submit", **submitted).status_code == 303
    assert (
        take(staff, contract.id, "correct", words="请补充技术附件").status_code == 303
    )
    assert "请补充技术附件" in seller.get(place).text
    assert take(seller, contract.id, "submit", **submitted).status_code == 303
    recognised = {
        "registration_number": "2026 4301 0400 0001",
        "recognised_on": "2026-11-22",
        "technology": "95万元",
    }
    assert take(staff, contract.id, "recognise", **recognised).status_code == 303
    session.rollback()
    assert contract.state is ContractState.RECOGNISED
    assert contract.registration_number == "2026430104000001"
    page = buyer.get(place).text
    assert "已计入 2026 年成交额" in page
    assert "标记为已解决" in page
    assert "标记为已转化" in seller.get(place).text


def test_the_owner_marks_the_need_solved_and_nobody_else(session, login, deal, reached):
    reached(ContractState.SIGNED)
    place = f"/needs/{deal.introduction.need_id}/solved"
    assert login(deal.seller).post(place).status_code == 403
    assert login(deal.buyer).post(place).status_code == 303
    session.rollback()
    need = session.get(Need, deal.introduction.need_id, populate_existing=True)
    assert need.status is NeedStatus.SOLVED


@pytest.mark.parametrize(
    ("given", "name", "words"),
    [
        ({"total": "-5"}, "total", "不能是负数"),
        ({"total": "1e9"}, "total", "科学计数法"),
        ({"total": "1200000"}, "total", "没有写单位"),
        ({"technology": "130万元"}, "technology", "不能超过合同成交额"),
        ({"ends_on": "2026-10-01"}, "ends_on", "不能早于开始日期"),
        ({"buyer_code": "91110000600037341X"}, "buyer_code", "校验位不对"),
        ({"buyer_code": "12100000400012347X"}, "seller_code", "不能是同一家"),
        ({"subtype": "licence_patent"}, "subtype", "不一致"),
        (
            {"plan_amount": ["五十万", "七十"], "plan_rate": ["3", ""]},
            "plan",
            "第 1 行",
        ),
        ({"buyer_phone": "没有"}, "buyer_phone", "完整的电话"),
    ],
)
def test_what_is_wrong_is_named_at_its_field(login, deal, given, name, words):
    form = typed(introduction=str(deal.introduction.id), form_key="k", **given)
    answer = login(deal.buyer).post("/contracts/new", data=form)
    assert answer.status_code == 422
    assert words in unescape(answer.text)
    assert f'href="#{name.replace(".", "-")}"' in answer.text
    assert 'value="储能电站热失控预警系统开发合同"' in answer.text, "nothing is lost"


@pytest.mark.parametrize(
    ("total", "fen"),
    [
        ("1,200万元", 1_200_000_000),
        ("壹仟贰佰万", 1_200_000_000),
        ("1.2亿", 12_000_000_000),
        ("1200000元", 120_000_000),
    ],
)
def test_amounts_are_read_as_people_write_them(session, login, deal, total, fen):
    form = typed(introduction=str(deal.introduction.id), form_key="k", total=total)
    assert login(deal.buyer).post("/contracts/new", data=form).status_code == 303
    session.rollback()
    assert session.scalars(select(Contract.total_fen)).one() == fen


def test_two_who_edit_are_shown_the_difference(session, login, deal, drafted):
    contract = drafted()
    place = f"/contracts/{contract.id}/edit"
    opened = {
        user: form_at(login(user), place, place) for user in (deal.buyer, deal.seller)
    }
    lines = [str(line.id) for line in contract.payments]
    session.rollback()

    def save(user, **given):
        kept = {name: opened[user][name] for name in ("seen", "base")}
        form = typed(plan_id=lines, **given)
        for name, value in kept.items():
            form.setlist(name, [value])
        return login(user).post(place, data=form)

    assert save(deal.buyer, technology="90万元").status_code == 303
    other = {"content": "含现场调试。", "plan_source": "outside"}
    answer = save(deal.seller, technology="80万元", **other)
    assert answer.status_code == 409
    page = unescape(answer.text)
    assert "90万元" in page
    assert "80万元" in page
    assert "两边都改过" in page
    [merge] = [form for form in forms(answer.text) if form.action == place]
    chosen = [*merge.values, ("action", "merge")]
    # No column of the plan, though its name begins like one.
    assert ("plan_source", "outside") in chosen
    assert [value for name, value in chosen if name == "plan_id"] == lines
    form = login(deal.seller).post(place, data=dict_of(chosen))
    assert form.status_code == 200
    assert 'value="90万元"' in form.text or 'value="80万元"' in form.text
    assert "含现场调试。" in form.text


def dict_of(pairs):
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def test_a_reported_condition_comes_with_its_proof(session, login, deal, reached):
    contract = reached(ContractState.SIGNED)
    line = contract.payments[1]
    client = login(deal.seller)
    answer = client.post(
        f"/contracts/{contract.id}/report",
        data={
            "payment_id": str(line.id),
            "happened_on": "2026-11-22",
            "proof": (io.BytesIO("验收单 合格\n".encode()), "验收单.txt"),
        },
    )
    assert answer.status_code == 303
    session.rollback()
    line = session.get(Payment, line.id, populate_existing=True)
    assert line.proof.name == "验收单.txt"
    page = login(deal.buyer).get(f"/contracts/{contract.id}").text
    assert "验收单.txt" in page
    assert "已逾期" in page
    refused = client.post(f"/attachments/{line.proof_id}/remove-from-deal")
    assert refused.status_code == 409


def test_a_file_that_cannot_be_taken_reports_nothing(session, login, deal, reached):
    contract = reached(ContractState.SIGNED)
    line = contract.payments[1]
    answer = login(deal.seller).post(
        f"/contracts/{contract.id}/report",
        data={
            "payment_id": str(line.id),
            "happened_on": "2026-11-22",
            "proof": (io.BytesIO(b"MZ\x90\x00"), "a.exe"),
        },
    )
    assert answer.status_code == 422
    session.rollback()
    assert session.get(Payment, line.id, populate_existing=True).happened_on is None


def test_money_that_arrived_is_apart_from_the_contract_sum(
    session, login, deal, reached
):
    contract = reached(ContractState.SIGNED)
    seller, place = login(deal.seller), f"/contracts/{contract.id}"
    first = contract.payments[0]
    too_much = {"payment_id": str(first.id), "amount": "60万元"}
    day = {"received_on": "2026-11-22"}
    refused = seller.post(f"{place}/receive", data=too_much | day)
    assert refused.status_code == 422
    assert "还应到账" in refused.text
    arrived = {"payment_id": str(first.id), "amount": "500000元"} | day
    assert seller.post(f"{place}/receive", data=arrived).status_code == 303
    assert login(deal.buyer).post(f"{place}/receive", data=arrived).status_code == 409
    page = seller.get(place).text
    assert "已付清" in page
    session.rollback()
    assert contract.total_fen == 120_000_000
    receipt = session.scalars(select(Receipt)).one()
    back = {"receipt_id": str(receipt.id)}
    assert seller.post(f"{place}/take-back", data=back).status_code == 303
    session.rollback()
    assert session.scalars(select(Receipt)).all() == []


def test_a_recognised_contract_changes_only_by_amendment(session, login, deal, reached):
    contract = reached(ContractState.RECOGNISED)
    staff, place = login(deal.staff), f"/contracts/{contract.id}"
    assert login(deal.buyer).get(f"{place}/edit").status_code == 409
    assert login(deal.buyer).get(f"{place}/amend").status_code == 403
    seen = form_at(staff, f"{place}/amend", f"{place}/amend")["seen"]
    lines = [str(line.id) for line in contract.payments]
    form = typed(
        plan_id=lines,
        total="150万元",
        plan_amount=["50万元", "100万元"],
        seen=seen,
        amended_on="2026-11-23",
        reason="增加现场调试",
    )
    assert staff.post(f"{place}/amend", data=form).status_code == 303
    session.rollback()
    assert contract.state is ContractState.AMENDED
    assert contract.total_fen == 150_000_000
    [amendment] = contract.amendments
    assert amendment.changes["total_fen"] == [120_000_000, 150_000_000]
    page = unescape(login(deal.buyer).get(place).text)
    assert "第 1 次变更" in page
    assert "120 万元" in page
    cancelled = {"cancelled_on": "2026-11-23", "words": "重复登记"}
    assert take(staff, contract.id, "cancel", **cancelled).status_code == 303
    session.rollback()
    assert not contract.counts


def test_what_a_file_brought_is_not_lost_by_an_amendment(session, make, login):
    """A word out of use, and a region more exact than the form offers."""
    entry = make.entry(dictionary="plan_source", code="old", active=False)
    contract = make.contract(
        source="imported",
        state=ContractState.RECOGNISED,
        plan_source=entry.code,
        seller_region="430304",
    )
    staff, place = login(make.staff()), f"/contracts/{contract.id}/amend"
    values = form_at(staff, place, place)
    assert values["plan_source"] == "old"
    assert values["seller_region"] == "430304"
    given = {"content": "补充说明", "reason": "补录", "amended_on": "2026-11-23"}
    assert staff.post(place, data=values | given).status_code == 303
    session.rollback()
    assert (contract.plan_source, contract.seller_region) == ("old", "430304")
    assert contract.content == "补充说明"
    [amendment] = contract.amendments
    assert set(amendment.changes) == {"content"}
    other = form_at(staff, place, place) | given | {"seller_region": "990000"}
    assert staff.post(place, data=other).status_code == 422


def test_the_registration_form_is_a_page_and_a_workbook(login, deal, reached):
    contract = reached(ContractState.RECOGNISED, content="=cmd|' /C calc'!A0")
    client, place = login(deal.buyer), f"/contracts/{contract.id}"
    page = unescape(client.get(f"{place}/registration").text)
    for words in (
        "技术合同登记表",
        "新能源与高效节能",
        "人民币壹佰贰拾万元整",
        "制造业",
    ):
        assert words in page
    answer = client.post(f"{place}/registration.xlsx")
    assert answer.status_code == 200
    sheet = load_workbook(io.BytesIO(answer.data)).active
    cells = {row[1]: row[2] for row in sheet.iter_rows(values_only=True)}
    assert cells["登记编号"] == "2026430104000001"
    assert cells["标的和内容"] == "'=cmd|' /C calc'!A0"
    assert cells["合同成交额"] == "1,200,000 元（人民币壹佰贰拾万元整）"


def test_the_list_is_of_ones_own_and_of_all_for_staff(make, login, deal, reached):
    reached(ContractState.SIGNED)
    make.contract(name="别家的合同", state=ContractState.RECOGNISED)
    mine = login(deal.buyer).get("/contracts/mine").text
    assert "储能电站热失控预警系统开发合同" in mine
    assert "别家的合同" not in mine
    assert login(deal.buyer).get("/contracts").status_code == 403
    everything = login(deal.staff).get("/contracts").text
    assert "别家的合同" in everything
    assert "储能电站热失控预警系统开发合同" in everything


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"甲", "乙", "丙"}),
        ("state=recognised", {"乙"}),
        ("type=licence&type=transfer", {"乙", "丙"}),
        ("year=2026", {"甲", "丙"}),
        ("year=2025&month=3", {"乙"}),
        ("flow=out", {"乙"}),
        ("flow=local", {"甲"}),
        ("flow=unknown", {"丙"}),
        ("region=110000", {"乙"}),
        ("region=430104", {"甲", "乙"}),
        ("kind=university", {"甲"}),
        ("least=150万元&most=300万元", {"甲"}),
        ("q=甲方", {"甲"}),
        ("source=imported", {"丙"}),
        ("field=energy", {"甲"}),
    ],
)
def test_filters_narrow_the_ledger(make, login, query, found):
    day = make.now.date()
    make.contract(name="甲", buyer_name="甲方公司", seller_kind="university",
                  technology_field="energy")  # fmt: skip
    make.contract(
        name="乙",
        type="licence",
        state=ContractState.RECOGNISED,
        signed_on=day.replace(year=2025, month=1),
        recognised_on=day.replace(year=2025, month=3),
        buyer_region="110000",
        total_fen=100_000_000,
        technology_fen=0,
    )
    make.contract(
        name="丙",
        type="transfer",
        seller_region=None,
        buyer_region="440000",
        source="imported",
        total_fen=500_000_000,
    )
    page = login(make.staff()).get(f"/contracts?{query}").text
    names = set(re.findall(r'data-label="合同"><a [^>]*>([^<]+)</a>', page))
    assert names == found


def test_a_filter_that_makes_no_sense_is_named_and_left_out(make, login):
    make.contract(name="甲")
    answer = login(make.staff()).get("/contracts?year=abc&least=-5&state=nothing")
    assert answer.status_code == 422
    assert "甲" in answer.text


def test_the_export_has_the_rows_of_the_list_and_no_formula(make, login, deal, reached):
    reached(ContractState.SIGNED, name='=HYPERLINK("x")合同')
    make.contract(name="别家的合同")
    answer = login(deal.seller).post("/contracts/export", data={"state": "signed"})
    sheet = load_workbook(io.BytesIO(answer.data)).active
    rows = list(sheet.iter_rows(values_only=True))
    assert len(rows) == 2
    assert rows[1][2] == '\'=HYPERLINK("x")合同'
    assert rows[1][6] == 120
    line = login(deal.seller).post("/contracts/export", data={"format": "csv"}).data
    assert line.startswith(b"\xef\xbb\xbf")
    assert "'=HYPERLINK(" in line.decode()
    staff = login(deal.staff).post("/contracts/export", data={})
    assert load_workbook(io.BytesIO(staff.data)).active.max_row == 3


def test_the_export_is_in_the_order_of_the_list(make, login):
    for total in (100, 300, 200):
        make.contract(name=f"{total} 元的合同", total_fen=total * 100, technology_fen=0)
    staff = login(make.staff())
    answer = staff.post("/contracts/export", data={"sort": "amount"})
    names = [cell.value for cell in load_workbook(io.BytesIO(answer.data)).active["C"]]
    assert names == ["合同名称", "300 元的合同", "200 元的合同", "100 元的合同"]


def test_an_export_that_is_cut_says_so(make, login, monkeypatch):
    monkeypatch.setattr(listing, "MOST_ROWS", 2)
    monkeypatch.setattr(export, "MOST_ROWS", 2)
    staff = login(make.staff())
    for number in range(3):
        make.contract()
        answer = staff.post("/contracts/export", data={"format": "csv"})
        lines = answer.data.decode("utf-8-sig").splitlines()
        assert ("最多列出 2 份" in lines[0]) is (number > 0)


def test_a_page_of_the_list_asks_a_fixed_number_of_questions(app, make, login):
    staff = login(make.staff())
    for _ in range(3):
        make.contract()
    staff.get("/contracts")
    with counted(app) as few:
        staff.get("/contracts")
    for _ in range(15):
        make.contract()
    with counted(app) as many:
        staff.get("/contracts")
    assert len(many) == len(few) <= MOST_QUERIES


def test_nobody_else_learns_of_a_contract(login, deal, reached):
    contract = reached(ContractState.RECOGNISED)
    client = login(deal.outsider)
    for path in ("", "/edit", "/amend", "/registration"):
        expected = 403 if path == "/amend" else 404
        answer = client.get(f"/contracts/{contract.id}{path}")
        assert answer.status_code in (404, expected)
        assert contract.name not in answer.text
    assert client.post(f"/contracts/{contract.id}/confirm").status_code == 404
