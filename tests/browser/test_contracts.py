"""The form of a contract in a browser; the steps after it are in `test_chain`."""

import re
from collections.abc import Sequence

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


CREDIT_CODES = {"buyer": "91110000600037341L", "seller": "12100000400012347X"}


def talks(world: World):
    make, pair = world.make, world.pairs[0]
    introduction = make.introduction(
        pair.need,
        pair.achievement,
        status=IntroductionStatus.TALKING,
        status_since=utcnow(),
    )
    introduction.seeker.credit_code = CREDIT_CODES["buyer"]
    introduction.provider.credit_code = CREDIT_CODES["seller"]
    make.session.commit()
    return introduction


def fill_in(page: Page, known: Sequence[str] = ()) -> int:
    """Type what is left beside the ``known``; how many fields the page said it was."""
    said = re.search(r"还需填写 (\d+) 项", page.locator("main").inner_text())
    assert said is not None
    for name, value in TYPED.items():
        if name not in known:
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
