"""A complete form of a contract, for tests that are about something else."""

from typing import Any

from werkzeug.datastructures import MultiDict

CODES = {"buyer": "91110000600037341L", "seller": "12100000400012347X"}
PARTY: dict[str, str] = {
    "kind": "enterprise",
    "region": "430104",
    "address": "麓谷大道 1 号",
    "legal_representative": "李示例",
    "contact": "王示例",
    "phone": "0731-88880000",
    "is_transfer_body": "no",
    "is_rd_body": "no",
    "is_converted": "no",
    "in_high_tech_zone": "yes",
    "is_listed": "no",
    "size": "medium",
    "industry": "C",
}
TYPED: dict[str, Any] = {
    "name": "储能电站热失控预警系统开发合同",
    "type": "development",
    "subtype": "development_commissioned",
    "starts_on": "2026-11-01",
    "ends_on": "2027-10-31",
    "field": "ES",
    "technology_field": "energy",
    "ip_kind": "patent",
    "plan_source": "outside",
    "is_related_deal": "no",
    "total": "120万元",
    "technology": "100万元",
    "payment_manner": "instalments",
    "plan_trigger": ["signing", "acceptance"],
    "plan_amount": ["50万元", "70万元"],
    "plan_rate": ["", ""],
    "plan_base": ["", ""],
    "plan_due_on": ["", ""],
    "plan_words": ["", ""],
    "plan_id": ["", ""],
}
UNIVERSITY = {"kind": "university", "region": "430104"}
FIRM_ONLY = ("in_high_tech_zone", "is_listed", "size", "industry")


def party(side: str, **given: str) -> dict[str, str]:
    return {f"{side}_{name}": value for name, value in (PARTY | given).items()}


def typed(**given: Any) -> MultiDict[str, str]:
    """The form as a browser posts it; None takes a part away."""
    names = {"buyer_name": "湘江储能公司", "seller_name": "岳麓大学"}
    codes = {f"{side}_code": code for side, code in CODES.items()}
    form = TYPED | names | codes | party("buyer") | party("seller", **UNIVERSITY)
    return MultiDict({n: v for n, v in (form | given).items() if v is not None})
