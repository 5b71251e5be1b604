"""How much of a contract fills itself: counted, field by field."""

import pytest
from sqlalchemy.orm import Session

from matchmaker.contracts import (
    begin,
    prefill,
    service,
)
from matchmaker.contracts.prefill import Known, Party
from matchmaker.contracts.words import LABELS
from models import Achievement, Need, Organisation
from models.states import OrganisationKind, Ownership

from ..conftest import NOW
from .forms import typed

# Both parties' first contract, begun from talks about a need and an achievement with
# a price: what nobody but the people can know.
FIRST_TIME = {
    "starts_on",
    "ends_on",
    "is_related_deal",
    "payment_manner",
    "plan",
    "buyer_address",
    "buyer_legal_representative",
    "buyer_phone",
    "buyer_in_high_tech_zone",
    "buyer_is_listed",
    "buyer_size",
    "buyer_industry",
    "seller_address",
    "seller_legal_representative",
    "seller_contact",
    "seller_phone",
}
# Their next one, paid after use.
NEXT_TIME = {
    "starts_on",
    "ends_on",
    "is_related_deal",
    "seller_contact",
    "seller_phone",
}


def missing(session: Session, deal, user) -> set[str]:
    proposal = begin.proposal(session, user, deal.introduction)
    return set(service.todo_of(proposal.values, deal.introduction.achievement))


def test_of_a_first_contract_sixteen_fields_are_left_to_type(session, deal):
    assert missing(session, deal, deal.buyer) == FIRST_TIME
    assert len(FIRST_TIME) == 16
    assert len(LABELS) == 50


def test_of_the_next_contract_of_the_same_two_five_are_left(
    session, make, deal, drafted
):
    contract = drafted()
    need = make.need(
        organisation_id=deal.buyer.organisation_id,
        title="换电站电池绝缘监测",
        cooperation=["licence"],
    )
    offer = make.achievement(
        organisation_id=deal.seller.organisation_id,
        modes=["licence", "pay_after_use"],
    )
    talks = make.introduction(need, offer, status="talking")
    proposal = begin.proposal(session, deal.buyer, talks)
    left = set(service.todo_of(proposal.values, offer))
    assert left == NEXT_TIME
    assert len(NEXT_TIME) == 5
    assert proposal.values["buyer_phone"] == contract.buyer_form["phone"]
    assert proposal.values["seller_address"] == contract.seller_form["address"]


def test_whom_to_call_at_the_other_side_is_known_by_an_open_contact_only(
    session, make, deal, drafted
):
    """The phone of the last contract was given to another partner."""
    drafted()
    values = begin.proposal(session, deal.buyer, deal.introduction).values
    assert "seller_phone" not in values
    make.contact(deal.introduction, deal.seller, phone="0731-12345678")
    session.refresh(deal.introduction)
    values = begin.proposal(session, deal.buyer, deal.introduction).values
    assert values["seller_phone"] == "0731-12345678"
    assert values["seller_contact"] == "卖方经办"
    revoked = deal.introduction.contacts[0]
    revoked.revoked_at = NOW
    session.commit()
    values = begin.proposal(session, deal.buyer, deal.introduction).values
    assert "seller_phone" not in values


def test_what_is_only_likely_is_marked_as_a_proposal(session, deal):
    proposal = begin.proposal(session, deal.buyer, deal.introduction)
    assert {
        "name",
        "type",
        "subtype",
        "technology_field",
        "ip_kind",
        "plan_source",
        "total",
        "technology",
    } <= proposal.proposed
    assert not {"buyer_name", "buyer_code", "field"} & proposal.proposed
    assert proposal.values["technology_field"] == "energy"
    assert proposal.values["ip_kind"] == "patent"
    assert proposal.values["total"] == "80万元"
    assert "is_related_deal" not in proposal.values
    assert proposal.values["buyer_region"] == "430104"


def test_every_field_of_ours_has_a_proposed_field_of_the_form(session, deal):
    from models.fields import CONTRACT_WORDS, FIELDS

    assert set(prefill.TECHNOLOGY_FIELDS) == set(FIELDS)
    offered = {code for code, _ in CONTRACT_WORDS["technology_field"].offered()}
    assert set(prefill.TECHNOLOGY_FIELDS.values()) <= offered
    subtypes = {code for code, _ in CONTRACT_WORDS["contract_subtype"].offered()}
    made = {code for _, code in prefill.TYPES.values()}
    whole = {code for code in made if not code.endswith("_")}
    parts = {f"{c}{e}" for c in made - whole for e in ("patent", "secret", "other")}
    assert whole | parts <= subtypes


def need(**given) -> Need:
    return Need(**{"field": "ES", "cooperation": ["joint"], "title": "预警"} | given)


def offer(**given) -> Achievement:
    return Achievement(
        **{"field": "ES", "modes": ["joint"], "ip": [], "ownership": Ownership.UNIT}
        | given
    )


@pytest.mark.parametrize(
    ("asked", "offered", "kind", "subtype"),
    [
        (["joint"], ["joint", "licence"], "development", "development_joint"),
        (["licence", "joint"], ["joint", "licence"], "licence", "licence_other"),
        (["transfer"], ["transfer"], "transfer", "transfer_other"),
        (["service"], ["joint"], "", ""),
        ([], ["open_licence"], "", ""),
    ],
)
def test_the_type_follows_the_modes_both_name(asked, offered, kind, subtype):
    known = Known("题", need(cooperation=asked), offer(modes=offered))
    values = prefill.prefill(known).values
    assert values.get("type", "") == kind
    assert values.get("subtype", "") == subtype


@pytest.mark.parametrize(
    ("modes", "manner", "trigger"),
    [
        (["licence", "pay_after_use"], "pay_after_use", "test_passed"),
        (["invest_then_share"], "invest_then_share", "conversion"),
    ],
)
def test_the_manner_of_payment_follows_the_modes(modes, manner, trigger):
    known = Known("题", None, offer(modes=modes, price_fen=80_000_000))
    values = prefill.prefill(known).values
    assert values["payment_manner"] == manner
    assert values["plan"] == [{"trigger": trigger, "amount": "80万元"}]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([{"type": "实用新型"}], "patent"),
        ([{"type": "软件著作权"}, {"type": "发明专利"}], "patent"),
        ([{"type": "软件著作权"}], "software"),
        ([{"type": "技术秘密"}], "secret"),
        ([], ""),
    ],
)
def test_the_kind_of_right_follows_the_rows_of_the_achievement(rows, code):
    assert prefill.ip_kind(rows) == code


def test_a_party_that_is_not_known_is_left_blank():
    home = Organisation(name="园区公司", kind=OrganisationKind.PARK, district="外地")
    values = prefill.prefill(Known(buyer=Party(home))).values
    assert values["buyer_name"] == "园区公司"
    assert {"buyer_kind", "buyer_region", "seller_name"}.isdisjoint(values)


def test_a_side_finds_its_own_details_when_it_opens_the_draft(session, deal, drafted):
    drafted()
    again = begin.create_contract(
        session,
        deal.buyer,
        service.read_form(typed(seller_phone="", seller_contact="", seller_address="")),
        own_side="buyer",
        form_key="second",
        now=NOW,
    )
    assert again.seller_id == deal.seller.organisation_id
    known = begin.own_details(session, deal.seller, again)
    assert known == {"seller_contact": "卖方经办"}
    assert begin.own_details(session, deal.buyer, again) == {}
