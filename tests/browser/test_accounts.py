"""A firm comes in: registers, is approved, invites a colleague."""

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from models import Mail, User, transaction
from models.states import OrganisationRole

from .conftest import PASSWORD, World

pytestmark = pytest.mark.browser

FORM = {
    "credit_code": "9111 0000 6000 3734 1l",
    "organisation_name": "湘江电池有限公司",
    "name": "李四",
    "email": "li@example.com",
    "new": PASSWORD,
    "repeated": PASSWORD,
}


def secret_of(world: World, email: str) -> str:
    session = world.make.session
    session.rollback()
    query = select(Mail).where(Mail.recipient == email).order_by(Mail.id.desc())
    return session.scalars(query).first().facts["token"]


@pytest.mark.parametrize("script", [True, False])
def test_a_firm_registers_is_approved_and_signs_in(open_page, world, script):
    page = open_page(None, "/register", script=script)
    for name, value in FORM.items():
        page.fill(f"[name={name}]", value)
    page.select_option("[name=kind]", "enterprise")
    page.select_option("[name=district]", "岳麓区")
    page.get_by_role("button", name="提交登记").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("请查收邮件")
    page.goto(f"/register/confirm?token={secret_of(world, 'li@example.com')}")
    page.get_by_role("button", name="确认邮箱").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("等待审核")

    staff = open_page(world.staff, "/registrations", script=script)
    staff.get_by_role("link", name="湘江电池有限公司").click()
    staff.get_by_role("button", name="通过并开通账号").click()
    expect(staff.locator("#messages")).to_contain_text("已通过")

    page.goto("/sign-in")
    page.fill("[name=email]", "Li@Example.com")
    page.fill("[name=password]", PASSWORD)
    page.locator("main").get_by_role("button", name="登录").click()
    page.goto("/organisation")
    expect(page.locator("main")).to_contain_text("91110000600037341L")
    expect(page.get_by_role("heading", name="邀请成员")).to_be_visible()


def test_a_wrong_code_leads_to_its_field(open_page, world):
    page = open_page(None, "/register")
    for name, value in (FORM | {"credit_code": "91110000600037341M"}).items():
        page.fill(f"[name={name}]", value)
    page.get_by_role("button", name="提交登记").click()
    page.locator("#error-summary a", has_text="校验位不对").click()
    expect(page).to_have_url(re.compile("#credit_code$"))
    expect(page.locator("#credit_code")).to_have_value("91110000600037341M")


PAGES = {
    None: ["/sign-in", "/register", "/password/forgot", "/register/sent"],
    "enterprise": ["/organisation", "/profile", "/profile/sessions", "/profile/data"],
    "staff": ["/registrations", "/registrations/7001", "/mail", "/profile/two-step"],
}


@pytest.mark.parametrize("role", PAGES)
def test_a_phone_scrolls_none_of_these_sideways(open_page, world, role):
    make = world.make
    make.registration(id=7001, organisation_id=world.enterprise.organisation_id)
    with transaction(make.session):
        member = make.session.get_one(User, world.enterprise.id)
        member.org_role = OrganisationRole.MANAGER
    make.invitation(member.organisation_id, member.id)
    page = open_page(getattr(world, role) if role else None, width=390)
    for path in PAGES[role]:
        page.goto(path)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390, path
