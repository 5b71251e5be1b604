"""What an achievement may be."""

from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from matchmaker.achievements.schema import AchievementDraft, AchievementInput, from_form
from matchmaker.errors import Invalid
from matchmaker.schema import parse
from models.states import Mode, Ownership, Stage

from .forms import TODAY, typed


def read(**given: Any) -> AchievementInput:
    form = from_form(MultiDict(typed(**given)))
    return parse(AchievementInput, form, {"today": TODAY})


def test_a_complete_form_is_taken():
    data = read()
    assert [row.stored() for row in data.ip if row] == [
        {"type": "发明专利", "status": "授权", "count": 2}
    ]
    assert (data.stage, data.ownership) == (Stage.SMALL, Ownership.UNIT)
    assert data.modes == [Mode.TRANSFER, Mode.JOINT]
    assert data.price == 50_000_000
    assert len(data.indicators) == 2


def test_rights_and_indicators_may_be_left_out():
    data = read(
        indicators=[],
        ip_type=[],
        ip_status=[],
        ip_count=[],
        price="",
        modes=["licence"],
    )
    assert (data.indicators, data.ip, data.price) == ([], [], None)


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("title", {"title": "短"}, "至少填写 6 个字"),
        ("field", {"field": ""}, "请选择技术领域"),
        ("inventors", {"inventors": ""}, "请填写此项"),
        ("inventors", {"inventors": "名" * 201}, "最多 200 个字"),
        ("abstract", {"abstract": "短"}, "至少填写 30 个字"),
        ("abstract", {"abstract": "字" * 100_000}, "最多 5000 个字"),
        ("abstract", {"abstract": "零\x00" * 30}, "控制字符"),
        ("indicators", {"indicators": ["x"] * 13}, "最多 12 条"),
        ("trl", {"trl": ""}, "请填写此项"),
        ("trl", {"trl": "10"}, "九级制最高 9 级"),
        ("trl", {"trl": "14", "trl_scale": "13"}, "不能大于 13"),
        ("trl_scale", {"trl_scale": "10"}, "九级制或十三级制"),
        ("trl_proof", {"trl_proof": "rumour"}, "请从所列选项中选择"),
        ("trl_proof_on", {"trl_proof": "test", "trl_proof_by": "某检测院"}, "日期"),
        ("trl_proof_on", {"trl_proof": "test", "trl_proof_by": "某检测院",
                          "trl_proof_on": "2026-11-24"}, "还没有到"),
        ("trl_proof_by", {"trl_proof": "test", "trl_proof_on": "2026-11-23"},
         "哪家单位"),
        ("trl_proof_by", {"trl_proof_by": "某检测院"}, "选择证明的种类"),
        ("ip", {"ip_number": ["ZL200310102344.6"]}, "第 1 行：校验位不对"),
        ("ip", {"ip_number": ["ZL200310102344.5"]}, "只算 1 件"),
        ("ip", {"ip_number": ["ZL200310102344.5"], "ip_type": ["实用新型"],
                "ip_count": ["1"]}, "不是实用新型的"),
        ("owners", {"ownership": "shared"}, "至少两方"),
        ("owners", {"ownership": "shared", "owner_name": ["某大学", "葛示例"],
                    "owner_share": ["60", "30"]}, "等于 100%"),
        ("owners", {"ownership": "shared", "owner_name": ["某大学", ""],
                    "owner_share": ["60", "40"]}, "第 2 行：请填写此项"),
        ("owners", {"owner_name": ["某大学"], "owner_share": ["60"]}, "不是共有"),
        ("owners", {"ownership": "shared", "owner_name": ["某大学", "葛示例"],
                    "owner_share": ["100", "0"]}, "须小于 100"),
        ("use_until", {"ownership": "long_term_use"}, "截止日期"),
        ("use_until", {"ownership": "long_term_use", "use_until": "2026-11-23"},
         "晚于今天"),
        ("use_until", {"use_until": "2036-11-23"}, "不是长期使用权"),
        ("modes", {"modes": ["open_licence"], "ip_status": ["申请中"]}, "已授权的专利"),
        ("valuation_on", {"valuation_low": "100"}, "请写全"),
        ("valuation_high", {"valuation_low": "100", "valuation_high": "50",
                            "valuation_method": "cost",
                            "valuation_on": "2026-01-01"}, "不能低于下限"),
        ("valuation_method", {"valuation_method": "magic"}, "请从所列选项中选择"),
        ("pilot_needs", {"pilot_needs": "要 500 升反应釜"}, "同时勾选"),
        ("pilot_needs", {"pilot_wanted": "1", "pilot_needs": "字" * 501}, "最多 500"),
        ("applications", {"applications": "字" * 1001}, "最多 1000 个字"),
        ("stage", {"stage": "moon"}, "请从所列选项中选择"),
        ("stage", {"stage": None}, "请填写此项"),
        ("ownership", {"ownership": "me"}, "请从所列选项中选择"),
        ("modes", {"modes": []}, "至少选择一种"),
        ("modes", {"modes": ["gift"]}, "请从所列选项中选择"),
        ("price", {"price": "-1"}, "不能是负数"),
        ("promise", {"promise": None}, "不含国家秘密"),
        ("ip", {"ip_type": ["", "发明专利"], "ip_status": ["", "授权"],
                "ip_count": ["", "0"]}, "第 2 行"),
        ("ip", {"ip_type": ["诺贝尔奖"]}, "请从列表中选择类型"),
        ("ip", {"ip_status": ["没有"]}, "请从列表中选择状态"),
        ("ip", {"ip_count": ["9" * 30]}, "第 1 行"),
        ("ip", {"ip_type": ["发明专利"] * 11, "ip_status": ["授权"] * 11,
                "ip_count": ["1"] * 11}, "最多 10 行"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(name: str, given: dict[str, Any], words: str):
    with pytest.raises(Invalid) as error:
        read(**given)
    assert set(error.value.fields) == {name}
    assert words in error.value.fields[name]


def test_a_draft_needs_a_title_only():
    data = parse(AchievementDraft, from_form(MultiDict({"title": "草稿", "trl": ""})))
    assert (data.trl, data.stage, data.ownership, data.ip) == (None, None, None, [])


def test_rights_are_kept_as_they_are_written_on_the_certificate():
    data = read(
        ip_type=["发明专利", "软件著作权", "技术秘密"],
        ip_status=["授权", "登记", "未申请"],
        ip_count=["", "1", "3"],
        ip_number=["zl 200310102344.5", "２０２４ＳＲ0123456", ""],
        ip_family=["US11234567B2", "", ""],
    )
    assert [row.stored() for row in data.ip if row] == [
        {
            "type": "发明专利",
            "status": "授权",
            "count": 1,
            "number": "ZL200310102344.5",
            "family": "US11234567B2",
        },
        {"type": "软件著作权", "status": "登记", "count": 1, "number": "2024SR0123456"},
        {"type": "技术秘密", "status": "未申请", "count": 3},
    ]


def test_everything_an_achievement_may_say_is_taken():
    data = read(
        trl="11",
        trl_scale="13",
        trl_proof="test",
        trl_proof_on="2026-11-23",
        trl_proof_by="某检测院(示例)",
        ownership="shared",
        owner_name=["某大学(示例)", "葛示例", ""],
        owner_share=["66.67%", "33.33", ""],
        modes=["open_licence", "pay_after_use", "invest_then_share"],
        valuation_low="80",
        valuation_high="120",
        valuation_method="income",
        valuation_on="2026-10-01",
        pilot_wanted="1",
        pilot_needs="500 升反应釜",
    )
    assert (data.trl, data.trl_scale) == (11, 13)
    assert [row.stored() for row in data.owners if row] == [
        {"name": "某大学(示例)", "share": 66.67},
        {"name": "葛示例", "share": 33.33},
    ]
    assert (data.valuation_low, data.valuation_high) == (80_000_000, 120_000_000)
    assert data.pilot_wanted


def test_marks_and_figures_alone_say_nothing():
    form = from_form(
        MultiDict(typed(title="……！！？？。。", abstract="1234567890" * 4))
    )
    with pytest.raises(Invalid) as caught:
        parse(AchievementInput, form, {"today": TODAY})
    for name in ("title", "abstract"):
        assert "不能只有标点" in caught.value.fields[name]
