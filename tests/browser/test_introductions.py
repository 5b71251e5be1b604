"""From an approved pair to talks with a log: two sides and the staff, by hand."""

import re

import pytest
from playwright.sync_api import Page, expect

from models import Introduction, transaction
from models.states import IntroductionStatus, Role, SuggestionStatus

from .conftest import World
from .test_flows import press

pytestmark = pytest.mark.browser


def stage_of(world: World, id_: int) -> IntroductionStatus:
    world.make.session.rollback()
    return world.make.session.get_one(Introduction, id_).status


def open_contact(page: Page, phone: str) -> None:
    page.locator("#open-contact > summary").click()
    page.fill("[name=phone]", phone)
    page.locator("[name=agreed]").check()
    press(page, "公开")


def test_from_an_approved_pair_to_the_first_meeting(open_page, world):
    pair = world.pairs[0]
    with transaction(world.make.session):
        pair.status = SuggestionStatus.APPROVED
        pair.decided_at = world.make.now
    firm = open_page(world.enterprise, f"/matches/{pair.id}")
    firm.locator("summary", has_text="申请对接").click()
    firm.fill("[name=message]", "想先了解储能舱的试验情况。")
    press(firm, "确认申请")
    expect(firm.locator("#messages")).to_contain_text("对接已发起")
    address = re.sub(r"^https?://[^/]+", "", firm.url)
    id_ = int(address.rpartition("/")[2])
    expect(firm.locator("aside")).to_contain_text("等供给方答复")

    college = open_page(world.university, "/work")
    college.get_by_role("link", name="去答复").click()
    expect(college.locator("main")).to_contain_text("想先了解储能舱的试验情况")
    press(college, "有意向")
    expect(college.locator("#messages")).to_contain_text("双方都有意向")
    assert stage_of(world, id_) is IntroductionStatus.TALKING

    open_contact(college, "0731-88001234")
    firm.goto(address)
    assert "88001234" not in firm.content()
    firm.get_by_role("link", name="查看联系方式").click()
    expect(firm.locator("main")).to_contain_text("0731-88001234")
    college.reload()
    college.locator("summary", has_text="谁看过").click()
    expect(college.locator(".talk-readings")).to_contain_text(world.enterprise.name)

    firm.goto(address)
    firm.locator("summary", has_text="记一次会谈").click()
    firm.fill("[name=log_words]", "线上会谈，约定下周看样机。")
    press(firm, "记入经过")
    expect(firm.locator(".timeline")).to_contain_text("约定下周看样机")
    college.reload()
    expect(college.locator(".timeline")).to_contain_text("约定下周看样机")

    with college.expect_navigation(wait_until="load"):
        college.locator("summary", has_text="收回").click()
        college.get_by_role("button", name="确认收回").click()
    firm.goto(f"{address}/contacts")
    expect(firm.locator("main")).to_contain_text("没有对您公开的联系方式")


@pytest.fixture
def talks(world) -> Introduction:
    need, item = world.pairs[0].need, world.pairs[0].achievement
    return world.make.agreed(world.make.introduction(need, item))


def column(page: Page, status: str):
    return page.locator(f"[data-column={status}]")


def test_a_card_is_dragged_to_the_next_stage_and_moved_back_by_key(
    open_page, world, talks
):
    page = open_page(world.staff, "/introductions?view=board")
    page.evaluate("window.stayed = true")
    card = page.locator("[data-card]")
    card.drag_to(column(page, "drafting"))
    expect(column(page, "drafting").locator("[data-card]")).to_have_count(1)
    assert stage_of(world, talks.id) is IntroductionStatus.DRAFTING

    page.keyboard.press("j")
    expect(page.locator("[data-open]")).to_be_focused()
    page.keyboard.press("<")
    expect(column(page, "talking").locator("[data-card]")).to_have_count(1)
    expect(page.locator("[data-open]")).to_be_focused()
    assert stage_of(world, talks.id) is IntroductionStatus.TALKING
    # Nobody signs by dragging, and an end wants its reason.
    page.locator("[data-card]").drag_to(column(page, "signed"))
    assert stage_of(world, talks.id) is IntroductionStatus.TALKING
    assert page.evaluate("window.stayed")
    page.keyboard.press("j")
    with page.expect_navigation():
        page.keyboard.press("x")
    expect(page).to_have_url(re.compile(rf"/introductions/{talks.id}#end$"))


def test_the_board_works_without_script(open_page, world, talks):
    page = open_page(world.staff, "/introductions?view=board", script=False)
    page.get_by_role("button", name="进入合同拟定").click()
    expect(column(page, "drafting").locator("[data-card]")).to_have_count(1)
    expect(page.locator("#messages")).to_contain_text("合同拟定")
    page.get_by_role("button", name="回到洽谈中").click()
    assert stage_of(world, talks.id) is IntroductionStatus.TALKING


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("path", ["", "?view=board", "/new", "/{id}", "/{id}/contacts"])
def test_the_pages_fit_the_screen(open_page, world, talks, width, path):
    world.make.contact(talks, world.enterprise)
    manager = world.make.user(Role.MANAGER)
    world.make.mandate(manager, talks.seeker)
    page = open_page(
        world.staff, "/introductions" + path.format(id=talks.id), width=width
    )
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width
