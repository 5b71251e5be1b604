"""The facts beside a pair: what fits, what nearly fits, what does not."""

from datetime import UTC, date, datetime

import pytest

from index.approval import SERVES
from index.hybrid import HybridIndex
from matchmaker.matches.evidence import build, facts
from matchmaker.needs import budgets
from models import Achievement, Call, Need
from models.fields import FIELDS
from models.outbox import RecordType
from models.states import Mode, Stage

from ..index.corpus import ANSWER, BATTERY, ENCODER, fillers, record

MET, PARTIAL, UNMET, UNKNOWN = "met", "partial", "unmet", "unknown"
WAN = 1_000_000  # fen


def need(**given):
    values = {
        "field": "ES",
        "trl_expected": 7,
        "budget_fen": 100 * WAN,
        "cooperation": ["joint"],
        "deadline": date(2027, 6, 30),
    }
    return Need(**values | given)


def achievement(**given):
    values = {
        "field": "ES",
        "trl": 7,
        "stage": Stage.PILOT,
        "price_fen": 80 * WAN,
        "modes": ["joint"],
    }
    return Achievement(**values | given)


def call(**given):
    values = {"field": "ES", "funding_fen": 100 * WAN, "closes_at": None}
    return Call(**values | given)


def told(left, right):
    return facts(left, right, budgets.exact(left))


def fact(name, left, right):
    return next(row for row in told(left, right) if row["name"] == name)


def verdict(name, left, right):
    return fact(name, left, right)["verdict"]


@pytest.mark.parametrize(
    ("one", "other", "expected"), [("ES", "ES", MET), ("ES", "EM", PARTIAL)]
)
def test_another_field_fits_in_part(one, other, expected):
    assert verdict("技术领域", need(field=one), achievement(field=other)) == expected


@pytest.mark.parametrize(
    ("wanted", "have", "expected"),
    [
        (7, 9, MET),
        (7, 7, MET),
        (7, 6, PARTIAL),
        (7, 5, PARTIAL),
        (7, 4, UNMET),
        (9, 1, UNMET),
        (None, 5, UNKNOWN),
    ],
)
def test_readiness_may_lack_two_levels(wanted, have, expected):
    row = fact("技术成熟度", need(trl_expected=wanted), achievement(trl=have))
    assert row["verdict"] == expected
    assert row["right"] == f"{have} 级(中试)"


@pytest.mark.parametrize(
    ("budget", "price", "expected"),
    [
        (100, 80, MET),
        (100, 100, MET),
        (100, 101, PARTIAL),
        (100, 120, PARTIAL),
        (100, 121, UNMET),
        (100, None, UNKNOWN),
        (None, 80, UNKNOWN),
        (None, None, UNKNOWN),
    ],
)
@pytest.mark.parametrize("asks", ["need", "call"])
def test_a_price_may_exceed_the_money_by_a_fifth(asks, budget, price, expected):
    fen = None if budget is None else budget * WAN
    left = need(budget_fen=fen) if asks == "need" else call(funding_fen=fen)
    right = achievement(price_fen=None if price is None else price * WAN)
    row = fact("预算与报价", left, right)

    assert row["verdict"] == expected
    assert (row["left"] == "面议") == (budget is None)
    assert (row["right"] == "面议") == (price is None)


@pytest.mark.parametrize(
    ("price", "expected"),
    [(200, MET), (201, UNKNOWN), (999, UNKNOWN), (1199, UNKNOWN), (1200, UNMET)],
)
@pytest.mark.parametrize("budget", [200, 420, 999])
def test_beside_a_band_a_price_is_judged_by_its_ends_alone(budget, price, expected):
    band = budgets.banded(budget * WAN)
    left, right = need(budget_fen=budget * WAN), achievement(price_fen=price * WAN)
    [row] = [r for r in facts(left, right, band) if r["name"] == "预算与报价"]
    assert (row["left"], row["verdict"]) == ("数百万元", expected)


@pytest.mark.parametrize(
    ("wanted", "offered", "expected"),
    [
        (["joint"], ["joint"], MET),
        (["joint", "licence"], ["licence", "transfer"], MET),
        (["joint"], ["licence"], UNMET),
        ([], ["licence"], UNKNOWN),
        (["joint"], [], UNKNOWN),
        (["licence"], ["open_licence"], MET),
        (["licence"], ["pay_after_use"], MET),
        (["transfer"], ["pay_after_use"], MET),
        (["equity"], ["invest_then_share"], MET),
        # Not the other way round: who asks for one of these means just that.
        (["open_licence"], ["licence"], UNMET),
        (["pay_after_use"], ["licence"], UNMET),
        (["invest_then_share"], ["equity"], UNMET),
    ],
)
def test_a_way_to_cooperate_serves_those_it_includes(wanted, offered, expected):
    left, right = need(cooperation=wanted), achievement(modes=offered)
    assert verdict("合作方式", left, right) == expected


def test_no_way_to_cooperate_serves_itself_only():
    for mode, others in SERVES.items():
        assert mode not in others
        assert others <= set(Mode)


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        (date(2027, 6, 30), datetime(2027, 3, 31, 9, tzinfo=UTC), MET),
        (date(2027, 6, 30), datetime(2027, 6, 30, 16, tzinfo=UTC), MET),
        (date(2027, 6, 30), datetime(2027, 6, 30, 17, tzinfo=UTC), PARTIAL),
        (None, datetime(2027, 7, 1, tzinfo=UTC), UNKNOWN),
        (date(2027, 6, 30), None, UNKNOWN),
    ],
)
def test_a_call_should_close_before_the_need_is_due(mine, theirs, expected):
    assert verdict("截止时间", need(deadline=mine), call(closes_at=theirs)) == expected


@pytest.mark.parametrize(
    ("left", "right", "names"),
    [
        (
            need(),
            achievement(),
            ["技术领域", "技术成熟度", "合作方式", "预算与报价"],
        ),
        (call(), achievement(), ["技术领域", "预算与报价"]),
        (need(), call(), ["技术领域", "截止时间"]),
    ],
)
def test_each_kind_of_pair_has_its_facts(left, right, names):
    found = told(left, right)
    assert [row["name"] for row in found] == names
    for row in found:
        assert set(row) == {"name", "left", "right", "verdict"}
        assert all(isinstance(value, str) and value for value in row.values())


def test_a_field_is_called_by_its_name():
    row = fact("技术领域", need(field="ES"), achievement(field="XX"))
    assert (row["left"], row["right"]) == (FIELDS["ES"], "XX")


def test_the_whole_evidence_is_plain_data_without_a_percentage(index):
    asking, found = record(98, BATTERY, RecordType.NEED), record(99, ANSWER)
    parts = {"whole": 3.0, "coverage": 1.0, "lexical": -0.5}
    left = need()
    money = budgets.exact(left)
    why = build(
        left, achievement(), asking, found, index, parts, inside=True, budget=money
    )

    assert set(why) == {"indicators", "pairs", "terms", "facts", "parts"}
    assert [(p["value"], p["share"]) for p in why["parts"]] == [
        (3.0, 0.75),
        (1.0, 0.25),
        (-0.5, 0),
    ]
    shown = {row["asked"]: row for row in why["indicators"]}
    assert set(shown) == set(BATTERY.points)
    assert shown["误报率≤1%"]["verdict"] == MET
    assert shown["误报率≤1%"]["claimed"] == "误报率0.6%"
    for pair in why["pairs"]:
        start, end = pair["left_at"]
        assert start < 0 or BATTERY.body[start:end] == pair["left"]
        start, end = pair["right_at"]
        assert start < 0 or ANSWER.body[start:end] == pair["right"]
    assert {row["term"] for row in why["terms"]} >= {"预警", "失控"}


def measure(name, comparator, value, unit, *, must=True):
    given = {"name": name, "comparator": comparator, "value": value, "unit": unit}
    return given | {"upper": "", "must": must, "proposed": False}


@pytest.mark.parametrize("must", [True, False])
def test_a_must_that_is_missed_stands_first_and_a_wish_in_its_place(index, must):
    measures = [
        measure("预警提前时间", "ge", "10", "min"),
        measure("误报率", "le", "0.1", "%", must=must),
    ]
    left = need(
        title=BATTERY.title,
        problem=BATTERY.body,
        targets=list(BATTERY.points),
        measures=measures,
    )
    asking, found = record(98, BATTERY, RecordType.NEED), record(99, ANSWER)
    money = budgets.exact(left)
    rows = build(
        left, achievement(), asking, found, index, {}, inside=True, budget=money
    )
    shown = [(r["asked"], r["must"], r["verdict"]) for r in rows["indicators"]]
    lead, rate = ("预警提前时间 ≥ 10 min", True, MET), ("误报率 ≤ 0.1 %", must, UNMET)
    assert shown == ([rate, lead] if must else [lead, rate])
    assert {r["asked"]: r["sentence"] for r in rows["indicators"]} == {
        "预警提前时间 ≥ 10 min": None,  # the sentence says the same
        "误报率 ≤ 0.1 %": "误报率≤1%",
    }


@pytest.fixture(scope="module")
def index():
    held = HybridIndex(ENCODER.dimension)
    for kind in (RecordType.NEED, RecordType.ACHIEVEMENT):
        for one in fillers(30, kind=kind):
            held.put(kind, one.id, [one])
    return held
