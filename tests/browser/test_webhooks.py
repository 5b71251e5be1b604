"""A hook from its first form to the log of its test, in a browser."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from matchmaker.webhooks.delivery import Courier, Turns
from models import User, transaction, utcnow
from models.states import OrganisationRole

from ..webhooks.receiver import Receiver, listening
from .conftest import World

pytestmark = pytest.mark.browser


@pytest.fixture
def lead(world: World) -> User:
    with transaction(world.make.session):
        user = world.make.session.merge(world.enterprise)
        user.org_role = OrganisationRole.MANAGER
    return world.enterprise


def carry(app: Flask) -> int:
    """The worker's part, which has no process of its own here."""

    def path_of(endpoint: str, arguments: Any) -> str:
        return app.url_map.bind("localhost").build(endpoint, arguments)

    with app.extensions["db_sessions"]() as session:
        settings = app.config["SETTINGS"]
        courier = Courier(
            session, settings, clock=utcnow, path_of=path_of, turns=Turns()
        )
        return courier.work_off()


def fill_in(page: Page, receiver: Receiver) -> None:
    page.fill("#name", "项目部系统")
    page.fill("#address", receiver.url)
    page.get_by_role("button", name="建立推送").click()


@pytest.mark.parametrize("script", [True, False])
def test_a_hook_is_made_tested_and_its_log_read(
    open_page: Callable[..., Page],
    served: tuple[Flask, str],
    world: World,
    lead: User,
    script: bool,
):
    with listening() as receiver:
        page = open_page(lead, "/webhooks", script=script)
        page.get_by_role("link", name="新建推送").click()
        fill_in(page, receiver)
        expect(page.locator("#error-summary")).to_contain_text("平台不允许推送到")
        pattern = f"127.0.0.1:{receiver.port}"
        world.make.webhook_host(pattern, allows_http=True, allows_private=True)
        fill_in(page, receiver)
        secret = page.locator("code").inner_text()
        assert secret.startswith("whsec_")
        page.get_by_role("link", name="已经保存好").click()
        assert secret not in page.content()
        page.get_by_role("button", name="发送测试消息").click()
        log = page.locator("#run")
        expect(log).to_contain_text("待发送")
        assert carry(served[0]) == 1
        if not script:
            page.reload()  # with it the page renews itself
        expect(log).to_contain_text("已送达")
        expect(log).to_contain_text("HTTP 200")
        assert len(receiver.got) == 1


@pytest.mark.parametrize("width", [1366, 390])
@pytest.mark.parametrize("path", ["", "/new", "/{0}", "/{0}/edit"])
def test_the_pages_fit_the_screen(open_page, world, lead, width, path):
    hook = world.make.webhook(lead.organisation_id)
    world.make.message(hook, status_code=500, answer="x" * 300, last_error="y" * 80)
    page = open_page(lead, f"/webhooks{path.format(hook.id)}", width=width)
    expect(page.locator("h1")).to_be_visible()
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0
