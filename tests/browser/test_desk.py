"""The review desk, worked by hand."""

import re

import pytest
from playwright.sync_api import Page, expect

from models import Suggestion
from models.states import RejectReason, SuggestionStatus

from .conftest import World

pytestmark = pytest.mark.browser


def status_of(world: World, place: int) -> SuggestionStatus:
    session = world.make.session
    pair_id = world.pairs[place].id
    session.rollback()
    return session.get_one(Suggestion, pair_id).status


def at_pair(page: Page, world: World, place: int) -> None:
    """Wait until the address and the page are those of the pair."""
    pair = world.pairs[place]
    expect(page).to_have_url(re.compile(rf"/desk/{pair.id}(\?|$)"))
    expect(page.locator(".desk-need h2")).to_contain_text(pair.left.title)


def test_staff_decide_by_keyboard(open_page, world):
    page = open_page(world.staff, "/desk")
    at_pair(page, world, 0)
    page.evaluate("window.stayed = true")

    page.keyboard.press("a")
    at_pair(page, world, 1)
    expect(page.locator("#messages")).to_contain_text("已通过")
    assert status_of(world, 0) is SuggestionStatus.APPROVED

    page.keyboard.press("u")
    at_pair(page, world, 0)
    assert status_of(world, 0) is SuggestionStatus.PENDING

    page.keyboard.press("r")
    page.keyboard.press("3")
    expect(page.locator("input[value=target_missed]")).to_be_checked()
    page.keyboard.press("Enter")
    at_pair(page, world, 1)
    assert status_of(world, 0) is SuggestionStatus.REJECTED
    reviews = world.make.session.get_one(Suggestion, world.pairs[0].id).reviews
    assert reviews[-1].reason is RejectReason.TARGET_MISSED

    page.keyboard.press("s")
    page.keyboard.press("Tab")
    page.locator("button[name=days][value='7']").click()
    at_pair(page, world, 2)
    assert status_of(world, 1) is SuggestionStatus.SNOOZED
    assert page.evaluate("window.stayed"), "a decision must not reload the page"


def test_j_and_k_move_without_deciding_and_hold_only_the_pair_shown(open_page, world):
    page = open_page(world.staff, "/desk")
    at_pair(page, world, 0)
    with page.expect_response(re.compile("/claim")):
        page.keyboard.press("j")
    at_pair(page, world, 1)
    assert "left=" not in page.url
    session = world.make.session
    session.rollback()
    held = [session.get_one(Suggestion, p.id).claimed_by_id for p in world.pairs]
    assert held == [None, world.staff.id, None]

    page.keyboard.press("k")
    at_pair(page, world, 0)
    page.go_back()
    at_pair(page, world, 1)


def test_letters_typed_into_a_field_are_no_keys(open_page, world):
    page = open_page(world.staff, "/desk")
    page.keyboard.press("r")
    page.locator("textarea[name=words]").fill("")
    page.locator("textarea[name=words]").press_sequentially("aujk")
    expect(page.locator("textarea[name=words]")).to_have_value("aujk")
    page.keyboard.press("Escape")
    expect(page.locator("textarea[name=words]")).to_be_hidden()
    assert status_of(world, 0) is SuggestionStatus.PENDING


def test_a_rejection_without_a_reason_says_so_in_place(open_page, world):
    page = open_page(world.staff, "/desk")
    page.keyboard.press("r")
    page.get_by_role("button", name="驳回这一对").click()
    expect(page.locator("#reason-error")).to_contain_text("请选择驳回的理由")
    expect(page.locator("input[name=reason]").first).to_be_visible()


def test_a_pair_a_colleague_holds_is_shown_and_cannot_be_decided(open_page, world):
    open_page(world.colleague, "/desk")
    page = open_page(world.staff, f"/desk/{world.pairs[0].id}")
    expect(page.locator("#desk")).to_contain_text("陈卓 正在审核这一对")
    expect(page.locator("[data-key=a]")).to_have_count(0)


def test_the_desk_works_without_script(open_page, world):
    page = open_page(world.staff, "/desk", script=False)
    at_pair(page, world, 0)
    page.get_by_role("button", name="通过").click()
    at_pair(page, world, 1)
    expect(page.locator("#messages")).to_contain_text("已通过")
    page.get_by_role("button", name="撤销").click()
    at_pair(page, world, 0)
    assert status_of(world, 0) is SuggestionStatus.PENDING

    page.locator("summary", has_text="驳回").click()
    page.get_by_label("价格不合").check()
    page.get_by_role("button", name="驳回这一对").click()
    at_pair(page, world, 1)
    assert status_of(world, 0) is SuggestionStatus.REJECTED
    page.get_by_role("link", name="下一条").click()
    at_pair(page, world, 2)
    page.get_by_role("link", name="上一条").click()
    at_pair(page, world, 1)


def test_pairs_are_rejected_together_from_the_list(open_page, world):
    page = open_page(world.staff, "/desk?view=list")
    for box in page.locator("input[name=ids]").all():
        box.check()
    page.locator("summary", has_text="驳回勾选的").click()
    page.get_by_label("重复建议").check()
    page.get_by_role("button", name="驳回这些").click()
    expect(page.locator("#messages")).to_contain_text("已驳回 3 对")
    found = {status_of(world, place) for place in range(3)}
    assert found == {SuggestionStatus.REJECTED}


def test_the_three_columns_stand_side_by_side_or_behind_tabs(open_page, world):
    page = open_page(world.staff, "/desk", width=1280)
    columns = page.locator(".desk-column")
    assert all(columns.nth(n).is_visible() for n in range(3))
    page.set_viewport_size({"width": 1024, "height": 768})
    assert [columns.nth(n).is_visible() for n in range(3)] == [False, True, False]
    page.locator("label[for=desk-tab-need]").click()
    assert [columns.nth(n).is_visible() for n in range(3)] == [True, False, False]
    bar = page.locator(".decision-bar").bounding_box()
    assert bar is not None
    assert bar["y"] + bar["height"] <= 768
