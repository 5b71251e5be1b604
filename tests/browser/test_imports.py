"""A table of needs goes in through a real browser, from the list to the drafts."""

from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from matchmaker.attachments.store import Store
from matchmaker.imports.staging import Staging
from matchmaker.imports.worker import Importer
from matchmaker.sheets.guard import Limits
from models.base import utcnow

from ..imports.files import book, need_row
from .conftest import World
from .test_flows import press

pytestmark = pytest.mark.browser


def work(app: Flask) -> None:
    """What the worker does when it is woken."""
    settings = app.config["SETTINGS"]
    with app.extensions["db_sessions"]() as session:
        Importer(
            session,
            Store(settings.attachment_dir, settings.import_bytes),
            Staging(settings.import_dir),
            Limits(),
            utcnow,
        ).work_off()


def choose(page: Page, path: Path) -> None:
    page.set_input_files("input[type=file]", path)
    press(page, "上传并检查")


@pytest.mark.parametrize(("width", "script"), [(1366, True), (390, False)])
def test_a_firm_brings_its_needs_from_a_table(
    world: World, open_page, served, tmp_path, width, script
):
    app, _ = served
    path = tmp_path / "需求汇总.xlsx"
    wrong = need_row(2, 需求截止日期="什么时候")
    again = need_row(1, 需求编号="A-9")
    path.write_bytes(book(need_row(1), wrong, again, need_row(3)).getvalue())
    page = open_page(world.enterprise, "/needs/mine", width=width, script=script)
    with page.expect_navigation():
        page.get_by_role("link", name="导入", exact=True).click()
    choose(page, path)
    expect(page.locator("main")).to_contain_text("正在检查文件")
    work(app)
    page.reload()
    main = page.locator("main")
    expect(main).to_contain_text("没有导入的列：我们自己的一列")
    expect(page.locator("#rows")).to_contain_text("看不懂这个日期")
    with page.expect_navigation():
        page.locator("#rows").get_by_role("link", name="疑似重复").click()
    expect(page.locator("#rows")).to_contain_text("与第 2 行的名称和正文相同")
    press(page, "跳过错误行，导入其余 2 行")
    work(app)
    page.reload()
    expect(main).to_contain_text("新增 2 条")
    expect(main).to_contain_text("疑似重复 1 行（没有导入）")
    with page.expect_navigation():
        page.get_by_role("link", name="查看本单位的需求").click()
    expect(page.locator("main")).to_contain_text("第 3 号储能电站的提前预警")
    # The same file again has nothing new but what was left out.
    page.goto("/needs/import")
    choose(page, path)
    work(app)
    page.reload()
    with page.expect_navigation():
        page.locator("#rows").get_by_role("link", name="相同").click()
    expect(page.locator("#rows tbody tr")).to_have_count(2)
