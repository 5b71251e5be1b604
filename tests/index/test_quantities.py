import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from index import units
from index.quantities import LONGEST_TEXT, quantities

CASES = [
    json.loads(line)
    for line in Path(__file__)
    .with_name("data")
    .joinpath("quantities.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]


@pytest.mark.parametrize("case", CASES, ids=[case["text"] for case in CASES])
def test_a_sentence_reads_as_in_the_table(case):
    text = case["text"]

    found = [
        {
            "quote": text[one.start : one.end],
            "subject": one.subject,
            "comparator": one.comparator,
            "low": one.low,
            "high": one.high,
            "unit": one.unit,
            "dimension": one.dimension,
            "change": one.change,
            "condition": one.condition,
        }
        for one in quantities(text)
    ]

    assert found == case["expected"]


def test_the_table_is_large():
    assert len(CASES) >= 200


@pytest.mark.parametrize(
    "text",
    [
        "符合GB/T 1234-2020、ISO 13485与CISPR 11",
        "采用40CrNiMo、H.265、5G、M12与IP67",
        "2026年12月31日前完成",
        "2026-12-31",
        "第3代样机",
        "8点前出结果",
        "一次合格",
        "十字接头",
        "1080p",
        "4K素材",
        "0/600点开裂",
    ],
)
def test_names_dates_and_counts_of_no_matter_are_no_amounts(text):
    assert quantities(text) == []


@pytest.mark.parametrize(
    ("text", "dimension", "value"),
    [
        ("压力1 MPa", "pressure", 1e6),
        ("压力1 N/mm²", "pressure", 1e6),
        ("间隙1000 nm", "length", 1e-6),
        ("寿命1.2万小时", "time", 4.32e7),
        ("时间1.5 h", "time", 5400),
        ("温度300 K", "temperature", 26.85),
        ("温差30 K", "temperature_difference", 30),
        ("成本1.3万元", "money", 13000),
        ("单价3000元/吨", "money_per_mass", 3),
        ("含量5 ppm", "ratio", 5e-6),
        ("含量3‰", "ratio", 3e-3),
        ("含量5 μg/g", "ratio", 5e-6),
        ("能耗1 kWh/t", "energy_per_mass", 3600),
        ("能耗3.6 MJ/t", "energy_per_mass", 3600),
        ("密度1 g/cm³", "density", 1000),
        ("速度36 km/h", "speed", 10),
        ("误报3次/万公里", "次/length", 3e-7),
        ("带宽30 Mbit/s", "data/time", 3e7),
    ],
)
def test_units_come_to_one_base(text, dimension, value):
    (found,) = quantities(text)

    assert found.dimension == dimension
    assert found.low == found.high == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    ["误报2次/某某某某某某", "加装2个/X", "质量3 t/某年某月某地", "费用5元/（每"],
)
def test_a_share_of_something_unread_is_not_the_thing_itself(text):
    assert all(
        one.dimension not in ("次", "个", "mass", "money") for one in quantities(text)
    )


def test_the_value_before_a_change_is_a_condition():
    before, after = quantities("订单准时率由81%提高到≥94%")

    assert before.condition
    assert not after.condition
    assert (after.change, after.comparator, after.low) == ("to", "ge", 0.94)


def test_what_stands_in_brackets_is_a_condition():
    result, where = quantities("孔口定位误差≤50 mm(12 m臂展)")

    assert not result.condition
    assert where.condition
    assert where.low == 12


def test_where_either_amount_may_be_the_result_neither_is():
    assert all(one.condition for one in quantities("体素判识≥150 μm召回0.91"))


def test_a_text_beyond_the_limit_is_read_up_to_it():
    text = "误差≤5 mm。" * 4000

    found = quantities(text)

    assert found
    assert found[-1].end <= LONGEST_TEXT


PIECES = (
    "≤ ≥ < > ± ~ - – — / ( ) （ ） % ‰ ℃ mm MPa μm s 万 亿 千 百 元 / 吨 次 个 倍 "
    "10 ^ - ⁻ ⁶ × x e 1 2.5 0 , ， 、 。 ; 由 到 至 降 提高 降低 约 以上 以内 左右 成 "
    "一 二 三 两 十 零 点 个半 年半 百分之 第 GB/T 2026 年 月 → ↔ ² ½ ① \x00 🙂 𝟘 每 半"
)


@given(
    st.one_of(
        st.text(), st.lists(st.sampled_from(PIECES.split()), max_size=40).map("".join)
    )
)
@settings(deadline=None)
@example("1" * 5000)
@example("1 " * 2500)
@example("1~" * 2500)
@example("1/" * 2500)
@example("≤1 mm、" * 900)
@example("由1 m降到" * 800)
@example("(1 mm" * 1000)
@example("1×" * 2500)
@example("第" * 5000)
@example("较" * 5000)
@example("1e999999")
@example("10^999999 m")
@example("一" * 3000 + "米")
@example("(" * 2000 + "5 mm")
@example("1~2~3~4 mm/mm/mm/mm")
@example("0/0%/0")
@example("5 mm^-9/0")
def test_any_text_is_read_without_an_error_and_quoted_in_place(text):
    found = quantities(text)

    for one in found:
        assert 0 <= one.start < one.end <= len(text)
        assert one.clause[0] <= one.start
        assert one.end <= one.clause[1]
        if one.low is not None and one.high is not None:
            assert one.low <= one.high
    starts = [one.start for one in found]
    assert starts == sorted(starts)
    assert quantities(text) == found


SPELLINGS = st.sampled_from(
    ["mm", "μm", "MPa", "kPa", "s", "ms", "min", "kg", "t", "%", "‰", "km/h", "kW",
     "V", "Ω", "元", "元/吨", "次", "N·m", "g/cm³", "kWh/t", "L/min", "dB", "HRC"]
)  # fmt: skip
VALUES = st.integers(1, 9_999).map(lambda cents: cents / 100)


@given(VALUES, VALUES, SPELLINGS)
def test_more_in_one_unit_is_more_in_the_base_unit(first, second, spelling):
    (one,) = quantities(f"指标{first} {spelling}")
    (other,) = quantities(f"指标{second} {spelling}")

    assert one.dimension == other.dimension
    assert (one.low < other.low) == (first < second)


SIGNS = {
    "≥": "ge", "≤": "le", ">": "gt", "<": "lt", "不低于": "ge", "不超过": "le",
    "小于": "lt", "大于": "gt", "约": "about", "±": "plus_minus", "": "eq",
}  # fmt: skip


@given(st.sampled_from(sorted(SIGNS)), VALUES, SPELLINGS, st.booleans())
def test_what_is_written_out_is_read_back(sign, value, spelling, spaced):
    quote = f"{sign}{value}{' ' if spaced else ''}{spelling}"

    (found,) = quantities(f"某项{quote},其他从略")

    assert f"某项{quote},其他从略"[found.start : found.end] == quote
    assert (found.comparator, found.unit) == (SIGNS[sign], spelling)
    unit = units.read(spelling, 0)
    assert found.dimension == unit.dimension
    bound = found.low if found.high is None else found.high
    assert bound == pytest.approx(value * unit.factor)


@given(VALUES, VALUES, SPELLINGS, st.sampled_from("~～–至"))
def test_a_range_is_read_back(first, second, spelling, dash):
    low, high = sorted((first, second))

    (found,) = quantities(f"某项{low}{dash}{high} {spelling}")

    factor = units.read(spelling, 0).factor
    assert found.comparator == "range"
    assert found.low == pytest.approx(low * factor)
    assert found.high == pytest.approx(high * factor)
