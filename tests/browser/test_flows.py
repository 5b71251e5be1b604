"""The two ways through the platform, from the first page to the last."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from index.hashing import HashingEncoder
from index.sync import LiveIndex
from matchmaker.jobs.worker import Worker
from models import transaction, utcnow

from .conftest import PASSWORD, World

pytestmark = pytest.mark.browser

FIRM = "长沙岳桩机械有限公司"
REGISTRATION = {
    "credit_code": "9111 0000 6000 3734 1l",
    "organisation_name": FIRM,
    "name": "陈工",
    "email": "chen@example.com",
    "new": PASSWORD,
    "repeated": PASSWORD,
}
NEED = {
    "title": "打桩机钢丝绳断丝要停机爬上去看",
    "problem": "我们长沙岳桩机械有限公司给中联重科配套的 YZ180 打桩机，钢丝绳每 15 天"
    "要停机 6 小时，由王建国师傅爬到 32 米高的桅杆上用手摸断丝，希望不停机就知道。",
    "tried": "试过摄像头拍绳子表面，油污一盖就看不清。",
}
SECRETS = ("岳桩", "中联", "YZ180", "王建国", "15 天", "6 小时", "32 米", "95%")
TARGETS = ["断丝检出率不低于 95%", "绳子抖动时也要能用"]
# Texts that the small encoder of the tests holds to be near.
ACHIEVEMENT = {
    "title": "融合气体与电压的锂电池热失控早期识别",
    "inventors": "周示例、何示例",
    "abstract": "融合氢气浓度与电压微分特征，在热失控前给出分级报警。"
    "已在储能舱完成试验，"
    "储能电站电池簇过充后提前预警。",
}
WANTED = {
    "title": "储能电站电池热失控提前十分钟预警",
    "problem": "磷酸铁锂电池簇过充后温度上升很快，现有烟感报警太晚。"
    "希望在热失控前十分钟给出预警。",
    "tried": "装过烟感和温感。",
    "budget": "100",
    "deadline": "2099-06-30",
}


def work(world: World) -> None:
    """Let the worker do what the pages left it."""
    session = world.make.session
    session.rollback()
    index = LiveIndex(HashingEncoder)
    Worker(session, index, suggestions=8, clock=utcnow).drain()


def fill(page: Page, values: dict[str, str]) -> None:
    for name, value in values.items():
        page.fill(f"[name={name}]", value)


def press(page: Page, name: str) -> None:
    """Press a button of the page and wait for what comes."""
    with page.expect_navigation(wait_until="load"):
        page.locator("main").get_by_role("button", name=name).click()


def submit(page: Page) -> None:
    """Send off a form, past the advice of the platform."""
    press(page, "提交审核")
    if page.locator("#not-yet").is_visible():
        press(page, "提交审核")
    expect(page.locator("#messages")).to_contain_text("已提交审核")


def register(page: Page) -> None:
    page.goto("/register")
    fill(page, REGISTRATION)
    page.select_option("[name=kind]", "enterprise")
    page.select_option("[name=district]", "岳麓区")
    press(page, "提交登记")
    page.get_by_role("link", name="打开演示发件箱").click()
    # The mail names the site's own address; this server has a port of its own.
    link = urlsplit(page.locator("main article a").get_attribute("href"))
    page.goto(f"{link.path}?{link.query}")
    press(page, "确认邮箱")
    expect(page.get_by_role("heading", level=1)).to_contain_text("等待审核")


def sign_in(page: Page) -> None:
    page.goto("/sign-in")
    fill(page, {"email": REGISTRATION["email"], "password": PASSWORD})
    press(page, "登录")


def post_masked(page: Page) -> str:
    """Write the need, have its public text drafted, approve it; its address."""
    page.goto("/needs/new")
    fill(page, NEED)
    page.select_option("[name=field]", "EM")
    for row, target in enumerate(TARGETS):
        page.locator("[name=targets]").nth(row).fill(target)
    # Read along and saved as one types, before any button is pressed.
    expect(page.locator(".measure-words")).to_have_text("断丝检出率 ≥ 95 %")
    expect(page.locator("[data-autosave-state]")).to_contain_text("已自动保存")
    page.get_by_label("合作开发").check()
    page.locator("[name=secrecy][value=masked]").check()
    page.locator("[name=promise]").check()
    press(page, "提交审核")
    expect(page.locator("#not-yet")).to_contain_text("逐句核对")
    expect(page.locator(".masking-check")).to_contain_text("某型号")
    page.locator("[name=public_approved]").check()
    submit(page)
    return urlsplit(page.url).path


def repair(page: Page) -> None:
    """Mend what the reasons name; the changed text is approved anew."""
    page.goto("/work")
    page.get_by_role("link", name=NEED["title"], exact=True).click()
    expect(page.locator("main")).to_contain_text("指标没有数值或单位")
    page.locator("main").get_by_role("link", name="修改", exact=True).click()
    expect(page.locator("main")).to_contain_text("预算未填或明显不符")
    page.locator("[name=targets]").nth(1).fill("绳子抖动 20 mm 时误报率 ≤ 3%")
    page.fill("[name=budget]", "120")
    press(page, "重新起草（替换下面的文字）")
    page.locator("[name=public_approved]").check()
    page.locator("[name=promise]").check()
    submit(page)
    expect(page.locator(".timeline")).not_to_contain_text(re.compile("[0-9a-f]{12}"))


def test_a_firm_registers_posts_a_masked_need_mends_it_and_is_published(
    open_page, world
):
    page = open_page(None)
    register(page)
    staff = open_page(world.staff, "/registrations")
    staff.get_by_role("link", name=FIRM).click()
    press(staff, "通过并开通账号")
    sign_in(page)
    address = post_masked(page)
    visitor = open_page(None)
    assert visitor.goto(address).status == 404

    staff.goto("/verification")
    staff.get_by_role("link", name=NEED["title"]).first.click()
    staff.locator("summary", has_text="退回修改").click()
    staff.get_by_label("指标没有数值或单位").check()
    staff.get_by_label("预算未填或明显不符").check()
    press(staff, "确认退回")
    repair(page)

    staff.goto(address)
    changed = staff.locator(".resubmitted")
    expect(changed.locator("ins", has_text="120 万元")).to_be_visible()
    expect(changed).not_to_contain_text("公开文字的确认")
    press(staff, "发布需求")
    expect(staff.locator("#messages")).to_contain_text("已发布")
    visitor.goto(address)
    expect(visitor.locator("main")).to_contain_text("岳麓区某")
    text = visitor.locator("body").inner_text()
    assert [secret for secret in SECRETS if secret in text] == []
    page.goto("/notices")
    expect(page.locator("main")).to_contain_text("已发布")


def list_achievement(page: Page) -> str:
    page.goto("/achievements/new")
    fill(page, ACHIEVEMENT)
    page.select_option("[name=field]", "ES")
    page.locator("[name=indicators]").first.fill("预警提前时间 12 min")
    page.select_option("[name=trl]", "6")
    page.locator("[name=stage][value=pilot]").check()
    page.locator("summary", has_text="成熟度证明").click()
    page.select_option("[name=trl_proof]", index=1)
    fill(page, {"trl_proof_on": "2026-06-30", "trl_proof_by": "检测院"})
    page.locator("[name=ip_type]").first.select_option(label="发明专利")
    page.locator("[name=ip_status]").first.select_option(label="授权")
    page.locator("[name=ip_count]").first.fill("2")
    page.locator("[name=ownership][value=unit]").check()
    page.get_by_label("先用后付").check()
    fill(page, {"terms": "先用三个月，达到约定后付款。", "price": "80"})
    page.locator("[name=pilot_wanted]").check()
    page.locator("[name=promise]").check()
    submit(page)
    return urlsplit(page.url).path


def test_a_university_lists_finds_buyers_and_is_told_of_a_new_need(open_page, world):
    make = world.make
    make.fillers(6)
    for title in (
        "辣椒采后保鲜",
        "钢轨探伤",
        "废水除铊",
        "语音合成",
        "泵车减振",
        "烟花",
    ):
        make.need(title=title, problem=f"我们想解决{title}的问题。", targets=[])
    page = open_page(world.university)
    address = list_achievement(page)
    staff = open_page(world.staff, address)
    press(staff, "发布成果")
    work(world)

    page.goto(address)
    page.get_by_role("link", name="谁需要它", exact=True).click()
    buyers = page.locator(".buyers > li")
    expect(buyers.first).to_contain_text("岑岳储能科技有限公司")
    expect(buyers.first).to_contain_text("需求写道")
    page.locator("#notify summary").click()
    press(page, "订阅")
    expect(page.locator("#messages")).to_contain_text("已订阅")

    page_of_firm = open_page(world.enterprise, "/needs/new")
    fill(page_of_firm, WANTED)
    page_of_firm.select_option("[name=field]", "ES")
    page_of_firm.select_option("[name=trl_expected]", "7")
    page_of_firm.locator("[name=targets]").first.fill("预警提前时间 ≥ 10 min")
    page_of_firm.get_by_label("技术许可").check()
    page_of_firm.locator("[name=promise]").check()
    submit(page_of_firm)
    work(world)
    page.goto("/notices")
    told = page.locator("main").get_by_role("link", name="有新需求")
    expect(told).to_have_count(0)

    staff.goto(page_of_firm.url)
    press(staff, "发布需求")
    work(world)
    page.reload()
    expect(told).to_contain_text(WANTED["title"])
    told.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(WANTED["title"])


@pytest.mark.parametrize("width", [390, 1024, 1280, 1366, 1440])
def test_the_long_bar_of_the_staff_fits_every_screen(open_page, world, width):
    with transaction(world.make.session):
        world.staff.name = "审核员欧阳甲乙(示例)"
    page = open_page(world.staff, "/work", width=width)
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width
