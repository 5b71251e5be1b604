"""What visitors and enterprises do, and that a phone shows all of it."""

import re

import pytest
from playwright.sync_api import expect

from matchmaker.matches import service
from models.base import utcnow

from ..walk import index_everything
from .conftest import World

pytestmark = pytest.mark.browser

PHONE = 390


def approve_first(world: World) -> int:
    session, pair_id = world.make.session, world.pairs[0].id
    service.approve(session, world.staff, pair_id, now=utcnow())
    return pair_id


def test_an_enterprise_follows_its_notice_to_the_approved_pair(open_page, world):
    pair_id = approve_first(world)
    page = open_page(world.enterprise, "/notices")
    page.get_by_text("有一条匹配建议经平台审核通过").first.click()
    expect(page).to_have_url(re.compile(f"/matches/{pair_id}$"))
    expect(page.locator("main")).to_contain_text("就申请对接")
    page.goto("/matches")
    expect(page.locator(".own-need")).to_have_count(1)
    page.locator(".own-need .result a").first.click()
    expect(page.locator("main")).to_contain_text("预警提前时间12 min")


def test_a_visitor_searches_from_home(open_page, world):
    # How close a record is shows only against others of its kind.
    for title in ("泵车臂架减振", "辣椒采后保鲜", "钢轨探伤", "废水除铊", "语音合成"):
        world.make.need(title=title, problem=f"我们想解决{title}的问题。", targets=[])
    index_everything(world.make)
    page = open_page(None)
    page.locator("main input[name=q]").fill("电池热失控预警")
    page.keyboard.press("Enter")
    expect(page.locator("main .result").first).to_contain_text("热失控")
    expect(page.locator("main")).not_to_contain_text("换电站电池包")


WALKS = {
    "visitor": ["/", "/search?q=电池", "/needs", "/achievements", "/calls"],
    "enterprise": ["/matches", "/matches/{pair}", "/needs/{need}", "/needs/new"],
    "university": ["/achievements/{answer}", "/achievements/mine"],
    "staff": [
        "/desk",
        "/desk/{pair}?status=approved",
        "/desk?view=list",
        "/verification",
    ],
}


@pytest.mark.parametrize("role", WALKS)
def test_a_phone_scrolls_no_page_sideways(open_page, world, role):
    pair_id = approve_first(world)
    numbers = {
        "pair": pair_id,
        "need": world.pairs[0].need_id,
        "answer": world.pairs[0].achievement_id,
    }
    page = open_page(getattr(world, role, None), width=PHONE)
    for path in WALKS[role]:
        page.goto(path.format(**numbers))
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= PHONE, path
