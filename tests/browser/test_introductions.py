"""Talks on the board of the staff; how they begin and end is in `test_chain`."""

import re

import pytest
from playwright.sync_api import Page, expect

from models import Introduction
from models.states import IntroductionStatus, Role

from .conftest import World

pytestmark = pytest.mark.browser


def stage_of(world: World, id_: int) -> IntroductionStatus:
    world.make.session.rollback()
    return world.make.session.get_one(Introduction, id_).status


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
