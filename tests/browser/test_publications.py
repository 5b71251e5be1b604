"""A list from its composition to what a visitor takes away."""

import re

import pytest
from docx import Document
from playwright.sync_api import expect

from .test_flows import fill, press

pytestmark = pytest.mark.browser
TITLE = "2026 年第一批技术需求清单"


@pytest.mark.parametrize("script", [True, False])
def test_staff_compose_and_issue_and_a_visitor_takes_it_away(open_page, world, script):
    world.make.need(title="压铸件远端发脆", is_demo=True)
    page = open_page(world.staff, "/lists/new", script=script)
    fill(page, {"title": TITLE, "foreword": "本批收集储能领域的需求。"})
    press(page, "保存并收集")
    rows = page.locator("main tbody tr")
    expect(rows).to_have_count(2)
    expect(page.locator("main")).not_to_contain_text("换电站电池包绝缘异常")

    rows.nth(0).locator("[name=places]").fill("90")
    press(page, "保存条目和顺序")
    expect(rows.nth(1)).to_contain_text("压铸件远端发脆")
    page.get_by_text("发布清单", exact=True).click()
    press(page, "确认发布")
    expect(page.locator("#messages")).to_contain_text("内容从现在起不再变动")

    address = page.url.partition("//")[2].partition("/")[2]
    visitor = open_page(None, f"/{address}", script=script)
    expect(visitor.locator("h1")).to_contain_text(TITLE)
    expect(visitor.locator("main")).to_contain_text(re.compile("〔20\\d\\d〕第1号"))
    with visitor.expect_download() as taken:
        visitor.get_by_role("link", name="下载 Word").click()
    table = Document(taken.value.path()).tables[0]
    titles = [row.cells[1].text for row in table.rows]
    assert [title.split("\n")[0].removesuffix("（示例）") for title in titles] == [
        "名称",
        "储能电站电池热失控提前预警",
        "压铸件远端发脆",
    ]


def test_on_a_phone_nothing_stands_beside_the_page(open_page, world):
    made = world.make.publication()
    for user, path in (
        (world.staff, f"/lists/{made.id}"),
        (world.staff, "/lists/new"),
        (None, "/lists"),
    ):
        page = open_page(user, path, width=390)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390, path
