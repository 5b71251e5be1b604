"""A review through HTTP: from the panel to the answer to an objection."""

import re
from datetime import timedelta
from io import BytesIO

import pytest
from docx import Document
from sqlalchemy import select

from matchmaker import documents
from matchmaker.panels import results
from models import BidOutcome, BidReview, CallResult, Objection, transaction
from models.states import CallStatus, Role

from ..conftest import NOW
from ..walk import forms
from .conftest import DUE

SHEET = {
    "score_0": "85",
    "words_0": "路线清楚可行",
    "score_1": "70",
    "words_1": "团队完整可靠",
    "overall": "总体可行，指标有依据，建议支持。",
    "independent": "1",
}


@pytest.fixture
def now(monkeypatch):
    """The clock of every page, to be moved on."""
    clock = {"now": NOW}
    for module in ("web", "reviews.web", "issuer.web", "notice.web"):
        monkeypatch.setattr(f"matchmaker.panels.{module}.utcnow", lambda: clock["now"])
    return clock


def form_of(world, client, review, **changes):
    page = client.get(f"/reviews/{review.id}")
    version = re.search(r'name="version" value="(\d+)"', page.text)[1]
    return SHEET | {"version": version} | changes


def test_a_review_from_the_panel_to_the_award(app, world, login, session, now):
    staff, url = login(world.staff), f"/calls/{world.call.id}"
    page = staff.get(f"{url}/panel")
    assert "缺 9 位专家" in page.text
    none = staff.post(f"{url}/panel", data={})
    assert none.status_code == 422
    data = {"experts": [one.id for one in world.experts[:3]]}
    unsaid = staff.post(f"{url}/panel", data=data)
    assert unsaid.status_code == 422
    assert "请填写评审截止" in unsaid.text
    data["due_on"] = DUE.isoformat()
    page = staff.post(f"{url}/panel", data=data, follow_redirects=True)
    assert "待交 9 份评分表" in page.text

    # The expert writes: a draft, a mistake, the sheet, and no second time.
    review = world.review(0, 0)
    expert = login(review.user)
    assert world.homes[0].name in expert.get("/reviews").text
    assert "待评审的揭榜书" in expert.get("/").text
    page = expert.get(f"/reviews/{review.id}").text
    assert "氢气浓度和电压微分融合" in page
    assert "0731-88881234" not in page
    typed = form_of(world, expert, review, action="autosave", score_0="")
    answer = expert.post(f"/reviews/{review.id}", data=typed)
    assert answer.status_code == 200
    assert "已自动保存（12:00）" in answer.json["said"]
    again = expert.post(f"/reviews/{review.id}", data=typed)
    assert again.status_code == 409
    typed = form_of(world, expert, review, action="submit", score_1="101")
    page = expert.post(f"/reviews/{review.id}", data=typed)
    assert page.status_code == 422
    assert "「团队基础」的评分：请填写 0 到 100 的整数" in page.text
    assert 'value="101"' in page.text
    typed["score_1"] = "70"
    page = expert.post(f"/reviews/{review.id}", data=typed, follow_redirects=True)
    assert "评分表已提交" in page.text
    assert expert.post(f"/reviews/{review.id}", data=typed).status_code == 409
    assert "79.00" in expert.get("/reviews").text
    other = world.review(0, 1)
    assert expert.get(f"/reviews/{other.id}").status_code == 404

    for one in session.scalars(select(BidReview)).all():
        if one.state == "assigned":
            points = 90 if one.bid_id == world.bids[0].id else 60
            world.submit(one, (points, points))
    issuer = login(world.issuer)
    assert "待给出意见" in issuer.get("/").text
    for bid in world.bids:
        data = {"bid": bid.id, "score": "80", "words": "能在本园区落地"}
        assert issuer.post(f"{url}/views", data=data).status_code == 303
    wrong = issuer.post(f"{url}/views", data=data | {"score": "120"})
    assert wrong.status_code == 422
    assert issuer.get(f"{url}/panel").status_code == 403

    # The result is proposed as drafted, announced, and nothing is public before.
    page = staff.get(f"{url}/result/draft").text
    assert "列第 1 名" in page
    form = drafted(page)
    assert staff.post(f"{url}/result/draft", data=form).status_code == 303
    visitor = app.test_client()
    assert "还没有公示的评审结果" in visitor.get(f"{url}/result").text
    page = staff.get(f"{url}/panel").text
    version = re.search(r'name="version" value="(\d+)"', page)[1]
    staff.post(f"{url}/result/announce", data={"version": version})
    page = visitor.get(f"{url}/result").text
    assert world.homes[0].name in page
    assert world.homes[1].name not in page
    assert world.experts[0].user.name not in page
    session.rollback()
    bidder = session.get(type(world.staff), world.bids[1].user_id)
    outcome = session.scalars(
        select(BidOutcome).where(BidOutcome.bid_id == world.bids[1].id)
    ).one()
    page = login(bidder).get(f"/outcomes/{outcome.id}").text
    assert "总体意见" in page
    assert not any(one.user.name in page for one in world.experts)
    winner = session.get(type(world.staff), world.bids[0].user_id)
    assert login(winner).get(f"/outcomes/{outcome.id}").status_code == 404

    # A visitor objects; the notice cannot be cut short; then it is answered and closed.
    bad = visitor.post(f"{url}/objections", data={"objection": "短"})
    assert bad.status_code == 422
    objection = {"name": "王某", "email": "wang@example.com"}
    objection["objection"] = "检测报告已过期，请予核实处理。"
    page = visitor.post(f"{url}/objections", data=objection, follow_redirects=True)
    assert "异议已收到" in page.text
    now["now"] += timedelta(days=30)
    assert staff.post(f"{url}/result/close").status_code == 409
    session.rollback()
    made = session.scalars(select(Objection)).one()
    answer = {"decision": "dismiss", "answer": "经核实，检测报告在有效期内。"}
    assert staff.post(f"/objections/{made.id}", data=answer).status_code == 303
    now["now"] = NOW + timedelta(days=1)
    early = staff.post(f"{url}/result/close")
    assert early.status_code == 409
    assert "2026年11月30日 24:00 前" in early.text
    now["now"] = NOW + timedelta(days=30)
    assert staff.post(f"{url}/result/close").status_code == 303
    session.rollback()
    assert world.call.status is CallStatus.AWARDED
    assert "立项单位" in visitor.get(f"{url}/result").text


def drafted(page: str) -> dict[str, str | list[str]]:
    """What the form of the proposal would send as it stands."""
    form = next(one for one in forms(page) if one.action.endswith("/result/draft"))
    found: dict[str, str | list[str]] = dict(form.values)
    return found


def test_a_conflict_is_declared_on_the_page_and_the_bid_is_gone(world, login):
    world.form()
    review = world.review(0, 0)
    expert = login(review.user)
    url = f"/reviews/{review.id}"
    assert expert.post(f"{url}/conflict", data={"words": ""}).status_code == 422
    data = {"words": "与负责人近三年合作发表论文"}
    page = expert.post(f"{url}/conflict", data=data, follow_redirects=True)
    assert "已回避" in page.text
    assert expert.get(url).status_code == 404
    page = login(world.staff).get(f"/calls/{world.call.id}/panel").text
    assert "与负责人近三年合作发表论文" in page
    assert "缺 1 位专家" in page


def test_before_the_release_there_is_nothing_for_an_expert(world, login, session):
    world.form()
    review = world.review(0, 0)
    with transaction(session):
        world.call.status = CallStatus.OPEN
    client = login(review.user)
    assert client.get(f"/reviews/{review.id}").status_code == 404
    page = login(world.staff).post(
        f"/calls/{world.call.id}/panel", data={"experts": [world.experts[3].id]}
    )
    assert page.status_code == 409


def words_of(document):
    """Every paragraph and every cell of a Word file."""
    yield from (one.text for one in document.paragraphs)
    for table in document.tables:
        yield from (cell.text for row in table.rows for cell in row.cells)


def test_the_minutes_are_read_back_with_odd_characters_and_all(
    world, login, session, make
):
    world.form()
    world.judge(90, 80, 70)
    review = world.review(0, 0)
    with transaction(session):
        review.overall = "坏字符\x0b\ufffe\U0001f600<w:t>&amp; 末尾"
        world.homes[1].name = "麓南&<大学>"
    expert = world.experts[3]
    make.review(
        world.bids[2], expert, state="recused", conflict_words="与负责人是师生关系"
    )
    answer = login(world.staff).post(f"/calls/{world.call.id}/minutes")
    assert answer.mimetype == documents.MEDIA_TYPE
    document = Document(BytesIO(answer.data))
    cells = [
        cell.text
        for table in document.tables
        for row in table.rows
        for cell in row.cells
    ]
    text = "\n".join([*(one.text for one in document.paragraphs), *cells])
    for words in (
        world.call.title,
        world.experts[0].user.name,
        "与负责人是师生关系",
        "技术路线",
        "90.00",
        "坏字符\U0001f600<w:t>&amp; 末尾",
        "麓南&<大学>",
        "综合得分 = 专家平均分（发榜单位的意见不计入）。",
    ):
        assert words in text, words
    assert (
        login(world.make.user(Role.ADMIN))
        .get(f"/calls/{world.call.id}/panel")
        .status_code
        == 200
    )
    assert login(expert.user).post(f"/calls/{world.call.id}/minutes").status_code == 403


def test_the_minutes_hold_the_result_and_the_objections(world, session, make, login):
    world.form()
    world.judge(90, 80, 70)
    with transaction(session):
        world.call.status = CallStatus.ANNOUNCED
    result = make.result(world.call, world.bids)
    make.objection(result)
    assert isinstance(results.public(session, world.call), CallResult)
    answer = login(world.staff).post(f"/calls/{world.call.id}/minutes")
    document = Document(BytesIO(answer.data))
    cells = {
        cell.text
        for table in document.tables
        for row in table.rows
        for cell in row.cells
    }
    assert {"拟立项", "技术路线清楚，指标有依据。"} <= cells
    assert any("检测报告已经过期" in text for text in cells)
