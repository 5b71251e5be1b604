"""Awards through the interface: from the task book to acceptance."""

from datetime import UTC, datetime, timedelta

import pytest

from matchmaker.labels import today
from models import Call
from models.states import AwardState, CallStatus

from ..awards.conftest import WAN, set_up

pytestmark = pytest.mark.one_database

DAY = today(datetime.now(UTC))


@pytest.fixture
def stage(session, make):
    return set_up(session, make)


def book(award, **given):
    """A task book of 400 万元 in two parts, for the award that was read."""
    return {
        "seen": award["seen"],
        "amount": 400 * WAN,
        "values": ["12 min", "0.8%"],
        "milestones": [
            line("样机", 30, 150 * WAN),
            line("现场试用", 200, 250 * WAN),
        ],
        "pledge": "误报率不达标，退回末期拨款",
    } | given


def line(title, days, fen):
    return {
        "title": title,
        "deliverable": f"{title}一套和测试记录",
        "due_on": (DAY + timedelta(days=days)).isoformat(),
        "payment": fen,
    }


def running(program, stage):
    """Both task books written and agreed to; the programs of those who take part."""
    staff, issuer = program(stage.staff), program(stage.issuer)
    winners = [program(stage.winner(one)) for one in stage.awards]
    for award, winner in zip(stage.awards, winners, strict=True):
        place = f"/awards/{award.id}"
        written = staff.put(place, json=book(staff.get(place).json))
        assert written.status_code == 200, written.text
        for side in (issuer, winner):
            seen = {"seen": side.get(place).json["seen"]}
            done = side.post(f"{place}/confirm", json=seen)
            assert done.status_code == 200, done.text
    return staff, issuer, winners


def test_an_execution_from_the_task_book_to_acceptance(program, session, stage):
    staff, issuer, (firm, _) = running(program, stage)
    session.rollback()
    assert session.get(Call, stage.call.id).status is CallStatus.RUNNING
    place = f"/awards/{stage.awards[0].id}"
    award = firm.get(place).json
    assert award["state"] == AwardState.RUNNING
    for one in award["milestones"]:
        step = f"/milestones/{one['id']}"
        assert firm.get(step).json["may"] == ["deliver", "files"]
        given = firm.post(f"{step}/deliver", json={"words": "样机一台，已经自测"}).json
        said = {
            "number": given["number"],
            "judgement": "pass",
            "words": "现场看过，可以用",
        }
        assert issuer.post(f"{step}/view", json=said).json["issuer_judgement"] == "pass"
        assert staff.post(f"{step}/judge", json=said).json["state"] == "passed"
    paid = {"amount_paid": 100 * WAN, "paid_on": DAY.isoformat()}
    first = f"/milestones/{award['milestones'][0]['id']}"
    noted = issuer.post(f"{first}/pay", json=paid)
    assert noted.json["unpaid_fen"] == 50 * WAN, noted.text
    more = issuer.post(f"{first}/pay", json=paid)
    assert more.json["errors"][0]["pointer"] == "amount_paid"
    number = noted.json["payments"][0]["id"]
    back = issuer.post(f"{first}/take-back", json={"payment_id": number})
    assert back.json["payments"] == []
    asked = firm.post(
        f"{place}/apply",
        json={
            "reached": ["13 min", "0.7%"],
            "evidence": ["检测报告", "运行记录"],
            "words": "全部目标完成，申请验收",
        },
    )
    assert asked.json["state"] == AwardState.ACCEPTING, asked.text
    told = {"number": 1, "verdicts": ["reached", "reached"], "words": "连续运行一个月"}
    early = staff.post(f"{place}/conclude", json=told | {"decision": "accept"})
    assert early.json["code"] == "award.issuer_first"
    assert issuer.post(f"{place}/test", json=told | {"agrees": True}).status_code == 200
    done = staff.post(f"{place}/conclude", json=told | {"decision": "accept"})
    assert done.json["state"] == AwardState.ACCEPTED, done.text
    assert staff.get("/awards?shown=accepted").json["total"] == 1
    public = program().get(f"/calls/{stage.call.id}").json["winners"]
    assert public[0]["goals"][0]["verdict"] == "reached"
    assert public[1]["goals"] == []


def test_a_winner_learns_nothing_of_another(program, stage):
    _, issuer, (firm, college) = running(program, stage)
    mine, other = stage.awards
    execution = f"/calls/{stage.call.id}/awards"
    assert [one["id"] for one in firm.get(execution).json["items"]] == [mine.id]
    assert issuer.get(execution).json["total"] == 2
    assert firm.get("/awards").json["total"] == 1
    assert firm.get(f"/awards/{other.id}").status_code == 404
    assert firm.get(f"/milestones/{other.milestones[0].id}").status_code == 404
    assert firm.get(f"/awards/{other.id}/amendments").status_code == 404
    outsider = program(stage.outsider)
    assert outsider.get(execution).status_code == 403
    assert outsider.get(f"/awards/{mine.id}").status_code == 404
    assert program().get(f"/awards/{mine.id}").status_code == 401
    assert firm.put(f"/awards/{mine.id}", json=book({"seen": ""})).status_code == 403
    assert college.post(f"/awards/{mine.id}/confirm", json={}).status_code == 404


def test_a_task_book_changes_while_it_is_carried_out(program, stage):
    staff, issuer, (firm, _) = running(program, stage)
    place = f"/awards/{stage.awards[0].id}"
    plan = staff.get(f"{place}/plan").json
    assert firm.get(f"{place}/plan").status_code == 403
    plan["milestones"][-1]["due_on"] = (DAY + timedelta(days=260)).isoformat()
    body = plan | {"reason": "试验场地推迟两个月交付"}
    proposed = staff.post(f"{place}/amendments", json=body)
    assert proposed.status_code == 201, proposed.text
    again = staff.post(f"{place}/amendments", json=body)
    assert again.json["code"] == "amendment.open"
    waiting = firm.get(f"{place}/amendments").json["items"][0]
    seen = {"seen": waiting["seen"]}
    words = seen | {"words": "场地按原计划交付了"}
    assert firm.post(f"{place}/amendment/withdraw", json=words).status_code == 403
    assert firm.post(f"{place}/amendment/decline", json=words).status_code == 200
    plan = staff.get(f"{place}/plan").json
    plan["milestones"][-1]["due_on"] = (DAY + timedelta(days=260)).isoformat()
    staff.post(f"{place}/amendments", json=plan | {"reason": "试验场地还是推迟了"})
    seen = {"seen": firm.get(f"{place}/amendments").json["items"][0]["seen"]}
    on_behalf = seen | {"side": "issuer", "words": "收到盖章的补充协议"}
    here = staff.post(f"{place}/amendment/confirm-for", json=on_behalf)
    assert here.json["code"] == "award.party_is_here"
    for side in (firm, issuer):
        assert side.post(f"{place}/amendment/confirm", json=seen).status_code == 200
    first, second = firm.get(f"{place}/amendments").json["items"]
    assert (first["state"], second["state"]) == ("in_force", "declined")
    assert first["changes"][0]["what"] == "完成期限"


def test_an_award_ends_without_acceptance(program, stage):
    staff, _, (firm, college) = running(program, stage)
    first, second = (f"/awards/{one.id}" for one in stage.awards)
    one = firm.get(first).json["milestones"][0]["id"]
    out = {"milestone": one, "words": "误报率落后于另一家"}
    early = staff.post(f"{first}/eliminate", json=out)
    assert early.json["errors"][0]["pointer"] == "milestone"
    stopped = {"code": "infeasible", "words": "按专家意见终止"}
    assert firm.post(f"{first}/stop", json=stopped).status_code == 403
    odd = staff.post(f"{first}/stop", json=stopped | {"code": "weather"})
    assert odd.json["errors"][0]["pointer"] == "code"
    done = staff.post(f"{first}/stop", json=stopped).json
    assert (done["state"], done["liability"]) == ("stopped", "excused")
    last = staff.post(f"{second}/eliminate", json=out).json
    assert last["code"] == "award.last_runner"
    assert college.get(second).json["state"] == "running"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"amount": 401 * WAN}, "milestones"),
        ({"amount": 0}, "amount"),
        ({"amount": 2**62}, "amount"),
        ({"amount": "400"}, "amount"),
        ({"values": ["12 min"]}, "values"),
        ({"milestones": []}, "milestones"),
        ({"milestones": [line("样机", 30, 1)] * 13}, "milestones"),
        ({"milestones": [line("样机", 30, -1)]}, "milestones/0/payment"),
        ({"milestones": [line("样机", 99_999, 400 * WAN)]}, "milestones"),
        ({"signed_on": (DAY + timedelta(days=1)).isoformat()}, "signed_on"),
        ({"signed_on": "0000-01-01"}, "signed_on"),
        ({"seen": "x" * 65}, "seen"),
    ],
)
def test_what_makes_no_task_book_is_named(program, stage, change, pointer):
    staff, place = program(stage.staff), f"/awards/{stage.awards[0].id}"
    answer = staff.put(place, json=book(staff.get(place).json) | change)
    assert answer.status_code == 422, answer.text
    assert pointer in [error["pointer"] for error in answer.json["errors"]]


def test_a_task_book_is_written_for_the_text_that_was_read(program, stage):
    staff, place = program(stage.staff), f"/awards/{stage.awards[0].id}"
    read = staff.get(place).json
    assert staff.put(place, json=book(read)).status_code == 200
    old = staff.put(place, json=book(read, pledge="另一份"))
    assert (old.status_code, old.json["code"]) == (409, "stale")
    issuer = program(stage.issuer)
    other = issuer.post(f"{place}/confirm", json={"seen": read["seen"]})
    assert (other.status_code, other.json["code"]) == (409, "changed_since_read")
