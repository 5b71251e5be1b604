"""Boards and targets for programs; what everybody may know is no more than the page."""

from datetime import date

import pytest

from models.states import ContractState, ContractType, Role, SuggestionStatus

pytestmark = pytest.mark.one_database

DAY = date(2026, 3, 2)
YI = 10_000_000_000


@pytest.fixture
def ledger(make):
    """Three licences, three developments and one transfer, recognised in 2026."""
    kinds = [ContractType.LICENCE] * 3 + [ContractType.DEVELOPMENT] * 3
    for number, kind in enumerate([*kinds, ContractType.TRANSFER], 1):
        make.contract(
            state=ContractState.RECOGNISED,
            type=kind,
            total_fen=YI + 123_456_789 * number,
            technology_fen=YI,
            signed_on=DAY,
            recognised_on=DAY,
            seller_kind="university",
        )


WHOLE = 7 * YI + 123_456_789 * 28


def test_the_staff_read_the_year_to_the_fen(program, make, ledger):
    staff = program(make.staff())
    found = staff.get("/boards/year?year=2026").json
    assert found["counted"]["total_fen"] == WHOLE
    assert "turnover" in [one["indicator"] for one in found["indicators"]]
    [types] = [tile for tile in found["tiles"] if tile["grouping"] == "type"]
    cuts = {cell["cut"]: cell["total_fen"] for cell in types["cells"]}
    assert sum(cuts.values()) == WHOLE
    for cut, fen in cuts.items():
        narrowed = staff.get(f"/boards/year?year=2026&cut={cut}").json
        assert (narrowed["counted"]["total_fen"], narrowed["indicators"]) == (fen, [])
        listed = staff.get(f"/contracts?cut=counted:2026&cut={cut}").json
        assert listed["total_fen"] == fen


def test_everybody_reads_no_more_than_the_page_tells(program, ledger):
    found = program().get("/board?year=2026").json
    # As the page has it: 亿元 with two decimals.
    assert found["counted"] == {"count": 7, "total_fen": 735 * YI // 100}
    [types] = [tile for tile in found["tiles"] if tile["grouping"] == "type"]
    told = {cell["key"]: cell["count"] for cell in types["cells"]}
    # The one transfer would follow from the others, so another is withheld too.
    assert told["transfer"] is None
    assert sorted(told.values(), key=str).count(None) == 2
    assert "123456789" not in program().get("/board?year=2026").text
    [growth] = [
        one for one in found["indicators"] if one["indicator"] == "three_kinds_growth"
    ]
    assert (growth["withheld"], growth["reached"], growth["note"]) == (True, None, "")


def test_a_year_of_too_few_contracts_is_not_told(program, make):
    make.contract(
        state=ContractState.RECOGNISED,
        signed_on=DAY,
        recognised_on=DAY,
        total_fen=777,
        technology_fen=777,
    )
    found = program().get("/board?year=2026")
    assert (found.json["counted"], found.json["demo"]) == (None, None)
    assert (found.json["indicators"], found.json["tiles"]) == ([], [])
    assert "777" not in found.text


def test_the_funnel_and_the_pairs_behind_its_steps(program, make):
    staff = program(make.staff())
    approved = {"status": SuggestionStatus.APPROVED, "decided_at": make.now}
    pairs = [make.suggestion(**approved) for _ in range(3)]
    make.suggestion()
    talks = make.introduction()
    found = staff.get("/boards/funnel?year=2026").json
    steps = {one["step"]: one["count"] for one in found["suggested"]}
    assert (steps["suggested"], steps["approved"], steps["introduced"]) == (4, 3, 0)
    first = staff.get("/boards/funnel/pairs?year=2026&step=approved&limit=2").json
    rest = staff.get(
        f"/boards/funnel/pairs?year=2026&step=approved&limit=2&cursor={first['next']}"
    ).json
    ids = [one["suggestion_id"] for one in first["items"] + rest["items"]]
    assert ids == [pair.id for pair in pairs][::-1]
    assert staff.get("/boards/funnel/pairs?year=2026&step=suggested").json["total"] == 4
    query = "year=2026&step=introduced&direct=true"
    [direct] = staff.get(f"/boards/funnel/pairs?{query}").json["items"]
    assert direct["introduction_id"] == talks.id
    assert direct["left"]["id"] == talks.need_id
    assert direct["days"] == {"introduced": "2026-11-23"}


def test_leagues_and_exposure(program, make, ledger):
    staff = program(make.staff())
    found = staff.get("/boards/leagues?year=2026").json
    [seller] = found["sellers"]
    assert (seller["count"], seller["total_fen"], found["number"]) == (7, WHOLE, 1)
    assert staff.get("/boards/leagues?year=2026&kind=hospital").json["sellers"] == []
    item = make.achievement()
    make.suggestion(achievement=item)
    [row] = staff.get("/boards/exposure?year=2026").json["rows"]
    assert (row["organisation_id"], row["suggested"]) == (item.organisation_id, 1)
    assert staff.get("/boards/calls?year=2026").json["items"] == []


@pytest.mark.parametrize("board", ["year", "funnel", "leagues", "exposure"])
def test_boards_leave_as_workbooks(program, make, ledger, board):
    answer = program(make.staff()).get(f"/boards/{board}.xlsx?year=2026")
    assert answer.data[:2] == b"PK"


def test_boards_are_for_the_staff(program, make):
    firm = program(make.user())
    for place in ("year", "funnel", "funnel/pairs", "leagues", "exposure", "calls"):
        assert firm.get(f"/boards/{place}").status_code == 403
        assert program().get(f"/boards/{place}").status_code == 401
    assert firm.get("/boards/year.xlsx").status_code == 403


@pytest.mark.parametrize(
    "place",
    ["board?year=1", "boards/year?cut=manager:1", "boards/year?page=2",
     "boards/leagues?kind=person", "boards/funnel/pairs?step=x",
     "boards/funnel/pairs?direct=maybe"],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(program, make, place):
    assert program(make.staff()).get(f"/{place}").status_code == 422


def test_targets_are_read_replaced_and_taken_over(program, make):
    admin = program(make.user(Role.ADMIN))
    plan = admin.get("/targets?year=2024").json
    assert plan["targets"]["turnover"]["value"] == 1400 * YI
    empty = admin.get("/targets?year=2026").json
    assert (empty["targets"], empty["copy_from"]) == ({}, 2024)
    copied = admin.post("/targets/copy", json={"year": 2026}).json
    assert copied["targets"]["turnover"]["value"] == 1400 * YI
    twice = admin.post("/targets/copy", json={"year": 2026})
    assert twice.json["code"] == "target.nothing_to_copy"
    sent = {
        "year": 2026,
        "seen": copied["seen"],
        "target_turnover": 1600 * YI,
        "target_turnover_source": "市政府工作报告",
    }
    saved = admin.put("/targets", json=sent).json
    assert saved["targets"] == {
        "turnover": {"value": 1600 * YI, "source": "市政府工作报告"}
    }
    stale = admin.put("/targets", json=sent)
    assert (stale.status_code, stale.json["code"]) == (409, "target.changed")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"target_turnover": 2**62}, "target_turnover"),
        ({"target_gdp_share": 10**9}, "target_gdp_share"),
        ({"fact_gdp": -1}, "fact_gdp"),
        ({"fact_gdp": "9"}, "fact_gdp"),
        ({"year": 99}, "year"),
        ({"target_luck": 1}, "target_luck"),
    ],
)
def test_figures_that_make_no_sense_are_refused(program, make, change, pointer):
    admin = program(make.user(Role.ADMIN))
    answer = admin.put("/targets", json={"year": 2026, "seen": ""} | change)
    assert answer.status_code == 422, answer.text
    assert pointer in [one["pointer"] for one in answer.json["errors"]]


def test_a_formula_holds_from_its_day_on(program, make):
    admin = program(make.user(Role.ADMIN))
    known = admin.get("/targets/definitions?limit=100").json
    body = {
        "indicator": "turnover",
        "name": "认定成交额",
        "method": known["items"][0]["method"],
        "words": "当年认定登记的成交额。",
        "from_on": "2026-12-01",
    }
    made = admin.post("/targets/definitions", json=body)
    assert made.status_code == 201, made.text
    twice = admin.post("/targets/definitions", json=body)
    assert [one["pointer"] for one in twice.json["errors"]] == ["from_on"]
    odd = admin.post("/targets/definitions", json=body | {"method": "luck"})
    assert [one["pointer"] for one in odd.json["errors"]] == ["method"]
    after = admin.get("/targets/definitions").json
    assert after["total"] == known["total"] + 1
    assert after["items"][0]["id"] == made.json["id"]


def test_targets_are_the_administrators(program, make):
    staff = program(make.staff())
    assert staff.get("/targets?year=2026").status_code == 403
    assert staff.put("/targets", json={"year": 2026}).status_code == 403
    assert staff.get("/targets/definitions").status_code == 403
