"""A measure that a person confirmed is judged instead of the figure of its sentence."""

from typing import Any

import numpy as np
import pytest

from index.approval import Shares, judgements, shares
from index.indicators import judge
from index.requirements import Measure, Requirement, confirmed, requirements
from index.text import Source, full_source
from matchmaker.needs.targets import empty, propose
from models import Need
from models.outbox import Audience, RecordType

from .corpus import record
from .test_indicators import DATA, rows, sample


def told(
    sentence: str,
    name: str = "",
    comparator: str = "",
    value: str = "",
    unit: str = "",
    upper: str = "",
) -> Requirement:
    """The sentence with what a person corrected beside it."""
    given = {"name": name, "comparator": comparator, "value": value}
    more = {"unit": unit, "upper": upper, "proposed": False}
    return Requirement(sentence, True, confirmed(empty() | given | more))


def outcome(one: Requirement, claimed: str) -> tuple[str, str, str]:
    [found] = judge([one], [claimed], np.array([[0.95]], np.float32))
    return found.asked, found.verdict, found.note


@pytest.mark.parametrize(
    ("measure", "claimed", "verdict"),
    [
        (("le", "300", "mm"), "末端摆幅320 mm", "partial"),
        (("le", "0.3", "m"), "末端摆幅290 mm", "met"),
        (("le", "100", "mm"), "末端摆幅290 mm", "unmet"),
        (("lt", "30", "cm"), "末端摆幅290 mm", "met"),
        (("plus_minus", "40", "mm"), "末端摆幅±30 mm", "met"),
        (("range", "20", "mm", "30"), "末端摆幅25 mm", "met"),
    ],
)
def test_what_was_confirmed_is_judged_not_the_sentence(measure, claimed, verdict):
    one = told("末端摆幅≤350 mm", "末端摆幅", *measure)
    assert outcome(one, claimed)[1] == verdict


def test_it_is_shown_as_it_was_confirmed():
    one = told("末端摆幅≤350 mm", "摆幅", "le", "300", "mm")
    assert outcome(one, "末端摆幅290 mm") == (
        "摆幅 ≤ 300 mm",
        "met",
        "要求≤ 300 mm，成果为 290 mm",
    )


def test_a_name_left_out_is_taken_from_the_sentence():
    one = told("末端摆幅≤350 mm", "", "le", "300", "mm")
    assert outcome(one, "末端摆幅290 mm")[:2] == ("末端摆幅 ≤ 300 mm", "met")


def test_another_name_asks_for_another_thing():
    one = told(
        "末端摆幅≤350 mm", name="定位误差", comparator="le", value="300", unit="mm"
    )
    assert outcome(one, "末端摆幅290 mm")[1] == "unknown"
    assert outcome(one, "定位误差290 mm")[1] == "met"


def test_a_sentence_without_a_figure_gets_one():
    one = told(
        "摆得不要太厉害", name="末端摆幅", comparator="le", value="300", unit="mm"
    )
    assert outcome(one, "末端摆幅290 mm")[1] == "met"


def test_the_circumstances_of_the_sentence_still_hold():
    one = told(
        "25℃粘接强度≥5 MPa", name="粘接强度", comparator="ge", value="4", unit="MPa"
    )
    assert outcome(one, "25℃粘接强度4.5 MPa")[1] == "met"
    assert outcome(one, "60℃粘接强度6 MPa")[2] == "条件不同：要求 25℃，成果 60℃"
    assert outcome(one, "粘接强度6 MPa")[2] == "成果未说明条件 25℃"


def test_a_figure_that_was_taken_for_a_circumstance_is_none_once_it_is_confirmed():
    one = told(
        "吹扫300 s后残留率≤5%", name="吹扫时间", comparator="le", value="300", unit="s"
    )
    assert outcome(one, "吹扫时间200 s")[1] == "met"


def test_only_what_was_confirmed_is_judged_of_a_sentence_with_two_figures():
    sentence = "残余游离硅≤5%，抗弯强度≥100 MPa"
    one = told(sentence, "抗弯强度", "ge", "90", "MPa")
    [found] = judge([one], ["残余游离硅4.2%，抗弯强度98 MPa"], np.array([[0.95]], "f4"))
    assert (found.asked, found.verdict) == ("抗弯强度 ≥ 90 MPa", "met")


def test_a_bound_that_says_which_things_are_meant_stays_one():
    sentence = "识别宽≥2 mm裂缝"
    one = told(sentence, "识别宽", "ge", "2", "mm")
    assert outcome(one, "识别宽3 mm裂缝")[1] == "unknown"


def test_what_has_no_figure_is_left_to_its_description():
    one = told("误报率≤1%", comparator="none")
    assert outcome(one, "误报率0.6%") == (
        "误报率≤1%",
        "unknown",
        "没有数字，凭描述验收",
    )


def test_a_unit_nobody_knows_is_left_to_people():
    one = told("误报少", "误报", "le", "3", "哔每炉次")
    assert outcome(one, "误报2哔每炉次") == (
        "误报 ≤ 3 哔每炉次",
        "unknown",
        "核对的数值无法自动比较，需人工核对",
    )


def test_what_the_platform_proposed_is_not_confirmed():
    assert confirmed(propose("误报率≤1%") or {}) is None
    assert confirmed({}) is None
    assert confirmed(empty()) is None


def test_to_confirm_what_was_proposed_changes_no_judgement_of_the_sample():
    needs, achievements = sample("needs"), sample("achievements")
    compared = 0
    for row in rows(DATA / "judged_similarities.jsonl"):
        sentences = needs[row["need"]]["targets"]
        claimed = achievements[row["achievement"]]["indicators"]
        cosines = np.array(row["cosines"], np.float32)
        same = [
            Requirement(
                one, True, confirmed((propose(one) or {}) | {"proposed": False})
            )
            for one in sentences
        ]
        read: dict[int, list[str]] = {}
        for one in judge(sentences, claimed, cosines):
            read.setdefault(one.asked_index, []).append(one.verdict)
        for one in judge(same, claimed, cosines):
            # Of a sentence with several figures one is confirmed, the first.
            if len(read[one.asked_index]) == 1:
                compared += 1
                assert one.verdict == read[one.asked_index][0], (row["need"], one)
    assert compared > 800


# -- Of a need ---------------------------------------------------------------------


LESS = {"name": "误报率", "comparator": "le", "value": "0.5", "unit": "%", "must": True}


def need(**given: Any) -> Need:
    values = {
        "title": "报警",
        "problem": "报警太晚。",
        "targets": ["误报率≤1%", "提前10 min"],
    }
    return Need(**values | given)


def claims(*points: str):
    return record(9, Source("报警器", "会报警。", points))


def text_of(one: Need):
    return record(1, full_source(one), RecordType.NEED)


def test_each_target_has_its_own_measure():
    one = need(measures=[LESS, {"must": False, "proposed": True}])
    first, second = judgements(one, text_of(one), claims("误报率0.6%"))
    assert (first.asked, first.verdict) == ("误报率 ≤ 0.5 %", "unmet")
    assert first.requirement.must is True
    assert (second.asked, second.requirement.must) == ("提前10 min", False)


@pytest.mark.parametrize("measures", [None, []])
def test_of_a_need_nobody_has_looked_through_nothing_is_said(measures):
    one = need(measures=measures)
    found = judgements(one, text_of(one), claims("误报率0.6%"))
    assert [j.requirement.must for j in found] == [None, None]
    assert found == judgements(None, text_of(one), claims("误报率0.6%"))


def test_who_reads_another_text_learns_nothing_of_the_measures():
    one = need(measures=[LESS])
    public = Source("报警", "报警太晚。", ("误报率≤1%",))
    outside = record(1, public, RecordType.NEED, Audience.OUTSIDE)
    [found] = judgements(one, outside, claims("误报率0.6%"))
    assert (found.asked, found.verdict) == ("误报率≤1%", "met")
    assert found.requirement == Requirement("误报率≤1%")
    # Not even where the sentences of both texts are the same.
    texts = list(enumerate(one.targets))
    assert requirements(one, texts, outside.text_hash) == [
        Requirement("误报率≤1%"),
        Requirement("提前10 min"),
    ]


# -- What they count ---------------------------------------------------------------


def shares_of(*verdicts: tuple[str, bool | None, bool]) -> Shares:
    """The shares of judgements, each (verdict, must, whether it was confirmed)."""
    measure = Measure("误报率", "le", "1", unit="%")
    found = []
    for verdict, must, was in verdicts:
        one = Requirement("误报率≤1%", must, measure if was else None)
        [judged] = judge([one], [], np.zeros((1, 0), np.float32))
        found.append(type(judged)(**vars(judged) | {"verdict": verdict}))
    return shares(found)


def test_a_must_that_was_only_preselected_counts_as_if_nobody_had_said_so():
    plain = [("met", None, False), ("partial", None, False), ("unmet", None, False)]
    preselected = [(verdict, True, False) for verdict, _, _ in plain]
    assert shares_of(*plain) == shares_of(*preselected) == Shares(0.5, 1 / 3)
    assert shares_of() == Shares(0, 0)


def test_a_wish_counts_half():
    found = shares_of(("met", True, True), ("unmet", False, True))
    assert found == Shares(1 / 1.5, 0.5 / 1.5)


def test_a_confirmed_must_that_is_missed_takes_back_what_another_earned():
    kept = shares_of(("met", True, True), ("met", True, True), ("unmet", True, True))
    assert kept == Shares(1 / 3, 1 / 3)
    assert shares_of(("unmet", True, True)).met == 0
    assert shares_of(("met", True, True), ("unmet", False, True)).met > 0.6
