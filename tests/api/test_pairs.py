"""Pairs for programs: the desk, an enterprise's own, proposals, groups, quality."""

from datetime import timedelta

import pytest

from index import groups as index_groups
from models import utcnow
from models.states import Role, Secrecy, SuggestionStatus

pytestmark = pytest.mark.one_database

WHY = "这家企业的电池舱和他们试验过的型号相同。"
EVIDENCE = {
    "indicators": [
        {
            "asked": "预警提前时间≥10 min",
            "sentence": None,
            "claimed": "12 min",
            "verdict": "met",
            "note": "",
        },
        {
            "asked": "误报率≤1%",
            "sentence": None,
            "must": True,
            "claimed": None,
            "verdict": "unmet",
            "note": None,
        },
    ],
    "pairs": [
        {"left": "报警太晚", "right": "分级报警", "nearness": 5.1, "words": "非常接近"}
    ],
    "terms": [{"term": "热失控", "weight": 3.2}],
    "facts": [{"name": "技术领域", "left": "储能", "right": "储能", "verdict": "met"}],
    "parts": [{"name": "整体意思接近", "value": 3.0, "share": 0.6}],
}


def pointers(answer):
    assert answer.status_code == 422, answer.text
    return [one["pointer"] for one in answer.json["errors"]]


def test_a_pair_is_claimed_decided_and_taken_back(program, make):
    staff, other = make.staff(), make.staff()
    pair = make.suggestion(evidence=EVIDENCE)
    desk = program(staff)
    [line] = desk.get("/desk").json["items"]
    assert (line["id"], line["left"]["id"]) == (pair.id, pair.need_id)
    assert line["verdicts"] == {"met": 1, "partial": 0, "unmet": 1, "unknown": 0}

    held = desk.post(f"/desk/{pair.id}/claim", json={})
    assert held.json["claimed_by"] == staff.name
    refused = program(other).post(f"/desk/{pair.id}/approve")
    assert (refused.status_code, refused.json["code"]) == (409, "suggestion.claimed")
    assert desk.post(f"/desk/{pair.id}/release").json["claimed_by"] is None

    decided = desk.post(f"/desk/{pair.id}/approve").json
    assert decided["status"] == SuggestionStatus.APPROVED
    assert [one["decision"] for one in decided["reviews"]] == ["approve"]
    assert desk.get("/desk").json["total"] == 0
    assert desk.get("/desk?status=approved").json["total"] == 1

    again = desk.post(f"/desk/{pair.id}/undo").json
    assert again["status"] == SuggestionStatus.PENDING
    whole = desk.get(f"/desk/{pair.id}").json
    assert whole == again
    assert whole["evidence"]["terms"] == ["热失控"]
    # What was stored before anybody said must or wish is no must.
    assert [one["must"] for one in whole["evidence"]["indicators"]] == [False, True]


def test_reading_a_pair_takes_it_from_nobody(program, make):
    pair = make.suggestion()
    program(make.staff()).get(f"/desk/{pair.id}")
    assert program(make.staff()).post(f"/desk/{pair.id}/approve").status_code == 200


def test_a_refusal_says_why_and_a_pair_put_off_says_until_when(program, make):
    desk = program(make.staff())
    first, second = make.suggestion(), make.suggestion()
    assert pointers(desk.post(f"/desk/{first.id}/reject", json={})) == ["reason"]
    bad = {"reason": "other", "words": "短"}
    assert pointers(desk.post(f"/desk/{first.id}/reject", json=bad)) == ["words"]
    done = desk.post(f"/desk/{first.id}/reject", json={"reason": "price"}).json
    assert done["reviews"][0]["reason"] == "price"
    assert pointers(desk.post(f"/desk/{second.id}/snooze", json={})) == ["until"]
    far = desk.post(f"/desk/{second.id}/snooze", json={"until": "9999-12-31"})
    assert pointers(far) == ["until"]
    off = desk.post(f"/desk/{second.id}/snooze", json={"days": 30}).json
    assert off["snoozed_until"] > utcnow().date().isoformat()


def test_pairs_are_rejected_together_or_not_at_all(program, make):
    desk, staff = program(make.staff()), make.staff()
    free = [make.suggestion().id for _ in range(2)]
    later = utcnow() + timedelta(hours=1)
    held = make.suggestion(claimed_by_id=staff.id, claimed_until=later).id
    body = {"reason": "price", "ids": [*free, held]}
    assert desk.post("/desk/reject", json=body).status_code == 409
    assert desk.post("/desk/reject", json=body | {"ids": free}).json == {"number": 2}
    assert pointers(desk.post("/desk/reject", json=body | {"ids": []})) == ["ids"]
    assert pointers(desk.post("/desk/reject", json=body | {"ids": [2**40]})) == [
        "ids/0"
    ]


@pytest.mark.parametrize("query", ["score=0.7", "score=0.700", "age=0", "mine=false"])
def test_the_desk_is_narrowed(program, make, query):
    make.suggestion(probability=0.9)
    assert program(make.staff()).get(f"/desk?{query}").json["total"] == 1


@pytest.mark.parametrize("query", ["score=nan", "score=2", "score=x", "status=new"])
def test_the_desk_refuses_what_makes_no_sense(program, make, query):
    assert program(make.staff()).get(f"/desk?{query}").status_code == 422


def test_the_queue_is_read_on(program, make):
    ids = [make.suggestion(probability=0.9 - n / 10).id for n in range(5)]
    desk, read, place = program(make.staff()), [], ""
    while place is not None:
        page = desk.get(f"/desk?limit=2{place and f'&cursor={place}'}").json
        read += [one["id"] for one in page["items"]]
        place = page["next"]
    assert read == ids


def test_the_desk_is_for_the_staff(program, make):
    pair = make.suggestion()
    for role in (Role.ENTERPRISE, Role.UNIVERSITY, Role.MANAGER):
        mine = program(make.user(role))
        assert mine.get("/desk").status_code == 403
        assert mine.get(f"/desk/{pair.id}").status_code == 403
        assert mine.post(f"/desk/{pair.id}/approve").status_code == 403
    assert program().get("/desk").status_code == 401


def test_an_enterprise_reads_its_approved_pairs_and_no_others(program, session, make):
    firm = make.user()
    need = make.need(organisation_id=firm.organisation_id)
    done = {"status": SuggestionStatus.APPROVED, "decided_at": make.now}
    mine = make.suggestion(need, evidence=EVIDENCE, **done)
    make.suggestion(need)
    other = make.suggestion(**done)
    caller = program(firm)
    [line] = caller.get("/matches").json["items"]
    assert (line["id"], line["need"]["id"]) == (mine.id, need.id)
    assert caller.get(f"/matches?need={other.need_id}").json["items"] == []
    whole = caller.get(f"/matches/{mine.id}").json
    assert whole["evidence"]["indicators"][0]["claimed"] == "12 min"
    assert whole["introduction_id"] is None
    session.rollback()
    session.refresh(mine)
    assert mine.seen_at is not None
    assert caller.get(f"/matches/{other.id}").status_code == 404
    begun = caller.post(f"/matches/{mine.id}/introduction", json={}).json
    assert caller.get(f"/matches/{mine.id}").json["introduction_id"] == begun["id"]


def test_a_pair_is_proposed_and_followed(program, make, indexed):
    need, item = make.need(), make.achievement()
    indexed()
    staff = make.staff()
    mine = program(staff)
    offered = mine.get(f"/needs/{need.id}/partners").json["items"]
    assert [(one["id"], one["pair"]) for one in offered] == [(item.id, None)]
    place = f"/needs/{need.id}/proposals"
    assert pointers(mine.post(place, json={"other": item.id, "why": "短"})) == ["why"]
    assert pointers(mine.post(place, json={"other": "1", "why": WHY})) == ["other"]
    made = mine.post(place, json={"other": item.id, "why": WHY})
    assert made.status_code == 201, made.text
    assert (made.json["status"], made.json["organisation"]) == ("pending", None)
    assert mine.get("/proposals").json["items"] == [made.json]
    assert mine.get("/proposals?state=rejected").json["total"] == 0
    [one] = mine.get(f"/achievements/{item.id}/partners").json["items"]
    assert one["pair"] == "pending"
    pair = made.json["suggestion_id"]
    mine.post(f"/desk/{pair}/reject", json={"reason": "price"})
    [told] = mine.get("/proposals").json["items"]
    assert (told["status"], told["reason"]) == ("rejected", "price")
    unchanged = mine.post(place, json={"other": item.id, "why": WHY})
    assert pointers(unchanged) == ["changed"]


def test_a_manager_proposes_for_whom_it_represents_only(program, make, indexed):
    need, item = make.need(), make.achievement()
    indexed()
    manager = program(make.user(Role.MANAGER))
    assert manager.get(f"/needs/{need.id}/partners").json["items"] == []
    body = {"other": item.id, "why": WHY}
    assert manager.post(f"/needs/{need.id}/proposals", json=body).status_code == 403
    firm = program(make.user())
    assert firm.post(f"/needs/{need.id}/proposals", json=body).status_code == 403
    assert firm.get("/proposals").status_code == 403


def test_groups_of_needs_are_for_the_staff(program, make, indexed, monkeypatch):
    monkeypatch.setattr(index_groups, "FLOOR", 2.0)
    heat = {
        "title": "电池热失控提前预警",
        "problem": "磷酸铁锂电池簇过充后温度上升很快,现有烟感报警太晚。",
        "targets": ["预警提前时间≥10 min"],
    }
    other = heat | {"title": "园区电池热失控早期报警"}
    peach = {"title": "黄桃采后冷藏保鲜", "problem": "黄桃采摘后三天变软。"}
    hidden = make.need(secrecy=Secrecy.RESTRICTED, **heat)
    ids = {hidden.id, make.need(**other).id}
    make.need(**peach)
    indexed()
    found = program(make.staff()).get("/need-groups?field=ES").json
    assert found["total"] == 1
    [group] = found["items"]
    assert {need["id"] for need in group["needs"]} == ids
    assert group["budget_fen"] == 400_000_000
    assert program(make.staff()).get("/need-groups?field=XX").status_code == 422
    assert program(make.user()).get("/need-groups").status_code == 403


def test_the_quality_is_told_of_nothing_and_of_decisions(program, make, indexed):
    staff = program(make.staff())
    empty = staff.get("/quality").json
    assert (empty["total"]["decided"], empty["error"], empty["told"]) == (0, None, [])
    first, second = make.suggestion(), make.suggestion()
    staff.post(f"/desk/{first.id}/approve")
    staff.post(f"/desk/{second.id}/reject", json={"reason": "price"})
    found = staff.get("/quality").json
    assert (found["total"]["approved"], found["total"]["decided"]) == (1, 2)
    assert found["reasons"] == [{"reason": "price", "counts": [1]}]
    assert program(make.user()).get("/quality").status_code == 403


def test_what_was_asked_under_one_key_is_decided_once(program, make):
    desk, pair = program(make.staff()), make.suggestion()
    key = {"Idempotency-Key": "once-and-only-once"}
    first = desk.post(f"/desk/{pair.id}/approve", headers=key)
    again = desk.post(f"/desk/{pair.id}/approve", headers=key)
    assert (again.status_code, again.json) == (200, first.json)
    assert len(first.json["reviews"]) == 1
