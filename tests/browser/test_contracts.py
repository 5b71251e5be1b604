"""From talks to a recognised contract, as the three people see it in their browsers."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from models.base import utcnow
from models.states import IntroductionStatus

from .conftest import World
from .test_flows import press

pytestmark = pytest.mark.browser

# What nobody but the people can know: see tests/contracts/test_prefill.py.
TYPED = {
    "starts_on": "2026-12-01",
    "ends_on": "2027-11-30",
    "buyer_address": "岳麓区麓谷大道 1 号",
    "buyer_legal_representative": "李示例",
    "buyer_phone": "0731-88880001",
    "seller_address": "岳麓区麓山南路 2 号",
    "seller_legal_representative": "何示例",
    "seller_contact": "周示例",
    "seller_phone": "0731-88880002",
}
TICKED = ("buyer_in_high_tech_zone", "buyer_is_listed", "is_related_deal")


def talks(world: World):
    make, pair = world.make, world.pairs[0]
    introduction = make.introduction(
        pair.need,
        pair.achievement,
        status=IntroductionStatus.TALKING,
        status_since=utcnow(),
    )
    for side, code in (
        ("seeker", "91110000600037341L"),
        ("provider", "12100000400012347X"),
    ):
        getattr(introduction, side).credit_code = code
    make.session.commit()
    return introduction


def fill_in(page: Page) -> int:
    """Type what is left; how many fields the page said that were."""
    said = re.search(r"还需填写 (\d+) 项", page.locator("main").inner_text())
    assert said is not None
    for name, value in TYPED.items():
        page.fill(f"[name={name}]", value)
    for name in TICKED:
        page.locator(f"[name={name}][value=no]").check()
    page.select_option("[name=buyer_size]", "medium")
    page.select_option("[name=buyer_industry]", "C")
    page.locator("[name=payment_manner][value=lump_sum]").check()
    return int(said[1])


def step(page: Page, summary: str, button: str, **values: str) -> None:
    """Open a step of the page, fill its form, send it."""
    box = page.locator("details", has=page.get_by_text(summary, exact=True)).last
    if box.get_attribute("open") is None:
        box.locator("summary").click()
    for name, value in values.items():
        box.locator(f"[name={name}]").fill(value)
    with page.expect_navigation(wait_until="load"):
        box.get_by_role("button", name=button).click()


def test_a_contract_from_talks_to_its_recognition(open_page, world):
    introduction = talks(world)
    buyer = open_page(world.enterprise, f"/introductions/{introduction.id}")
    buyer.get_by_role("link", name="起草合同").click()
    assert fill_in(buyer) == 16
    press(buyer, "保存")
    expect(buyer.locator("#messages")).to_contain_text("内容已齐，请双方确认")
    place = urlsplit(buyer.url).path
    step(buyer, "确认合同文本", "本单位确认")

    seller = open_page(world.university, "/work")
    seller.locator("main").get_by_role("link", name=re.compile("去确认")).first.click()
    expect(seller).to_have_url(re.compile(f"{place}$"))
    step(seller, "确认合同文本", "本单位确认")
    step(seller, "登记签订", "登记签订", signed_on=f"{utcnow():%Y-%m-%d}")
    expect(seller.locator("main")).to_contain_text("签订未登记的合同不计入成交额")
    step(
        seller,
        "登记提交",
        "登记提交",
        office="长沙市技术合同认定登记处",
        submitted_on=f"{utcnow():%Y-%m-%d}",
    )

    staff = open_page(world.staff, "/contracts?state=submitted")
    staff.locator("main table").get_by_role("link").first.click()
    step(
        staff,
        "登记认定",
        "登记认定",
        registration_number="2026430104000001",
        recognised_on=f"{utcnow():%Y-%m-%d}",
        technology="78万元",
    )
    expect(staff.locator("#messages")).to_contain_text("已登记认定")
    buyer.goto(place)
    expect(buyer.locator(".split-aside")).to_contain_text("年成交额")
    expect(buyer.locator(".split-aside")).to_contain_text("78 万元")
    buyer.goto(f"/introductions/{introduction.id}")
    expect(buyer.locator("h1")).to_contain_text("已签约")


def test_a_mistake_is_named_at_its_field_and_nothing_is_lost(open_page, world):
    introduction = talks(world)
    page = open_page(
        world.enterprise, f"/contracts/new?introduction={introduction.id}", width=390
    )
    fill_in(page)
    page.fill("[name=total]", "1e9")
    press(page, "保存")
    summary = page.locator(".error-summary")
    expect(summary).to_contain_text("科学计数法")
    summary.get_by_role("link", name=re.compile("合同成交额")).click()
    expect(page.locator("#total")).to_be_focused()
    expect(page.locator("[name=buyer_address]")).to_have_value(TYPED["buyer_address"])
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
