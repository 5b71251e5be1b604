"""Reviews, results and experts through the interface."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from models import BidOutcome, CallResult, Expert
from models.states import CallStatus, Role

from ..panels.conftest import NEEDED, World, set_up

pytestmark = pytest.mark.one_database

REASON = "技术路线清楚，指标逐条有试验依据。"


@pytest.fixture
def world(make, session) -> World:
    return set_up(make, session)


def due():
    return (datetime.now(UTC) + timedelta(days=20)).date().isoformat()


def sheet(points=80, lines=2):
    """A whole sheet, but for its version."""
    return {
        "lines": [{"score": points, "words": "有试验数据支持"}] * lines,
        "overall": "路线可行，指标逐条有依据。",
        "independent": True,
    }


def formed(program, world):
    staff = program(world.staff)
    ids = [one.id for one in world.experts[:NEEDED]]
    body = {"experts": ids, "due_on": due()}
    answer = staff.post(f"/calls/{world.call.id}/panel", json=body)
    assert answer.status_code == 200, answer.text
    return staff


def judged(program, world):
    """A panel whose experts have all handed in their sheets."""
    staff = formed(program, world)
    for expert in world.experts[:NEEDED]:
        theirs = program(expert.user)
        for place, one in enumerate(theirs.get("/reviews").json["items"]):
            version = theirs.get(f"/reviews/{one['id']}").json["version"]
            body = sheet(90 - 10 * (place % 3)) | {"version": version}
            done = theirs.post(f"/reviews/{one['id']}/submit", json=body)
            assert done.json["state"] == "submitted", done.text
    return staff


def test_a_review_from_its_panel_to_its_result(program, session, world):
    place = f"/calls/{world.call.id}"
    staff = judged(program, world)
    listed = staff.get("/panels").json["items"][0]
    assert (listed["id"], listed["sheets"]) == (world.call.id, {"submitted": 9})
    panel = staff.get(f"{place}/panel").json
    assert panel["is_complete"] is True
    assert panel["views_missing"] == 3
    issuer = program(world.issuer)
    for bid in world.bids:
        opinion = {"bid": bid.id, "score": 70, "words": "能在本园区落地应用"}
        assert issuer.post(f"{place}/views", json=opinion).status_code == 200
    views = issuer.get(f"{place}/views").json["items"]
    assert [one["bid"] for one in views] == [one.id for one in world.bids]
    assert issuer.get(f"{place}/panel").status_code == 403
    draft = staff.get(f"{place}/result/draft").json
    assert (draft["version"], len(draft["winners"])) == (0, 1)
    body = {
        "version": 0,
        "winners": draft["winners"],
        "reasons": [{"bid": bid.id, "reason": REASON} for bid in world.bids],
    }
    proposed = staff.post(f"{place}/result/draft", json=body)
    assert proposed.status_code == 200, proposed.text
    assert program().get(f"{place}/result").json["state"] is None
    seen = {"version": proposed.json["version"]}
    announced = staff.post(f"{place}/result/announce", json=seen)
    assert announced.json["result"]["state"] == "announced"
    public = program().get(f"{place}/result").json
    assert len(public["winners"]) == 1
    assert REASON not in str(public)
    said = {"objection": "获选单位的检测报告已经过期，请核实。"}
    nameless = program().post(f"{place}/objections", json=said)
    assert nameless.status_code == 422
    who = {"name": "王某", "email": "wang@example.com"}
    made = program().post(f"{place}/objections", json=said | who)
    assert made.status_code == 201, made.text
    objection = f"/objections/{made.json['id']}"
    assert issuer.get(objection).status_code in (403, 404)
    assert staff.get(objection).json["is_visitor"] is True
    reply = {"decision": "dismiss", "answer": "检测报告在有效期之内，结果不变。"}
    assert staff.post(f"{objection}/answer", json=reply).json["state"] == "dismissed"
    running = staff.post(f"{place}/result/close").json
    assert running["code"] == "result.notice_running"
    ended = datetime.now(UTC) - timedelta(seconds=1)
    session.rollback()
    session.execute(
        update(CallResult).values(
            notice_from=ended - timedelta(days=1), notice_until=ended
        )
    )
    session.commit()
    assert staff.post(f"{place}/result/close").json["status"] == CallStatus.AWARDED
    minutes = staff.post(f"{place}/minutes")
    assert minutes.data.startswith(b"PK")


def test_a_sheet_is_its_experts_alone_until_it_is_submitted(program, world):
    staff = formed(program, world)
    expert = program(world.experts[0].user)
    review = f"/reviews/{expert.get('/reviews').json['items'][0]['id']}"
    read = expert.get(review)
    assert read.json["bid_content"]["contact"] is None
    assert read.json["is_open"] is True
    half = {"lines": [{"score": 61, "words": "还在看"}], "overall": ""}
    etag = {"If-Match": read.headers["ETag"]}
    saved = expert.put(review, json=half, headers=etag)
    assert saved.status_code == 200, saved.text
    assert expert.put(review, json=half, headers=etag).status_code == 412
    assert expert.get(review).json["criteria"][0]["score"] == 61
    known = staff.get(review).json
    assert known["criteria"][0]["score"] is None
    assert known["bid_content"]["contact"] is not None
    other = program(world.experts[1].user)
    assert other.get(review).status_code == 404
    assert program(world.issuer).get(review).status_code in (403, 404)
    version = expert.get(review).json["version"]
    expert.post(f"{review}/submit", json=sheet() | {"version": version})
    assert staff.get(review).json["total"] == 8000
    twice = expert.post(f"{review}/submit", json=sheet() | {"version": version})
    assert (twice.status_code, twice.json["code"]) == (409, "review.submitted")
    back = staff.post(f"{review}/hand-back", json={"words": "请补充评分的依据"})
    assert back.json["state"] == "returned"


def test_the_panel_changes_by_hand(program, world, make):
    staff, place = formed(program, world), f"/calls/{world.call.id}/panel"
    moved = {"due_on": due(), "words": "专家出差，顺延几天"}
    assert staff.post(f"{place}/due", json=moved).status_code == 422  # the same day
    moved["due_on"] = (datetime.now(UTC) + timedelta(days=25)).date().isoformat()
    assert (
        staff.post(f"{place}/due", json=moved).json["sheets_due_on"] == moved["due_on"]
    )
    first, last = world.experts[0], world.experts[NEEDED]
    review = program(first.user).get("/reviews").json["items"][0]["id"]
    taken = staff.post(f"/reviews/{review}/take-away", json={"words": "另有安排，换人"})
    assert taken.json["state"] == "removed"
    given = {"bid": world.bids[0].id, "expert": last.id}
    assert staff.post(f"{place}/assign", json=given).status_code == 200
    assert staff.post(f"{place}/assign", json=given).status_code == 409
    gone = {"member": last.user_id, "words": "不再参加本次评审"}
    assert staff.post(f"{place}/dismiss", json=gone).status_code == 200
    experts = staff.get(f"{place}/experts").json["items"]
    members = {one["id"] for one in experts if one["member"]}
    assert members == {one.id for one in world.experts[:NEEDED]}
    second = program(world.experts[1].user)
    review = second.get("/reviews").json["items"][0]["id"]
    recused = second.post(
        f"/reviews/{review}/recuse", json={"words": "三年内合作过项目"}
    )
    assert recused.json["state"] == "recused"
    assert second.get(f"/reviews/{review}").status_code == 404
    for who in (world.issuer, world.experts[0].user, make.user()):
        assert program(who).post(f"{place}/due", json=moved).status_code in (403, 404)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"lines": [{"score": 101, "words": "有试验数据支持"}] * 2}, "lines/0/score"),
        ({"lines": [{"score": -1, "words": "有试验数据支持"}] * 2}, "lines/0/score"),
        ({"lines": [{"score": 80, "words": "有试验数据支持"}]}, "lines/1/score"),
        ({"lines": [{"score": 80, "words": "。。"}] * 2}, "lines/0/words"),
        ({"lines": [{"score": 80, "words": "有试验数据支持"}] * 3}, "lines"),
        ({"overall": "好"}, "overall"),
        ({"independent": False}, "independent"),
        ({"version": 2**31}, "version"),
    ],
)
def test_what_makes_no_sheet_is_named(program, world, change, pointer):
    formed(program, world)
    expert = program(world.experts[0].user)
    number = expert.get("/reviews").json["items"][0]["id"]
    answer = expert.post(
        f"/reviews/{number}/submit", json=sheet() | {"version": 1} | change
    )
    assert answer.status_code == 422, answer.text
    assert pointer in [error["pointer"] for error in answer.json["errors"]]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"winners": [], "failed_words": ""}, "winners"),
        ({"reasons": []}, "reasons"),
        ({"reasons": [{"bid": 1, "reason": "好"}]}, "reasons/0/reason"),
        ({"winners": [2**31]}, "winners/0"),
        ({"reasons": [{"bid": 999, "reason": REASON}]}, "reasons/0/bid"),
        ({"reasons": [{"bid": 1, "reason": REASON}] * 2}, "reasons/1/bid"),
    ],
)
def test_what_makes_no_result_is_named(program, world, change, pointer):
    staff = judged(program, world)
    first = world.bids[0].id
    body = {
        "version": 0,
        "winners": [first],
        "without_issuer": True,
        "reasons": [{"bid": bid.id, "reason": REASON} for bid in world.bids],
    }
    assert first == 1
    answer = staff.post(f"/calls/{world.call.id}/result/draft", json=body | change)
    assert answer.status_code == 422, answer.text
    assert pointer in [error["pointer"] for error in answer.json["errors"]]


def test_the_issuers_score_has_its_bounds(program, world):
    issuer, place = program(world.issuer), f"/calls/{world.call.id}/views"
    for score in (101, -1, 2**62, "70", None):
        body = {"bid": world.bids[0].id, "score": score, "words": "能在本园区落地应用"}
        answer = issuer.post(place, json=body)
        assert answer.status_code == 422, score
        assert answer.json["errors"][0]["pointer"] == "score"


def test_an_outcome_is_for_its_bidder(program, session, make, world):
    make.result(world.call, world.bids)
    winner = make.user(Role.UNIVERSITY, organisation_id=world.homes[0].id)
    loser = make.user(Role.UNIVERSITY, organisation_id=world.homes[1].id)
    numbers = session.scalars(select(BidOutcome.id).order_by(BidOutcome.rank)).all()
    assert program(winner).get(f"/outcomes/{numbers[0]}").json["won"] is True
    assert program(winner).get(f"/outcomes/{numbers[1]}").status_code == 404
    assert program(loser).get(f"/outcomes/{numbers[1]}").json["rank"] == 2
    assert program(world.issuer).get(f"/outcomes/{numbers[0]}").status_code == 404


def test_an_expert_is_invited_and_declares_what_binds_it(program, session, make):
    staff = program(make.staff())
    body = {
        "name": "李专家",
        "email": "li@example.com",
        "employer": "湘江评测院",
        "fields": ["ES"],
    }
    made = staff.post("/experts", json=body)
    assert made.status_code == 201, made.text
    assert "token" not in made.text
    taken = staff.post("/experts", json=body)
    assert taken.json["errors"][0]["pointer"] == "email"
    place = f"/experts/{made.json['id']}"
    assert staff.post(f"{place}/invite").json["joined_at"] is None
    edited = staff.put(place, json={"title": "教授", "fields": []})
    assert edited.json["title"] == "教授"
    found = staff.get("/experts?q=湘江评测院").json
    assert [one["id"] for one in found["items"]] == [made.json["id"]]
    own = make.expert()
    expert = program(own.user)
    assert expert.get("/experts/mine").json["id"] == own.id
    tie = {"organisation": "长沙示例公司", "kind": "shares", "words": "持股 1%"}
    declared = expert.post(f"/experts/{own.id}/ties", json=tie)
    assert declared.status_code == 201, declared.text
    assert expert.post(f"/experts/{own.id}/ties", json=tie).status_code == 409
    ended = expert.post(f"/expert-ties/{declared.json['id']}/end")
    assert ended.json["ended_at"] is not None
    assert expert.post(f"{place}/ties", json=tie).status_code == 404
    assert expert.get(place).status_code == 403
    assert program(make.user()).get("/experts").status_code == 403
    assert (
        session.scalar(select(Expert).where(Expert.id == made.json["id"])) is not None
    )
