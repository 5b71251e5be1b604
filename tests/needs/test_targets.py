"""What the platform reads from the sentence of a target."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.needs import targets


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("误报率 ≤ 1%", "误报率 ≤ 1 %"),
        ("末端竖向摆幅由1000 mm以上降到≤350 mm(3种典型姿态)", "末端竖向摆幅 ≤ 350 mm"),
        ("焊接接头疲劳强度提高≥50%", "焊接接头疲劳强度提高 ≥ 50 %"),
        ("下放速度波动≤±8%", "下放速度波动 ± 8 %"),
        ("工作温度-40~85℃", "工作温度 介于 -40~85 ℃"),
        ("处理时间不超过一小时", "处理时间 ≤ 1 小时"),
        ("回收率不低于三成", "回收率 ≥ 30 %"),
        ("吨渣处理成本≤90元", "吨渣处理成本 ≤ 90 元"),
        ("直线行驶横向偏差≤1 m/100 m", "直线行驶横向偏差 ≤ 1 m/100 m"),
        ("硬度≥HRC 55", "硬度 ≥ 55 HRC"),
    ],
)
def test_a_sentence_is_read(sentence, words):
    assert targets.words(targets.propose(sentence)) == words


@pytest.mark.parametrize(
    "sentence", ["手感不变差", "", "操作简单，工人愿意用", "符合GB/T 1234"]
)
def test_what_asks_for_no_figure_is_left_open(sentence):
    assert targets.propose(sentence) is None


def corrected(**given):
    return targets.empty() | {"proposed": False} | given


def test_what_a_person_said_stays_and_the_rest_is_read():
    mine = corrected(name="摆幅", comparator="le", value="300", unit="mm", must=False)
    found = targets.complete(["摆幅≤350 mm", "误报率≤1%"], [mine])
    assert targets.words(found[0]) == "摆幅 ≤ 300 mm"
    assert found[0]["must"] is False
    assert targets.words(found[1]) == "误报率 ≤ 1 %"
    assert found[1]["must"] is True


def test_a_proposal_follows_its_sentence():
    [first] = targets.complete(["摆幅≤350 mm"], None)
    [second] = targets.complete(["摆幅≤300 mm"], [first | {"must": False}])
    assert targets.words(second) == "摆幅 ≤ 300 mm"
    assert second["must"] is False


def test_a_sentence_that_says_otherwise_is_noticed():
    mine = corrected(comparator="le", value="0.3", unit="m")
    assert targets.says_otherwise("摆幅≤350 mm", mine)
    assert not targets.says_otherwise("摆幅≤300 mm", mine)
    assert not targets.says_otherwise("摆幅要小", mine)


@given(st.text(max_size=120))
def test_any_sentence_can_be_read(sentence):
    read = targets.propose(sentence)
    if read is not None:
        assert read["value"]
        assert read["comparator"] in targets.COMPARATORS
        assert isinstance(targets.words(read), str)
        assert not targets.says_otherwise(sentence, read | {"proposed": False})
