"""A call from its draft to its acceptance, and one that fails, through the pages.

With MATCHMAKER_PICTURES naming a folder, the screens of docs/flows.md are made anew.
"""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from matchmaker import moments
from matchmaker.accounts.passwords import hashed
from matchmaker.awards import book, finding
from matchmaker.awards import schema as forms
from matchmaker.awards.milestones import service as milestones
from matchmaker.bids import service as bids
from matchmaker.bids.content import form_values
from matchmaker.bids.safe import Safe
from matchmaker.bids.schema import BidSubmission
from matchmaker.bids.vault import make_key_file
from matchmaker.panels import views, writing
from matchmaker.panels.schema import SheetInput, ViewInput
from models import (
    Award,
    Bid,
    BidReview,
    Call,
    CallResult,
    Expert,
    IssuerView,
    Milestone,
    Organisation,
    User,
    transaction,
    utcnow,
)
from models.session import Session
from models.states import CallStatus, OrganisationKind, ReviewState, Role

from ..factories import Factory, bid_content
from .conftest import PASSWORD, World
from .test_contracts import step
from .test_flows import press

pytestmark = pytest.mark.browser

TITLE = "储能电站电芯热失控提前预警"
DRAFT = {
    "title": TITLE,
    "background": "园区三座储能电站共有电芯四万余只，现有报警在起火前不足一分钟。"
    "需要在热失控发生前识别异常电芯，并与现有的电池管理系统对接。",
    "funding": "500",
    "max_awards": "2",
}
GOALS = ("提前预警时间 ≥ 10 min", "误报率 ≤ 1%")
BID = {
    "leader": "陈示例，教授",
    "contact": "0731-88001234",
    "team": "储能安全课题组十二人，做过两座电站的在线监测。",
    "approach": "融合氢气浓度与电压微分特征，先在储能舱标定，再到电站挂网。",
    "months": "12",
    "budget": "240",
}
PLAN = ("第 1 到 6 个月：样机和检测报告", "第 7 到 12 个月：电站挂网试用报告")
REFUSED = "三份揭榜书都没有说明误报率怎样降到 1% 以下，不能立项。"


def picture(page: Page, name: str, at: str = "header", *, phone: bool = False) -> None:
    """Keep the screen from an element on, where a folder is named; at 390 px too."""
    folder = os.environ.get("MATCHMAKER_PICTURES")
    if not folder:
        return
    size = page.viewport_size
    for width, ending in ((1440, ""), (390, "-390"))[: 2 if phone else 1]:
        page.set_viewport_size({"width": width, "height": 900})
        page.locator(at).first.evaluate(
            "one => one.scrollIntoView({block: 'start', behavior: 'instant'})"
        )
        page.screenshot(path=Path(folder) / f"flow-call-{name}{ending}.png")
    if size is not None:
        page.set_viewport_size(size)


def sheets(page: Page) -> int:
    """How many sheets of paper the page takes."""
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4")))


@dataclass
class Floor:
    """The people around a call, and what is done without the pages."""

    world: World
    session: Session
    make: Factory
    safe: Safe
    experts: list[Expert]
    others: list[User]

    def call(self) -> Call:
        self.session.rollback()
        return self.session.scalars(select(Call).where(Call.title == TITLE)).one()

    def status(self) -> CallStatus:
        return self.call().status

    def bid(self, user: User) -> None:
        """Another organisation bids by the same form."""
        call = self.call()
        content = bid_content(call)
        data = form_values(content, call.goals) | {"goals": content["goals"]}
        sent = BidSubmission(**data | {"promise": True, "budget": "230"})
        bids.submit(self.session, self.safe, user, call.id, sent, clock=utcnow)

    def close(self) -> None:
        """The window has passed."""
        call = self.call()
        with transaction(self.session):
            for name in ("opens_at", "questions_until", "closes_at"):
                setattr(call, name, getattr(call, name) - timedelta(days=60))

    def end_notice(self) -> None:
        """The notice period has passed."""
        self.session.rollback()
        result = self.session.scalars(select(CallResult)).one()
        with transaction(self.session):
            for name in ("notice_from", "notice_until"):
                setattr(result, name, getattr(result, name) - timedelta(days=30))

    def judge(self, points: dict[int, int]) -> None:
        """Every sheet still in hand is handed in, with points by organisation."""
        self.session.rollback()
        query = select(BidReview).where(BidReview.submitted_at.is_(None))
        for review in self.session.scalars(query).all():
            score = points[review.bid.organisation_id]
            data = SheetInput(
                version=review.version,
                overall="路线可行，试验数据能支持所承诺的指标。",
                independent=True,
            )
            lines = [
                {"score": score, "words": "有试验数据支持"}
                for _ in review.bid.call.criteria
            ]
            user = self.session.get_one(User, review.user_id)
            writing.submit(
                self.session, user, review.id, data, lines, needed=3, now=utcnow()
            )

    def view_others(self) -> None:
        """The issuer says what it thinks of the bids it has not spoken of."""
        self.session.rollback()
        call = self.call()
        said = set(self.session.scalars(select(IssuerView.bid_id)))
        for bid in self.session.scalars(select(Bid).where(Bid.call_id == call.id)):
            if bid.id not in said:
                data = ViewInput(bid=bid.id, score=75, words="可以在本园区试用")
                views.give(
                    self.session, self.world.enterprise, call.id, data, now=utcnow()
                )

    def award(self, user: User) -> Award:
        self.session.rollback()
        query = select(Award).join(Award.bid)
        return self.session.scalars(
            query.where(Bid.organisation_id == user.organisation_id)
        ).one()

    def agree(self, user: User) -> Award:
        """The task book of the other runner, handed out and confirmed by both."""
        award, now = self.award(user), utcnow()
        lines = [
            {
                "title": one.title,
                "deliverable": one.deliverable,
                "due_on": one.due_on,
                "payment": one.payment_fen,
            }
            for one in award.milestones
        ]
        data = forms.BookInput(
            amount=award.amount_fen,
            values=[goal.value for goal in award.goals],
            milestones=lines,
            seen=book.mark(award),
        )
        book.write(self.session, self.world.staff, award.id, data, now=now)
        for person in (self.world.enterprise, user):
            seen = forms.Confirmation(seen=book.mark(award))
            book.confirm(self.session, person, award.id, seen, now=now)
        return award

    def judge_milestone(self, milestone: Milestone, user: User, judgement: str) -> None:
        """Delivered and judged without the pages."""
        now, go = utcnow(), self.session
        sent = forms.Delivery(words="样机一套和检测报告一份")
        milestones.deliver(go, user, milestone.id, sent, now=now)
        milestone = finding.find_milestone(go, user, milestone.id)
        said: dict[str, Any] = {
            "number": milestone.number,
            "judgement": judgement,
            "words": "已在现场核对",
        }
        heard = forms.IssuerJudgement(**said)
        milestones.view(go, self.world.enterprise, milestone.id, heard, now=now)
        last = forms.StaffJudgement(**said)
        milestones.judge(go, self.world.staff, milestone.id, last, now=now)


@pytest.fixture
def floor(served, world) -> Floor:
    make = world.make
    settings = served[0].config["SETTINGS"]
    if not settings.bids_key.exists():
        make_key_file(settings.bids_key)
    make.files = settings.attachment_dir
    password = hashed(PASSWORD)
    experts = [
        make.expert(
            make.user(Role.EXPERT, name=f"评审专家{name}", password_hash=password)
        )
        for name in "甲乙丙"
    ]
    with transaction(make.session):
        home = make.session.get_one(Organisation, world.university.organisation_id)
        home.name = "岳麓理工大学(示例)"
    names = ("橘洲储能研究院(示例)", "星沙电池检测中心(示例)")
    others = [
        make.user(
            Role.UNIVERSITY,
            password_hash=password,
            organisation_id=make.organisation(
                name=name, kind=OrganisationKind.INSTITUTE
            ).id,
        )
        for name in names
    ]
    return Floor(world, make.session, make, Safe.of(settings), experts, others)


def name_of(floor: Floor, user: User) -> str:
    home = floor.session.get_one(Organisation, user.organisation_id)
    return home.name


def breakthroughs(page: Page) -> int:
    """How many accepted calls the year's list holds."""
    page.goto("/boards/calls")
    return page.locator("main tbody tr").count()


def draft(page: Page, issuer: str) -> str:
    """Draft, argue and open a call; its address."""
    page.fill("[name=issuer]", issuer)
    for name, value in DRAFT.items():
        page.fill(f"[name={name}]", value)
    page.select_option("[name=field]", "ES")
    page.locator("[name=mode][value=race]").check()
    for place, goal in enumerate(GOALS):
        page.locator("[name=goals]").nth(place).fill(goal)
    page.locator("[name=promise]").check()
    picture(page, "1-draft", "label[for=title]")
    press(page, "提交论证")
    if page.locator("#not-yet").is_visible():
        press(page, "提交论证")
    press(page, "论证通过")
    closes = (utcnow() + timedelta(days=40)).replace(minute=0, second=0)
    page.fill("#open-closes_at", moments.typed(closes))
    press(page, "发布榜单")
    expect(page.locator("h1")).to_contain_text("揭榜中")
    return urlsplit(page.url).path


def fill_bid(page: Page) -> None:
    for name, value in BID.items():
        page.fill(f"[name={name}]", value)
    page.select_option("[name=readiness]", "6")
    for place, (value, evidence) in enumerate(
        (("15 min", "储能舱试验 40 次"), ("0.6%", "两座电站半年数据"))
    ):
        page.locator("[name=goal_value]").nth(place).fill(value)
        page.locator("[name=goal_evidence]").nth(place).fill(evidence)
    for place, line in enumerate(PLAN):
        page.locator("[name=schedule]").nth(place).fill(line)
    page.locator("[name=promise]").check()


def judge_by_hand(page: Page, title: str) -> None:
    """One sheet by its form, from the expert's own list."""
    page.locator("main").get_by_role("link", name=title).first.click()
    for place in range(page.locator("[name^=score_]").count()):
        page.fill(f"[name=score_{place}]", "90")
        page.fill(f"[name=words_{place}]", "储能舱试验充分，指标逐条有依据。")
    page.fill("[name=overall]", "路线清楚，数据充分，建议支持。")
    page.locator("[name=independent]").check()
    picture(page, "6-sheet")
    press(page, "提交评分表")
    expect(page.locator("#messages")).to_contain_text("已提交")


def test_a_race_of_two_from_the_draft_to_its_acceptance(open_page, world, floor):
    college, rival = world.university, floor.others[0]
    staff = open_page(world.staff, "/boards/calls")
    before = breakthroughs(staff)
    staff.goto("/calls/new")
    call = draft(staff, name_of(floor, world.enterprise))

    # Anybody reads it; a question is asked in private and answered to all.
    visitor = open_page(None, call)
    expect(visitor.locator("[data-countdown]")).to_contain_text("还有")
    picture(visitor, "2-public", phone=True)
    asker = open_page(floor.others[1], call)
    asker.fill("[name=question]", "考核时的环境温度范围是多少？")
    press(asker, "提交问题")
    staff.goto(call)
    staff.fill("[name=answer]", "零下十度到四十度，由园区提供环境舱。")
    press(staff, "公开答复")
    visitor.reload()
    expect(visitor.locator("#questions")).to_contain_text("由园区提供环境舱")

    # Three bid; what is sealed nobody sees, not even that it is there.
    bidder = open_page(college, call)
    bidder.locator("aside").get_by_role("link", name="揭榜", exact=True).click()
    fill_bid(bidder)
    press(bidder, "提交")
    expect(bidder.locator("main")).to_contain_text("SHA-256")
    assert sheets(bidder) == 1
    picture(bidder, "3-receipt")
    for user in floor.others:
        floor.bid(user)
    staff.goto(call)
    assert staff.locator("main a[href^='/bids/']").count() == 0
    expect(staff.locator("aside")).to_contain_text("截止后公布")

    # The window closes by the clock; two of the staff open the bids together.
    floor.close()
    visitor.reload()
    expect(visitor.locator("h1")).to_contain_text("已截止")
    staff.goto(f"{call}/release")
    step(staff, "批准启封", "批准启封")
    second = open_page(world.colleague, f"{call}/release")
    step(second, "批准并启封", "批准并启封")
    picture(second, "4-released")
    assert floor.status() is CallStatus.IN_REVIEW

    # Three experts judge; the issuer says what it thinks.
    staff.goto(f"{call}/panel")
    for box in staff.locator("[name=experts]").all():
        box.check()
    press(staff, "加入评审组")
    picture(staff, "5-panel")
    expert = open_page(floor.experts[0].user, "/reviews")
    judge_by_hand(expert, name_of(floor, college))
    points = {college.organisation_id: 90, rival.organisation_id: 80}
    points[floor.others[1].organisation_id] = 60
    floor.judge(points)
    issuer = open_page(world.enterprise, f"{call}/views")
    form = issuer.locator("section", has_text=name_of(floor, college)).locator("form")
    form.locator("[name=score]").fill("85")
    form.locator("[name=words]").fill("能接入本园区现有的电池管理系统。")
    with issuer.expect_navigation(wait_until="load"):
        form.get_by_role("button").click()
    floor.view_others()

    # The result: in the order of the ranking, with a reason to each, for a time.
    staff.goto(f"{call}/result/draft")
    assert staff.locator("[name=winners]:checked").count() == 2
    picture(staff, "7-result")
    press(staff, "保存拟定的结果")
    step(staff, "公示结果", "确认公示")
    visitor.goto(f"{call}/result")
    expect(visitor.locator("main")).to_contain_text(name_of(floor, college))
    picture(visitor, "8-notice")
    floor.end_notice()
    staff.goto(f"{call}/panel")
    step(staff, "确认立项", "确认")
    assert floor.status() is CallStatus.AWARDED

    # The task book is proposed from the bid, handed out, confirmed by both.
    staff.goto(f"{call}/execution")
    staff.locator("main table").first.get_by_role(
        "link", name=name_of(floor, college)
    ).click()
    award = urlsplit(staff.url).path
    staff.get_by_role("link", name="核对并发出任务书").click()
    expect(staff.locator("[name=milestone_deliverable]").first).to_have_value(PLAN[0])
    expect(staff.locator("[name=amount]")).to_have_value("240万元")
    staff.fill("[name=pledge]", "误报率达不到验收值的，退回末期拨款。")
    picture(staff, "9-task-book", "fieldset:has(#amount)")
    press(staff, "发出任务书")
    for page in (issuer, bidder):
        page.goto("/work")
        row = page.locator("tr", has_text="待本单位确认的任务书")
        row.get_by_role("link", name=re.compile("去确认")).click()
        step(page, "确认任务书", "确认")
    other = floor.agree(rival)
    assert floor.status() is CallStatus.RUNNING

    # A milestone: delivered, judged by issuer and staff, paid. The rival is dropped.
    bidder.goto(award)
    sent = {"words": "样机一套，第三方检测报告：提前 15.2 min，误报率 0.6%。"}
    first = floor.award(college).milestones[0]
    within(bidder, f"#step-deliver-{first.id}", "提交交付", **sent)
    issuer.goto("/work")
    issuer.get_by_role("link", name=re.compile("去判断")).first.click()
    heard = {"words": "在环境舱看了三次试验，与报告一致。"}
    within(issuer, f"#step-view-{first.id}", "提交判断", judgement="pass", **heard)
    staff.goto(award)
    picture(staff, "10-milestone", "#milestones", phone=True)
    within(staff, f"#step-judge-{first.id}", "给出结论", judgement="pass", **heard)
    today = f"{utcnow() + timedelta(hours=8):%Y-%m-%d}"
    paid = {"amount_paid": "120万元", "paid_on": today}
    issuer.goto(award)
    within(issuer, f"#step-pay-{first.id}", "登记拨款", **paid)
    floor.judge_milestone(other.milestones[0], rival, "fail")
    staff.goto(f"/awards/{other.id}")
    staff.locator("#step-eliminate summary").click()
    staff.select_option("[name=milestone]", index=1)
    within(staff, "#step-eliminate", "确认淘汰", words="误报率是另一家的三倍。")
    expect(staff.locator("h1")).to_contain_text("已淘汰")
    bidder.goto(f"{call}/execution")
    assert name_of(floor, rival) not in bidder.locator("main").inner_text()

    # Accepted goal by goal; the issuer's own test counts.
    floor.judge_milestone(floor.award(college).milestones[1], college, "pass")
    bidder.goto(award)
    for place, value in enumerate(("15.2 min", "0.6%")):
        bidder.locator("[name=reached]").nth(place).fill(value)
        bidder.locator("[name=evidence]").nth(place).fill("检测报告和运行记录")
    within(bidder, "#step-apply", "申请验收", words="两项目标都已达到，申请验收。")
    issuer.goto(award)
    for box in issuer.locator("[name=verdicts]").all():
        box.select_option("reached")
    tested = {"words": "在本园区电站连续运行 30 天，没有误报。"}
    within(issuer, "#step-test", "提交测试结论", agrees="1", **tested)
    staff.goto(award)
    picture(staff, "11-acceptance", "#goals")
    within(
        staff,
        "#step-conclude",
        "给出验收结论",
        decision="accept",
        words="专家组现场核对，同意通过验收。",
    )
    expect(staff.locator("#messages")).to_contain_text("已通过验收")
    assert floor.status() is CallStatus.ACCEPTED
    visitor.goto(f"{call}#winners")
    expect(visitor.locator("#winners")).to_contain_text("15.2 min")
    assert "样机一套" not in visitor.locator("main").inner_text()
    picture(visitor, "12-accepted", "#winners", phone=True)
    assert breakthroughs(staff) == before + 1
    picture(staff, "13-board")
    bidder.goto(award)
    bidder.get_by_role("link", name="起草技术合同").click()
    expect(bidder.locator("[name=total]")).to_have_value("240万元")


def within(page: Page, box: str, button: str, **values: str) -> None:
    """Fill the form of one step of an award and send it; choices by their value."""
    form = page.locator(box)
    if form.get_attribute("open") is None:
        form.locator("summary").click()
    for name, value in values.items():
        control = form.locator(f"[name={name}]")
        if control.first.get_attribute("type") == "radio":
            form.locator(f"[name={name}][value='{value}']").check()
        else:
            control.fill(value)
    with page.expect_navigation(wait_until="load"):
        form.get_by_role("button", name=button).click()


@pytest.fixture
def judged(floor, world) -> Callable[[], Call]:
    """A call under review whose sheets are all in, and all low."""

    def make() -> Call:
        call = floor.make.call(
            title=TITLE,
            status=CallStatus.IN_REVIEW,
            issuer_id=world.enterprise.organisation_id,
            issuer_weight=0,
        )
        for user in (world.university, *floor.others):
            home = floor.session.get_one(Organisation, user.organisation_id)
            bid = floor.make.released_bid(call, home, user_id=user.id)
            for expert in floor.experts:
                floor.make.review(
                    bid,
                    expert,
                    state=ReviewState.SUBMITTED,
                    submitted_at=floor.make.now,
                    scores=[{"score": 45, "words": "没有误报率数据"}] * 4,
                    overall="路线有新意，但误报率没有任何试验数据，不能支持承诺的指标。",
                )
        return call

    return make


def test_a_call_that_nobody_deserves_fails_in_the_open(open_page, world, floor, judged):
    call = f"/calls/{judged().id}"
    staff = open_page(world.staff, f"{call}/result/draft")
    for box in staff.locator("[name=winners]:checked").all():
        box.uncheck()
    staff.fill("[name=failed_words]", REFUSED)
    press(staff, "保存拟定的结果")
    step(staff, "公示结果", "确认公示")

    # The bidder reads why; a visitor objects and is answered.
    bidder = open_page(world.university, "/notices")
    bidder.locator("main").get_by_role("link", name=re.compile("评审结果公示")).click()
    expect(bidder.locator("main")).to_contain_text("45")
    picture(bidder, "14-reason", phone=True)
    visitor = open_page(None, f"{call}/result")
    expect(visitor.locator("main")).to_contain_text(REFUSED)
    picture(visitor, "15-failed")
    visitor.fill("[name=name]", "湘江电池协会")
    visitor.fill("[name=email]", "xiehui@example.com")
    visitor.fill("[name=objection]", "请说明误报率的判断依据，是否看过现场数据。")
    press(visitor, "提出异议")
    floor.end_notice()
    staff.goto(f"{call}/panel")
    assert staff.get_by_role("button", name="确认流榜").count() == 0
    staff.goto("/work")
    staff.locator("tr", has_text="待答复的异议").get_by_role(
        "link", name=re.compile("去答复")
    ).click()
    staff.locator("[name=decision][value=dismiss]").check()
    staff.fill("[name=answer]", "三位专家都看过试验记录，记录里没有误报率数据。")
    press(staff, "答复")
    staff.goto(f"{call}/panel")
    step(staff, "确认流榜", "确认")
    assert floor.status() is CallStatus.FAILED
    visitor.goto(call)
    expect(visitor.locator("h1")).to_contain_text("流榜")
    expect(visitor.locator("main")).to_contain_text(REFUSED)
    assert "实施情况" not in visitor.locator("main").inner_text()
