"""The main pages as axe-core sees them: no serious or critical fault.

The engine comes inside its package; nothing is fetched. It is run in both colour
schemes, since contrast differs, and on a form that was refused.
"""

from datetime import date

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from matchmaker.accounts.passwords import hashed
from models import User, transaction
from models.states import (
    AchievementStatus,
    NeedStatus,
    OrganisationRole,
    PublicationState,
    Role,
    Secrecy,
)

from ..walk import index_everything, notify
from .conftest import PASSWORD, World

pytestmark = pytest.mark.browser

GRAVE = {"serious", "critical"}
HOOK = 1007
# Who reads it, and what is on it: a page without content proves nothing.
PAGES = {
    "/": ("visitor", "main .search-box, main [role=search], main form"),
    "/search?q=电池热失控": ("visitor", "main .result"),
    "/needs/{need}": ("enterprise", "main h1"),
    "/needs/new": ("enterprise", "main textarea"),
    "/achievements/new": ("university", "main textarea"),
    "/verification": ("staff", "main button"),
    "/desk": ("staff", ".decision-bar"),
    "/work": ("enterprise", "main table, main li"),
    "/organisation": ("enterprise", "main table, main li"),
    "/admin/users": ("admin", "main table, main li"),
    "/tokens": ("staff", "main table input"),
    "/api/v1/docs": ("visitor", "main table"),
    "/api/v1/docs?kind=needs": ("visitor", "main table"),
    "/admin/webhooks": ("admin", "main table"),
    "/webhooks/new": ("enterprise", "main fieldset"),
    "/webhooks/{hook}": ("enterprise", "main table"),
    "/lists": ("visitor", "main table"),
    "/lists/{issued}": ("visitor", "main table"),
    "/lists/{draft}": ("staff", "main [name=places]"),
    "/lists/new": ("staff", "main textarea"),
}


@pytest.fixture
def people(world: World) -> dict[str, User | None]:
    """Somebody of each role, with work that waits, colleagues, notices."""
    make, password = world.make, hashed(PASSWORD)
    admin = make.user(Role.ADMIN, password_hash=password)
    firm = world.enterprise.organisation_id
    with transaction(make.session):
        world.enterprise.org_role = OrganisationRole.MANAGER
    make.user(organisation_id=firm)
    make.user(organisation_id=firm, active=False)
    make.invitation(firm, world.enterprise.id)
    make.message(make.webhook(firm, id=HOOK), status_code=500, answer="no")
    make.registration(organisation_id=firm)
    make.need(organisation_id=firm, status=NeedStatus.RETURNED)
    make.need(organisation_id=firm, status=NeedStatus.DRAFT, title="草稿")
    make.need(status=NeedStatus.PENDING, deadline=date(2020, 1, 1))
    make.need(
        status=NeedStatus.PENDING,
        secrecy=Secrecy.MASKED,
        public_title="储能产品验收",
        public_problem="需要在验收时判断电池状态。",
        public_targets=["判断时间≤1 h"],
    )
    make.achievement(status=AchievementStatus.PENDING)
    notify(make, world.enterprise.id, world.pairs[0].need_id)
    index_everything(make)
    return {
        "visitor": None,
        "enterprise": world.enterprise,
        "university": world.university,
        "staff": world.staff,
        "admin": admin,
    }


def grave_faults(page: Page) -> list[str]:
    found = Axe().run(page)
    return [
        f"{page.url} {fault['id']}: {node['target']} {node['html'][:200]}"
        for fault in found.response["violations"]
        if fault["impact"] in GRAVE
        for node in fault["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_main_page_has_a_grave_fault(open_page, world, people, scheme):
    pages: dict[str, Page] = {}
    faults: list[str] = []
    numbers = {
        "need": world.pairs[0].need_id,
        "hook": HOOK,
        "draft": world.make.publication().id,
        "issued": world.make.publication(state=PublicationState.ISSUED).id,
    }
    for path, (role, content) in PAGES.items():
        if role not in pages:
            pages[role] = open_page(people[role])
            # Colours must be there at once, not on their way.
            pages[role].emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page = pages[role]
        page.goto(path.format(**numbers))
        expect(page.locator(content).first).to_be_visible()
        faults += grave_faults(page)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("role", "path"),
    [("enterprise", "/needs/new"), ("university", "/achievements/new")],
)
def test_a_refused_form_has_no_grave_fault(open_page, people, role, path):
    page = open_page(people[role], path)
    page.locator("main button[value=submit]").first.click()
    expect(page.locator("#error-summary")).to_be_visible()
    faults = grave_faults(page)
    assert not faults, "\n".join(faults)


def test_axe_does_find_a_fault(open_page):
    """So that silence above is known to mean something."""
    page = open_page(None)
    page.evaluate("document.querySelector('main').innerHTML = '<img src=/favicon.ico>'")
    assert any("image-alt" in fault for fault in grave_faults(page))
