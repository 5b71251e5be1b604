"""The drafted public text: nobody is recognised in it, and no figure is exact."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.numerals import plain
from matchmaker.masking.draft import Secrets, gives_away, left_open, masked
from matchmaker.masking.words import TERMS

from .planted import PLANTED

SAMPLE = Path(__file__).parents[2] / "data" / "sample"
FIRM = "岑岳混凝土机械有限公司(示例)"
SECRETS = Secrets(FIRM, "长沙县某工程机械企业")
_TERMS = re.compile("|".join(sorted(map(re.escape, TERMS), key=len, reverse=True)))


def sample() -> list[dict]:
    paths = sorted(SAMPLE.glob("part*/needs.jsonl"))
    rows = [json.loads(line) for path in paths for line in path.open(encoding="utf-8")]
    return rows[:: len(rows) // len(PLANTED)][: len(PLANTED)]


CASES = list(zip(sample(), PLANTED, strict=True))


def test_there_are_forty_needs():
    assert len(CASES) == 40


@pytest.mark.parametrize("case", range(len(PLANTED)))
def test_nothing_that_was_planted_is_left(case):
    need, (sentence, secrets) = CASES[case]
    firm = need["organization"]
    own = firm.removesuffix("(示例)")
    half = len(need["problem"]) // 2
    cut = need["problem"].find("。", half) + 1 or len(need["problem"])
    problem = f"{own}反映：" + need["problem"][:cut] + sentence + need["problem"][cut:]
    about = Secrets(firm, "某区某企业")
    draft = "\n".join(
        masked(text, about) for text in (need["title"], problem, *need["targets"])
    )
    assert sentence in problem
    for secret in (*secrets, firm, own, own.removesuffix("有限公司")):
        assert secret not in draft, draft
    assert not re.search(r"\d", _TERMS.sub("", plain(draft))), draft
    # What is asked for must still be there to be found.
    kept = set(re.findall("[\u4e00-\u9fff]", need["problem"])) & set(draft)
    assert len(kept) > 0.8 * len(set(re.findall("[\u4e00-\u9fff]", need["problem"])))


def test_most_of_an_innocent_text_is_left_alone():
    """Without what was planted, nothing but figures and models is taken out."""
    taken = {
        kind: quotes
        for need in sample()
        for kind, quotes in left_open(
            need["title"] + "\n" + need["problem"], Secrets(need["organization"])
        ).items()
        if kind not in ("准确数字", "产品或型号")
    }
    assert sum(map(len, taken.values())) <= 2, taken


@pytest.mark.parametrize(
    ("text", "draft"),
    [
        ("62米泵车", "数十米泵车"),
        ("摆幅≤350 mm", "摆幅≤数百 mm"),
        ("由1000 mm降到350 mm", "由一千多 mm降到数百 mm"),
        ("误报率≤1%", "误报率控制在百分之几"),
        ("识别率≥98%", "识别率达到八成以上"),
        ("寿命200万次", "寿命数百万次"),
        ("温度-40~85℃", "温度-数十~数十℃"),
        ("六七吨渣，三成含水", "六七吨渣，两成到五成含水"),
        ("排量降到七成施工", "排量降到五成到八成施工"),
        ("二氧化碳CO2和5G", "二氧化碳CO2和5G"),
        ("符合GB/T 36276-2018", "符合有关国家标准"),
        ("施工人员、加工师傅、总成本", "施工人员、加工师傅、总成本"),
        ("我公司、主机厂、钢厂、各家供应商", "我公司、主机厂、钢厂、各家供应商"),
        ("十分困难，一次合格", "十分困难，一次合格"),
    ],
)
def test_how_a_text_comes_out(text, draft):
    assert masked(text, SECRETS) == draft


def test_a_common_name_is_struck_out_and_no_gap_is_left():
    text = "每 15 天由王建国师傅停机 6 小时检查 2 mm 裂纹。"
    draft = masked(text, SECRETS)
    assert "王建国" not in draft
    assert "每十几天由某师傅停机几小时检查" in draft


@pytest.mark.parametrize(
    "name",
    ["岑岳", "岑岳混凝土机械", "岑嶽混凝土機械", "岑 岳", "岑岳混凝土机械有限公司"],
)
def test_the_firm_itself_becomes_industry_and_district(name):
    assert masked(f"{name}的泵车", SECRETS) == "长沙县某工程机械企业的泵车"


def test_members_and_organisations_of_the_platform_are_known_by_name():
    known = Secrets(FIRM, people=("覃一",), firms=("芙渠电驱动系统股份有限公司",))
    assert masked("覃一说芙渠也要", known) == "某人说某企业也要"


def test_a_draft_is_not_masked_further():
    for need in sample():
        once = masked(need["problem"], Secrets(need["organization"]))
        assert masked(once, Secrets(need["organization"])) == once


def test_a_public_text_that_names_the_firm_or_a_number_is_told():
    assert gives_away(["岑岳的泵车", "电话13812345678"], SECRETS) == [
        "岑岳",
        "电话13812345678",
    ]
    assert gives_away(["数十米泵车，约62米"], SECRETS) == []
    assert left_open("约62米，找李建国教授", SECRETS) == {
        "准确数字": ["62"],
        "人名": ["李建国"],
    }


@given(st.text(max_size=200))
def test_any_text_can_be_masked(text):
    draft = masked(text, SECRETS)
    assert "岑岳" not in draft
    assert not re.search(r"[0-9]{2}", _TERMS.sub("", draft))


@given(
    st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.sampled_from(["", " ", "-"])
)
def test_no_mobile_number_survives(number, gap):
    written = gap.join((number[:3], number[3:7], number[7:]))
    draft = masked(f"有事打{written}就行", SECRETS)
    assert not re.search(r"\d", draft)


@given(
    st.floats(min_value=0.001, max_value=9e6, allow_nan=False).map(
        lambda value: f"{value:.3g}" if value < 1000 else f"{value:.0f}"
    ),
    st.sampled_from(["mm", "%", "万元", "吨", "℃", "", "kWh", "次/台·月"]),
)
def test_no_figure_survives(figure, unit):
    assert not re.search(r"\d", masked(f"做到{figure}{unit}。", SECRETS))
