"""Contracts for programs: drafted, confirmed, signed, recognised, paid, amended."""

from io import BytesIO

import pytest
from sqlalchemy import func, select

from matchmaker.contracts.words import PARTY_FORM
from models import ApiAnswer, Attachment, Contract, History, fields, transaction
from models.states import (
    ContractState,
    IntroductionStatus,
    OrganisationKind,
    PaymentTrigger,
    Role,
)

from ..contracts.forms import CODES, FIRM_ONLY, PARTY

pytestmark = pytest.mark.one_database

PHONE = PARTY["phone"]
TICKS = {"yes": True, "no": False}


def party(side, **given):
    known = PARTY | given
    return {f"{side}_{name}": TICKS.get(value, value) for name, value in known.items()}


def body(**given):
    """A complete contract as a program sends it: sums in 分, no words for numbers."""
    seller = party("seller", kind="university")
    for name in FIRM_ONLY:
        del seller[f"seller_{name}"]
    form = {
        "name": "储能电站热失控预警系统开发合同",
        "type": "development",
        "subtype": "development_commissioned",
        "starts_on": "2026-11-01",
        "ends_on": "2027-10-31",
        "field": "ES",
        "technology_field": "energy",
        "ip_kind": "patent",
        "plan_source": "outside",
        "is_related_deal": False,
        "total": 120_000_000,
        "technology": 100_000_000,
        "payment_manner": "instalments",
        "plan": [
            {"trigger": "signing", "amount": 50_000_000},
            {"trigger": "acceptance", "amount": 70_000_000},
        ],
        "buyer_name": "湘江储能公司",
        "buyer_code": CODES["buyer"],
        "seller_name": "岳麓大学",
        "seller_code": CODES["seller"],
    }
    return form | party("buyer") | seller | given


class Deal:
    """The programs of a firm, a university and the staff, and talks of the two."""

    def __init__(self, program, make):
        fields.refresh(make.session)  # as every request does
        make.session.rollback()
        firm = make.organisation(name="湘江储能公司", credit_code=CODES["buyer"])
        kind = OrganisationKind.UNIVERSITY
        college = make.organisation(
            name="岳麓大学", kind=kind, credit_code=CODES["seller"]
        )
        self.buyer = program(make.user(organisation_id=firm.id))
        self.seller = program(make.user(Role.UNIVERSITY, organisation_id=college.id))
        self.staff = program(make.staff())
        self.talks = make.introduction(
            make.need(organisation_id=firm.id),
            make.achievement(organisation_id=college.id),
            status=IntroductionStatus.TALKING,
        )

    def drafted(self, **given):
        sent = body(introduction=self.talks.id, **given)
        made = self.buyer.post("/contracts", json=sent)
        assert made.status_code == 201, made.text
        return f"/contracts/{made.json['id']}"

    def signed(self):
        place = self.drafted()
        for side in (self.buyer, self.seller):
            seen = {"seen": side.get(place).json["mark"]}
            assert side.post(f"{place}/confirm", json=seen).status_code == 200
        sent = seen | {"signed_on": "2026-11-20"}
        assert self.buyer.post(f"{place}/sign", json=sent).json["state"] == "signed"
        return place

    def recognised(self):
        place = self.signed()
        office = {"office": "长沙市技术合同认定登记处", "submitted_on": "2026-11-21"}
        assert self.seller.post(f"{place}/submit", json=office).status_code == 200
        decision = {
            "registration_number": "2026430104000001",
            "recognised_on": "2026-11-22",
            "technology": 100_000_000,
        }
        done = self.staff.post(f"{place}/recognise", json=decision)
        assert done.json["state"] == "recognised", done.text
        return place


@pytest.fixture
def deal(program, make):
    return Deal(program, make)


def pointers(answer):
    assert answer.status_code == 422, answer.text
    return [one["pointer"] for one in answer.json["errors"]]


def test_a_contract_goes_from_its_draft_to_the_ledger(deal):
    place = deal.recognised()
    whole = deal.seller.get(place).json
    assert (whole["total"], whole["technology"]) == (120_000_000, 100_000_000)
    assert [one["amount"] for one in whole["plan"]] == [50_000_000, 70_000_000]
    assert [one["side"] for one in whole["confirmations"]] == ["buyer", "seller"]
    ledger = deal.staff.get("/contracts?cut=counted:2026&type=development").json
    assert [one["id"] for one in ledger["items"]] == [whole["id"]]
    assert ledger["counted_fen"] == 120_000_000
    assert ledger["states"] == {"recognised": 1}
    assert deal.staff.get("/contracts?least=120000001").json["total"] == 0
    assert deal.buyer.get("/contracts/mine").json["total"] == 1
    talks = deal.buyer.get(f"/introductions/{deal.talks.id}").json
    assert [one["state"] for one in talks["contracts"]] == ["recognised"]
    assert talks["status"] == "signed"


def test_what_was_read_may_be_sent_back(deal):
    place = deal.drafted()
    read = deal.buyer.get(place)
    sent = {name: read.json[name] for name in body()}
    names = ("id", "trigger", "amount", "rate", "base", "due_on", "words")
    sent["plan"] = [{name: one[name] for name in names} for one in read.json["plan"]]
    for side in ("buyer", "seller"):
        sent |= {f"{side}_{name}": read.json[f"{side}_{name}"] for name in PARTY_FORM}
    match = {"If-Match": read.headers["ETag"]}
    same = deal.buyer.put(place, json=sent, headers=match)
    assert (same.status_code, same.json["mark"]) == (200, read.json["mark"])
    changed = deal.seller.put(
        place, json=sent | {"name": "改过名称的开发合同"}, headers=match
    )
    assert changed.json["name"] == "改过名称的开发合同"
    late = deal.buyer.put(place, json=sent, headers=match)
    assert (late.status_code, late.json["code"]) == (412, "api.stale")
    assert deal.buyer.put(place, json=sent).status_code == 428


def test_what_is_missing_is_named_and_hinders_the_signing(deal):
    place = deal.drafted(total=None, technology=None, plan=[])
    stand = deal.buyer.get(place).json
    assert {"total", "technology", "plan"} <= stand["missing"].keys()
    refused = deal.buyer.post(f"{place}/confirm", json={"seen": stand["mark"]})
    assert refused.json["code"] == "contract.incomplete"
    old = deal.buyer.post(f"{place}/confirm", json={"seen": "0" * 16})
    assert old.json["code"] == "changed_since_read"


def test_a_contract_is_proposed_as_far_as_it_is_known(deal):
    found = deal.buyer.get(f"/contracts/proposal?introduction={deal.talks.id}").json
    assert (found["buyer_name"], found["seller_name"]) == ("湘江储能公司", "岳麓大学")
    assert found["buyer_code"] == CODES["buyer"]
    assert "name" in found["proposed"] or found["name"]
    alone = deal.seller.get("/contracts/proposal?own_side=seller").json
    assert (alone["buyer_name"], alone["seller_name"]) == ("", "岳麓大学")
    assert deal.seller.get("/contracts/proposal?introduction=99").status_code == 404


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"total": "120万元"}, "total"),
        ({"total": 2**62}, "total"),
        ({"total": -1}, "total"),
        ({"technology": 120_000_001}, "technology"),
        ({"plan": [{"trigger": "signing", "rate": 10**9, "base": "销售额"}]},
         "plan/0/rate"),
        ({"plan": [{"trigger": "signing"}]}, "plan"),
        ({"plan": [{"trigger": "signing", "amount": 1}] * 25}, "plan"),
        ({"plan": [{"trigger": "moon", "amount": 1}]}, "plan/0/trigger"),
        ({"plan": [{"id": 2**40, "trigger": "signing", "amount": 1}]}, "plan/0/id"),
        ({"starts_on": "0001-01-01"}, "starts_on"),
        ({"ends_on": "2026-02-30"}, "ends_on"),
        ({"is_related_deal": "yes"}, "is_related_deal"),
        ({"subtype": "transfer_patent"}, "subtype"),
        ({"buyer_region": "99"}, "buyer_region"),
        ({"buyer_code": "1" * 10_000}, "buyer_code"),
        ({"seller_code": CODES["buyer"]}, "seller_code"),
        ({"name": ""}, "name"),
        ({"introduction": 2**31}, "introduction"),
        ({"award": 1}, "form"),
        ({"colour": "red"}, "colour"),
    ],
)  # fmt: skip
def test_what_no_contract_may_say_is_named(session, deal, change, pointer):
    sent = body(introduction=deal.talks.id) | change
    assert pointer in pointers(deal.buyer.post("/contracts", json=sent))
    session.rollback()
    assert session.scalar(select(func.count(Contract.id))) == 0


def test_only_the_parties_and_the_staff_know_of_a_contract(program, make, deal):
    place = deal.drafted()
    other = program(make.user())
    assert other.get(place).status_code == 404
    assert (
        other.put(place, json=body(), headers={"If-Match": '"v1"'}).status_code == 404
    )
    assert other.get(f"{place}/registration").status_code == 404
    assert other.get("/contracts/mine").json["total"] == 0
    assert other.get("/contracts").status_code == 403
    assert deal.buyer.post(f"{place}/refuse", json={"code": "other"}).status_code == 403
    sent = body(introduction=deal.talks.id)
    assert other.post("/contracts", json=sent).status_code == 404
    again = deal.seller.post("/contracts", json=sent)
    assert again.json["code"] == "contract.draft_exists"


def test_a_contract_of_its_own_names_the_side_it_is_of(deal):
    missing = deal.seller.post("/contracts", json=body())
    assert pointers(missing) == ["own_side"]
    made = deal.seller.post("/contracts", json=body(own_side="seller"))
    assert (made.status_code, made.json["side"]) == (201, "seller")


def test_no_answer_that_is_kept_has_a_telephone_in_it(session, deal):
    place = deal.drafted()
    key = {"Idempotency-Key": "kept-for-a-day"}
    seen = {"seen": deal.buyer.get(place).json["mark"]}
    deal.buyer.post(f"{place}/confirm", json=seen, headers=key)
    match = {"If-Match": deal.buyer.get(place).headers["ETag"]}
    assert PHONE not in deal.buyer.put(place, json=body(), headers=match).text
    assert deal.seller.get(place).json["buyer_phone"] == PHONE
    session.rollback()
    kept = session.scalars(select(ApiAnswer.body)).all()
    assert kept
    assert not any(PHONE in one for one in kept)


def test_conditions_come_true_and_money_arrives(session, make, deal):
    place = deal.signed()
    test = {"trigger": PaymentTrigger.TEST_PASSED, "due_on": None, "position": 3}
    with transaction(session):
        contract = session.get(Contract, int(place.rpartition("/")[2]))
        contract.total_fen += 2
    lines = [make.payment(contract, amount_fen=1, **test).id for _ in range(2)]
    told = {"payment_id": lines[0], "happened_on": "2026-11-21"}
    early = told | {"happened_on": "2026-11-01"}
    assert pointers(deal.seller.post(f"{place}/report", json=early)) == ["happened_on"]
    assert deal.seller.post(f"{place}/report", json=told).status_code == 200
    twice = deal.seller.post(f"{place}/report", json=told)
    assert twice.json["code"] == "contract.reported"

    proof = {"file": (BytesIO("测试通过\n".encode()), "报告.txt")}
    query = {"payment_id": lines[1], "happened_on": "2026-11-21"}
    sent = deal.seller.post(f"{place}/report/proof", data=proof, query_string=query)
    assert sent.status_code == 200, sent.text
    line = deal.buyer.get(f"/contract-payments/{lines[1]}").json
    session.rollback()
    assert line["proof_id"] == session.scalars(select(Attachment.id)).one()

    money = {"payment_id": lines[0], "amount": 1, "received_on": "2026-11-22"}
    assert deal.buyer.post(f"{place}/receipts", json=money).status_code == 409
    assert pointers(
        deal.seller.post(f"{place}/receipts", json=money | {"amount": 0})
    ) == ["amount"]
    made = deal.seller.post(f"{place}/receipts", json=money)
    assert (made.status_code, made.json["amount"]) == (201, 1)
    assert deal.buyer.get(f"/contract-payments/{lines[0]}").json["state"] == "paid"
    year = deal.staff.get("/contracts?cut=paid:2026").json
    assert (year["received_fen"], year["items"][0]["received"]) == (1, 1)
    back = {"receipt_id": made.json["id"]}
    assert deal.seller.post(f"{place}/receipts/take-back", json=back).status_code == 200
    gone = deal.seller.post(f"{place}/receipts/take-back", json=back)
    assert pointers(gone) == ["receipt_id"]
    assert deal.buyer.get(place).json["receipts"] == []


def test_a_recognised_contract_changes_by_an_amendment_alone(deal):
    place = deal.recognised()
    read = deal.staff.get(place).json
    match = {"If-Match": f'"v{read["version"]}"'}
    edit = deal.buyer.put(place, json=body(), headers=match)
    assert edit.json["code"] == "contract.not_editable"
    plan = [
        {"id": one["id"], "trigger": one["trigger"], "amount": one["amount"]}
        for one in read["plan"]
    ]
    why = {"amended_on": "2026-11-23", "reason": "合同名称更正", "seen": read["mark"]}
    sent = body(plan=plan, name="更正后的开发合同", **why)
    assert deal.buyer.post(f"{place}/amendments", json=sent).status_code == 403
    early = sent | {"amended_on": "2026-11-01"}
    assert pointers(deal.staff.post(f"{place}/amendments", json=early)) == [
        "amended_on"
    ]
    done = deal.staff.post(f"{place}/amendments", json=sent)
    assert (done.status_code, done.json["state"]) == (201, "amended")
    again = deal.staff.post(f"{place}/amendments", json=sent)
    assert (again.status_code, again.json["code"]) == (409, "stale")
    [one] = deal.buyer.get(place).json["amendments"]
    assert "更正后的开发合同" in [change["after"] for change in one["changes"]]
    end = {"cancelled_on": "2026-11-24", "words": "双方解除合同"}
    assert deal.staff.post(f"{place}/cancel", json=end).json["state"] == "cancelled"


def test_the_office_may_refuse_or_ask_for_more(deal):
    place = deal.signed()
    office = {"office": "长沙市技术合同认定登记处", "submitted_on": "2026-11-21"}
    assert deal.buyer.post(f"{place}/submit", json=office).status_code == 409
    deal.seller.post(f"{place}/submit", json=office)
    bare = deal.staff.post(f"{place}/refuse", json={"code": "other"})
    assert pointers(bare) == ["words"]
    more = deal.staff.post(f"{place}/correct", json={"words": "请补盖骑缝章"})
    assert more.json["state"] == "correcting"
    assert deal.seller.get(place).json["correction_words"] == "请补盖骑缝章"
    void = deal.buyer.post(f"{place}/void", json={"words": "不做了"})
    assert void.json["code"] == "contract.staff_voids"
    assert deal.staff.post(f"{place}/void", json={"words": "双方不做了"}).json[
        "state"
    ] == ("void")


def test_staff_confirm_for_who_is_not_here(program, make):
    staff = program(make.staff())
    fields.refresh(make.session)
    make.session.rollback()
    made = staff.post("/contracts", json=body()).json
    place, mark = f"/contracts/{made['id']}", made["mark"]
    sent = {"seen": mark, "side": "buyer", "words": "收到盖章的确认函"}
    assert pointers(staff.post(f"{place}/confirm-for", json=sent | {"side": "us"})) == [
        "side"
    ]
    done = staff.post(f"{place}/confirm-for", json=sent)
    assert done.json["waits_for"] == ["seller"], done.text


def test_a_text_that_is_fixed_waits_for_nobody(program, make):
    """As it comes in by a file of the office: no side ever confirmed it here."""
    made = make.contract(state=ContractState.RECOGNISED)
    told = program(make.staff()).get(f"/contracts/{made.id}").json
    assert [one["confirmed_at"] for one in told["confirmations"]] == [None, None]
    assert told["waits_for"] == []


def test_the_form_of_registration_is_read_and_taken_away(session, deal):
    place = deal.drafted()
    form = deal.seller.get(f"{place}/registration").json
    rows = {row["label"]: row["words"] for row in form["sections"][0]["rows"]}
    assert rows["合同类型"] == "技术开发合同" or rows["合同类型"]
    sheet = deal.seller.get(f"{place}/registration.xlsx")
    assert sheet.data[:2] == b"PK"
    session.rollback()
    noted = select(func.count(History.id)).where(History.action == "contract.exported")
    assert session.scalar(noted) == 1


def test_the_ledger_is_read_on_in_its_order(program, make):
    ids = [make.contract(total_fen=10**6 - n, technology_fen=0).id for n in range(5)]
    staff, read, place = program(make.staff()), [], ""
    while place is not None:
        more = place and f"&cursor={place}"
        page = staff.get(f"/contracts?limit=2&sort=amount{more}").json
        read += [one["id"] for one in page["items"]]
        place = page["next"]
    assert read == ids


@pytest.mark.parametrize(
    "query",
    ["cut=counted", "cut=manager:0000000001" + "9" * 30, "cut=colour:red",
     "least=120万元", "least=5&most=4", "region=abc", "year=1", "seller=0",
     "sort=best", "state=new"],
)  # fmt: skip
def test_filters_that_make_no_sense_are_refused(program, make, query):
    assert program(make.staff()).get(f"/contracts?{query}").status_code == 422
