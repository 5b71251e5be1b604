"""What is said before an achievement is submitted."""

import pytest
from werkzeug.datastructures import MultiDict

from matchmaker.achievements.hints import hints
from matchmaker.achievements.schema import LABELS, AchievementDraft, from_form
from matchmaker.schema import parse

from .forms import TODAY, typed

NO_RIGHT = {"ip_type": [], "ip_status": [], "ip_count": [], "ip_number": []}

PROVED = {
    "trl": "6",
    "trl_proof": "test",
    "trl_proof_on": "2026-10-01",
    "trl_proof_by": "某检测院",
}


def found(**given):
    draft = parse(AchievementDraft, from_form(MultiDict(typed(**given))))
    return [(hint.field, hint.text) for hint in hints(draft, today=TODAY)]


def test_a_full_form_needs_no_hint():
    assert found() == []


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"title": "智能设备新技术"}, "title", "名称太笼统"),
        ({"abstract": "用凝胶填充柔性囊，支承薄壁零件。"}, "abstract", "简介太短"),
        ({"indicators": []}, "indicators", "没有一条带数字的指标"),
        ({"indicators": ["手感好", "很耐用"]}, "indicators", "没有一条带数字的指标"),
        (
            {"indicators": ["预变形≤8 μm", "手感好"]},
            "indicators",
            "指标第 2 行没有数字，不能对照：「手感好」",
        ),
        (
            {"indicators": ["预变形≤8 μm", "误报率 0.6"]},
            "indicators",
            "指标第 2 行没有单位",
        ),
        ({"applications": ""}, "applications", "没有写应用领域"),
        ({"stage": "pilot"}, "stage", "成熟度却是 4 级，这一阶段一般是 5 到 8 级"),
        ({"trl": "3", "stage": "industrial"}, "stage", "一般是 7 级及以上"),
        ({"trl": "5"}, "trl_proof", "成熟度 5 级没有证明"),
        (
            {"trl_proof": "test", "trl_proof_by": "某检测院"},
            "trl_proof",
            "没有写日期，请补上",
        ),
        ({"trl_proof": "test"}, "trl_proof", "没有写日期和出具单位"),
        (NO_RIGHT, "ip", "选了「技术转让」，没有列出知识产权"),
        ({"ip_status": ["失效", "", ""]}, "ip", "都已失效"),
        (
            {"modes": ["open_licence"], "ip_status": ["申请中"], "terms": "面议"},
            "ip",
            "开放许可须有已授权的专利",
        ),
        ({"ownership": "shared"}, "owners", "至少两方"),
        (
            {
                "ownership": "shared",
                "owner_name": ["某大学", "葛示例"],
                "owner_share": ["70", "20.5"],
            },
            "owners",
            "各方份额相加是 90.5%，须为 100%",
        ),
        ({"ownership": "long_term_use"}, "use_until", "到哪一天为止"),
        (
            {"ownership": "long_term_use", "use_until": TODAY.isoformat()},
            "use_until",
            "已经到期",
        ),
        ({"modes": ["pay_after_use"]}, "terms", "选了「先用后付」，请写明先用多久"),
        ({"modes": ["invest_then_share"]}, "terms", "选了「先投后股」"),
        ({"price": ""}, "price", "将显示为面议"),
        ({"pilot_wanted": "1"}, "pilot_needs", "要什么设备"),
    ],
)
def test_what_is_missing_is_named_with_its_place(given, field, words):
    [(place, text)] = found(**given)
    assert (place, place in LABELS) == (field, True)
    assert words in text


@pytest.mark.parametrize(
    "given",
    [
        {"indicators": ["摩擦系数 0.08"]},
        {"indicators": ["pH 6.5–7.5", "图像级 AUROC 0.991"]},
        {"indicators": ["预变形≤8 μm", "二氧化硫未检出", "高低压穿越全部通过"]},
        PROVED,
        PROVED | {"trl": "12", "trl_scale": "13", "stage": "industrial"},
        NO_RIGHT | {"modes": ["joint", "service"]},
        {"modes": ["pay_after_use"], "terms": "验收后三个月起付。"},
        {"valuation_low": "80", "valuation_high": "120", "price": ""},
        {"pilot_wanted": "1", "pilot_needs": "500 升反应釜"},
    ],
)
def test_what_is_in_order_is_not_named(given):
    assert found(**given) == []


def test_hints_stand_in_the_order_of_the_form():
    given = {"applications": "", "price": "", "trl": "5", "indicators": ["好"]}
    places = [place for place, _ in found(**given, **NO_RIGHT)]
    assert places == sorted(places, key=list(LABELS).index)
    assert len(places) == 5
