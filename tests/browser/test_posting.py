"""The forms people post with: saved and read along as one types, merged."""

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from models import Achievement
from models.states import AchievementStatus

from .test_flows import fill, press

pytestmark = pytest.mark.browser
TITLE = "薄壁零件的随形支承夹具"


def state(page: Page):
    return page.locator("[data-autosave-state]")


def kept(world) -> list[Achievement]:
    world.make.session.rollback()
    query = select(Achievement).where(Achievement.title.contains("随形支承"))
    return list(world.make.session.scalars(query))


def test_an_achievement_is_saved_and_read_along_as_one_types(open_page, world):
    page = open_page(world.university, "/achievements/new")
    fill(page, {"title": TITLE, "abstract": "以凝胶填充柔性囊。"})
    page.locator("[name=modes][value=pay_after_use]").check()
    expect(page.locator("#advice")).to_contain_text("选了「先用后付」")
    expect(state(page)).to_contain_text("草稿已自动保存")
    [item] = kept(world)
    expect(page).to_have_url(re.compile(rf"/achievements/{item.id}/edit$"))
    first = page.locator("[name=version]").input_value()

    fill(page, {"applications": "航空薄壁件"})
    expect(page.locator(f'[name=version]:not([value="{first}"])')).to_have_count(1)
    [item] = kept(world)
    assert item.applications == "航空薄壁件"

    page.reload()
    expect(page.locator("[name=applications]")).to_have_value("航空薄壁件")
    press(page, "保存草稿")
    expect(page.locator("#messages")).to_contain_text("草稿已保存")
    assert len(kept(world)) == 1


def test_two_tabs_meet_the_page_of_choices(open_page, world):
    make = world.make
    draft = {"status": AchievementStatus.DRAFT, "published_at": None, "title": TITLE}
    item = make.achievement(organisation_id=world.university.organisation_id, **draft)
    address = f"/achievements/{item.id}/edit"
    one, two = (open_page(world.university, address) for _ in range(2))
    one.fill("[name=title]", TITLE + "一")
    press(one, "保存草稿")

    two.fill("[name=title]", TITLE + "二")
    two.fill("[name=terms]", "验收后付款。")
    expect(state(two)).to_contain_text("已停止自动保存：有人同时修改了这条内容")
    press(two, "保存草稿")
    expect(two.get_by_role("heading", level=1)).to_have_text("合并修改")
    expect(two.get_by_role("row")).to_have_count(3)
    two.get_by_label("用已保存的：成果名称").check()
    press(two, "按所选合并，回到表单")
    expect(two.locator("[name=title]")).to_have_value(TITLE + "一")
    expect(two.locator("[name=terms]")).to_have_value("验收后付款。")
    press(two, "保存草稿")
    make.session.rollback()
    assert item.title == TITLE + "一"
    assert item.terms == "验收后付款。"


def test_a_save_under_way_does_not_outrun_what_is_sent(open_page, world):
    """The button waits for it, or its own version would be the older one."""
    page = open_page(world.university, "/achievements/new")
    slow = re.compile(r"/achievements/(new|\d+/edit)$")
    page.route(slow, lambda route: _after(route, page))
    fill(page, {"title": TITLE})
    with page.expect_request(lambda one: "autosave" in (one.post_data or "")):
        pass
    press(page, "保存草稿")
    expect(page.locator("#messages")).to_contain_text("草稿已保存")
    assert len(kept(world)) == 1


def _after(route, page: Page) -> None:
    if "autosave" in (route.request.post_data or ""):
        page.wait_for_timeout(800)
    route.continue_()


def test_without_script_the_form_says_and_keeps_the_same(open_page, world):
    page = open_page(world.university, "/achievements/new", script=False)
    fill(page, {"title": TITLE})
    press(page, "检查")
    expect(page.locator("#advice")).to_contain_text("简介太短")
    expect(page.locator("[name=title]")).to_have_value(TITLE)
    expect(state(page)).to_be_hidden()
    press(page, "保存草稿")
    expect(page.locator("#messages")).to_contain_text("草稿已保存")
    assert world.make.session.scalar(select(func.count(Achievement.id))) == 2
