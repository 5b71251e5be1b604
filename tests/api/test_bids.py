"""Sealed bids through the interface: nothing of them is answered but to GET."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from uuid import uuid4

import pytest
from sqlalchemy import select, text, update

from models import ApiAnswer, Call
from models.states import Role

pytestmark = pytest.mark.one_database

SECRET = "氢气浓度与电压微分融合"


def body(call, **given):
    """A whole bid as a program sends it."""
    return {
        "leader": "张示例",
        "contact": "0731-88880000",
        "team": "十二人的储能安全团队，分三组",
        "approach": f"{SECRET}，分级报警，逐级处置",
        "goals": [
            {"goal": goal, "value": "12 min", "evidence": "第三方检测"}
            for goal in call.goals
        ],
        "budget": 420_0000_00,
        "schedule": ["第 1 至 6 个月完成样机"],
        "months": 18,
        "readiness": 6,
        "seen": "",
    } | given


@pytest.fixture
def call(make):
    return make.call(goals=["提前预警时间≥10 min", "误报率≤1%"])


@pytest.fixture
def college(make):
    return make.user(Role.UNIVERSITY, organisation_id=make.organisation().id)


def close(session):
    session.rollback()
    ended = datetime.now(UTC) - timedelta(seconds=1)
    session.execute(update(Call).values(questions_until=ended, closes_at=ended))
    session.commit()


def submitted(mine, call, **given):
    place = f"/calls/{call.id}/bid/submit"
    answer = mine.post(place, json=body(call, promise=True, **given))
    assert answer.status_code == 200, answer.text
    return answer.json


def test_a_bid_from_its_first_word_to_its_release(
    program, session, make, call, college
):
    mine, place = program(college), f"/calls/{call.id}/bid"
    blank = mine.get(place).json
    assert (blank["id"], blank["seen"]) == (None, "")
    assert [one["goal"] for one in blank["content"]["goals"]] == call.goals
    assert "leader" in blank["missing"]
    saved = mine.put(place, json=body(call, leader=""))
    assert saved.status_code == 200, saved.text
    assert (saved.json["state"], saved.json["unsent"]) == ("draft", True)
    kept = mine.get(place).json
    assert list(kept["missing"]) == ["leader"]
    sent = {"file": (BytesIO(b"%PDF-1.7 report"), "检测报告.pdf")}
    assert mine.post(f"{place}/files", data=sent).status_code == 201
    done = submitted(mine, call, seen=mine.get(place).json["seen"])
    assert (done["state"], done["number"], done["unsent"]) == ("submitted", 1, False)
    bid = f"/bids/{done['id']}"
    read = mine.get(bid).json
    assert read["content"]["approach"].startswith(SECRET)
    assert [one["name"] for one in read["files"]] == ["检测报告.pdf"]
    assert read["agrees"] is True
    file = mine.get(f"/bid-files/{read['files'][0]['id']}")
    assert file.data == b"%PDF-1.7 report"
    receipt = mine.get(f"{bid}/receipt").json
    statement = mine.get(f"{bid}/statement").data
    assert sha256(statement).hexdigest() == receipt["digest"] == done["digest"]
    assert mine.get(f"/receipts?digest={done['digest']}").json["in_force"] is True
    held = mine.post("/receipts", data={"file": (BytesIO(statement), "回执.json")})
    assert held.json["number"] == 1
    assert program().get(f"/receipts?digest={done['digest']}").status_code == 404

    first, second = program(make.staff()), program(make.staff())
    release = f"/calls/{call.id}/release"
    assert first.get(release).json["bids"] is None
    early = first.post(release)
    assert (early.status_code, early.json["code"]) == (409, "release.too_early")
    close(session)
    assert first.post(release).json["released_at"] is None
    assert first.post(release).json["code"] == "release.same_person"
    opened = second.post(release).json
    assert (opened["bids"], opened["faults"]) == (1, [])
    assert first.get(bid).json["content"]["contact"] == "0731-88880000"
    assert program().get(f"/receipts?digest={done['digest']}").status_code == 200
    assert mine.put(place, json=body(call)).json["code"] == "bid.not_open"
    assert first.post(f"{release}/retry").json["code"] == "release.nothing_left"


def test_a_sealed_bid_is_known_to_its_bidder_alone(program, make, call, college):
    done = submitted(program(college), call)
    issuer = make.user(organisation_id=call.issuer_id)
    rival = make.user(organisation_id=make.organisation().id)
    for other in (issuer, rival, make.staff(), make.user(Role.ADMIN)):
        theirs = program(other)
        for rule in ("", "/receipt", "/statement"):
            assert theirs.get(f"/bids/{done['id']}{rule}").status_code == 404
        assert theirs.get("/bids").json == {"items": [], "total": 0, "next": None}
        assert theirs.post(f"/bids/{done['id']}/withdraw").status_code in (403, 404)
    assert program().get(f"/bids/{done['id']}").status_code == 401
    assert program().get(f"/calls/{call.id}").json["interest"]["bids"] is None


def test_no_word_of_a_bid_is_kept_in_the_clear(program, session, call, college):
    """Neither the answers nor a digest of what was asked."""
    mine = program(college)
    key = {"Idempotency-Key": str(uuid4())}
    place = f"/calls/{call.id}/bid"
    mine.put(place, json=body(call), headers=key)
    sent = {"file": (BytesIO(b"%PDF-1.7 x"), f"{SECRET}.pdf")}
    answers = [mine.post(f"{place}/files", data=sent, headers=key)]
    seen = mine.get(place).json["seen"]
    answers.append(
        mine.post(
            f"{place}/submit", json=body(call, promise=True, seen=seen), headers=key
        )
    )
    done = answers[-1].json
    answers.append(mine.post(f"/bids/{done['id']}/withdraw", headers=key))
    assert [one.status_code for one in answers] == [201, 200, 200]
    assert not any(SECRET in one.text or seen in one.text for one in answers)
    session.rollback()
    assert len(session.scalars(select(ApiAnswer)).all()) == 1  # of the withdrawal
    for table in session.execute(
        text("SELECT name FROM sqlite_master WHERE type = 'table'")
    ).scalars():
        rows = session.execute(text(f'SELECT * FROM "{table}"')).all()
        assert SECRET not in repr(rows), table


def test_changes_are_dropped_and_what_was_submitted_stays(program, call, college):
    mine, place = program(college), f"/calls/{call.id}/bid"
    done = submitted(mine, call)
    again = submitted(mine, call)
    assert again["number"] == 1  # the same words twice are one submission
    stale = mine.put(place, json=body(call, leader="李示例"))
    assert (stale.status_code, stale.json["code"]) == (409, "bid.stale")
    seen = mine.get(place).json["seen"]
    assert mine.put(place, json=body(call, leader="李示例", seen=seen)).json["unsent"]
    dropped = mine.post(f"/bids/{done['id']}/drop-changes").json
    assert (dropped["unsent"], dropped["number"]) == (False, 1)
    assert mine.get(f"/bids/{done['id']}").json["content"]["leader"] == "张示例"
    mine.post(f"/bids/{done['id']}/withdraw")
    gone = mine.get(f"/bids/{done['id']}").json
    assert (gone["state"], gone["content"], gone["files"]) == ("withdrawn", None, [])
    assert len(mine.get(f"/bids/{done['id']}/receipt").json["submissions"]) == 1


def test_a_file_is_taken_off_by_its_bidder_alone(program, make, call, college):
    mine, place = program(college), f"/calls/{call.id}/bid"
    sent = {"file": (BytesIO(b"%PDF-1.7 x"), "报告.pdf")}
    mine.post(f"{place}/files", data=sent)
    number = mine.get(place).json["files"][0]["id"]
    rival = make.user(Role.UNIVERSITY, organisation_id=make.organisation().id)
    assert program(rival).send("DELETE", f"/bid-files/{number}").status_code == 404
    assert mine.send("DELETE", f"/bid-files/{number}").status_code == 204
    assert mine.get(place).json["files"] == []


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"budget": 2**62}, "budget"),
        ({"budget": "420 万"}, "budget"),
        ({"months": 121}, "months"),
        ({"readiness": 10}, "readiness"),
        ({"goals": [{"value": "x"}]}, "goals/0/goal"),
        ({"goals": []}, "goals.0"),
        ({"schedule": ["一"] * 13}, "schedule"),
        ({"leader": ""}, "leader"),
        ({"promise": False}, "promise"),
        ({"seen": "x" * 33}, "seen"),
    ],
)
def test_what_makes_no_bid_is_named(program, call, college, change, pointer):
    place = f"/calls/{call.id}/bid/submit"
    answer = program(college).post(place, json=body(call, promise=True) | change)
    assert answer.status_code == 422, answer.text
    assert pointer in [error["pointer"] for error in answer.json["errors"]]


def test_who_cannot_bid_is_refused(program, make, call):
    issuer = program(make.user(organisation_id=call.issuer_id))
    own = issuer.put(f"/calls/{call.id}/bid", json=body(call))
    assert (own.status_code, own.json["code"]) == (409, "bid.own_call")
    staff = program(make.staff())
    assert staff.put(f"/calls/{call.id}/bid", json=body(call)).status_code == 403
    assert staff.get(f"/calls/{call.id}/bid").status_code == 403


@pytest.mark.parametrize("digest", ["", "abc", "g" * 64])
def test_what_is_no_receipt_is_refused(program, digest):
    answer = program().get(f"/receipts?digest={digest}")
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "digest"
