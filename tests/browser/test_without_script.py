"""The daily work with JavaScript off: sign in, post a need, find it, approve it."""

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from models import Need, utcnow
from models.states import NeedStatus

from ..walk import index_everything
from .conftest import World

pytestmark = pytest.mark.browser

TITLE = "泵车臂架末端软管晃得厉害"


def fill_in(page: Page) -> None:
    page.fill("[name=title]", TITLE)
    page.select_option("[name=field]", "EM")
    page.select_option("[name=district]", "长沙县")
    page.fill(
        "[name=problem]",
        "泵送频率接近每分钟二十次时，末端软管上下摆幅超过一米，工人扶不住。"
        "试过加蓄能器，换一种姿态就失效。",
    )
    page.locator("[name=targets]").first.fill("末端摆幅 ≤350 mm")
    page.fill("[name=budget]", "260")
    page.fill("[name=deadline]", "2099-06-30")
    page.locator("[name=cooperation]").first.check()
    page.locator("[name=secrecy][value=public]").check()
    page.locator("[name=promise]").check()


def posted(world: World) -> list[Need]:
    session = world.make.session
    session.rollback()
    return list(session.scalars(select(Need).where(Need.title == TITLE)))


def submit(page: Page) -> None:
    """Send it off; advice, if there is any, is read once and sent past."""
    for _ in range(2):
        page.get_by_role("button", name="提交审核").click()
        if re.search(r"/needs/\d+", page.url):
            return


def test_a_need_is_posted_approved_and_found_without_script(open_page, world):
    firm = open_page(world.enterprise, "/needs/new", script=False)
    submit(firm)
    expect(firm.locator("#error-summary")).to_be_visible()
    fill_in(firm)
    submit(firm)
    expect(firm.locator("main")).to_contain_text("已提交")
    [need] = posted(world)
    assert need.status is NeedStatus.PENDING

    visitor = open_page(None, "/needs", script=False)
    expect(visitor.locator("main")).not_to_contain_text(TITLE)

    staff = open_page(world.staff, "/verification", script=False)
    staff.get_by_role("link", name=TITLE).first.click()
    staff.locator("[data-act=publish]").first.click()
    [need] = posted(world)
    assert need.status is NeedStatus.PUBLISHED

    # How close a record is shows only against others of its kind.
    for title in ("废水除铊", "辣椒采后保鲜", "钢轨探伤", "齿轮磨削烧伤", "语音合成"):
        world.make.need(title=title, problem=f"我们想解决{title}的问题。", targets=[])
    world.make.now = utcnow()  # what the server queued is due by now
    index_everything(world.make)
    visitor.goto("/")
    visitor.locator("main input[name=q]").fill("泵车臂架末端软管晃")
    visitor.keyboard.press("Enter")
    visitor.locator("main").get_by_role("link", name=TITLE).first.click()
    expect(visitor.locator("main h1")).to_contain_text(TITLE)


@pytest.mark.parametrize("script", [True, False])
def test_back_and_off_again_makes_no_second_need(open_page, world, script):
    page = open_page(world.enterprise, "/needs/new", script=script)
    fill_in(page)
    page.get_by_role("button", name="保存草稿").click()
    expect(page).to_have_url(re.compile(r"/needs/\d+"))
    page.go_back()
    expect(page.locator("[name=title]")).to_be_visible()
    page.get_by_role("button", name="保存草稿").click()
    expect(page.locator("main h1")).to_be_visible()
    assert len(posted(world)) == 1
