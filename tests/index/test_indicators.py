import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.indicators import judge, sentence_verdict

DATA = Path(__file__).with_name("data")
SAMPLE = Path(__file__).parents[2] / "data" / "sample"


def rows(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


PAIRS = rows(DATA / "judged_pairs.jsonl")
ALIGNMENTS = rows(DATA / "judged_alignments.jsonl")


CHANGE = "一方说的是变化幅度，另一方说的是数值，无法比较"


def one_to_one(asked, claimed):
    return judge([asked], [claimed], np.array([[0.95]], np.float32))


@pytest.mark.parametrize("case", PAIRS, ids=[case["asked"] for case in PAIRS])
def test_a_pair_is_judged_as_by_hand(case):
    (found,) = one_to_one(case["asked"], case["claimed"])

    assert found.verdict == case["verdict"], found.note


def test_the_table_of_pairs_is_large_and_mostly_doubtful():
    unknown = [case for case in PAIRS if case["verdict"] == "unknown"]

    assert len(PAIRS) >= 60
    assert len(unknown) >= 25


def test_both_sides_are_quoted():
    asked, claimed = "大修后端面温升≤35℃", "工作1 h后端面温升28℃"

    (found,) = one_to_one(asked, claimed)

    assert asked[slice(*found.asked_quote)] == "≤35℃"
    assert claimed[slice(*found.claimed_quote)] == "28℃"
    assert found.note == "要求≤35℃，成果为 28℃"


def test_each_quantity_of_a_sentence_is_judged():
    found = one_to_one(
        "残余游离硅≤5%，抗弯强度≥100 MPa，密度≥2 g/cm³",
        "残余游离硅4.2%，抗弯强度98 MPa",
    )

    assert [one.verdict for one in found] == ["met", "partial", "unknown"]
    assert sentence_verdict(found) == "partial"


@pytest.mark.parametrize(
    ("verdicts", "whole"),
    [
        ("met met", "met"),
        ("met unmet", "partial"),
        ("met unknown", "partial"),
        ("partial partial", "partial"),
        ("partial unknown", "partial"),
        ("unmet unknown", "unmet"),
        ("unmet unmet", "unmet"),
        ("unknown unknown", "unknown"),
        ("", "unknown"),
    ],
)
def test_a_sentence_is_judged_by_its_quantities(verdicts, whole):
    (base,) = one_to_one("整机质量", "整机质量")
    found = [
        type(base)(**{**base.__dict__, "verdict": verdict})
        for verdict in verdicts.split()
    ]

    assert sentence_verdict(found) == whole


def test_a_requirement_without_figures_is_told_as_unknown():
    (found,) = one_to_one("不动主体结构", "整机质量12 kg")

    assert found.verdict == "unknown"
    assert found.asked_quote == (0, 6)
    assert found.claimed is None
    assert found.note == "该要求没有可比较的数值"


@pytest.mark.parametrize(
    ("asked", "claimed", "note"),
    [
        ("换型时间≤30 min", "抗拉强度300 MPa", "成果未给出该指标"),
        ("热变形下限≥90%", "热变形下限110℃", "单位不同，无法比较"),
        ("焊接强度提高≥50%", "焊接强度92%", CHANGE),
        ("25℃粘接强度≥5 MPa", "60℃粘接强度6 MPa", "条件不同：要求 25℃，成果 60℃"),
        ("25℃粘接强度≥5 MPa", "粘接强度6 MPa", "成果未说明条件 25℃"),
        ("脱氯转化率≥98%", "脱氯转化率≥95%", "要求≥98%，成果为≥95%，无法判断是否达到"),
    ],
)  # fmt: skip
def test_the_note_says_why_nothing_is_known(asked, claimed, note):
    (found,) = one_to_one(asked, claimed)

    assert (found.verdict, found.note) == ("unknown", note)


def test_a_name_given_to_anything_needs_company():
    alone = one_to_one("每亩成本≤35元", "每亩成本14元")
    together = judge(
        ["每亩成本≤35元", "秧苗受害株率≤3%"],
        ["每亩成本14元", "秧苗受害株率1%"],
        np.array([[0.95, 0.80], [0.80, 0.96]], np.float32),
    )

    assert [one.verdict for one in alone] == ["unknown"]
    assert [one.verdict for one in together] == ["met", "met"]


def test_a_telling_name_needs_none_if_both_sides_name_it_once():
    [same] = one_to_one("误报率≤1%", "误报率0.6%")
    assert (same.verdict, same.note) == ("met", "要求≤1%，成果为 0.6%")
    [synonym] = one_to_one("漏检率≤1%", "漏报率2%")
    assert synonym.verdict == "unmet"
    [other] = one_to_one("误报率≤1%", "漏检率0.6%")
    assert other.verdict == "unknown"


def test_what_may_be_the_same_is_quoted_though_it_is_not_judged():
    [found] = one_to_one("每亩成本≤35元", "每亩成本14元")
    assert found.verdict == "unknown"
    assert found.claimed == "每亩成本14元"
    assert found.note == "成果写了相近的一项，是否同一指标需人工核对"


def test_a_sentence_far_from_the_best_is_not_taken():
    found = judge(
        ["焊缝跟踪偏差≤0.5 mm"],
        ["焊枪行走速度20 mm/s", "跟踪偏差0.3 mm"],
        np.array([[0.95, 0.80]], np.float32),
    )

    assert [one.verdict for one in found] == ["unknown"]


def test_one_claim_answers_one_requirement():
    found = judge(
        ["焊缝跟踪偏差≤0.5 mm", "示教时焊缝跟踪偏差≤0.1 mm"],
        ["焊缝跟踪偏差0.3 mm"],
        np.array([[0.97], [0.95]], np.float32),
    )

    assert [one.verdict for one in found] == ["met", "unknown"]


def test_nothing_asked_or_claimed_is_no_error():
    assert judge([], [], np.zeros((0, 0), np.float32)) == []
    (found,) = judge(["误差≤5 mm"], [], np.zeros((1, 0), np.float32))
    assert found.verdict == "unknown"


def test_a_similarity_of_another_shape_is_refused():
    with pytest.raises(ValueError, match="similarity has shape"):
        judge(["误差≤5 mm"], ["误差3 mm"], np.zeros((2, 1), np.float32))


SENTENCES = st.sampled_from(
    [case["asked"] for case in PAIRS] + [case["claimed"] for case in PAIRS]
)


@given(st.lists(st.one_of(SENTENCES, st.text()), max_size=4), st.randoms())
def test_any_texts_are_judged_alike_every_time(texts, random):
    similarity = np.array(
        [[random.uniform(0.75, 1.0) for _ in texts] for _ in texts], np.float32
    ).reshape(len(texts), len(texts))

    found = judge(texts, texts[::-1], similarity)

    assert {one.asked_index for one in found} == set(range(len(texts)))
    assert found == judge(texts, texts[::-1], similarity)


# ---- the sample, judged by hand ---------------------------------------------------


def sample(kind):
    return {
        row["id"]: row
        for part in sorted(SAMPLE.glob("part*"))
        for row in rows(part / f"{kind}.jsonl")
    }


def told(cosines):
    """What is judged, as (need, achievement, asked, its quote) to (verdict, claim)."""
    needs, achievements = sample("needs"), sample("achievements")
    found = {}
    for (need, achievement), similarity in cosines.items():
        for one in judge(
            needs[need]["targets"], achievements[achievement]["indicators"], similarity
        ):
            if one.verdict != "unknown":
                quote = one.asked[slice(*one.asked_quote)]
                claim = one.claimed[slice(*one.claimed_quote)]
                found[need, achievement, one.asked, quote] = (one.verdict, claim)
    return found


def right(found):
    """The judgements that a hand check holds for right, and those it never saw."""
    checked = {
        (row["need"], row["achievement"], row["asked"], row["asked_quote"]): (
            row["expected"],
            row["claimed_quote"],
        )
        for row in ALIGNMENTS
    }
    good = [key for key, outcome in found.items() if checked.get(key) == outcome]
    new = [key for key in found if key not in checked]
    return good, new


def test_nineteen_of_twenty_judgements_on_the_sample_are_right():
    stored = rows(DATA / "judged_similarities.jsonl")

    found = told(
        {
            (row["need"], row["achievement"]): np.array(row["cosines"], np.float32)
            for row in stored
        }
    )

    good, new = right(found)
    assert len(ALIGNMENTS) >= 150
    assert not new, "judge these by hand and add them to judged_alignments.jsonl"
    assert len(found) >= 250
    assert len(good) / len(found) >= 0.95


@pytest.mark.encoder
def test_the_encoder_itself_gives_the_same_judgements(encoder):
    needs, achievements = sample("needs"), sample("achievements")
    pairs = [
        (row["need"], row["achievement"])
        for row in rows(DATA / "judged_similarities.jsonl")[:40]
    ]

    found = told(
        {
            (need, achievement): encoder.encode_passages(needs[need]["targets"])
            @ encoder.encode_passages(achievements[achievement]["indicators"]).T
            for need, achievement in pairs
        }
    )

    good, _ = right(found)
    assert len(found) >= 40
    assert len(good) / len(found) >= 0.95
