"""What an achievement may be."""

from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from matchmaker.achievements.schema import AchievementDraft, AchievementInput, from_form
from matchmaker.errors import Invalid
from matchmaker.schema import parse
from models.states import Mode, Ownership, Stage

from .forms import typed


def read(**given: Any) -> AchievementInput:
    return parse(AchievementInput, from_form(MultiDict(typed(**given))))


def test_a_complete_form_is_taken():
    data = read()
    assert [row.model_dump() for row in data.ip if row] == [
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
        ("trl", {"trl": "10"}, "不能大于 9"),
        ("stage", {"stage": "moon"}, "请从所列选项中选择"),
        ("stage", {"stage": None}, "请填写此项"),
        ("ownership", {"ownership": "me"}, "请从所列选项中选择"),
        ("modes", {"modes": []}, "至少选择一种"),
        ("modes", {"modes": ["gift"]}, "请从所列选项中选择"),
        ("price", {"price": "-1"}, "须大于 0"),
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
