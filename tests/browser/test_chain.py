"""The whole thread in one piece: approved pair, talks, contract, the year's total."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from models import Introduction, transaction
from models.base import utcnow
from models.states import ContractState, IntroductionStatus, SuggestionStatus

from .conftest import World
from .test_contracts import CREDIT_CODES, fill_in, step
from .test_flows import press

pytestmark = pytest.mark.browser

# Of the 50 fields of a contract, for two that never had one; docs/flows.md says so.
STILL_TYPED = 14
SUMMED = re.compile(r"合计 ([\d,]+) 份，成交额 ([\d,.]+) 元，技术交易额 ([\d,.]+) 元")


def year_total(page: Page) -> tuple[int, float, float]:
    """What counts of this year, as the list behind the board's figure says it."""
    page.goto("/boards")
    figure = page.locator(".board-number .big a")
    said = figure.get_attribute("title") or ""
    figure.click()
    found = SUMMED.search(page.locator(".list-tools").inner_text())
    assert found is not None
    assert f"成交额 {found[2]} 元" in said
    count, total, technology = (float(each.replace(",", "")) for each in found.groups())
    return int(count), total, technology


def approve(world: World) -> str:
    """The address of a pair that staff approved, of organisations with their codes."""
    pair = world.pairs[0]
    with transaction(world.make.session):
        pair.status = SuggestionStatus.APPROVED
        pair.decided_at = world.make.now
        pair.need.organisation.credit_code = CREDIT_CODES["buyer"]
        pair.achievement.organisation.credit_code = CREDIT_CODES["seller"]
    return f"/matches/{pair.id}"


def stage_of(world: World, address: str) -> IntroductionStatus:
    world.make.session.rollback()
    id_ = int(address.rpartition("/")[2])
    return world.make.session.get_one(Introduction, id_).status


def test_from_an_approved_pair_to_the_total_of_the_year(open_page, world):
    world.make.contract(state=ContractState.RECOGNISED)
    staff = open_page(world.staff, "/boards")
    before = year_total(staff)

    # The firm asks, the university agrees.
    firm = open_page(world.enterprise, approve(world))
    firm.locator("summary", has_text="申请对接").click()
    firm.fill("[name=message]", "想先了解储能舱的试验情况。")
    press(firm, "确认申请")
    expect(firm.locator("#messages")).to_contain_text("对接已发起")
    talks = urlsplit(firm.url).path
    expect(firm.locator("aside")).to_contain_text("等供给方答复")
    college = open_page(world.university, "/work")
    college.get_by_role("link", name="去答复").click()
    expect(college.locator("main")).to_contain_text("想先了解储能舱的试验情况")
    press(college, "有意向")
    expect(college.locator("#messages")).to_contain_text("双方都有意向")
    assert stage_of(world, talks) is IntroductionStatus.TALKING

    # They talk: a contact is opened and read, a meeting is logged for both.
    college.locator("#open-contact > summary").click()
    college.fill("[name=phone]", "0731-88001234")
    college.locator("[name=agreed]").check()
    press(college, "公开")
    firm.goto(talks)
    assert "88001234" not in firm.content()
    firm.get_by_role("link", name="查看联系方式").click()
    expect(firm.locator("main")).to_contain_text("0731-88001234")
    college.reload()
    college.locator("summary", has_text="谁看过").click()
    expect(college.locator(".talk-readings")).to_contain_text(world.enterprise.name)
    firm.goto(talks)
    firm.locator("summary", has_text="记一次会谈").click()
    firm.fill("[name=log_words]", "线上会谈，约定下周看样机。")
    press(firm, "记入经过")
    college.reload()
    expect(college.locator(".timeline")).to_contain_text("约定下周看样机")

    # The contract is there but for what nobody but the people can know.
    firm.get_by_role("link", name="起草合同").click()
    expect(firm.locator("[name=seller_phone]")).to_have_value("0731-88001234")
    expect(firm.locator("[name=total]")).to_have_value("80万元")
    assert fill_in(firm, known=("seller_contact", "seller_phone")) == STILL_TYPED
    press(firm, "保存")
    expect(firm.locator("#messages")).to_contain_text("内容已齐，请双方确认")
    contract = urlsplit(firm.url).path
    step(firm, "确认合同文本", "本单位确认")
    college.goto("/work")
    college.locator("main").get_by_role("link", name=re.compile("去确认")).first.click()
    expect(college).to_have_url(re.compile(f"{contract}$"))
    step(college, "确认合同文本", "本单位确认")
    today = f"{utcnow():%Y-%m-%d}"
    step(college, "登记签订", "登记签订", signed_on=today)
    expect(college.locator("main")).to_contain_text("签订未登记的合同不计入成交额")
    office = "长沙市技术合同认定登记处"
    step(college, "登记提交", "登记提交", office=office, submitted_on=today)
    assert year_total(staff) == before

    # Recognised, it counts: by its very sums, and once.
    staff.goto("/contracts?state=submitted")
    staff.locator("main table").get_by_role("link").first.click()
    step(
        staff,
        "登记认定",
        "登记认定",
        registration_number="2026430104000001",
        recognised_on=today,
        technology="78.01万元",
    )
    expect(staff.locator("#messages")).to_contain_text("已登记认定")
    count, total, technology = before
    assert year_total(staff) == (count + 1, total + 800_000, technology + 780_100)
    expect(staff.locator("main table")).to_contain_text("2026430104000001")
    firm.goto(contract)
    expect(firm.locator(".split-aside")).to_contain_text("78.01 万元")
    firm.goto(talks)
    expect(firm.locator("h1")).to_contain_text("已签约")

    # Who opened a contact may close it again.
    college.goto(talks)
    college.locator("summary", has_text="收回").click()
    press(college, "确认收回")
    firm.goto(f"{talks}/contacts")
    expect(firm.locator("main")).to_contain_text("没有对您公开的联系方式")
